"""`hansard users`: find end users, show what is held of one, and erase one with a receipt."""

from __future__ import annotations

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command

_LISTED = 1000


@click.group()
def command() -> None:
    """Find end users, show what is held of one, erase one and fetch the receipts."""


@command.command("list")
@click.argument("text", required=False, default="", metavar="[PART]")
@store_command(workspace=True)
async def list_(context: CommandContext, text: str) -> None:
    """List end users whose id contains PART.

    Upper and lower case are the same. At most 1,000 are listed.
    """
    async with context.opened() as service:
        users = await service.users.containing(
            await context.principal(service), text, limit=_LISTED
        )
    if context.json:
        context.document({"data": [{"id": user} for user in users]})
        return
    output.table(("id",), [(user,) for user in users], empty="No user matches.")


@command.command()
@click.argument("user_id", metavar="ID")
@store_command(workspace=True)
async def show(context: CommandContext, user_id: str) -> None:
    """Show what the workspace holds of an end user.

    Sums, origins and ratings.
    """
    from hansard.native.users import user_out

    async with context.opened() as service:
        profile = await service.users.profile(await context.principal(service), user_id)
        now = service.clock()
    if context.json:
        context.document(user_out(profile))
        return
    ratings = [
        f"{rating.name} "
        f"{'' if rating.average is None else f'{rating.average:.2g} '}({rating.count})"
        for rating in profile.ratings
    ]
    facts = {
        "sessions": profile.sessions,
        "messages": profile.messages,
        "tokens": f"{profile.input_tokens:,} in, {profile.output_tokens:,} out",
        "cost": f"${profile.cost_nanos / 1e9:.4f}" if profile.cost_nanos else "prices unknown",
        "first seen": output.ago(profile.first_at, now),
        "last active": output.ago(profile.last_at, now),
        "channels": ", ".join(profile.channels),
        "apps": ", ".join(profile.apps),
        "agents": ", ".join(profile.agents),
        "ratings": ", ".join(ratings),
    }
    click.echo(click.style(output.plain(user_id), bold=True))
    for name, value in facts.items():
        if value not in ("", None):
            click.echo(f"  {name:<12}{output.plain(value)}")


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
