"""A table that fits its terminal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence

import click
from rich.cells import cell_len, set_cell_size

_NARROWEST = 10
_GAP = "  "


def drawn(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str],
    flexible: str,
    spare: Sequence[str],
    least: int = 16,
) -> tuple[Iterator[str], list[str]]:
    """The heading and the rows, as wide as the terminal allows, and the columns that it omits.

    The columns of ``spare`` go, in their order, until the flexible one has ``least`` cells. Where
    that is not enough, it has what is left, and ten cells in any case.
    """
    widths = {
        name: max(cell_len(name), *(cell_len(row[at]) for row in rows))
        for at, name in enumerate(columns)
    }
    room = shutil.get_terminal_size().columns - 1
    for name in spare:
        if name in widths and _total(widths, flexible, least) > room:
            del widths[name]
    if flexible in widths:
        others = {name: width for name, width in widths.items() if name != flexible}
        widths[flexible] = min(
            widths[flexible], max(_NARROWEST, room - _total(others, "", least) - len(_GAP))
        )
    return _lines(columns, rows, right, widths), [name for name in spare if name not in widths]


def _lines(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[str],
    widths: dict[str, int],
) -> Iterator[str]:
    yield click.style(_row(dict(zip(columns, columns, strict=True)), widths, right), bold=True)
    for row in rows:
        yield _row(dict(zip(columns, row, strict=True)), widths, right)


def _total(widths: dict[str, int], flexible: str, least: int) -> int:
    return sum(
        min(width, least) if name == flexible else width for name, width in widths.items()
    ) + len(_GAP) * (len(widths) - 1)


def _row(row: dict[str, str], widths: dict[str, int], right: Sequence[str]) -> str:
    cells = []
    for name, width in widths.items():
        text = row[name]
        if cell_len(text) > width:
            text = set_cell_size(text, width - 1).rstrip() + "…"
        gap = " " * (width - cell_len(text))
        cells.append(gap + text if name in right else text + gap)
    return _GAP.join(cells).rstrip()
