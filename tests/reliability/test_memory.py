"""Memory has a bound whatever is asked.

In short what `make attack` asks 12,000 and 14,400 times.
"""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

from hansard.byte_cache import MIB
from hansard.model import SessionFilter
from hansard.store import filter_conditions, listing, statements
from hansard.store.verbs import index_choice
from tests.attack import memory
from tests.attack.target import Result
from tests.reliability.conftest import Figure
from tests.reliability.live import Live, new_key
from tests.reliability.scenarios import memory_of

FIELDS = tuple(
    field for field in filter_conditions.CONDITIONS if not field.endswith(("_from", "_until"))
)


async def _filtered_groups(tmp_path: Path, fault: str = "") -> tuple[Result, float]:
    """1,000 requests with an ignored parameter of 60 kB, and by how many MiB the server grew."""
    url = f"sqlite:///{tmp_path / 'hansard.db'}"
    key = await new_key(url)
    async with Live(url, tmp_path, fault=fault) as live:
        await memory.ignored_parameters(live, key, count=8)
        before = memory_of(live.pid)
        most = before + 20 * MIB
        result = await memory.ignored_parameters(live, key, count=1000, most=most)
        return result, (memory_of(live.pid) - before) / MIB


async def test_ignored_parameters_are_not_kept(tmp_path: Path, figure: Figure) -> None:
    result, grown = await _filtered_groups(tmp_path)
    figure(f"{result}, {grown:.1f} MiB more than before")
    assert result.findings == []


async def test_caches_without_a_bound_are_found(tmp_path: Path, figure: Figure) -> None:
    result, grown = await _filtered_groups(tmp_path, "caches-without-a-bound")
    figure(f"seeded fault: {result}, {grown:.1f} MiB more than before")
    assert result.findings


def _composed(numbered: Callable[[str], object]) -> float:
    """MiB that 6,000 shapes of filters leave behind."""
    shapes = itertools.islice(
        itertools.chain.from_iterable(itertools.combinations(FIELDS, size) for size in range(1, 9)),
        6000,
    )
    tracemalloc.start()
    try:
        for number, fields in enumerate(shapes):
            values = tuple(f"v{index}" for index in range(number % 7 + 1))
            filters = SessionFilter(**dict.fromkeys(fields, values))  # type: ignore[arg-type]  # each field is a list of texts
            index_choice._filtered_groups(filters)
            numbered(listing.page("w", filters, "-updated_at", 50, with_total=True).sql or "")
        return tracemalloc.get_traced_memory()[0] / MIB
    finally:
        tracemalloc.stop()


def test_statements_are_kept_within_bounds(figure: Figure) -> None:
    """On PostgreSQL each shape of a filter is a statement of its own, with numbers in it."""
    taken = _composed(statements.numbered)
    unbounded = _composed(cache(statements.numbered.__wrapped__))  # type: ignore[attr-defined]  # the plain function
    figure(f"6,000 shapes: {taken:.1f} MiB; seeded fault, without a bound: {unbounded:.1f} MiB")
    assert taken < 16
    assert unbounded > 2 * taken
