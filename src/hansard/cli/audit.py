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
        found, _ = await service.audit.list(await context.principal(service), limit=limit)
    if context.json:
        context.document(
            {
                "data": [
                    {
                        "n": one.n,
                        "at": rfc3339(one.act.at),
                        "actor": one.act.actor,
                        "action": one.act.action,
                        "object": one.act.object,
                        "result": one.act.result,
                        "details": one.act.details,
                        "hash": one.hash.hex(),
                    }
                    for one in found
                ]
            }
        )
        return
    rows = [
        (one.n, rfc3339(one.act.at), one.act.actor, one.act.action, one.act.object, one.act.result)
        for one in found
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
    """Walk the chain of every log to see that none is broken. Those of deleted workspaces are included; exit code 1 where one is."""
    async with context.opened() as service:
        verdict = await service.audit.verify()
    if context.json:
        broken = [
            {"workspace": one.workspace_id, "n": one.n, "problem": one.problem}
            for one in verdict.broken
        ]
        context.document(
            {
                "logs": verdict.logs,
                "entries": verdict.entries,
                "sound": not broken,
                "broken": broken,
            }
        )
    for one in verdict.broken:
        output.error(f"workspace {one.workspace_id}: {one.problem}")
    context.say(
        f"{output.counted(verdict.entries, 'entry', 'entries')} in {output.counted(verdict.logs, 'log')}: "
        + ("broken" if verdict.broken else "all as written")
    )
    return 1 if verdict.broken else 0
