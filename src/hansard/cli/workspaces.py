"""`hansard workspaces`: the tenants of a store."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.desk import Desk, at_desk


@click.group()
def command() -> None:
    """Create, list, rename and delete workspaces."""


@command.command()
@click.argument("name")
@at_desk()
async def create(desk: Desk, name: str) -> None:
    """Create an empty workspace.

    Its first key:  hansard keys create --workspace NAME
    """
    async with desk.opened(create=True) as service:
        made = await service.workspaces.create(name)
    if desk.json:
        desk.document({"id": made.id, "name": made.name, "created_at": _time(made.created_at)})
    desk.say(f"Workspace {made.name!r} is there. Its first key:  hansard keys create --workspace {_quoted(made.name)}")


@command.command("list")
@at_desk()
async def list_(desk: Desk) -> None:
    """List the workspaces and how many sessions each has."""
    from hansard.model import SessionFilter

    async with desk.opened() as service:
        found = [(one, await service.sessions.count(service.workspaces.operator(one), SessionFilter())) for one in await service.workspaces.list()]
    rows = [{"id": one.id, "name": one.name, "sessions": count, "created_at": _time(one.created_at)} for one, count in found]
    if desk.json:
        desk.document({"data": rows})
    else:
        shown = [(row["name"], row["sessions"], row["created_at"]) for row in rows]
        output.table(("name", "sessions", "created"), shown, right=("sessions",), empty="No workspaces. Make one with:  hansard workspaces create NAME")


def _time(us: int) -> str:
    from hansard.model.times import rfc3339

    return rfc3339(us)


def _quoted(name: str) -> str:
    from shlex import quote

    return quote(name)
