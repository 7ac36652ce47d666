"""A consistent logical copy of the database in one file.

It is a ZIP of binary COPY streams and a manifest.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import msgspec

from hansard import private_files
from hansard.errors import Conflict, Invalid, NotFound
from hansard.store.statements import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = "hansard-backup-1"
_MANIFEST = "manifest.json"
_TABLES = """
select c.relname, array_agg(a.attname::text order by a.attnum)
  from pg_class as c join pg_attribute as a on a.attrelid = c.oid
 where c.relnamespace = current_schema()::regnamespace
   and c.relkind in ('r', 'p') and not c.relispartition
   and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and c.relname <> 'migrations'
 group by c.relname order by c.relname
"""


async def backup(connection: Any, target: Path, on_progress: Callable[[float], None]) -> None:  # noqa: ANN401 - the pool's proxy
    """Write the state of this moment to ``target``; nobody waits for it.

    Raises Conflict when ``target`` is there already.
    """
    if target.exists():  # noqa: ASYNC240 - a command that does nothing else
        raise Conflict(f"{target} is there already: nothing was overwritten", code="target_exists")
    partial = private_files.create_partial(target, ".partial")
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(
            "set local row_security = off"
        )  # a row that is hidden is an error, never left out
        migrations = [
            row[0]
            for row in await connection.fetch(
                "select name from migrations where number > 0 order by number"
            )
        ]
        tables = {row[0]: list(row[1]) for row in await connection.fetch(_TABLES)}
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for done, (table, columns) in enumerate(tables.items(), 1):
                with archive.open(f"{table}.copy", "w", force_zip64=True) as stream:
                    await connection.copy_from_table(
                        table, columns=columns, output=stream, format="binary", timeout=None
                    )
                on_progress(done / len(tables))
            archive.writestr(
                _MANIFEST,
                msgspec.json.encode({"format": FORMAT, "migrations": migrations, "tables": tables}),
            )
    private_files.finish(partial, target)


async def restore(connection: Any, source: Path, on_progress: Callable[[float], None]) -> None:  # noqa: ANN401 - the pool's proxy
    """Fill an empty, migrated database from a backup, in one transaction.

    Raises Conflict when there is something in it already, Invalid when ``source`` is no backup of
    the same migrations.
    """
    if not source.is_file():  # noqa: ASYNC240 - a command that does nothing else
        raise NotFound(f"there is no backup {source}", code="backup_missing")
    if not zipfile.is_zipfile(source):
        raise Invalid(f"{source} is not a backup of a PostgreSQL store", code="bad_backup")
    with zipfile.ZipFile(source) as archive:
        manifest = _manifest(archive, source)
        here = [
            row[0]
            for row in await connection.fetch(
                "select name from migrations where number > 0 order by number"
            )
        ]
        if manifest["migrations"] != here:
            raise Invalid(
                f"{source} is of another version of the store: restore it with the version that "
                "made it, then migrate",
                code="bad_backup",
            )
        if await connection.fetchval("select exists (select 1 from workspaces)"):
            raise Conflict("the store is not empty: nothing was overwritten", code="target_exists")
        async with connection.transaction():
            for done, (table, columns) in enumerate(manifest["tables"].items(), 1):
                await connection.execute(f'delete from "{table}"')  # noqa: S608 - the name of a table of ours
                with archive.open(f"{table}.copy") as stream:
                    await connection.copy_to_table(
                        table, columns=columns, source=stream, format="binary", timeout=None
                    )
                on_progress(done / len(manifest["tables"]))
            await connection.execute(load("postgres")["restored"])


def _manifest(archive: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    damaged = archive.testzip()
    try:
        manifest: dict[str, Any] = msgspec.json.decode(archive.read(_MANIFEST))
    except (KeyError, msgspec.DecodeError) as problem:
        raise Invalid(
            f"{source} is not a backup of a PostgreSQL store", code="bad_backup"
        ) from problem
    if damaged is not None or manifest.get("format") != FORMAT:
        raise Invalid(
            f"{source} is damaged or of another format: {damaged or manifest.get('format')}",
            code="bad_backup",
        )
    return manifest
