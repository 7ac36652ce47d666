"""Where a table lies on Citus follows from its columns; without Citus the error says what to do.

The statements of Citus itself run in `make test-citus` alone, on a server that has it.
"""

from __future__ import annotations

import asyncpg
import pytest

from hansard.errors import Invalid
from hansard.service import Service
from hansard.store.postgres.connecting import connect
from hansard.store.postgres.distribution import LOCAL, REFERENCE, extent, tables
from tests.support.citus import on_citus

plain_only = pytest.mark.skipif(on_citus(), reason="it is about a server without Citus")
COLUMNS = """
select table_name, bool_or(column_name = 'workspace_id') from information_schema.columns
 where table_schema = 'public' group by 1
"""


@plain_only
async def test_a_server_without_citus_says_what_it_lacks(lone_service: Service) -> None:
    with pytest.raises(Invalid) as raised:
        await lone_service.store.distribute()
    if lone_service.store.url.startswith("sqlite"):
        assert "only PostgreSQL" in raised.value.message
    else:
        assert raised.value.code == "citus_missing"
        assert "create extension citus" in raised.value.message
    assert "distributed" not in await lone_service.store.about()


@plain_only
async def test_every_table_has_its_place_on_the_nodes(lone_service: Service) -> None:
    """By its workspace where it has one; on every node where it has none, or is read before."""
    if lone_service.store.url.startswith("sqlite"):
        pytest.skip("a file is on one machine")
    plain = await asyncpg.connect(lone_service.store.url)
    expected = {
        name: of_workspace and name not in REFERENCE
        for name, of_workspace in await plain.fetch(COLUMNS)
        if name not in LOCAL
    }
    await plain.close()
    connection = await connect(lone_service.store.url)
    placed = await tables(connection)
    assert await extent(connection) is None
    connection.terminate()
    assert dict(placed) == expected
    assert placed[0].name == "workspace_counters"  # the others lie beside it
    whole = {table.name for table in placed if not table.is_spread}
    assert whole == {"workspaces", "keys", "store_facts"}
