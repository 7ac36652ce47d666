"""The audit of the other tests finds what it is there to find."""

from __future__ import annotations

from tests.reliability.conftest import Figure
from tests.reliability.load import Ledger

LEDGER = Ledger({"a": ("s", 1, "m1"), "b": ("s", 2, "m2"), "c": ("s", 3, "m3")})
WHOLE = [(1, "m1", "a"), (2, "m2", "b"), (3, "m3", "c")]


def test_a_whole_store_is_clean(figure: Figure) -> None:
    figures = LEDGER.audit({"s": WHOLE})
    figure(figures)
    assert figures.is_clean


def test_a_lost_a_doubled_and_a_moved_message_are_counted(figure: Figure) -> None:
    assert LEDGER.audit({"s": WHOLE[:2]}).lost == 1
    assert LEDGER.audit({"s": [*WHOLE, (4, "m4", "a")]}).doubled == 1
    assert LEDGER.audit({"s": [WHOLE[0], (3, "m2", "b"), (4, "m3", "c")]}).gaps == 2
    assert LEDGER.audit({"s": [WHOLE[0], (2, "m3", "c"), (3, "m2", "b")]}).moved == 2
    figure("4 of 4 seeded faults counted")
