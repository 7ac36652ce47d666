"""A backup is one consistent state, and writers do not wait for it.

What is restored is what was backed up.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hansard.access import Principal
from hansard.app import open_store, opened
from hansard.errors import Conflict, Invalid
from hansard.service import Service
from hansard.settings import Settings
from tests.reliability.conftest import Figure
from tests.reliability.disks import SESSIONS, append, begin
from tests.reliability.load import Ledger
from tests.support.postgres import Server


@contextlib.asynccontextmanager
async def writing(
    service: Service, principal: Principal, ledger: Ledger
) -> AsyncIterator[list[float]]:
    """Eight writers while the block runs; how long each append took."""
    stop, took = asyncio.Event(), list[float]()

    async def write(number: int) -> None:
        count = 0
        while not stop.is_set():
            began = time.perf_counter()
            await append(service, principal, ledger, SESSIONS[count % 4], f"w{number}-{count}")
            took.append(time.perf_counter() - began)
            count += 1

    writers = [asyncio.create_task(write(number)) for number in range(8)]
    try:
        yield took
    finally:
        stop.set()
        await asyncio.gather(*writers)


@pytest.fixture
def other_url(store_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty store of the same kind."""
    if store_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'restored.db'}"
    server: Server = request.getfixturevalue("postgres_server")
    return server.create_database("restored")


async def test_a_backup_under_load_is_restored_equal(
    store_url: str, other_url: str, tmp_path: Path, figure: Figure
) -> None:
    ledger, target = Ledger(), tmp_path / "backup"
    async with opened(Settings(store=store_url)) as service:
        principal = await begin(service)
        await asyncio.gather(
            *(
                append(service, principal, ledger, SESSIONS[number % 4], f"before-{number}")
                for number in range(400)
            )
        )
        async with writing(service, principal, ledger) as took:
            await asyncio.sleep(0.2)
            done_before = len(took)
            began = time.perf_counter()
            await service.store.backup(target, lambda _share: None)
            lasted, meanwhile = time.perf_counter() - began, len(took) - done_before
            await asyncio.sleep(0.2)
        with pytest.raises(Conflict, match="nothing was overwritten"):
            await service.store.backup(target, lambda _share: None)
    await open_store(Settings(store=other_url)).restore(target, lambda _share: None)
    async with opened(Settings(store=other_url)) as service:
        first = await service.verification.verify()
    figure(
        f"{first.messages} of {len(ledger.acknowledged)} messages in the backup, {meanwhile} "
        f"appends in its {lasted * 1000:.0f} ms, {len(first.faults)} faults"
    )
    assert first.is_sound
    assert 400 <= first.messages <= len(ledger.acknowledged)


async def test_a_backup_at_rest_is_equal_by_hash(
    store_url: str, other_url: str, tmp_path: Path, figure: Figure
) -> None:
    async with opened(Settings(store=store_url)) as service:
        principal = await begin(service)
        ledger = Ledger()
        for number in range(40):
            await append(service, principal, ledger, SESSIONS[number % 4], f"t{number}")
        before = await service.verification.verify()
        await service.store.backup(tmp_path / "backup", lambda _share: None)
        await append(service, principal, ledger, SESSIONS[0], "after the backup")
        generation = await service.sessions.generation(principal)
        assert not (await service.events.since(principal, generation - 1)).resync
        changed = await service.verification.verify()
    await open_store(Settings(store=other_url)).restore(tmp_path / "backup", lambda _share: None)
    async with opened(Settings(store=other_url)) as service:
        after = await service.verification.verify()
        assert await service.sessions.generation(principal) > generation
        assert (await service.events.since(principal, generation)).resync, (
            "who has heard of what is lost must look anew"
        )
    figure(
        f"hash {before.content_hash} backed up, {after.content_hash} restored; one message more: "
        f"{changed.content_hash}"
    )
    assert after.content_hash == before.content_hash != changed.content_hash
    with pytest.raises(Conflict, match="nothing was overwritten"):
        await open_store(Settings(store=other_url)).restore(
            tmp_path / "backup", lambda _share: None
        )


async def test_what_is_no_backup_is_refused(store_url: str, other_url: str, tmp_path: Path) -> None:
    (tmp_path / "backup").write_bytes(b"not a backup" * 1000)
    with pytest.raises(Invalid, match="not a backup"):
        await open_store(Settings(store=other_url)).restore(
            tmp_path / "backup", lambda _share: None
        )
