"""Totals come from counters wherever they know them."""

from __future__ import annotations

import pytest

from hansard.model import SessionFilter
from hansard.store.counts import counted_by


@pytest.mark.parametrize(
    ("filters", "counted"),
    [
        (SessionFilter(), ("branch", ())),
        (SessionFilter(title=""), ("branch", ())),
        (SessionFilter(branch=(0,), title=""), ("branch", ("0",))),
        (SessionFilter(state=("failed", "cancelled")), ("state", ("failed", "cancelled"))),
        (SessionFilter(title="refund"), None),
        (SessionFilter(state=("failed",), channel=("web",)), None),
    ],
)
def test_the_counters_know_everything_and_one_facet(
    filters: SessionFilter, counted: tuple[str, tuple[str, ...]] | None
) -> None:
    assert counted_by(filters) == counted
