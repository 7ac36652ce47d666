"""Output of commands: tables on a terminal, tab-separated lines in a pipe, or JSON.

Notes go to standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import IO, Any

import click

from hansard.terminal_text import unstyled

_UNITS = (("y", 31_557_600), ("mo", 2_629_800), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def coloured(stream: IO[Any]) -> bool:
    """Whether a stream is a terminal that accepts colour (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def error(message: str) -> None:
    """Print an error on standard error: what went wrong, why, what to do."""
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
    """Print one JSON value on its own line."""
    import msgspec

    click.echo(msgspec.json.encode(value))


def is_terminal() -> bool:
    return sys.stdout.isatty()


def ago(us: int | None, now: int) -> str:
    """An age, or a time ahead, in one unit; in a pipe the time itself; empty for None."""
    from hansard.model.times import rfc3339

    if us is None:
        return ""
    if not is_terminal():
        return rfc3339(us)
    seconds = abs(now - us) / 1_000_000
    for unit, length in _UNITS:
        if seconds >= length:
            span = f"{seconds / length:.0f} {unit}"
            return f"{span} ago" if us < now else f"in {span}"
    return "now"


def second(us: int) -> str:
    """A time to the second, such as 2026-07-31T14:05:09Z."""
    from hansard.model.times import rfc3339

    return rfc3339(us - us % 1_000_000)


def confirm(question: str) -> None:
    """Ask on the terminal; a no ends the command.

    Raises UsageError, naming --yes, when there is no terminal.
    """
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question}? This is not a terminal: confirm with --yes")
    if not click.confirm(f"{question}?", err=True):
        click.echo("Nothing was changed.", err=True)
        raise click.exceptions.Exit(1)


def agrees(question: str) -> bool:
    """Whether the user confirms; False without a terminal."""
    return sys.stdin.isatty() and click.confirm(f"{question}?", err=True)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    right: Sequence[str] = (),
    flexible: str = "",
    spare: Sequence[str] = (),
    least: int = 16,
    empty: str = "",
) -> None:
    """Rows under their columns on a terminal; tab-separated rows without a heading in a pipe.

    ``right`` names the columns of numbers. ``flexible`` is the column that is cut to fit. ``spare``
    are the columns that a narrow terminal omits, the first one first, with a note that names them;
    they make room for ``least`` cells of the flexible one. ``empty`` is printed on a
    terminal when there are no rows.
    """
    if not sys.stdout.isatty():
        for row in rows:
            click.echo("\t".join(plain(value) for value in row))
    elif rows:
        from hansard.cli.charts import drawn

        lines, omitted = drawn(
            columns,
            [[plain(value) for value in row] for row in rows],
            right,
            flexible,
            spare,
            least,
        )
        for line_ in lines:
            click.echo(line_)
        if omitted:
            note(f"Not shown: {', '.join(omitted)}.")
    elif empty:
        click.echo(empty)


def counted(count: int, singular: str, many: str = "") -> str:
    """A count with its noun: 1 message, 2 messages."""
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"


def plain(value: object) -> str:
    """A value as one cell of one line, without terminal control characters."""
    text = (
        f"{value:,}"
        if isinstance(value, int) and not isinstance(value, bool) and sys.stdout.isatty()
        else ""
        if value is None
        else str(value)
    )
    return "".join(character if character.isprintable() else " " for character in unstyled(text))
