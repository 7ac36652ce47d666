"""`hansard retention`: how long sessions are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.service.retention import Expired, Retention


@click.group()
def command() -> None:
    """Show, set and apply the rules for deleting sessions."""


@command.command()
@store_command(workspace=True)
async def show(context: CommandContext) -> None:
    """Show how many days each kind of session is kept.

    The days are counted from a session's last activity.
    """
    async with context.opened() as service:
        rules = await service.retention.rules(await context.principal(service))
    if context.json:
        context.document({"rules": rules})
    else:
        output.table(
            ("kind", "days"),
            sorted(rules.items()),
            right=("days",),
            empty="No rules: sessions are kept for ever.",
        )


@command.command("set")
@click.argument("rules", nargs=-1, metavar="[KIND=DAYS]…")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command(workspace=True)
async def set_(context: CommandContext, rules: tuple[str, ...], yes: bool) -> None:
    """Replace all rules. KIND may be '*' for every kind without a rule; no rule keeps everything.

    The server applies the rules by itself. This asks first if the new rules would delete sessions
    now, or if you remove all rules.
    """
    days_by_kind: dict[str, int] = {}
    for rule in rules:
        kind, separator, days = rule.partition("=")
        if not separator or not days.isdigit():
            raise click.UsageError(f"{rule!r} is not a rule: write KIND=DAYS, such as session=90")
        days_by_kind[kind] = int(days)
    async with context.opened() as service:
        principal = await context.principal(service)
        if not yes:
            await _ask(service.retention, principal, days_by_kind)
        rules_now = await service.retention.set_rules(principal, days_by_kind)
    context.result(
        {"rules": rules_now},
        "Set. The server applies the rules by itself. To count what they delete now:  "
        "hansard retention apply --dry-run",
    )


async def _ask(retention: Retention, principal: Principal, days_by_kind: dict[str, int]) -> None:
    """Ask before rules that would delete something or remove all others."""
    due = _sessions(await retention.preview(principal, days_by_kind))
    if due:
        output.confirm(
            f"These rules delete {due} of workspace {principal.workspace_name!r} for ever, "
            "as soon as the server applies them. Set them"
        )
    elif not days_by_kind and (rules := await retention.rules(principal)):
        listed = ", ".join(f"{kind}={days}" for kind, days in sorted(rules.items()))
        output.confirm(f"Remove all rules ({listed}) and keep every session for ever")


def _sessions(outcomes: list[Expired]) -> str:
    """How many sessions would be deleted, in words; empty for none."""
    due = sum(outcome.sessions for outcome in outcomes)
    return output.counted(due, "session") if due else ""


@command.command()
@click.option("--dry-run", is_flag=True, help="Only count the sessions that would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command(workspace=True)
async def apply(context: CommandContext, dry_run: bool, yes: bool) -> None:
    """Delete expired sessions now."""
    from hansard.model.times import rfc3339

    async with context.opened() as service:
        principal = await context.principal(service)
        outcomes = await service.retention.preview(principal)
        if not dry_run:
            if not yes and (due := _sessions(outcomes)):
                output.confirm(f"Delete {due} of workspace {principal.workspace_name!r} for ever")
            outcomes = await service.retention.apply(principal)
    rows = [
        {
            "kind": outcome.kind,
            "days": outcome.days,
            "before": rfc3339(outcome.before),
            "sessions": outcome.sessions,
        }
        for outcome in outcomes
    ]
    if context.json:
        context.document({"dry_run": dry_run, "data": rows})
    else:
        name = "would go" if dry_run else "gone"
        output.table(
            ("kind", "days", "silent since", name),
            [tuple(row.values()) for row in rows],
            right=("days", name),
            empty="No rules.",
        )
