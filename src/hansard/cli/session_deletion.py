"""`hansard sessions delete`: delete sessions, and say before what that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hansard.access import Principal
    from hansard.model.deletion import SubSessions
    from hansard.service import Service

_TITLE = 48


@click.command()
@click.argument("sessions", nargs=-1, required=True, metavar="ID…")
@click.option("--sub-sessions", is_flag=True, help="Delete their sub-sessions as well; forks stay.")
@click.option("--dry-run", is_flag=True, help="Only show what would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command(workspace=True)
async def delete(
    context: CommandContext,
    sessions: tuple[str, ...],
    sub_sessions: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete sessions for ever.

    Their messages and runs are deleted with them. Their sub-sessions stay, without a parent,
    unless --sub-sessions is given. A fork has its own copy of the messages and always stays.
    """
    below: SubSessions = "delete" if sub_sessions else "keep"
    async with context.opened() as service:
        principal = await context.principal(service)
        if not yes and not dry_run:
            await _confirmed(service, principal, sessions, below)
        gone: list[dict[str, Any]] = []
        for name in sessions:
            deletion = await service.sessions.delete(
                principal, name, sub_sessions=below, dry_run=dry_run
            )
            gone.append({"id": name, "deleted": not dry_run, **deletion.counts})
    if context.json:
        context.document({"data": gone})
    for receipt in gone:
        context.say(f"{receipt['id']} {'would go' if dry_run else 'is gone'}: {_amount(receipt)}.")


def _amount(counts: Mapping[str, Any]) -> str:
    """What a deletion takes, in words."""
    return f"{output.counted(counts['sessions'], 'session')}, {_contents(counts)}"


def _contents(counts: Mapping[str, Any]) -> str:
    parts = [output.counted(counts["messages"], "message")]
    if counts["runs"]:
        parts.append(output.counted(counts["runs"], "run"))
    taken, detached = ", ".join(parts), counts["detached"]
    stays = "stays" if detached == 1 else "stay"
    branched = f"{output.counted(detached, 'session')} that branched from it {stays}"
    return f"{taken}; {branched}" if detached else taken


async def _confirmed(
    service: Service, principal: Principal, names: tuple[str, ...], below: SubSessions
) -> None:
    rows = [await service.sessions.read(principal, name) for name in names]
    for session in rows:
        deletion = await service.sessions.delete(
            principal, session.name, sub_sessions=below, dry_run=True
        )
        amount = _contents if deletion.sessions == 1 else _amount
        output.note(
            f"  {session.name}  {output.plain(session.title or session.preview or '')[:_TITLE]}"
            f"  ({amount(deletion.counts)})"
        )
    output.confirm(
        f"Delete {'this session' if len(rows) == 1 else f'these {len(rows)} sessions'} for ever"
    )
