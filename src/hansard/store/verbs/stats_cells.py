"""The cells of the statistics: sums by a quarter of an hour and by the facets of sessions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from hansard.model.usage import SUMS
from hansard.store.steps import Steps, Values, many

FIGURES = ("sessions", "messages", *SUMS, "resolved", "unresolved", "runs", "failed_runs")
_SLOT_US = 900_000_000
_MOST_AT_ONCE = 2**61
"""A cell holds at most 2^62, and so much more never overflows it."""
_BUCKETS_PER_E = 20
"""Buckets of durations are this fine.

A factor of e has so many, which keeps a median within 3 %.
"""
Figures = Mapping[str, int]


class Span(NamedTuple):
    """What a figure of a session is of.

    A quarter of an hour, the model of a message, and what was counted.
    """

    session_id: str
    slot: int
    model: str
    what: str
    bucket: int


class Counted(Struct, frozen=True):
    """As what a session is counted: its facets, its messages behind ``own_after`` up to ``seq``.

    ``excess`` is what its runs report beyond its messages, as JSON. ``spans`` is what it counts
    for, packed by ``stats_spans.py``; None where that is much, and stands in rows of its own.
    """

    session_id: str
    channel: str
    app: str
    agent: str
    model: str
    user_id: str
    state: str
    own_after: int
    seq: int
    excess: str
    spans: str | None

    @property
    def facets(self) -> tuple[str, ...]:
        return (self.channel, self.app, self.agent, self.model, self.user_id, self.state)

    def values(self, workspace_id: str) -> Values:
        named: dict[str, Any] = {name: getattr(self, name) for name in self.__struct_fields__}
        return named | {"workspace_id": workspace_id}


def slot_of(at: int) -> int:
    """The quarter of an hour since 1970 of a time."""
    return at // _SLOT_US


def bucket_of(seconds: float) -> int:
    """The bucket of a duration."""
    return round(math.log(seconds) * _BUCKETS_PER_E)


def seconds_of(bucket: int) -> float:
    """The duration that a bucket stands for, in seconds."""
    return math.exp(bucket / _BUCKETS_PER_E)


class StatsChanges:
    """What one transaction adds to the statistics of a workspace, and takes away.

    ``spans`` has it by session.
    """

    def __init__(self, workspace_id: str) -> None:
        self.workspace_id = workspace_id
        self.spans: dict[str, dict[Span, Counter[str]]] = {}
        self._cells: dict[tuple[Any, ...], Counter[str]] = {}
        self._of_users: dict[tuple[Any, ...], Counter[str]] = {}

    def add(self, counted: Counted, span: Span, figures: Figures, sign: int = 1) -> None:
        """Let a session count for more, or for less."""
        _add(self.spans.setdefault(span.session_id, {}), span, figures, sign)
        self.add_to_cells(counted, span, figures, sign)

    def add_to_cells(self, counted: Counted, span: Span, figures: Figures, sign: int) -> None:
        """The same without remembering it of the session."""
        key = (
            span.slot,
            counted.channel,
            counted.app,
            counted.agent,
            span.model or counted.model,
            counted.state,
            span.what,
            span.bucket,
        )
        _add(self._cells, key, figures, sign)
        _add(self._of_users, (*key, counted.user_id), figures, sign)

    def write(self) -> Steps[None]:
        """Write the cells; ``spans`` are for ``stats_spans.put``."""
        for name, sums, keys in (
            ("cell", self._cells, _CELL),
            ("user_cell", self._of_users, (*_CELL, "user_id")),
        ):
            yield from self._write(name, sums, keys)

    def _write(
        self, name: str, sums: Mapping[Any, Counter[str]], keys: Sequence[str]
    ) -> Steps[None]:
        changed = [
            (self._key(keys, key), figures)
            for key, figures in sorted(sums.items())
            if any(figures.values())
        ]
        nothing = dict.fromkeys(FIGURES, 0)
        yield from many(
            f"stats_{name}_add", [key | nothing | bounded(figures) for key, figures in changed]
        )
        yield from many(
            f"stats_{name}_clear",
            [key for key, figures in changed if min(figures.values()) < 0],
        )

    def _key(self, names: Sequence[str], key: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(names, key, strict=True)) | {"workspace_id": self.workspace_id}


_CELL = ("slot", "channel", "app", "agent", "model", "state", "what", "bucket")


def _add(sums: dict[Any, Counter[str]], key: tuple[Any, ...], figures: Figures, sign: int) -> None:
    cell = sums.setdefault(key, Counter())
    for name, number in figures.items():
        if number:
            cell[name] += sign * number


def bounded(figures: Figures) -> dict[str, int]:
    """Figures that are added at once, each of which a cell can still take."""
    return {name: max(-_MOST_AT_ONCE, min(by, _MOST_AT_ONCE)) for name, by in figures.items()}
