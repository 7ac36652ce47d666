"""`hansard stats`: sessions, messages, tokens and cost by day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

import click

from hansard.cli import output
from hansard.cli.arguments import names
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.model.stats import StatsBy
    from hansard.native.stats import DayOut, StatsOut

_NUMBERS = ("sessions", "messages", "tokens in", "tokens out", "cost", "resolved", "unresolved")


def day(text: str) -> date:
    """A day as 2026-03-01."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a day: write 2026-03-01") from None


@click.command()
@click.option(
    "--from",
    "first",
    type=day,
    metavar="DAY",
    help="The first day.  [default: 29 days before the last]",
)
@click.option("--until", "last", type=day, metavar="DAY", help="The last day.  [default: today]")
@click.option(
    "--by",
    type=click.Choice(("channel", "app", "agent", "state")),
    help="A row for each value instead of each day.",
)
@click.option(
    "--channel", type=names, default="", metavar="A,B", help="Only sessions of these channels."
)
@click.option(
    "--app", type=names, default="", metavar="A,B", help="Only sessions of these applications."
)
@click.option(
    "--agent", type=names, default="", metavar="A,B", help="Only sessions of these agents."
)
@click.option(
    "--state", type=names, default="", metavar="A,B", help="Only sessions in these states."
)
@store_command(workspace=True)
async def command(
    context: CommandContext,
    first: date | None,
    last: date | None,
    by: str | None,
    channel: tuple[str, ...],
    app: tuple[str, ...],
    agent: tuple[str, ...],
    state: tuple[str, ...],
) -> None:
    """Count sessions, messages, tokens, cost and resolutions by the sessions' start day (UTC)."""
    from hansard.native.stats import StatsParams, query_of, stats_out

    params = StatsParams(
        from_=first,
        until=last,
        by=cast("StatsBy | None", by),
        channel=[*channel],
        app=[*app],
        agent=[*agent],
        state=[*state],
    )
    query = query_of(params)
    async with context.opened() as service:
        principal = await context.principal(service)
        while not await service.stats.follow(principal.workspace_id, 20):
            pass
        report = stats_out(query, await service.stats.read(principal, query))
    if context.json:
        context.document(report)
        return
    _drawn(report, by)
    if report.resolve_median is not None and not context.quiet:
        output.note(
            f"Half of the resolved sessions were resolved within {_span(report.resolve_median)}."
        )


def _drawn(report: StatsOut, by: str | None) -> None:
    """Print a row for each day with a session, or for each value, and their sum."""
    groups: dict[str, list[DayOut]] = {}
    for day_row in report.data:
        if day_row.sessions or day_row.resolved:
            groups.setdefault((day_row.value or "(none)") if by else day_row.day, []).append(
                day_row
            )
    rows = [(name, *_sums(days)) for name, days in groups.items()]
    if by:
        rows.sort(key=lambda row: -int(str(row[1])))
    if output.is_terminal() and len(rows) > 1:
        rows.append(("all", *_sums(report.data)))
    output.table(
        (by or "day", *_NUMBERS),
        rows,
        right=_NUMBERS,
        spare=("unresolved", "resolved", "tokens out", "tokens in"),
        empty="No sessions in these days.",
    )


def _sums(days: list[DayOut]) -> tuple[object, ...]:
    sums = [
        sum(getattr(day_row, field) for day_row in days)
        for field in ("sessions", "messages", "input_tokens", "output_tokens")
    ]
    return (
        *sums,
        f"${sum(day_row.cost_usd for day_row in days):.2f}",
        sum(day_row.resolved for day_row in days),
        sum(day_row.unresolved for day_row in days),
    )


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
