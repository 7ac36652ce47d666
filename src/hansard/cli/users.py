"""`hansard users`: erase an end user, with a receipt."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command


@click.group()
def command() -> None:
    """Erase end users and fetch the receipts."""


@command.command()
@click.argument("user_id", metavar="ID")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command(workspace=True)
async def erase(context: CommandContext, user_id: str, yes: bool) -> None:
    """Erase an end user from a workspace for ever.

    Deletes the user's sessions, messages in other sessions, and keys.
    """
    async with context.opened() as service:
        principal = await context.principal(service)
        if not yes:
            output.confirm(
                f"Erase everything of this user in workspace {principal.workspace_name!r} for ever"
            )
        receipt = await service.users.erase(principal, user_id)
    shown = receipt.body | {"signature": receipt.signature}
    if context.json:
        context.document(shown)
    done = (
        "Erased."
        if any(shown["counts"].values())
        else f"Nothing of {user_id!r} is in the workspace {principal.workspace_name!r}: "
        "nothing was erased."
    )
    context.say(
        f"{done} Receipt {shown['id']}: "
        + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in shown["counts"].items())
    )


@command.command()
@click.argument("user_id", metavar="ID")
@store_command(workspace=True)
async def receipts(context: CommandContext, user_id: str) -> None:
    """Print the receipts about an end user.

    Their signatures are checked.
    """
    async with context.opened() as service:
        erasures = await service.users.erasures(await context.principal(service), user_id)
    context.document(
        {
            "data": [
                erasure.body | {"signature": erasure.signature, "signed": erasure.signed}
                for erasure in erasures
            ]
        }
    )
