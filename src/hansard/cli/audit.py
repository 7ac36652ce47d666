"""`hansard audit`: who did what to which object."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command


@click.group()
def command() -> None:
    """Read and verify the audit log."""


@command.command("list")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many entries, newest first.",
)
@store_command(workspace=True)
async def list_(context: CommandContext, limit: int) -> None:
    """List the newest entries of a workspace's log."""
    from hansard.model.times import rfc3339

    async with context.opened() as service:
        entries, _ = await service.audit.list(await context.principal(service), limit=limit)
    if context.json:
        context.document(
            {
                "data": [
                    {
                        "n": entry.n,
                        "at": rfc3339(entry.act.at),
                        "actor": entry.act.actor,
                        "action": entry.act.action,
                        "object": entry.act.object,
                        "result": entry.act.result,
                        "details": entry.act.details,
                        "hash": entry.hash.hex(),
                    }
                    for entry in entries
                ]
            }
        )
        return
    rows = [
        (
            entry.n,
            rfc3339(entry.act.at),
            entry.act.actor,
            entry.act.action,
            entry.act.object,
            entry.act.result,
        )
        for entry in entries
    ]
    output.table(
        ("n", "at", "actor", "action", "object", "result"),
        rows,
        right=("n",),
        flexible="object",
        spare=("n", "actor"),
        empty="Nothing was noted yet.",
    )


@command.command()
@store_command()
async def verify(context: CommandContext) -> int:
    """Verify the hash chain of every audit log.

    Deleted workspaces' logs are included. Exit code 1 when one is broken.
    """
    async with context.opened() as service:
        verdict = await service.audit.verify()
    if context.json:
        broken = [
            {"workspace": broken_log.workspace_id, "n": broken_log.n, "problem": broken_log.problem}
            for broken_log in verdict.broken
        ]
        context.document(
            {
                "logs": verdict.logs,
                "entries": verdict.entries,
                "sound": not broken,
                "broken": broken,
            }
        )
    for broken_log in verdict.broken:
        output.error(f"workspace {broken_log.workspace_id}: {broken_log.problem}")
    context.say(
        f"{output.counted(verdict.entries, 'entry', 'entries')} in "
        f"{output.counted(verdict.logs, 'log')}: "
        + ("broken" if verdict.broken else "all as written")
    )
    return 1 if verdict.broken else 0
