"""The table says what was measured, of what, and whether it is enough.

A ratio is never invented.
"""

from __future__ import annotations

import pytest

from hansard_bench.measure import Result, server_time
from hansard_bench.peer_contests import Share, rows
from hansard_bench.table import Row, duration, rate, render


def test_columns_are_aligned_and_absent_ratios_are_blank() -> None:
    lines = render(
        [
            Row(
                what="list",
                measured="5/s",
                floor=0.257,
                idiomatic=123.4,
                target="≥ 0.25 floor",
                reached=True,
            ),
            Row(what="x", measured="y"),
        ]
    ).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert "| 0.26     | 123         | ≥ 0.25 floor | reached |" in lines[2]
    assert lines[3].endswith("| –       |")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.000_25, "250 µs"), (0.0042, "4.2 ms"), (3.0, "3.0 s")]
)
def test_durations_have_a_fitting_unit(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_rates() -> None:
    assert (rate(12_345.6), rate(3.21)) == ("12,346/s", "3.2/s")


def test_the_servers_time_is_what_exceeds_the_floor_plus_the_floors_own() -> None:
    floor_in_turn, saturated = Result(rate=0, p50=100e-6, p99=0), Result(rate=20_000, p50=0, p99=0)
    assert server_time(
        Result(rate=0, p50=250e-6, p99=0), floor_in_turn, saturated
    ) == pytest.approx(200e-6)
    assert server_time(Result(rate=0, p50=90e-6, p99=0), floor_in_turn, saturated) == pytest.approx(
        50e-6
    )


def test_the_verdict_is_against_the_best_peer() -> None:
    ours = [Share("Hansard", "list", 6_000, 0.3)]
    table = rows(ours, [Share("slow", "list", 4, 0.001), Share("fast", "list", 200, 0.01)])
    assert [(row.what, row.reached) for row in table] == [
        ("list against slow", None),
        ("list against fast", True),
    ]
