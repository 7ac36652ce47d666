"""Sessions whose file holds no time say so, and statistics leave them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hansard.access import Principal
from hansard.interchange.importer import Import
from hansard.interchange.report import Options
from hansard.model import SessionPatch
from hansard.model.stats import StatsQuery
from hansard.service import Service


async def counted(service: Service, principal: Principal) -> dict[str, int]:
    """Sessions by channel, over all days that a test may touch."""
    sums: dict[str, int] = {}
    for first in range(19_000, 22_000, 300):
        query = StatsQuery(first=first, last=first + 299, by="channel")
        for tally in (await service.stats.read(principal, query)).tallies:
            sums[tally.value] = sums.get(tally.value, 0) + tally.sessions
    return sums


async def test_statistics_leave_out_what_has_no_time(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    talk: dict[str, Any] = {"messages": [{"role": "user", "content": "x"}]}
    records = [
        talk | {"id": "a", "channel": "timeless"},
        talk | {"id": "b", "channel": "timed", "created_at": "2025-06-15T15:06:40Z"},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(records), "utf-8")
    await Import(service, here, Options()).paths([path])
    assert await counted(service, here) == {"timed": 1}
    await service.sessions.update(here, "a", SessionPatch(metadata={"time_unknown": None}))
    assert await counted(service, here) == {"timed": 1, "timeless": 1}
