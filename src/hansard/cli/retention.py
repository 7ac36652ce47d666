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
    """Show, set and apply the rules by which sessions are deleted."""


@command.command()
@store_command(workspace=True)
async def show(context: CommandContext) -> None:
    """Show for how many days each kind of session is kept. They are counted from its last activity."""
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
    """Put these rules in the place of all others. KIND may be '*' for every kind without a rule; without any rule all is kept.

    The server applies the rules by itself. So this asks first when they would delete sessions at once, and when no rule is left.
    """
    wanted: dict[str, int] = {}
    for rule in rules:
        kind, separator, days = rule.partition("=")
        if not separator or not days.isdigit():
            raise click.UsageError(f"{rule!r} is no rule: write KIND=DAYS, such as session=90")
        wanted[kind] = int(days)
    async with context.opened() as service:
        principal = await context.principal(service)
        if not yes:
            await _ask(service.retention, principal, wanted)
        rules_now = await service.retention.set_rules(principal, wanted)
    context.result(
        {"rules": rules_now},
        "Set. The server applies the rules by itself; what would go now:  hansard retention apply --dry-run",
    )


async def _ask(retention: Retention, principal: Principal, wanted: dict[str, int]) -> None:
    """Before rules that would delete something, or that take all others away."""
    due = _sessions(await retention.preview(principal, wanted))
    if due:
        output.confirm(
            f"These rules delete {due} of workspace {principal.workspace_name!r} for ever, as soon as the server applies them. Set them"
        )
    elif not wanted and (rules := await retention.rules(principal)):
        output.confirm(
            f"Remove all rules ({', '.join(f'{kind}={days}' for kind, days in sorted(rules.items()))}) and keep every session for ever"
        )


def _sessions(found: list[Expired]) -> str:
    """How many would go, in words; empty for none."""
    due = sum(one.sessions for one in found)
    return output.counted(due, "session") if due else ""


@command.command()
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command(workspace=True)
async def apply(context: CommandContext, dry_run: bool, yes: bool) -> None:
    """Delete what is past its rule, now."""
    from hansard.model.times import rfc3339

    async with context.opened() as service:
        principal = await context.principal(service)
        found = await service.retention.preview(principal)
        if not dry_run:
            if not yes and (due := _sessions(found)):
                output.confirm(f"Delete {due} of workspace {principal.workspace_name!r} for ever")
            found = await service.retention.apply(principal)
    rows = [
        {
            "kind": one.kind,
            "days": one.days,
            "before": rfc3339(one.before),
            "sessions": one.sessions,
        }
        for one in found
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
