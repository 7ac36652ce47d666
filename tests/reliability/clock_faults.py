"""The wall clock of a server is set back while it serves."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hansard.app import opened
from hansard.settings import Settings
from tests.reliability.live import Live, client_of, new_key
from tests.reliability.load import Figures, Writers, read_all, start_sessions

REFUSED_SECONDS = 2.0
_PATIENCE = 5.0


async def clock_set_back(store: str, folder: Path, *, fault: str = "") -> tuple[Figures, str]:
    """A key is revoked elsewhere just when the clock is set back by an hour.

    The server must refuse it within two seconds.
    """
    key = await new_key(store)
    async with opened(Settings(store=store)) as service:
        (workspace,) = await service.workspaces.list()
        operator = service.workspaces.operator(workspace)
        text, revoked = await service.keys.create(operator, "to be revoked")
        faults = ",".join(filter(None, ("settable-clock", fault)))
        async with (
            Live(store, folder, fault=faults) as live,
            client_of(live.url, key) as client,
            client_of(live.url, text) as other,
        ):
            sessions = await start_sessions(client, 4)
            load = Writers(client, sessions, 8)
            await load.until(50)
            (await other.get("/v1/sessions")).raise_for_status()
            (folder / "clock").write_text("-3600")
            await service.keys.revoke(operator, revoked.id)
            began = time.monotonic()
            while time.monotonic() - began < _PATIENCE:
                if (await other.get("/v1/sessions")).status_code == 401:
                    break
                await asyncio.sleep(0.05)
            took = time.monotonic() - began
            await load.until(len(load.ledger.acknowledged) + 50)
            ledger = await load.stop()
            figures = ledger.audit(await read_all(client, sessions))
    figures.overdue = int(took > REFUSED_SECONDS)
    return figures, f"a revoked key refused after {took:.1f} s"
