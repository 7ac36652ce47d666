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
        workspace = await service.workspaces.create(name)
    if context.json:
        context.document(
            {"id": workspace.id, "name": workspace.name, "created_at": _time(workspace.created_at)}
        )
    context.say(
        f"Workspace {workspace.name!r} is created. "
        f"Its first key:  hansard keys create --workspace {_quoted(workspace.name)}"
    )


@command.command("list")
@store_command()
async def list_(context: CommandContext) -> None:
    """List the workspaces and the number of sessions in each."""
    from hansard.model import SessionFilter

    async with context.opened() as service:
        counted = [
            (
                workspace,
                await service.sessions.count(
                    service.workspaces.operator(workspace), SessionFilter()
                ),
            )
            for workspace in await service.workspaces.list()
        ]
    rows = [
        {
            "id": workspace.id,
            "name": workspace.name,
            "sessions": count,
            "created_at": _time(workspace.created_at),
        }
        for workspace, count in counted
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
    """Rename a workspace; its keys and sessions stay."""
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
    """Delete a workspace for ever, with its keys and everything in it."""
    from hansard.model import SessionFilter

    async with context.opened() as service:
        workspace = await context.workspace(service, name)
        count = await service.sessions.count(
            service.workspaces.operator(workspace), SessionFilter()
        )
        if not yes:
            output.confirm(
                f"Delete workspace {name!r} with {output.counted(count, 'session')} for ever"
            )
        await service.workspaces.delete(workspace.id)
    context.result(
        {"id": workspace.id, "name": name, "deleted": True, "sessions": count},
        f"Workspace {name!r} is gone, and {output.counted(count, 'session')}.",
    )


def _time(us: int) -> str:
    from hansard.model.times import rfc3339

    return rfc3339(us)


def _quoted(name: str) -> str:
    from shlex import quote

    return quote(name)
