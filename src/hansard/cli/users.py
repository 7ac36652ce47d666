"""`hansard users`: forget an end user, with a receipt."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.desk import Desk, at_desk


@click.group()
def command() -> None:
    """Erase end users and fetch the receipts."""


@command.command()
@click.argument("user_id", metavar="ID")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@at_desk(workspace=True)
async def erase(desk: Desk, user_id: str, yes: bool) -> None:
    """Erase an end user from a workspace for ever. Sessions, messages written elsewhere and keys go."""
    async with desk.opened() as service:
        principal = await desk.principal(service)
        if not yes:
            output.confirm(f"Erase everything of this user in the workspace {principal.workspace_name!r} for ever")
        receipt = await service.users.erase(principal, user_id)
    shown = receipt.body | {"signature": receipt.signature}
    if desk.json:
        desk.document(shown)
    done = "Erased." if any(shown["counts"].values()) else f"Nothing of {user_id!r} is in the workspace {principal.workspace_name!r}: nothing was erased."
    desk.say(f"{done} Receipt {shown['id']}: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in shown["counts"].items()))


@command.command()
@click.argument("user_id", metavar="ID")
@at_desk(workspace=True)
async def receipts(desk: Desk, user_id: str) -> None:
    """Print the receipts about an end user, their signatures checked."""
    async with desk.opened() as service:
        found = await service.users.erasures(await desk.principal(service), user_id)
    desk.document({"data": [one.body | {"signature": one.signature, "signed": one.signed} for one in found]})
