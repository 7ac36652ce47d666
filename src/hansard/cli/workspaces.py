"""`hansard workspaces`: the tenants of a store."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command


@click.group()
def command() -> None:
    """Create, list, rename and delete workspaces."""


@command.command()
@click.argument("name")
@store_command()
async def create(context: CommandContext, name: str) -> None:
    """Create an empty workspace.

    Its first key:  hansard keys create --workspace NAME
    """
    async with context.opened(create=True) as service:
        made = await service.workspaces.create(name)
    if context.json:
        context.document({"id": made.id, "name": made.name, "created_at": _time(made.created_at)})
    context.say(
        f"Workspace {made.name!r} is there. Its first key:  hansard keys create --workspace {_quoted(made.name)}"
    )


@command.command("list")
@store_command()
async def list_(context: CommandContext) -> None:
    """List the workspaces and how many sessions each has."""
    from hansard.model import SessionFilter

    async with context.opened() as service:
        found = [
            (one, await service.sessions.count(service.workspaces.operator(one), SessionFilter()))
            for one in await service.workspaces.list()
        ]
    rows = [
        {"id": one.id, "name": one.name, "sessions": count, "created_at": _time(one.created_at)}
        for one, count in found
    ]
    if context.json:
        context.document({"data": rows})
    else:
        shown = [(row["name"], row["sessions"], row["created_at"]) for row in rows]
        output.table(
            ("name", "sessions", "created"),
            shown,
            right=("sessions",),
            empty="No workspaces. Make one with:  hansard workspaces create NAME",
        )


@command.command()
@click.argument("name")
@click.argument("new_name", metavar="NEW")
@store_command()
async def rename(context: CommandContext, name: str, new_name: str) -> None:
    """Give a workspace another name; its keys and sessions stay."""
    async with context.opened() as service:
        changed = await service.workspaces.update(
            (await context.workspace(service, name)).id, name=new_name
        )
    context.result(
        {"id": changed.id, "name": changed.name},
        f"Workspace {name!r} is called {changed.name!r} now.",
    )


@command.command()
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command()
async def delete(context: CommandContext, name: str, yes: bool) -> None:
    """Delete a workspace with its keys and everything in it. There is no way back."""
    from hansard.model import SessionFilter

    async with context.opened() as service:
        found = await context.workspace(service, name)
        count = await service.sessions.count(service.workspaces.operator(found), SessionFilter())
        if not yes:
            output.confirm(
                f"Delete workspace {name!r} with {output.counted(count, 'session')} for ever"
            )
        await service.workspaces.delete(found.id)
    context.result(
        {"id": found.id, "name": name, "deleted": True, "sessions": count},
        f"Workspace {name!r} is gone, and {output.counted(count, 'session')}.",
    )


def _time(us: int) -> str:
    from hansard.model.times import rfc3339

    return rfc3339(us)


def _quoted(name: str) -> str:
    from shlex import quote

    return quote(name)
