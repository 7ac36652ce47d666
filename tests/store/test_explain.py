"""Every list is served by an index that begins with the workspace.

The databases say so themselves.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from hansard.model import MessageQuery, SessionFilter
from hansard.model.session import SORTS
from hansard.store import filter_conditions, list_changes, listing, statements
from hansard.store.sqlite.connection import add_functions
from hansard.store.sqlite.machine_clock import MachineClock
from hansard.store.sqlite.separators import Separators
from hansard.store.steps import Query
from hansard.store.verbs import facets, index_choice
from tests.conftest import migrate_store
from tests.support.postgres import Server

FILTERS: dict[str, Any] = {
    "state": ("failed",),
    "channel": ("web",),
    "kind": ("task",),
    "app": ("a",),
    "agent": ("a",),
    "model": ("m",),
    "user_id": ("u",),
    "workflow_id": ("w",),
    "parent_id": ("p",),
    "resolution": ("resolved",),
    "intent": ("i",),
    "trigger": ("t",),
    "tag": ("t",),
    "tool": ("t",),
    "assignee": ("grace",),
    "score": ("helpful",),
    "branch": (0,),
    "title": "x",
    "metadata": ("plan=pro",),
    "archived": True,
    "ended": True,
    "unread": True,
    "has_messages": False,
    "assigned": True,
    "noted": True,
    "scored": False,
    "failed_calls": True,
    "none": ("agent",),
    "failed_calls_from": 1,
    "failed_calls_until": 1,
    "tokens_from": 1,
    "tokens_until": 1,
    "cost_from": 1,
    "cost_until": 1,
    "duration_from": 1,
    "duration_until": 1,
    "created_from": 1,
    "created_until": 1,
    "updated_from": 1,
    "updated_until": 1,
    "active_from": 1,
    "active_until": 1,
}
OWN_INDEX = {
    field: field
    for field in (
        "state",
        "channel",
        "kind",
        "app",
        "agent",
        "model",
        "user_id",
        "workflow_id",
        "parent_id",
        "resolution",
        "intent",
        "assignee",
    )
}
OWN_INDEX |= {"trigger": "trigger_type", "branch": "branch"}
GATHERED = ("tag", "tool", "score", "title", "metadata", "created_", "updated_")
"""Filters that gather at most narrowing.SORTED_AT_ONCE sessions and sort them; beyond that the
order is walked.
"""
ACROSS = {
    "workspace_list": "the workspaces themselves, for who runs the store",
    "lapse_due": "leases of any workspace, by their index",
    "audit_workspaces": "whose logs there are, for who verifies the store",
    "search_behind": "the workspaces that have changed, for the task that indexes",
    "search_erasures": "what is to be taken out of the index, a few rows",
    "compact_total": "how much a store has, once, before it is made smaller",
    "compact_stretch": "the next messages of any workspace, by their key",
    "compact_begin_handles": "once, when a store begins to be made smaller",
    "compact_begun": "as before",
    "compact_next_handle": "the sequences of the two tables that have one",
    "fact_put": "no tenant's table",
    "upkeep_statistics_left": "the workspaces that have statistics, for the task that clears up",
    "restored": "every workspace, once, when a backup becomes a store",
}
IN_PIECES = ("-title", "active_at", "-active_at")
"""Sorts that two indexes have together, or one in two pieces."""
POSITIONS: dict[str, list[Any]] = {
    "updated_at": [1, "x"],
    "created_at": [1, "x"],
    "active_at": [1, "x"],
    "title": [0, "t", "x"],
    "-title": ["t", "x"],
}


def position(sort: str) -> list[Any]:
    return POSITIONS.get(sort) or POSITIONS[sort.removeprefix("-")]


def filtered(field: str) -> SessionFilter:
    return SessionFilter(**{field: FILTERS[field]})


def pages() -> Iterator[tuple[str, Query]]:
    """Every filter by ``-active_at`` and every sort without a filter, first and later pages."""
    for field in FILTERS:
        yield f"filter {field}", listing.page("w", filtered(field), "-active_at", 51)
        yield (
            f"filter {field}, next page",
            listing.page("w", filtered(field), "-active_at", 51, after=[1, "x"]),
        )
    for sort in SORTS:
        yield f"sort {sort}", listing.page("w", SessionFilter(), sort, 51)
        yield (
            f"sort {sort}, next page",
            listing.page("w", SessionFilter(), sort, 51, after=position(sort)),
        )

    both = SessionFilter(none=("agent",), agent=("a",))
    yield "filter none beside values", listing.page("w", both, "-active_at", 51)


def counted() -> Iterator[tuple[str, Query]]:
    for field in FILTERS:
        yield f"count {field}", listing.count("w", filtered(field))


def combined() -> Iterator[tuple[str, Query]]:
    """Every filter in every order, as narrowing writes it where the order leads."""
    for field in FILTERS:
        loose = frozenset({field}) & frozenset({*filter_conditions.CONDITIONS, "metadata"})
        for sort in SORTS:
            yield f"{field} by {sort}", listing.page("w", filtered(field), sort, 51, loose=loose)


def histories() -> Iterator[tuple[str, Query]]:
    yield "history forwards", listing.messages("w", "s", MessageQuery(), 51, after=1)
    yield (
        "history backwards",
        listing.messages("w", "s", MessageQuery(), 51, before=9, descending=True),
    )
    yield "history by role", listing.messages("w", "s", MessageQuery(roles=("user",)), 51, after=1)


def followed() -> Iterator[tuple[str, Query]]:
    for field in FILTERS:
        query = list_changes.changes("w", filtered(field), "-active_at", 1, 500)
        yield f"changes, {field}", query
        query = list_changes.changed_since("w", filtered(field), 1, with_total=True)
        yield f"changed, {field}", query


def everything() -> list[Any]:
    return [
        pytest.param(query, id=name)
        for maker in (pages, counted, combined, histories, followed)
        for name, query in maker()
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    path: Path = tmp_path_factory.mktemp("explain") / "hansard.db"
    migrate_store(f"sqlite:///{path}")
    connection = apsw.Connection(str(path))
    add_functions(connection)
    MachineClock().add_functions(connection)
    Separators().add_functions(connection)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
async def server(postgres_server: Server) -> AsyncIterator[asyncpg.Connection[Any]]:
    with postgres_server.database(
        "explain", template=postgres_server.template("migrated", migrate_store)
    ) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("set enable_seqscan = off")
        yield connection
        await connection.close()


def sqlite_plan(file: apsw.Connection, sql: str) -> list[str]:
    names = re.findall(r"(?<!:):([a-z_][a-z0-9_]*)", sql)
    return [str(row[3]) for row in file.execute("explain query plan " + sql, dict.fromkeys(names))]


async def postgres_plan(server: asyncpg.Connection[Any], query: Query) -> list[str]:
    sql, names = statements.numbered(statements.spelled(query.sql or "", "postgres"))
    return [
        row[0]
        for row in await server.fetch("explain " + sql, *[query.values[name] for name in names])
    ]


def scans(plan: list[str]) -> list[str]:
    """The lines of a SQLite plan that go through a whole table or index.

    Functions, constants, a statement's own few changes and the search index aside.
    """
    harmless = re.compile(
        r"SCAN (CONSTANT ROW|\S+ (EXISTS )?VIRTUAL TABLE|\(subquery|\(join|(changes|matching|due)$)"
    )
    return [line for line in plan if line.startswith("SCAN") and not harmless.match(line)]


@pytest.mark.parametrize("query", everything())
def test_sqlite_seeks_every_list_by_the_workspace(file: apsw.Connection, query: Query) -> None:
    plan = sqlite_plan(file, statements.spelled(query.sql or "", "sqlite"))
    assert not scans(plan), plan
    searches = [line for line in plan if re.match(r"SEARCH (sessions|messages) ", line)]
    assert searches, plan
    assert all("(workspace_id=?" in line for line in searches), plan


@pytest.mark.parametrize(
    ("name", "query"), [pytest.param(name, query, id=name) for name, query in pages()]
)
def test_sqlite_sorts_no_list(file: apsw.Connection, name: str, query: Query) -> None:
    plan = sqlite_plan(file, statements.spelled(query.sql or "", "sqlite"))
    if any(field in name for field in GATHERED):
        return
    assert not [line for line in plan if "TEMP B-TREE" in line], plan


@pytest.mark.parametrize("archived", [False, True, None])
def test_sqlite_lists_by_activity_without_a_look_at_the_sessions(
    file: apsw.Connection, archived: bool | None
) -> None:
    plan = sqlite_plan(
        file, listing.page("w", SessionFilter(archived=archived), "-active_at", 51).sql or ""
    )
    searches = [line for line in plan if line.startswith("SEARCH sessions")]
    assert all("USING COVERING INDEX" in search for search in searches), plan


@pytest.mark.parametrize("sort", ["-updated_at", "-active_at", "title"])
@pytest.mark.parametrize("field", sorted(OWN_INDEX))
def test_sqlite_lets_a_narrow_filter_lead(file: apsw.Connection, field: str, sort: str) -> None:
    plan = sqlite_plan(
        file,
        listing.page("w", filtered(field), sort, 51, loose=frozenset({listing.ORDER})).sql or "",
    )
    (search,) = [line for line in plan if line.startswith("SEARCH sessions")]
    assert f"(workspace_id=? AND {OWN_INDEX[field]}=?" in search, plan


@pytest.mark.parametrize("sort", SORTS)
def test_sqlite_seeks_to_the_place_of_a_later_page(file: apsw.Connection, sort: str) -> None:
    plan = sqlite_plan(
        file, listing.page("w", SessionFilter(), sort, 51, after=position(sort)).sql or ""
    )
    searches = [line for line in plan if line.startswith("SEARCH sessions")]
    assert len(searches) == (2 if sort in IN_PIECES else 1)
    for search in searches:
        assert re.search(r"\(workspace_id=\? AND (untitled=\? AND )?\(.*\)[<>]\(", search), plan


@pytest.mark.parametrize("query", everything())
async def test_postgres_seeks_every_list_by_the_workspace(
    server: asyncpg.Connection[Any], query: Query
) -> None:
    plan = await postgres_plan(server, query)
    assert not [line for line in plan if "Seq Scan" in line], plan
    assert [line for line in plan if "Index Cond" in line and "workspace_id" in line], plan


def test_no_named_statement_scans_a_table(file: apsw.Connection) -> None:
    named = {name: sql for name, sql in statements.load("sqlite").items() if name not in ACROSS}
    tables = {
        str(row[0]) for row in file.execute("select name from sqlite_schema where type = 'table'")
    } - {"storage_form"}  # it has one row
    scanning = {
        name: lines
        for name, sql in named.items()
        if (lines := [line for line in scans(sqlite_plan(file, sql)) if line.split()[1] in tables])
    }
    assert not scanning


def test_an_id_is_looked_up_by_an_index_for_each_thing_it_may_name(file: apsw.Connection) -> None:
    plan = sqlite_plan(file, statements.load("sqlite")["id_named"])
    for index in ("sessions_by_own", "sessions_by_tail", "messages_by_client", "sessions_by_user"):
        assert [line for line in plan if index in line and "workspace_id=? AND" in line], plan


async def test_postgres_looks_an_id_up_by_the_same_indexes(
    server: asyncpg.Connection[Any],
) -> None:
    sql = statements.load("postgres")["id_named"]
    names = ("workspace_id", "name", "spelling", "session_id", "safe_id", "message_id", "tail")
    query = Query("id_named", {**dict.fromkeys(names, "x"), "limit": 20, "seq": 1}, sql=sql)
    plan = "\n".join(await postgres_plan(server, query))
    for index in ("sessions_by_tail", "messages_by_client", "sessions_by_user"):
        assert index in plan, plan


@pytest.mark.parametrize("name", ["event_delete_of_session", "event_forget_title"])
def test_sqlite_seeks_the_events_of_a_session(file: apsw.Connection, name: str) -> None:
    (search,) = sqlite_plan(file, statements.load("sqlite")[name])
    assert "session_events_by_tail (workspace_id=? AND <expr>=?)" in search


def test_a_statement_that_scans_is_caught(file: apsw.Connection) -> None:
    assert scans(sqlite_plan(file, "select * from sessions where title = :title"))


@pytest.mark.parametrize("name", ["checkpoint_heads", "checkpoint_get"])
def test_sqlite_seeks_to_the_latest_checkpoint_of_a_thread(
    file: apsw.Connection, name: str
) -> None:
    (search,) = sqlite_plan(file, statements.load("sqlite")[name])
    assert search.startswith("SEARCH checkpoints USING "), search
    assert "(workspace_id=? AND session_id=? AND ns=? AND id" in search, search


async def test_postgres_seeks_each_value_of_a_checkpoint_by_itself(
    server: asyncpg.Connection[Any],
) -> None:
    """Of a thread with thousands of checkpoints, no other version of a channel is read."""
    name = "checkpoint_blob_list"
    values = {"workspace_id": "w", "session_id": "s", "ns": "", "pairs": '[["a", "1"]]'}
    plan = await postgres_plan(server, Query(name, values, sql=statements.load("postgres")[name]))
    (condition,) = [line for line in plan if "Index Cond" in line]
    assert "channel = " in condition, plan
    assert "version = " in condition, plan


def faceted() -> Iterator[Any]:
    """The values of every facet, under each filter and under none."""
    fields = tuple(facets.FIELDS)
    for field in (None, *FILTERS):
        filters = filtered(field) if field else SessionFilter()
        indexed = SessionFilter() if field in {"title", "note"} else filters
        lead = index_choice.leading(indexed, filter_conditions.NOTHING)
        for name, leading, is_ordered in (
            ("leads", lead, False),
            ("walked", SessionFilter(), True),
        ):
            query = facets.query("w", filters, leading, fields, is_ordered=is_ordered)
            yield pytest.param(query, id=f"{field} {name}")


@pytest.mark.parametrize("query", [*faceted()])
def test_sqlite_seeks_the_sessions_of_facets(file: apsw.Connection, query: Query) -> None:
    plan = sqlite_plan(file, statements.spelled(query.sql or "", "sqlite"))
    own = {line.split()[1] for line in plan if line.startswith(("CO-ROUTINE", "MATERIALIZE"))}
    assert not [line for line in scans(plan) if line.split()[1] not in own], plan
    searches = [line for line in plan if re.match(r"SEARCH (sessions|session_t\w+) ", line)]
    assert searches, plan
    assert all("(workspace_id=?" in line for line in searches), plan
    assert [line for line in plan if line.startswith("MATERIALIZE looked_at")] == [
        "MATERIALIZE looked_at"
    ], "the sessions are read once for all facets"


@pytest.mark.parametrize("query", [*faceted()])
async def test_postgres_seeks_the_sessions_of_facets(
    server: asyncpg.Connection[Any], query: Query
) -> None:
    plan = await postgres_plan(server, query)
    assert not [line for line in plan if "Seq Scan" in line], plan
    read = [line for line in plan if "Index Cond" in line]
    assert read, plan
    assert all("workspace_id" in line for line in read), plan
    assert len([line for line in plan if "CTE looked_at" in line]) == 1, plan
