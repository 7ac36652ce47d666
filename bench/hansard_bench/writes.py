"""The contests of appends, and of reads beside them."""

from __future__ import annotations

import asyncio
import itertools
from statistics import median
from typing import TYPE_CHECKING

from hansard_bench.competitors import CLIENTS, WRITERS, repeated
from hansard_bench.measure import rounds
from hansard_bench.table import Row, duration, rate, size
from hansard_bench.wire import Sample, Unexpected, expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hansard_bench.competitors import Arena, Store

_WRITERS_BESIDE = 2
_STRETCHES = 10


async def appends(arena: Arena) -> list[Row]:
    """One message a request, durable, from 64 writers; and all of them on one session."""
    ours, targets = arena.ours, arena.targets
    contestants = {
        "many": (ours.load, _writers(ours)),
        "one": (ours.load, repeated(ours.append(ours.sessions[-1]), WRITERS)),
    }
    if arena.idiomatic is not None:
        contestants["them"] = (arena.idiomatic.load, _writers(arena.idiomatic))
    before = await _last_seq(ours, ours.sessions[-1])
    measured = await arena.saturate(contestants, 201)
    await _prove_gap_free(ours, ours.sessions[-1], before)
    many, single = measured["many"], measured["one"]
    times = many.rate / measured["them"].rate if "them" in measured else None
    return [
        Row(
            what=f"append one message, durable, {WRITERS} writers",
            measured=f"{rate(many.rate)}, p99 {duration(many.p99)}",
            idiomatic=times,
            target=f"≥ {targets.append_of_idiomatic:.0f} ×",
            reached=None if times is None else times >= targets.append_of_idiomatic,
            figures={"p50_ms": many.p50 * 1e3, "p99_ms": many.p99 * 1e3},
        ),
        Row(
            what=f"the same, all {WRITERS} on one session",
            measured=f"{rate(single.rate)}, {single.rate / many.rate:.2f} of {WRITERS} sessions",
            target=f"≥ {targets.one_session_of_many} of {WRITERS} sessions",
            reached=single.rate >= targets.one_session_of_many * many.rate,
            figures={"p99_ms": single.p99 * 1e3},
        ),
    ]


def _writers(store: Store) -> list[Iterator[bytes]]:
    return [
        itertools.repeat(store.append(store.sessions[number % len(store.sessions)]))
        for number in range(WRITERS)
    ]


async def _last_seq(store: Store, session: str) -> int:
    page = await store.json(store.history(session, 1))
    return int(page["data"][0]["seq"])


async def _prove_gap_free(store: Store, session: str, before: int) -> None:
    """Raises Unexpected when the newest messages of the session are not numbered without gaps."""
    page = await store.json(store.history(session, 200))
    seqs = [message["seq"] for message in page["data"]]
    if seqs != list(range(seqs[0], seqs[0] - len(seqs), -1)) or seqs[0] <= before:
        raise Unexpected(f"{WRITERS} writers left gaps in the session's numbers: {seqs[:10]}")


async def mixed(arena: Arena) -> list[Row]:
    """Nine reads for each write, with writers of their own going all the time."""
    limit = arena.targets.tail
    taken: list[Sample] = []

    async def kept() -> Sample:
        taken.append(await _mixed(arena.ours, arena.effort.seconds))
        return taken[-1]

    measured = (await rounds(arena.effort.rounds, {"ours": kept}))["ours"]
    tail = median(sample.percentile(0.99) / sample.percentile(0.5) for sample in taken[1:])
    return [
        Row(
            what=f"mixed load, 90 % reads, {CLIENTS} clients, a writer going",
            measured=(
                f"{rate(measured.rate)}, p50 {duration(measured.p50)}, p99 {duration(measured.p99)}"
            ),
            target=f"p99 ≤ {limit:.0f} × p50",
            reached=tail <= limit,
            figures={"p50_ms": measured.p50 * 1e3, "p99_ms": measured.p99 * 1e3},
        )
    ]


async def soak(arena: Arena, minutes: float, resident: Callable[[], int | None]) -> list[Row]:
    """The mixed load for so long: the server's memory after its first tenth and at its end."""
    taken: list[int | None] = []
    answers = 0
    for _ in range(_STRETCHES):
        answers += (await _mixed(arena.ours, minutes * 60 / _STRETCHES)).count
        taken.append(resident())
    early, late = taken[0], taken[-1]
    return [
        Row(
            what=f"memory over {minutes:g} minutes of mixed load, {answers:,} reads",
            measured="unknown here"
            if early is None or late is None
            else f"{size(early)} to {size(late)}",
            target=f"≤ {arena.targets.memory_growth} ×",
            reached=None
            if early is None or late is None
            else late <= early * arena.targets.memory_growth,
        )
    ]


async def _mixed(ours: Store, seconds: float) -> Sample:
    reads = [
        ours.list(),
        ours.history(ours.giant),
        *(ours.history(session) for session in ours.sessions[:7]),
    ]
    sources = [_mix(reads, ours.append(ours.sessions[number]), number) for number in range(CLIENTS)]
    behind = [
        itertools.repeat(ours.append(session)) for session in ours.sessions[-_WRITERS_BESIDE:]
    ]
    check = expect(200, 201)
    sample, _ = await asyncio.gather(
        ours.load.saturate(sources, seconds, check, only=200),
        ours.load.saturate(behind, seconds, check),
    )
    return sample


def _mix(reads: list[bytes], write: bytes, number: int) -> Iterator[bytes]:
    turn = [*reads, write]
    return itertools.cycle(turn[number % len(turn) :] + turn[: number % len(turn)])
