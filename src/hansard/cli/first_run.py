"""The first time that a store is used: a workspace and a key for whoever runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hansard.service import Service
    from hansard.settings import Settings

FOLDER, FILE = ".hansard", "admin.key"
_USUAL = "hansard"


class Claimed(NamedTuple):
    """The admin key of a new store, shown once, the file that holds it, and a token that signs in once, within an hour."""

    key: str
    file: Path
    token: str


async def claim(service: Service, settings: Settings) -> Claimed | None:
    """Give a store without any workspace its first one and an admin key of all scopes.

    None when it has one already. Raises Conflict when the key's folder is not safe.
    """
    from hansard import private_files
    from hansard.access import ALL_SCOPES
    from hansard.errors import Conflict

    if await service.workspaces.list():
        return None
    file = key_file(settings)
    private_files.make_folder(file.parent)  # first: a key without a file would be lost
    try:
        made = await service.workspaces.create(settings.workspace)
    except Conflict:  # another process was first
        return None
    text, _ = await service.keys.create(service.workspaces.operator(made), "admin", ALL_SCOPES)
    with private_files.replacing(file) as opened:
        opened.write(f"{text}\n".encode())
    return Claimed(text, file, await service.sign_ins.invite(await service.keys.authenticate(text)))


def key_file(settings: Settings) -> Path:
    """Where a new admin key is put: beside an embedded store, in the working directory for a database server.

    A second store in the same folder takes a file of its own name, so that the first one's key stays.
    """
    from hansard.store import file_of

    store = file_of(settings.store)
    usual = (store.parent if store else Path()) / FOLDER / FILE
    if store is None or store.stem == _USUAL or not usual.exists():
        return usual
    return usual.with_name(f"{store.stem}.{FILE}")


def shown(path: Path) -> str:
    """A path as it is said: ``./`` before one below the working directory."""
    return str(path) if path.is_absolute() or path.parts[:1] == ("..",) else f"./{path}"
