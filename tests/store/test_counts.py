"""Totals come from counters wherever they know them."""

from __future__ import annotations

import pytest

from hansard.model import SessionFilter
from hansard.store.counts import Counted, counted_by


@pytest.mark.parametrize(
    ("filters", "counted"),
    [
        (SessionFilter(), Counted("branch", "", ())),
        (SessionFilter(title=""), Counted("branch", "", ())),
        (SessionFilter(branch=(0,), title=""), Counted("branch", "", ("0",))),
        (
            SessionFilter(state=("failed", "cancelled")),
            Counted("state", "", ("failed", "cancelled")),
        ),
        (SessionFilter(archived=False), Counted("branch", "archived.branch", ())),
        (SessionFilter(archived=True, app=("a",)), Counted("archived.app", "", ("a",))),
        (SessionFilter(title="refund"), None),
        (SessionFilter(state=("failed",), channel=("web",)), None),
    ],
)
def test_the_counters_know_everything_and_one_facet(
    filters: SessionFilter, counted: Counted | None
) -> None:
    assert counted_by(filters) == counted
