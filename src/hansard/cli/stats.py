"""`hansard stats`: sessions, messages, tokens and cost by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from hansard.cli import output
from hansard.cli.arguments import names
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.model.stats import StatsBy
    from hansard.native.stats import GroupOut, StatsOut, SumsOut

_NUMBERS = (
    "sessions",
    "messages",
    "tokens in",
    "tokens out",
    "cost",
    "resolved",
    "unresolved",
    "failed",
)


@click.command()
@click.option(
    "--from",
    "first",
    metavar="DAY",
    help="The first day, such as 2026-03-01, today or 7d.  [default: 29 days before the last]",
)
@click.option("--until", "last", metavar="DAY", help="The last day.  [default: today]")
@click.option(
    "--by",
    type=click.Choice(("channel", "app", "agent", "model", "user", "state")),
    help="A row for each value instead of each day.",
)
@click.option(
    "--tz", metavar="ZONE", default="UTC", show_default=True, help="The time zone of the days."
)
@click.option(
    "--top",
    type=click.IntRange(1, 100),
    default=20,
    show_default=True,
    help="How many values of --by have a row; the others have one.",
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
    "--model", type=names, default="", metavar="A,B", help="Only messages of these models."
)
@click.option(
    "--user", type=names, default="", metavar="A,B", help="Only sessions of these end users."
)
@click.option(
    "--state", type=names, default="", metavar="A,B", help="Only sessions in these states."
)
@store_command(workspace=True)
async def command(
    context: CommandContext,
    first: str | None,
    last: str | None,
    by: str | None,
    tz: str,
    top: int,
    channel: tuple[str, ...],
    app: tuple[str, ...],
    agent: tuple[str, ...],
    model: tuple[str, ...],
    user: tuple[str, ...],
    state: tuple[str, ...],
) -> None:
    """Count sessions, messages, tokens, cost, resolutions and runs by day.

    Messages, tokens and cost count on the day of the message, sessions and runs on the day on which
    they began.
    """
    from hansard.native.stats import StatsParams, query_of, stats_out

    params = StatsParams(
        from_=first,
        until=last,
        by=cast("StatsBy | None", by),
        tz=tz,
        top=top,
        model=[*model],
        user=[*user],
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
    total = report.total
    if total.run_p50 is not None and total.run_p95 is not None and not context.quiet:
        output.note(
            f"Half of the runs took up to {total.run_p50:g} seconds, 95 % up to {total.run_p95:g};"
            f" {total.failed_runs:,} of {total.runs:,} failed."
        )
    if report.resolve_median is not None and not context.quiet:
        output.note(
            f"Half of the resolved sessions were resolved within {_span(report.resolve_median)}."
        )


def _drawn(report: StatsOut, by: str | None) -> None:
    """Print a row for each day on which something happened, or for each value, and their sum."""
    rows: list[tuple[object, ...]] = (
        [(_named(group), *_sums(group)) for group in report.groups]
        if by
        else [(day_row.day, *_sums(day_row)) for day_row in report.data]
    )
    if output.is_terminal() and len(rows) > 1:
        rows.append(("all", *_sums(report.total)))
    output.table(
        (by or "day", *_NUMBERS),
        rows,
        right=_NUMBERS,
        spare=("unresolved", "resolved", "failed", "tokens out", "tokens in"),
        empty="Nothing happened in these days.",
    )


def _named(group: GroupOut) -> str:
    return "(other)" if group.other else group.value or "(none)"


def _sums(sums: SumsOut) -> tuple[object, ...]:
    return (
        sums.sessions,
        sums.messages,
        sums.input_tokens,
        sums.output_tokens,
        f"${sums.cost_usd:.2f}" if sums.cost_usd else "",
        sums.resolved,
        sums.unresolved,
        sums.failed_runs,
    )


def _span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds"
