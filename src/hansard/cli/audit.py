"""`hansard audit`: who did what to which object."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.arguments import names
from hansard.cli.context import CommandContext, store_command

_COLUMNS = ("n", "at", "actor", "action", "object", "result")


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
@click.option("--actor", type=names, default="", metavar="A,B", help="Only entries of these keys.")
@click.option(
    "--action",
    type=names,
    default="",
    metavar="A,B",
    help="Only these actions, such as key.created, or all of a noun, such as key.",
)
@click.option(
    "--object",
    "about",
    type=names,
    default="",
    metavar="ID",
    help="Only entries about this object.",
)
@click.option(
    "--result", type=click.Choice(("ok", "denied")), help="Only entries with this result."
)
@store_command(workspace=True)
async def list_(
    context: CommandContext,
    limit: int,
    actor: tuple[str, ...],
    action: tuple[str, ...],
    about: tuple[str, ...],
    result: str | None,
) -> None:
    """List the newest entries of a workspace's log."""
    from hansard.model.audit import AuditFilter
    from hansard.model.times import rfc3339

    filters = AuditFilter(
        actor=actor, action=action, object=about, result=(result,) if result else ()
    )
    async with context.opened() as service:
        principal = await context.principal(service)
        entries, cursor = await service.audit.list(principal, limit=limit, filters=filters)
        while cursor and len(entries) < limit:
            more, cursor = await service.audit.list(
                principal, limit=limit - len(entries), cursor=cursor, filters=filters
            )
            entries += more
    data = [
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
    if context.json:
        context.document({"data": data})
        return
    output.table(
        _COLUMNS,
        [tuple(entry[name] for name in _COLUMNS) for entry in data],
        right=("n",),
        flexible="object",
        spare=("n", "actor"),
        empty="Nothing was noted yet." if filters.is_empty else "No entry matches.",
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
