"""Argument types that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import click

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_MICROSECONDS = {
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}


def names(value: str) -> tuple[str, ...]:
    """Names separated by commas or blanks."""
    return tuple(part for part in re.split(r"[,\s]+", value) if part)


class TextCommand(click.Command):
    """A command whose text may hold words such as ``-oslo``; options of one letter stand alone.

    Such a word is read with a blank before it.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        words = (f" {arg}" if re.match(r"-[^\W\d_]{2}", arg) else arg for arg in args)
        return super().parse_args(ctx, [*words])


def one_of(
    values: Callable[[], Iterable[str]],
) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Shell completion for one of these values, or several separated by commas."""

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        before, comma, last = begun.rpartition(",")
        return [f"{before}{comma}{value}" for value in values() if value.startswith(last)]

    return complete


def span(value: str) -> int:
    """A duration such as 30s, 12h or 90d, in microseconds."""
    microseconds = _span(value)
    if microseconds is None:
        raise click.BadParameter(f"{value!r} is not a duration: write 30s, 15m, 12h, 90d or 2w")
    return microseconds


def moment(value: str) -> int:
    """A time in microseconds.

    Takes ISO 8601 (UTC without an offset), or an age such as 24h.
    """
    from hansard.ids import microseconds
    from hansard.model.times import parse

    ago = _span(value)
    if ago is not None:
        return microseconds() - ago
    try:
        return parse(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a time: write 2026-03-01, 2026-03-01T12:00:00Z, or 24h for a day ago"
        ) from None


def _span(value: str) -> int | None:
    match = _SPAN.fullmatch(value.strip().lower())
    return round(float(match[1]) * _MICROSECONDS[match[2]]) if match else None
