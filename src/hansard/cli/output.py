"""What a command prints: tables on a terminal, tab-separated lines in a pipe, JSON when asked for; notes on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import IO, Any

import click


def coloured(stream: IO[Any]) -> bool:
    """Whether a stream is a terminal that wants colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def error(message: str) -> None:
    """One line on standard error: what went wrong, why, what to do."""
    mark = click.style("error", fg="red", bold=True) if coloured(sys.stderr) else "error"
    click.echo(f"{mark}: {message}", err=True, color=True)


def note(message: str) -> None:
    click.echo(message, err=True)


def document(value: object) -> None:
    """One JSON document: indented on a terminal, on one line in a pipe."""
    import msgspec

    text = msgspec.json.encode(value)
    click.echo(msgspec.json.format(text, indent=2) if sys.stdout.isatty() else text)


def line(value: object) -> None:
    """One JSON value on a line of its own."""
    import msgspec

    click.echo(msgspec.json.encode(value))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = (), empty: str = "") -> None:
    """Rows under their columns on a terminal; the same rows without a heading, separated by tabs, in a pipe.

    ``right`` names the columns of numbers, ``empty`` is said on a terminal when there are no rows.
    """
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(plain(value) for value in row))
    elif rows:
        _drawn(columns, rows, right)
    elif empty:
        click.echo(empty)


def plain(value: object) -> str:
    """A value as one cell of one line, nothing in it that moves a terminal's cursor."""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and sys.stdout.isatty() else "" if value is None else str(value)
    return "".join(one if one.isprintable() else " " for one in text)


def _drawn(columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1))
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="ellipsis", no_wrap=True)
    for row in rows:
        drawn.add_row(*(Text(plain(value)) for value in row))
    Console(no_color=not coloured(sys.stdout)).print(drawn)
