"""Copy the file while it is written to.

One read transaction holds the state; the writer goes on beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from hansard import private_files
from hansard.errors import Conflict, Invalid, NotFound
from hansard.store.sqlite.connection import translated
from hansard.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGES = 2048
_BUSY_MS = 10_000


def backup(source: Path, target: Path, on_progress: Callable[[float], None]) -> None:
    """Write the store's state of this moment to ``target``, a store in one file.

    ``on_progress`` hears how much is done.

    Raises Conflict when ``target`` is there already. A backup that is broken off leaves only
    ``target.partial``.
    """
    _check_free(target)
    _copy(source, target, on_progress, "pragma journal_mode = delete")


def restore(source: Path, target: Path, on_progress: Callable[[float], None]) -> None:
    """Make a backup a store again.

    Raises Conflict when ``target`` is there already, Invalid when ``source`` is no sound store.

    No client takes what it knew for what is restored: generations go on from a number that was
    never used.
    """
    _check_free(target)
    if not source.is_file():
        raise NotFound(f"there is no backup {source}", code="backup_missing")
    _check_store(source)
    _copy(source, target, on_progress, load("sqlite")["restored"])


def size(path: Path) -> int:
    """The bytes of the store's file and of its write-ahead log."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def free_share(path: Path) -> float:
    """Which share of the file's pages holds nothing, as what a migration rewrote leaves them."""
    with translated(path):
        connection = apsw.Connection(str(path))
        try:
            (pages,), (free,) = (
                next(connection.execute(f"pragma {name}"))
                for name in ("page_count", "freelist_count")
            )
        finally:
            connection.close()
    return float(free / max(1, pages))


def vacuum(path: Path) -> None:
    """Write the file anew without its free space; whoever writes waits meanwhile."""
    with translated(path):
        connection = apsw.Connection(str(path))
        try:
            connection.set_busy_timeout(_BUSY_MS)
            connection.execute("vacuum").fetchall()
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            connection.close()


def check(path: Path) -> list[str]:
    """What SQLite's own check of the whole file finds; empty when it is sound."""
    try:
        connection = apsw.Connection(str(path))
        try:
            problems = [str(row[0]) for row in connection.execute("pragma integrity_check(100)")]
        finally:
            connection.close()
    except apsw.Error as problem:
        return [str(problem)]
    return [] if problems == ["ok"] else problems


def _check_free(target: Path) -> None:
    if target.exists():
        raise Conflict(f"{target} is there already: nothing was overwritten", code="target_exists")


def _check_store(source: Path) -> None:
    with source.open("rb") as file:
        is_archive = file.read(4) == b"PK\x03\x04"
    if is_archive:
        raise Invalid(
            f"{source} is an archive of a PostgreSQL store: restore it into one, with --store postgresql://…",
            code="bad_backup",
        )
    try:
        connection = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            known = {
                row[0]
                for row in connection.execute("select name from sqlite_schema where type = 'table'")
            }
            sound = [row[0] for row in connection.execute("pragma quick_check(1)")] == ["ok"]
        finally:
            connection.close()
    except apsw.Error as problem:
        raise Invalid(
            f"{source} is not a backup of an embedded store: {problem}", code="bad_backup"
        ) from problem
    if not {"migrations", "sessions", "messages"} <= known:
        raise Invalid(f"{source} is not a backup of an embedded store", code="bad_backup")
    if not sound:
        raise Invalid(f"{source} is damaged: 'hansard verify' says where", code="bad_backup")


def _copy(source: Path, target: Path, on_progress: Callable[[float], None], last: str) -> None:
    partial = private_files.create_partial(target, ".partial")
    with translated(source):
        origin, copy = apsw.Connection(str(source)), apsw.Connection(str(partial))
        try:
            origin.execute("begin")
            origin.execute("select count(*) from sqlite_schema").fetchall()
            with copy.backup("main", origin, "main") as running:
                while not running.done:
                    running.step(_PAGES)
                    on_progress(1 - running.remaining / max(1, running.page_count))
            origin.execute("commit")
            copy.execute(last).fetchall()
            copy.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            copy.close()
            origin.close()
    private_files.finish(partial, target)
