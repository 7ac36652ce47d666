"""What messages and runs spend: model tokens and money, summed field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_SUM = 2**53
"""The largest number that a session's sums reach: every reader of JSON holds it exactly."""
SUMS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_nanos",
)  # fmt: skip
"""The fields that are summed, which messages, runs and sessions have by the same names."""


def within_sum(number: int) -> int:
    """A sum of tokens or costs as a session keeps it: from 0 to ``MOST_SUM``."""
    return max(0, min(number, MOST_SUM))


class Spent(Struct, frozen=True, omit_defaults=True):
    """Sums of tokens and money.

    The input includes what a cache read and wrote, the output includes reasoning.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nanos: int = 0

    def plus(self, other: Struct, sign: int = 1) -> Self:
        """With the sums of another added, or taken away; each stays from 0 to ``MOST_SUM``."""
        return msgspec.structs.replace(
            self,
            **{
                name: within_sum(getattr(self, name) + sign * getattr(other, name)) for name in SUMS
            },
        )

    @property
    def sums(self) -> Mapping[str, int]:
        return {name: getattr(self, name) for name in SUMS}


class RunsSpent(Spent, frozen=True, omit_defaults=True):
    """What the runs of a session report, and when the last of them did, in microseconds."""

    at: int = 0


class Inherited(Spent, frozen=True, omit_defaults=True):
    """What a fork copied from its original: ``seq`` is that of the last copy."""

    seq: int = 0
    messages: int = 0


def spent_of(item: Struct) -> Spent:
    """The sums of a message, a run or a session."""
    return Spent(**{name: getattr(item, name) for name in SUMS})


def greater(item: Struct, other: Struct) -> Spent:
    """Field by field the greater of two."""
    return Spent(**{name: max(getattr(item, name), getattr(other, name)) for name in SUMS})
