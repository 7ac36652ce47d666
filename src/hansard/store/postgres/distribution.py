"""A store over many machines: Citus spreads the tables of tenants by their workspace.

Every table with a ``workspace_id`` is distributed by it and lies beside the others, so that a
workspace is on one node and each of its transactions too. What is read before the workspace is
known, or has none, is on every node. Nothing else in the program knows of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hansard.errors import Invalid

if TYPE_CHECKING:
    from hansard.store.postgres.connecting import ServerConnection

REFERENCE = ("workspaces", "keys", "store_facts")
"""Tables that every node has: keys are looked up before their workspace is known."""
LOCAL = ("migrations",)
"""Only whoever migrates reads it, on the coordinator."""
_FIRST = "workspace_counters"
"""The table that the others lie beside."""
_INSTALLED = "select 1 from pg_extension where extname = 'citus'"
_TABLES = """
select c.relname,
       exists (select 1 from pg_attribute as a
                where a.attrelid = c.oid and a.attname = 'workspace_id' and not a.attisdropped)
  from pg_class as c
 where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
   and not c.relispartition and c.relname <> all ($1::text[])
 order by c.relname <> $2, c.relname
"""
_KNOWN = """
select c.relname from pg_dist_partition as p join pg_class as c on c.oid = p.logicalrelid
 where c.relnamespace = current_schema()::regnamespace
"""
_EXTENT = """
select (select count(*) from pg_dist_node where isactive and shouldhaveshards),
       count(*) from pg_dist_shard where logicalrelid = to_regclass($1)
"""
_SIZE = """
select coalesce(sum(citus_total_relation_size(logicalrelid)), 0)::bigint from pg_dist_partition
 where logicalrelid in
       (select oid from pg_class where relnamespace = current_schema()::regnamespace)
"""


class Extent(NamedTuple):
    """Over how many nodes, and in how many shards, each distributed table lies."""

    nodes: int
    shards: int

    def __str__(self) -> str:
        return f"distributed over {self.nodes} nodes, {self.shards} shards"


class Table(NamedTuple):
    """A table: spread by its workspace, or else a reference table, which every node has."""

    name: str
    is_spread: bool


async def extent(connection: ServerConnection) -> Extent | None:
    """How the store is distributed; None where it is on one server."""
    if await connection.fetchval(_INSTALLED) is None:
        return None
    row = await connection.fetchrow(_EXTENT, _FIRST)
    return Extent(*row) if row and row[1] else None


async def size(connection: ServerConnection) -> int:
    """The bytes of the distributed tables on every node, with all copies and indexes."""
    return int(await connection.fetchval(_SIZE))


async def prepare(connection: ServerConnection) -> None:
    """Let the statements of a migration follow each other on distributed tables.

    For this transaction; nodes work one after the other then.
    """
    await connection.execute("set local citus.multi_shard_modify_mode = 'sequential'")


async def distribute(connection: ServerConnection, shards: int | None = None) -> list[str]:
    """Distribute every table that is not distributed yet, with its rows; their names.

    In the transaction that is open. Each table is locked while its rows move. Without ``shards``
    the extension's own number is taken. Raises Invalid without the extension, and where the store
    lies in another number of shards.
    """
    if await connection.fetchval(_INSTALLED) is None:
        raise Invalid(
            "the database has no extension citus: put it into shared_preload_libraries, and run "
            "'create extension citus' in this database, on the coordinator and on every worker",
            code="citus_missing",
        )
    present = await extent(connection)
    if present and shards not in (None, present.shards):
        raise Invalid(
            f"the store lies in {present.shards} shards already: "
            "alter_distributed_table() of Citus changes that",
            code="citus_shards",
            param="shards",
        )
    known = {row[0] for row in await connection.fetch(_KNOWN)}
    moved = [table for table in await tables(connection) if table.name not in known]
    for table in moved:
        if table.is_spread:
            await _spread(connection, table.name, shards)
        else:
            await connection.execute(f"select create_reference_table('{table.name}')")
    for name, _ in moved:  # what Citus leaves behind would outlive a deletion
        await connection.execute(f"select truncate_local_data_after_distributing_table('{name}')")
    return [table.name for table in moved]


async def tables(connection: ServerConnection) -> list[Table]:
    """Every table that Citus has to know, in the order in which it is told of them."""
    rows = await connection.fetch(_TABLES, list(LOCAL), _FIRST)
    return [Table(name, of_workspace and name not in REFERENCE) for name, of_workspace in rows]


async def _spread(connection: ServerConnection, table: str, shards: int | None) -> None:
    beside = "none" if table == _FIRST else _FIRST
    count = f", shard_count => {int(shards)}" if shards and table == _FIRST else ""
    await connection.execute(
        f"select create_distributed_table('{table}', 'workspace_id',"
        f" colocate_with => '{beside}'{count})"
    )
