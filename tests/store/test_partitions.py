"""What a distributed PostgreSQL asks.

Nothing in the schema that it lacks, and, in 16 partitions by the workspace, one touched by each
statement.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import asyncpg
import pytest

from hansard.access import Principal
from hansard.app import opened
from hansard.errors import NotFound
from hansard.model import (
    MessageDraft,
    MessageQuery,
    RunDraft,
    RunPatch,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
    parts,
)
from hansard.model.search import SearchQuery
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import statements
from hansard.store.postgres.combining import combined as combined_as_one
from hansard.store.steps import GENERATION_TAKEN_KNOWN, Query
from tests.conftest import migrate_store
from tests.store.test_explain import combined, counted, followed, histories, pages
from tests.support.postgres import Server

PARTITIONS = 16
WHOLE = {"keys": "a key is looked up before its workspace is known"}
"""Tenants' tables that stay in one piece."""
TENANTS = (
    "select table_name from information_schema.columns where table_schema = 'public' and "
    "column_name = 'workspace_id'"
)
INDEXES = """
select i.indexrelid::regclass::text, i.indisunique from pg_index i
  join pg_class c on c.oid = i.indrelid
  left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
 where c.relname = any ($1) and a.attname is distinct from 'workspace_id'
"""
NOT_BY_WORKSPACE = {
    "workspace_counters_by_lapse": "leases that lapse, of any workspace",
    "pending_forks_by_age": "forks that nobody goes on with, of any workspace",
    "webhook_deliveries_by_time": "deliveries whose time has come, of any workspace",
    "search_index_by_words": "each word has its workspace's code before it",
}
LACKED = {
    "sequences": (
        "select relname from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace"
    ),
    "triggers": "select tgname from pg_trigger where not tgisinternal",
    "functions": "select proname from pg_proc where pronamespace = 'public'::regnamespace",
    "generated columns": """
        select attname from pg_attribute join pg_class c on c.oid = attrelid
         where relnamespace = 'public'::regnamespace
           and (attgenerated <> '' or attidentity <> '')""",
    "deferrable constraints": "select conname from pg_constraint where condeferrable",
    "foreign keys without the workspace first": """
        select conname from pg_constraint
          join pg_attribute on attrelid = conrelid and attnum = conkey[1]
         where contype = 'f' and attname <> 'workspace_id'""",
}
SPOKEN = re.compile(
    r"advisory|\b(notify|listen|nextval|serial|deferrable|generated)\b", re.IGNORECASE
)
ACROSS = {
    "search_matching": (
        "its condition must not lead to the primary key; in the other partitions the index of "
        "words has none of the workspace's"
    ),
    "search_all": "as search_matching",
    "title_matching": "as search_matching",
    "store_totals": "sums over every workspace, for the metrics",
    "search_behind": "which workspaces the index lags behind, for the task that feeds it",
    "recount_pending": "whose sessions are counted again, for the task that counts",
    "stats_behind": "which workspaces are not counted to the end, for the task that counts",
    "upkeep_statistics_left": "deleted workspaces whose statistics are left, for the same tasks",
    "upkeep_workspaces": "every workspace, for the tasks that look after them",
    "lapse_due": "leases of any workspace, for the task that ends them",
    "pending_fork_lapsed": "forks that nobody goes on with, for the task that takes them away",
    "removal_pending": "whose deleted sessions left something, for the task that removes it",
    "webhook_behind": "webhooks with events to tell, for the task that tells them",
    "webhook_delivery_due": "deliveries whose time has come, for the task that sends them",
    "audit_workspaces": "whose logs there are, for who verifies the store",
}
"""Statements that look into every partition."""
ANY: dict[str, Any] = {
    "text": "[]",
    "int8": 1,
    "int4": 1,
    "float8": 1.0,
    "bytea": b"",
    "text[]": ["[]"],
    "int8[]": [1],
    "bytea[]": [b""],
}
"""A value of each type that a statement takes; [] is also what is cast to JSON."""


