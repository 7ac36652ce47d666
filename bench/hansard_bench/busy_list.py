"""The contest of the list under load, while somebody writes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hansard_bench.competitors import CLIENTS, repeated
from hansard_bench.measure import rounds
from hansard_bench.neighbours import paced
from hansard_bench.table import Row, duration, rate
from hansard_bench.wire import Sample, Unexpected, expect

if TYPE_CHECKING:
    from hansard_bench.competitors import Arena

_WRITES = 200
"""Appends a second; so many are due, however long one takes."""


async def busy_list(arena: Arena) -> list[Row]:
    """Lists a second with their exact total, for readers that never rest, beside one writer."""
    ours, target = arena.ours, arena.targets.busy_list_of_floor
    size = len((await ours.ask(ours.list())).body)
    seconds = arena.effort.seconds
    load, sources = arena.constant(size)

    async def floor() -> Sample:
        return await load.saturate(sources, seconds, expect(200))

    async def beside() -> Sample:
        lists, appends = await asyncio.gather(
            ours.load.saturate(repeated(ours.list()), seconds, expect(200)),
            paced(ours, ours.appends(), _WRITES, seconds),
        )
        if appends.count < _WRITES * seconds - 1:
            raise Unexpected(f"{appends.count} appends in {seconds:g} s instead of {_WRITES}/s")
        return lists

    measured = await rounds(arena.effort.rounds, {"floor": floor, "ours": beside})
    lists = measured["ours"]
    share = lists.rate / measured["floor"].rate
    return [
        Row(
            what=f"the list for {CLIENTS} readers, {_WRITES} appends a second beside them",
            measured=f"{rate(lists.rate)}, p99 {duration(lists.p99)}",
            floor=share,
            target=f"≥ {target} floor",
            reached=share >= target,
            figures={"p50_ms": lists.p50 * 1e3, "p99_ms": lists.p99 * 1e3},
        )
    ]
