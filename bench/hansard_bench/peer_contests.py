"""The contests against the peers, as shares of the floor in the same round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard_bench.competitors import floor_request, repeated
from hansard_bench.measure import Effort, rounds
from hansard_bench.peers import CLIENTS, KINDS, Request, sources
from hansard_bench.table import Row, rate
from hansard_bench.targets import OF_PEERS
from hansard_bench.wire import expect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from hansard_bench.competitors import Store
    from hansard_bench.measure import Result
    from hansard_bench.peers import Requests
    from hansard_bench.wire import Load, Sample

_SLOW = 2.0


class Share(Struct, frozen=True):
    """What one server did of one kind of work."""

    who: str
    kind: str
    rate: float
    of_floor: float


def ours(store: Store, measured: Sequence[str]) -> Requests:
    """The same questions in our own words; ``measured`` are sessions of ten messages."""

    def named(data: bytes) -> Request:
        head, _, body = data.partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        return Request(method, target, headers=store.headers, body=body.decode() or None)

    return {
        "list": [named(store.list())],
        "history": [named(store.history(session, 10)) for session in measured[::2]],
        "append": [named(store.append(session)) for session in measured[1::2]],
        "search": [named(store.search(store.common_word))],
    }


async def shares(
    who: str, load: Load, floor: Load, requests: Requests, effort: Effort
) -> list[Share]:
    """Each kind of work under 16 clients, in turns with a floor that answers as many bytes."""
    floor_shares = []
    for kind in KINDS:
        if kind in requests:
            answer = await load.ask(requests[kind][0].data())
            expect(200, 201)(answer)
            them, constant = await _contest(load, floor, requests[kind], len(answer.body), effort)
            floor_shares.append(Share(who, kind, them.rate, them.rate / constant.rate))
    return floor_shares


async def _contest(
    load: Load, floor: Load, requests: list[Request], size: int, effort: Effort
) -> tuple[Result, Result]:
    contestants = {
        "them": _saturating(load, lambda: sources(requests, CLIENTS), effort.seconds * _SLOW),
        "floor": _saturating(floor, lambda: repeated(floor_request(size)), effort.seconds),
    }
    measured = await rounds(max(1, effort.rounds // 2), contestants)
    return measured["them"], measured["floor"]


def _saturating(
    load: Load, make: Callable[[], list[Iterator[bytes]]], seconds: float
) -> Callable[[], Awaitable[Sample]]:
    return lambda: load.saturate(make(), seconds, expect(200, 201))


def rows(ours: Sequence[Share], theirs: Sequence[Share]) -> list[Row]:
    """Ours against each peer; the verdict is against the best of each kind."""
    best = {
        kind: max((share.of_floor for share in theirs if share.kind == kind), default=None)
        for kind in KINDS
    }
    mine = {share.kind: share for share in ours}
    table = []
    for share in theirs:
        times = mine[share.kind].of_floor / share.of_floor
        is_best = share.of_floor == best[share.kind]
        table.append(
            Row(
                what=f"{share.kind} against {share.who}",
                measured=(
                    f"{rate(mine[share.kind].rate)} to {rate(share.rate)}, {times:.0f} × its share"
                ),
                floor=mine[share.kind].of_floor,
                target=f"≥ {OF_PEERS[share.kind]:.0f} × the best" if is_best else "",
                reached=times >= OF_PEERS[share.kind] if is_best else None,
                figures={"share": share.of_floor, "times": times},
            )
        )
    return table
