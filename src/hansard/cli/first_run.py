"""The first use of a store: a workspace and an admin key."""

from __future__ import annotations

import itertools
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hansard.cli import output

if TYPE_CHECKING:
    from hansard.service import Service
    from hansard.settings import Settings

FOLDER, FILE = ".hansard", "admin.key"
_USUAL = "hansard"


class Claimed(NamedTuple):
    """The admin key of a new store, its file, and a sign-in token.

    The token works once, within an hour.
    """

    key: str
    file: Path
    token: str


def check_that_none_was_here(settings: Settings, *, begin_anew: bool = False) -> None:
    """Prevent an empty store from silently replacing a missing one.

    When the store's file is missing but its admin key or write-ahead log exists, ask on the
    terminal; without a terminal raise NotFound with advice. The traces of the old store are
    renamed.
    """
    from hansard.errors import NotFound

    file = store_file(settings)
    traces = _traces_of(file) if file is not None and not _holds_something(file) else []
    if not traces:
        return
    gone = f"there is no store {file}, but {shown(traces[0])} is of one that was here"
    if not begin_anew and not output.agrees(f"{gone}. Begin a new, empty store"):
        raise NotFound(
            f"{gone}\n  Put its file back, or restore a backup: hansard restore BACKUP"
            "\n  To begin a new, empty store instead: --new-store",
            code="store_missing",
        )
    for trace in traces:
        trace.rename(trace.with_name(f"{trace.name}.old"))


def _traces_of(file: Path) -> list[Path]:
    """The traces of a SQLite store whose file is missing: its log, its admin key."""
    log = file.with_name(f"{file.name}-wal")
    usual = file.parent / FOLDER / FILE
    own = usual.with_name(f"{file.stem}.{FILE}")
    others = any(map(_holds_something, file.parent.glob(f"*{file.suffix or '.db'}")))
    keys = [key for key in (own, usual) if key.exists() and not (key == usual and others)]
    return [log] * _holds_something(log) + keys[:1]


def _holds_something(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0


def store_file(settings: Settings) -> Path | None:
    """The file of a SQLite store."""
    from hansard.settings import file_of

    return file_of(settings.store)


async def claim(service: Service, settings: Settings) -> Claimed | None:
    """Give a store without workspaces its first one, and an admin key with all scopes.

    None when it has a workspace. Raises Conflict when the key's folder is not safe.
    """
    from hansard import private_files
    from hansard.access import ALL_SCOPES
    from hansard.errors import Conflict

    if await service.workspaces.list():
        return None
    file = key_file(settings)
    private_files.make_folder(file.parent)  # first: a key without a file would be lost
    try:
        workspace = await service.workspaces.create(settings.workspace)
    except Conflict:  # another process was first
        return None
    text, _ = await service.keys.create(service.workspaces.operator(workspace), "admin", ALL_SCOPES)
    with private_files.replacing(file) as opened:
        opened.write(f"{text}\n".encode())
    return Claimed(text, file, await service.sign_ins.invite(await service.keys.authenticate(text)))


def key_file(settings: Settings) -> Path:
    """A free path for a new admin key: no key of another store is replaced.

    It lies beside a SQLite store, or in the working directory for PostgreSQL. Where there is a key
    already, the name begins with that of the store.
    """
    store = store_file(settings)
    name = store.stem if store else PurePosixPath(urlsplit(settings.store).path).name or _USUAL
    names = itertools.chain(
        [FILE, f"{name}.{FILE}"], (f"{name}-{number}.{FILE}" for number in itertools.count(2))
    )
    folder = (store.parent if store else Path()) / FOLDER
    return next(file for each in names if not (file := folder / each).exists())


def shown(path: Path) -> str:
    """A path as it is printed, with ``./`` before a relative one."""
    return str(path) if path.is_absolute() or path.parts[:1] == ("..",) else f"./{path}"