async def partition(connection: asyncpg.Connection[Any]) -> None:
    """Put partitions in the place of every tenant's empty table."""
    for table in [row[0] for row in await connection.fetch(TENANTS) if row[0] not in WHOLE]:
        await connection.execute(
            f"alter table {table} rename to plain; create table {table} (like plain including "
            "all) partition by hash (workspace_id); drop table plain"
        )
        for number in range(PARTITIONS):
            await connection.execute(
                f"create table {table}_p{number} partition of {table} for values with (modulus "
                f"{PARTITIONS}, remainder {number})",
            )


class Partitioned(NamedTuple):
    url: str
    connection: asyncpg.Connection[Any]


@pytest.fixture(scope="module")
async def server(postgres_server: Server) -> AsyncIterator[Partitioned]:
    with postgres_server.database(
        "partitions", template=postgres_server.template("migrated", migrate_store)
    ) as url:
        connection = await asyncpg.connect(url)
        await partition(connection)
        yield Partitioned(url, connection)
        await connection.close()


@pytest.fixture(scope="module")
async def plain(postgres_server: Server) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection to a store as the migrations leave it."""
    with postgres_server.database(
        "plain", template=postgres_server.template("migrated", migrate_store)
    ) as url:
        connection = await asyncpg.connect(url)
        yield connection
        await connection.close()


def draft_of(text: str, client_id: str | None = None) -> MessageDraft:
    return MessageDraft(role="user", parts=parts.text_part(text), text=text, client_id=client_id)


async def live(service: Service, principal: Principal) -> None:
    """What clients do all day, each answer as it is on plain tables."""
    for number in range(3):
        await service.sessions.start(
            principal,
            SessionDraft(id=f"s{number}", title=f"Session {number}", tags=["a"], channel="web"),
        )
    _, messages = await service.messages.append(
        principal, "s0", [draft_of("the parcel is lost", "c1"), draft_of("where is it")]
    )
    assert [message.seq for message in messages] == [1, 2]
    together = await asyncio.gather(
        *[
            service.messages.append(principal, f"s{number % 3}", [draft_of(f"more {number}")])
            for number in range(12)
        ]
    )
    assert len({message.id for _, done in together for message in done}) == len(together)
    _, again = await service.messages.append(
        principal, "s0", [draft_of("the parcel is lost", "c1")]
    )
    assert again[0].id == messages[0].id

    page = await service.sessions.list(principal, SessionQuery(limit=2))
    assert page.has_more
    rest = await service.sessions.list(principal, SessionQuery(limit=2, cursor=page.next_cursor))
    assert sorted(session.own_id or "" for session in [*page.items, *rest.items]) == [
        "s0",
        "s1",
        "s2",
    ]
    for filters in (
        SessionFilter(channel=("web",)),
        SessionFilter(tag=("a",)),
        SessionFilter(title="session"),
    ):
        assert len(
            (await service.sessions.list(principal, SessionQuery(filter=filters))).items
        ) == len(page.items) + len(rest.items)
        assert await service.sessions.count(principal, filters) == len(page.items) + len(rest.items)
    _, history, _ = await service.messages.list(principal, "s0", MessageQuery())
    assert [message.seq for message in history] == list(range(1, len(history) + 1))

    for _ in ("not indexed yet", "indexed"):
        results = await service.search.find(principal, SearchQuery(text="parcel"))
        assert [item.session.own_id for item in results.items] == ["s0"]
        await service.indexer.catch_up()

    _, run, _ = await service.runs.start(principal, "s1", RunDraft(id="r"))
    await service.runs.update(principal, "s1", run.id, RunPatch(state="completed"))
    await service.sessions.update(principal, "s1", SessionPatch(title="Another"))
    await service.sessions.delete(principal, "s0")
    with pytest.raises(NotFound):
        await service.sessions.read(principal, "s0")
    assert not (await service.search.find(principal, SearchQuery(text="parcel"))).items


async def touched(connection: asyncpg.Connection[Any], sql: str) -> set[str]:
    """The partitions that the database plans to look into, whatever the values are."""
    text, _ = statements.numbered(sql)
    types = (await connection.prepare(text)).get_parameters()
    plan = await connection.fetch("explain " + text, *[ANY[type_.name] for type_ in types])
    return set(re.findall(r" on (\w+_p\d+)\b", "\n".join(row[0] for row in plan)))


def scattered(partitions: set[str]) -> bool:
    """Whether any table is touched in more than one partition."""
    return len({name.rpartition("_p")[0] for name in partitions}) < len(partitions)


async def test_everything_works_on_partitions(server: Partitioned) -> None:
    async with opened(Settings(store=server.url)) as service:
        await live(service, service.workspaces.operator(await service.workspaces.create("acme")))


async def test_every_named_statement_touches_one_partition(server: Partitioned) -> None:
    named = {
        name: sql for name, sql in statements.load("postgres").items() if name != "restored"
    }  # two in one, on all workspaces
    partitions_by_name = {
        name: await touched(server.connection, sql) for name, sql in named.items()
    }
    assert sum(map(bool, partitions_by_name.values())) > len(named) / 2
    assert {
        name for name, partitions in partitions_by_name.items() if scattered(partitions)
    } == ACROSS.keys()


async def test_appends_to_known_sessions_touch_one_partition(server: Partitioned) -> None:
    named, pieces = statements.load("postgres"), statements.pieces("postgres")
    many = ("session_extend_known", "message_put_known", "event_put_known")
    parts = [
        Query(name, {"workspace_id": "w"}, [{}] if name in many else None)
        for name in (*many[:2], GENERATION_TAKEN_KNOWN, many[2])
    ]

    def spelled(part: Query) -> str:
        name = part.name if part.many is None else part.name + "_rows"
        return pieces.get(name) or named[name]

    partitions = await touched(server.connection, combined_as_one(parts, spelled).sql)
    assert {name.rpartition("_p")[0] for name in partitions} == {"sessions", "workspace_counters"}
    assert not scattered(partitions)


async def test_every_list_touches_one_partition(server: Partitioned) -> None:
    composed = {
        name: statements.spelled(query.sql or "", "postgres")
        for maker in (pages, counted, combined, histories, followed)
        for name, query in maker()
    }
    partitions_by_name = {
        name: await touched(server.connection, sql) for name, sql in composed.items()
    }
    assert all(partitions_by_name.values())
    assert not {name for name, partitions in partitions_by_name.items() if scattered(partitions)}


async def test_a_statement_without_its_workspace_is_caught(server: Partitioned) -> None:
    assert scattered(await touched(server.connection, "select * from messages where id = :id"))


async def test_every_index_of_a_tenant_begins_with_the_workspace(
    plain: asyncpg.Connection[Any],
) -> None:
    tables = [row[0] for row in await plain.fetch(TENANTS) if row[0] not in WHOLE]
    assert {"sessions", "messages", "runs", "session_events", "search_index", "audit_log"} <= set(
        tables
    )
    others = await plain.fetch(INDEXES, tables)
    assert {name for name, _ in others} == NOT_BY_WORKSPACE.keys()
    assert not any(unique for _, unique in others)


@pytest.mark.parametrize("what", LACKED)
async def test_the_schema_has_nothing_that_a_distributed_database_lacks(
    plain: asyncpg.Connection[Any], what: str
) -> None:
    assert not await plain.fetch(LACKED[what])


def test_no_statement_speaks_of_what_a_distributed_database_lacks() -> None:
    spoken = statements.load("postgres") | {
        name: sql for _, name, sql in statements.migrations("postgres")
    }
    assert not {name for name, sql in spoken.items() if SPOKEN.search(sql)}
