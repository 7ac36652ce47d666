"""What a session counts for is kept in its one row or apart, and counts the same either way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.app import open_store
from hansard.model import SessionDraft
from hansard.service import Service
from hansard.settings import Settings
from hansard.store import Store, statements
from hansard.store.steps import Steps, composed
from hansard.store.verbs import stats, stats_spans
from hansard.store.verbs.stats_cells import FIGURES, Counted

AT = datetime(2026, 3, 1, tzinfo=UTC)
OLD_TABLES = ("stats_counted", "stats_spans", "stats_cells", "stats_user_cells")
TABLES = ("stats_by_session", "stats_long_spans", "stats_sums", "stats_user_sums")
USAGE = {"input_tokens": 7, "cost_usd": 0.5}


def count(workspace_id: str, table: str) -> Steps[int]:
    sql = f"select count(*) from {table} where workspace_id = :workspace_id"  # noqa: S608 - tables from above
    return int((yield from composed(sql, {"workspace_id": workspace_id}))[0][0])


async def total(client: httpx.AsyncClient, **params: str) -> tuple[int, int, float]:
    days = {"from": "2026-03-01", "until": "2026-03-31"}
    body: dict[str, Any] = (await client.get("/v1/stats", params=days | params)).json()
    assert body["current"] is True
    return tuple(body["total"][name] for name in ("sessions", "messages", "cost_usd"))


async def say(client: httpx.AsyncClient, hours: range) -> None:
    """Append a message in each of these hours."""
    for hour in hours:
        at = (AT + timedelta(hours=hour)).isoformat()
        message = {"role": "user", "text": "hi", "created_at": at, "usage": USAGE}
        answer = await client.post("/v1/sessions/s/messages", json={"messages": [message]})
        assert answer.status_code == 201


async def test_a_session_that_counts_for_much_has_rows_of_its_own(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    here = principal.workspace_id
    body = {"id": "s", "channel": "web", "created_at": AT.isoformat()}
    assert (await client.post("/v1/sessions", json=body)).status_code == 201
    await say(client, range(stats_spans.MOST))
    assert await total(client) == (1, 16, 8.0)
    assert await service.store.read(count, here, "stats_long_spans") == 0
    await say(client, range(stats_spans.MOST, stats_spans.MOST + 3))
    assert await total(client) == (1, 19, 9.5)
    assert await service.store.read(count, here, "stats_long_spans") == 19
    await client.patch("/v1/sessions/s", json={"channel": "voice", "resolution": "resolved"})
    assert await total(client, channel="voice") == (1, 19, 9.5)
    assert await total(client, channel="web") == (0, 0, 0)
    messages = (await client.get("/v1/sessions/s/messages")).json()["data"]
    assert (await client.delete(f"/v1/sessions/s/messages/{messages[18]['id']}")).is_success
    assert await total(client) == (1, 18, 9.0)
    assert (await client.delete("/v1/sessions/s")).is_success
    assert await total(client) == (0, 0, 0)
    for table in TABLES:
        assert await service.store.read(count, here, table) == 0


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hansard.db'}"
    return str(request.getfixturevalue("postgres_url"))


FACETS = "'web', '', 'guide', 'm', 'u', 'open'"
SPANS = [
    ("a", 100, "", "session", 0, {"sessions": 1, "resolved": 1}),
    ("a", 100, "", "usage", 0, {"messages": 4, "input_tokens": 9}),
    ("a", 100, "", "resolve", 30, {"sessions": 1}),
    ("a", 101, "m2", "usage", 0, {"messages": 10, "cost_nanos": 2**60}),
    ("a", 101, "m2", "run", 12, {"runs": 2, "failed_runs": 1}),
    ("b", 100, "", "session", 0, {"sessions": 1}),
    *(("b", 200 + slot, "", "usage", 0, {"messages": 1}) for slot in range(17)),
    ("c", 100, "", "session", 0, {"sessions": 1}),
]


def before() -> Steps[None]:
    """The rows that the version before made of three sessions."""
    yield from known_to("w")
    yield from composed("insert into stats_positions values ('w', 7, null)", {})
    for name in "abcd":
        yield from composed(
            f"insert into stats_counted values ('w', '{name}', {FACETS}, 0, 5, '{{}}')",  # noqa: S608 - letters
            {},
        )
    cell = ", ".join(f"{name} = {{0}}.{name} + excluded.{name}" for name in FIGURES)
    for name, slot, model, what, bucket, some in SPANS:
        figures = ", ".join(str(some.get(figure, 0)) for figure in FIGURES)
        facets = f"'web', '', 'guide', '{model or 'm'}', 'open', '{what}', {bucket}"
        for table, key, columns in (
            ("stats_spans", f"'w', '{name}', {slot}, '{model}', '{what}', {bucket}", "session_id"),
            ("stats_cells", f"'w', {slot}, {facets}", ""),
            ("stats_user_cells", f"'w', {slot}, 'u', {facets}", "user_id"),
        ):
            keys = "slot, channel, app, agent, model, state, what, bucket"
            named = "slot, model, what, bucket" if columns == "session_id" else keys
            conflict = ", ".join(filter(None, ("workspace_id", columns, named)))
            yield from composed(
                f"insert into {table} values ({key}, {figures})"  # noqa: S608 - the tables above
                f" on conflict ({conflict}) do update set {cell.format(table)}",
                {},
            )


def everything() -> Steps[list[Any]]:
    """What the new tables have: spans by session, and the sums of both tables by what they are."""
    got = yield from composed(
        "select session_id, channel, app, agent, model, user_id, state, own_after, seq, excess,"
        " spans from stats_by_session order by session_id",
        {},
    )
    spans = yield from stats_spans.of("w", [Counted(*record) for record in got])
    kept = sorted((span, {n: f for n, f in some.items() if f}) for span, some in spans)
    sums = []
    for table in ("stats_sums", "stats_user_sums"):
        figures = ", ".join(f"cast(sum({name}) as bigint)" for name in FIGURES)
        sql = f"select what, {figures} from {table} group by 1 order by 1"  # noqa: S608 - as above
        sums += yield from composed(sql, {})
    return [[record[-1] is None for record in got], kept, [tuple(record) for record in sums]]


async def migrated(
    store: Store, monkeypatch: pytest.MonkeyPatch, more: Callable[[], Steps[None]] | None = None
) -> None:
    """Fill a store of the version before, and migrate it."""
    known = statements.migrations
    with monkeypatch.context() as patch:
        patch.setattr(
            statements, "migrations", lambda backend: [m for m in known(backend) if m[0] < 27]
        )
        await store.migrate()
    await store.write(before)
    if more is not None:
        await store.write(more)
    assert (await store.migrate())[0] == "0027_statistics"


async def test_the_statistics_of_a_store_from_before_stay_and_can_be_taken_back(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(Settings(store=empty_url))
    await store.open()
    try:
        await migrated(store, monkeypatch)
        apart, spans, sums = await store.read(everything)
        assert apart == [False, True, False, False]
        assert [(tuple(span), figures) for span, figures in spans[:4]] == [
            (("a", 100, "", "resolve", 30), {"sessions": 1}),
            (
                ("a", 100, "", "usage", 0),
                {"sessions": 1, "messages": 4, "input_tokens": 9, "resolved": 1},
            ),
            (("a", 101, "m2", "run", 12), {"runs": 2, "failed_runs": 1}),
            (("a", 101, "m2", "usage", 0), {"messages": 10, "cost_nanos": 2**60}),
        ]
        assert len(spans) == 4 + 18 + 1
        assert [row[:3] for row in sums] == [("resolve", 1, 0), ("run", 0, 0), ("usage", 3, 31)] * 2
        assert await store.read(stats.is_current, "w") is False
        for table in OLD_TABLES:
            assert await store.read(count, "w", table) == 0
        for name in "abcd":
            await store.write(stats.forget, "w", name)
        for table in TABLES:
            assert await store.read(count, "w", table) == 0
    finally:
        await store.close()


PARKED = 2**63 - 1


def parked() -> Steps[dict[str, int]]:
    """Where a server of the version before believes to have counted to, by workspace."""
    got = yield from composed("select workspace_id, generation from stats_positions", {})
    return dict(map(tuple, got))


def known_to(workspace_id: str) -> Steps[None]:
    """A workspace that nobody has counted yet."""
    values = {"workspace_id": workspace_id}
    yield from composed(
        "insert into workspace_counters (workspace_id, generation) values (:workspace_id, 3)",
        values,
    )


async def test_a_server_of_the_version_before_finds_nothing_to_count(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(Settings(store=empty_url))
    await store.open()
    try:
        await migrated(store, monkeypatch, lambda: known_to("never counted"))
        assert await store.read(parked) == dict.fromkeys(("w", "never counted"), PARKED)
        service = await Service.on(store)
        later = (await service.workspaces.create("later")).id
        assert (await store.read(parked))[later] == PARKED
    finally:
        await store.close()


def counted_before(workspace_id: str) -> Steps[None]:
    """Mark the runs as a server of the version before does."""
    marked = "update runs set uncounted = 0, counted = '[7,\"m\",3,0]'"
    values = {"workspace_id": workspace_id}
    yield from composed(f"{marked} where workspace_id = :workspace_id", values)


async def test_a_run_that_such_a_server_counted_counts(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    run = (await client.post("/v1/sessions/s/runs", json={})).json()
    path = f"/v1/sessions/s/runs/{run['id']}/finish"
    assert (await client.post(path, json={"state": "completed"})).is_success
    await service.store.write(counted_before, principal.workspace_id)
    body: dict[str, Any] = (await client.get("/v1/stats")).json()
    assert (body["total"]["runs"], body["total"]["failed_runs"]) == (1, 0)


def deleted_before(workspace_id: str) -> Steps[None]:
    """Delete a workspace without its statistics, which the version before does not know."""
    for table in ("workspace_counters", "sessions", "messages", "session_events"):
        yield from composed(
            f"delete from {table} where workspace_id = :workspace_id",  # noqa: S608 - the tables above
            {"workspace_id": workspace_id},
        )


async def test_statistics_of_a_workspace_that_such_a_server_deleted_go(
    lone_service: Service,
) -> None:
    kept, gone = [await lone_service.workspaces.create(name) for name in ("kept", "gone")]
    for workspace in (kept, gone):
        operator = lone_service.workspaces.operator(workspace)
        await lone_service.sessions.start(operator, SessionDraft(id="s", user_id="ada"))
        await lone_service.stats.follow(workspace.id, 10)
    await lone_service.store.write(deleted_before, gone.id)
    assert await lone_service.store.read(count, gone.id, "stats_user_sums") == 1
    await lone_service.upkeep.run()
    tables = ("stats_progress", "stats_by_session", "stats_sums", "stats_user_sums")
    for table in tables:
        assert await lone_service.store.read(count, gone.id, table) == 0
        assert await lone_service.store.read(count, kept.id, table) == 1
