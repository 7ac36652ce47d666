"""A migration goes in while the server of the version before serves: no request fails."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest

from hansard.app import open_store
from hansard.settings import Settings
from hansard.store import statements
from tests.reliability.conftest import Figure
from tests.reliability.live import Live, client_of, new_key
from tests.reliability.load import Writers, read_all, start_sessions

NEXT = """
create table next_version (workspace_id text not null primary key);
alter table sessions add column next_version text;
alter table messages add column next_version text;
create index sessions_by_next_version on sessions (workspace_id, next_version)
  where next_version is not null;
"""
WAITING = "select count(*) from pg_locks where not granted and relation = 'messages'::regclass"


async def reads(client: httpx.AsyncClient, stop: asyncio.Event) -> tuple[int, int]:
    """How many reads there were, and how many of them were not answered 200."""
    count = failed = 0
    while not stop.is_set():
        for path in (
            "/v1/sessions?total=true",
            "/v1/sessions/load-0",
            "/v1/sessions/load-0/messages",
        ):
            count += 1
            failed += (await client.get(path)).status_code != 200
    return count, failed


async def test_a_migration_under_load_fails_no_request(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    real = statements.migrations
    key = await new_key(store_url)
    async with Live(store_url, tmp_path) as live, client_of(live.url, key) as client:
        sessions = await start_sessions(client, 4)
        load, stop = Writers(client, sessions, 8), asyncio.Event()
        reading = asyncio.create_task(reads(client, stop))
        await load.until(40)
        monkeypatch.setattr(
            statements, "migrations", lambda backend: [*real(backend), (9999, "9999_next", NEXT)]
        )
        store = open_store(Settings(store=store_url))
        await store.open()
        applied = await store.migrate()
        again = await store.migrate()
        await store.close()
        await load.until(len(load.ledger.acknowledged) + 40)
        ledger = await load.stop()
        stop.set()
        count, failed = await reading
        figures = ledger.audit(await read_all(client, sessions))
    figure(
        f"{applied} under load: {count} reads, {failed} failed; writes refused "
        f"{dict(ledger.refused)}, cut off {ledger.retried}; {figures}"
    )
    assert (applied, again) == (["9999_next"], [])
    assert failed == 0
    assert not ledger.refused
    assert ledger.retried == 0
    assert figures.is_clean


async def test_a_migration_that_loses_a_deadlock_is_tried_again(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction reads messages, then sessions, while a migration changes them in turn."""
    real = statements.migrations
    store = open_store(Settings(store=postgres_url))
    await store.open()
    await store.migrate()
    monkeypatch.setattr(
        statements, "migrations", lambda backend: [*real(backend), (9999, "9999_next", NEXT)]
    )
    other = await asyncpg.connect(postgres_url)
    try:
        async with other.transaction():
            await other.execute("set local deadlock_timeout = '60s'")  # the migration finds it
            await other.fetch("select from messages limit 1")
            migrating = asyncio.create_task(store.migrate())
            while not await other.fetchval(WAITING):  # noqa: ASYNC110 - another process tells
                await asyncio.sleep(0.01)
            await other.fetch("select from sessions limit 1")
        assert await migrating == ["9999_next"]
    finally:
        await other.close()
        await store.close()
