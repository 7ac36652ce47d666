"""The same questions to a small store and to the full one: what grows, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard_bench.competitors import unwritten, written
from hansard_bench.records import MARKED_WORD
from hansard_bench.table import Row, duration
from hansard_bench.wire import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hansard_bench.competitors import Arena, Store

    Steps = Callable[[], Iterator[tuple[bytes, bool]]]

_PAGE_NUMBER = 20


async def growth(arena: Arena) -> list[Row]:
    """Whole requests, one client, the two servers in turns."""
    targets = arena.targets
    small, full = arena.small, arena.ours
    questions: list[tuple[str, float, Steps, Steps]] = [
        (
            "list",
            targets.growth,
            written(small.appends(), small.list()),
            written(full.appends(), full.list()),
        ),
        (
            "history",
            targets.growth,
            unwritten([small.history(small.giant)]),
            unwritten([full.history(full.giant)]),
        ),
        ("append", targets.growth, _all_timed(small), _all_timed(full)),
        (
            f"page {_PAGE_NUMBER} by cursor",
            targets.growth,
            unwritten([await _deep(small)]),
            unwritten([await _deep(full)]),
        ),
        (
            "part of a title, as many matches, behind a write",
            targets.growth,
            written(small.appends(), small.list(title=small.marked_part)),
            written(full.appends(), full.list(title=full.marked_part)),
        ),
        (
            "part of a share of all titles, behind a write",
            targets.growth,
            written(small.appends(), small.list(title=small.common_part)),
            written(full.appends(), full.list(title=full.common_part)),
        ),
        (
            "search, as many matches, behind a write",
            targets.growth,
            written(small.appends(), small.search(MARKED_WORD)),
            written(full.appends(), full.search(MARKED_WORD)),
        ),
        (
            "search, common word",
            targets.search_growth,
            unwritten([small.search(small.common_word)]),
            unwritten([full.search(full.common_word)]),
        ),
    ]
    return [await _grown(arena, *question) for question in questions]


async def _grown(arena: Arena, what: str, limit: float, small: Steps, full: Steps) -> Row:
    measured = await arena.in_turn(
        {"small": (arena.small.load, small), "full": (arena.ours.load, full)}
    )
    times = measured["full"].p50 / measured["small"].p50
    return Row(
        what=f"growth: {what}",
        measured=(
            f"{times:.2f} × ({duration(measured['small'].p50)} to {duration(measured['full'].p50)})"
        ),
        target=f"≤ {limit} ×",
        reached=times <= limit,
    )


def _all_timed(store: Store) -> Steps:
    return lambda: ((write, True) for write in store.appends())


async def _deep(store: Store) -> bytes:
    """The request for a page far down the list."""
    cursor = None
    for _ in range(_PAGE_NUMBER - 1):
        page = await store.json(store.list(cursor=cursor))
        cursor = page["next_cursor"]
        if cursor is None:
            raise Unexpected(f"the largest workspace has no {_PAGE_NUMBER} pages")
    return store.list(cursor=cursor)
