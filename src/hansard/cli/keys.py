"""`hansard keys`: the API keys of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote
from typing import TYPE_CHECKING

import click

from hansard.cli import output
from hansard.cli.arguments import names, one_of, span
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import Key
    from hansard.service import Service

SCOPES = "sessions:read,sessions:write"


def _scopes() -> Iterable[str]:
    from hansard.access import ALL_SCOPES

    return (*ALL_SCOPES, "all")


@click.group()
def command() -> None:
    """Create, list, rotate and revoke the API keys of a workspace."""


class Create(click.Command):
    """Explains --name to users who type a name without it."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        extra = " ".join(super().parse_args(ctx, args))
        if extra and not ctx.resilient_parsing:
            ctx.fail(f"unexpected {extra!r}: to name the key, use --name {quote(extra)}")
        return []


@command.command(cls=Create)
@click.option(
    "--scopes",
    type=names,
    default=SCOPES,
    show_default=True,
    metavar="A,B",
    shell_complete=one_of(_scopes),
    help="What the key may do; 'all' for everything.",
)
@click.option("--name", default="key", show_default=True, help="The name of the key in lists.")
@click.option(
    "--expires-in",
    "lifetime",
    type=span,
    metavar="SPAN",
    help="When it ends, such as 12h or 90d.  [default: never]",
)
@click.option("--user", metavar="ID", help="Narrow it to one end user's sessions.")
@click.option("--app", metavar="ID", help="Narrow it to one application's sessions.")
@store_command(workspace=True)
async def create(
    context: CommandContext,
    scopes: tuple[str, ...],
    name: str,
    lifetime: int | None,
    user: str | None,
    app: str | None,
) -> None:
    """Create a key. Its text is printed once and not stored.

    Scopes: sessions:read, sessions:write, sessions:delete, keys:admin, export, audit:read,
    metrics:read, workspaces:admin.
    """
    from hansard.access import ALL_SCOPES

    async with context.opened() as service:
        principal = await context.principal(service)
        granted = ALL_SCOPES if scopes == ("all",) else scopes
        expires_at = None if lifetime is None else service.clock() + lifetime
        text, key = await service.keys.create(
            principal, name, granted, expires_at=expires_at, user_id=user, app=app
        )
    _shown(context, text, key, principal.workspace_name)


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Revoked and expired keys as well.")
@store_command(workspace=True)
async def list_(context: CommandContext, everything: bool) -> None:
    """List the keys of a workspace, without their text."""
    async with context.opened() as service:
        now = service.clock()
        keys = [
            key
            for key in await service.keys.list(await context.principal(service))
            if everything or _state(key, now) == "active"
        ]
    if context.json:
        context.document({"data": [_document(key) for key in keys]})
    else:
        rows = [
            (
                key.id,
                key.name,
                _state(key, now),
                " ".join(key.scopes),
                *(output.ago(at, now) for at in (key.created_at, key.last_used_at, key.expires_at)),
            )
            for key in keys
        ]
        output.table(
            ("id", "name", "state", "scopes", "created", "last used", "expires"),
            rows,
            flexible="scopes",
            spare=("created", "last used"),
            empty="No keys. Make one with:  hansard keys create",
        )


@command.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace",
    type=span,
    default="24h",
    show_default=True,
    metavar="SPAN",
    help="How long the old key still works.",
)
@store_command(workspace=True)
async def rotate(context: CommandContext, key_id: str, grace: int) -> None:
    """Create a new key with the same rights. The old one works until the grace period ends."""
    async with context.opened() as service:
        principal = await context.principal(service)
        text, key = await service.keys.rotate(principal, _key_id(key_id), grace_us=grace)
    _shown(context, text, key, principal.workspace_name)


@command.command()
@click.argument("key_id", metavar="ID")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@store_command(workspace=True)
async def revoke(context: CommandContext, key_id: str, yes: bool) -> None:
    """Revoke a key for ever, within two seconds."""
    async with context.opened() as service:
        principal = await context.principal(service)
        revoked_id = _key_id(key_id)
        await _existing(service, principal, revoked_id)
        if not yes:
            output.confirm(
                f"Revoke the key {revoked_id} of workspace {principal.workspace_name!r} for ever"
            )
        await service.keys.revoke(principal, revoked_id)
    if context.json:
        context.document({"id": revoked_id, "revoked": True})
    context.say(f"Key {revoked_id} is revoked.")


async def _existing(service: Service, principal: Principal, key_id: str) -> None:
    """Raise NotFound before anybody is asked about a key that there is not."""
    from hansard.errors import NotFound

    if all(key.id != key_id for key in await service.keys.list(principal)):
        raise NotFound(
            f"no key {key_id!r} in workspace {principal.workspace_name!r}: 'hansard keys list'"
            " shows them",
            code="key_not_found",
        )


def _shown(context: CommandContext, text: str, key: Key, workspace: str) -> None:
    if context.json:
        context.document({"key": text, "workspace": workspace, **_document(key)})
    elif context.quiet:
        click.echo(text)
    else:
        click.echo(text)
        output.note(
            f"This is the only time that the key is shown. Workspace {workspace!r}, "
            f"scopes: {', '.join(key.scopes)}"
        )


def _key_id(text: str) -> str:
    """The id of a key, from the id or from the key's text."""
    return text.removeprefix("hsd_").partition("_")[0]


def _document(key: Key) -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": [*key.scopes],
        "user": key.user_id,
        "app": key.app,
        "created_at": _time(key.created_at),
        "expires_at": _time(key.expires_at),
        "last_used_at": _time(key.last_used_at),
        "revoked_at": _time(key.revoked_at),
    }


def _state(key: Key, now: int) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "active"


def _time(us: int | None) -> str | None:
    from hansard.model.times import rfc3339

    return None if us is None else rfc3339(us)
