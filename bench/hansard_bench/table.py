"""The table of results, compared with the floor, the idiomatic server and the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADER = ("what", "measured", "of floor", "× idiomatic", "target", "verdict")
_WHOLE = 10


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. ``reached`` is None where nothing was promised, or where a yardstick is missing."""

    what: str
    measured: str
    floor: float | None = None
    idiomatic: float | None = None
    target: str = ""
    reached: bool | None = None
    note: str = ""
    figures: dict[str, float] = {}

    @property
    def verdict(self) -> str:
        return {True: "reached", False: "missed", None: "–"}[self.reached]


class Report(Struct, frozen=True, kw_only=True):
    """Everything that a run found."""

    size: str
    store: str
    machine: dict[str, str]
    facts: dict[str, int]
    rows: list[Row]
    seconds: float


def summary(report: Report) -> str:
    """The table under what it is of."""
    machine = ", ".join(f"{name} {value}" for name, value in report.machine.items())
    facts = ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in report.facts.items())
    return (
        f"{report.store}, {report.size}: {facts}\n{machine}; {report.seconds:.0f} "
        f"s\n\n{render(report.rows)}"
    )


def render(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, columns aligned."""
    cells = [_HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADER))]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    return "\n".join([lines[0], rule, *lines[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    note = f" ({row.note})" if row.note else ""
    return (
        row.what,
        row.measured,
        _ratio(row.floor),
        _ratio(row.idiomatic),
        row.target,
        row.verdict + note,
    )


def _ratio(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value >= _WHOLE else f"{value:.2f}"


def rate(value: float) -> str:
    return f"{value:,.0f}/s" if value >= _WHOLE else f"{value:.1f}/s"


def duration(seconds: float) -> str:
    """In the unit that a person would use."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def size(count: float) -> str:
    return f"{count / 1024**2:,.0f} MiB"
