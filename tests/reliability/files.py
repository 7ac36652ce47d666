"""The file of an embedded store is replaced under the running server."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hansard.app import open_store
from hansard.settings import Settings
from tests.reliability.live import Live, client_of, new_key
from tests.reliability.load import Figures, Ledger, Writers, read_all, start_sessions


async def file_replaced(folder: Path, *, fault: str = "") -> tuple[Figures, int, int]:
    """A backup is put in the place of the store, and the server started again a second later.

    The audit of all that was acknowledged before the backup or after the file was replaced; how
    many were acknowledged in between, and the status of the server's health meanwhile.
    """
    file = folder / "hansard.db"
    store = f"sqlite:///{file}"
    key = await new_key(store)
    async with Live(store, folder, fault=fault) as live, client_of(live.url, key) as client:
        sessions = await start_sessions(client, 4)
        load = Writers(client, sessions, 8)
        await load.until(100)
        before = await load.stop()
        await back_up(store, folder / "backup.db")
        await asyncio.to_thread(replace, file, folder / "backup.db")
        load = Writers(client, sessions, 8, seed=1)
        await asyncio.sleep(1)
        meanwhile = len(load.ledger.acknowledged)
        health = (await client.get("/readyz")).status_code
        await asyncio.to_thread(live.kill)
        await live.start()
        await load.until(meanwhile + 100)
        after = await load.stop()
        ledger = Ledger({**before.acknowledged, **after.acknowledged})
        return ledger.audit(await read_all(client, sessions)), meanwhile, health


async def back_up(url: str, target: Path) -> None:
    store = open_store(Settings(store=url))
    await store.open()
    await store.backup(target, lambda _: None)
    await store.close()


def replace(file: Path, other: Path) -> None:
    """Remove a store's file with those beside it, and give its name to another file."""
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    other.rename(file)
