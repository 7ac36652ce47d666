"""`hansard sessions …`: what changes or judges single sessions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import click

from hansard.cli import output
from hansard.cli.arguments import names, span
from hansard.cli.context import CommandContext, store_command
from hansard.cli.session_names import session_named

if TYPE_CHECKING:
    from hansard.model.share import Hidden


@click.command()
@click.argument("session", metavar="ID")
@click.argument("text", required=False)
@click.option("--message", metavar="SEQ", help="The message that it is about.")
@click.option("--author", metavar="NAME", help="Who says so.  [default: operator]")
@store_command(workspace=True)
async def note(
    context: CommandContext,
    session: str,
    text: str | None,
    message: str | None,
    author: str | None,
) -> None:
    """Write a note on a session; without TEXT, list the notes."""
    from hansard.native.notes import note_out

    if text is None:
        await _list_notes(context, session)
        return
    async with context.opened() as service:
        principal = await context.principal(service)
        name = (await session_named(service, principal, session)).name
        _, written = await service.notes.add(principal, name, text, message=message, author=author)
    context.result(note_out(written), f"{written.id} is written.")


async def _list_notes(context: CommandContext, session: str) -> None:
    from hansard.native.notes import note_out

    async with context.opened() as service:
        principal = await context.principal(service)
        name = (await session_named(service, principal, session)).name
        notes = await service.notes.list(principal, name)
        now = service.clock()
    if context.json:
        context.document({"data": [note_out(note) for note in notes]})
        return
    output.table(
        ("id", "message", "author", "written", "text"),
        [
            (note.id, note.seq or "", note.author, output.ago(note.created_at, now), note.text)
            for note in notes
        ],
        flexible="text",
        empty="No notes.",
    )


@click.command()
@click.argument("session", metavar="ID")
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.option("--message", metavar="SEQ", help="The message that it is about.")
@click.option("--comment", metavar="TEXT", help="Why.")
@click.option("--author", metavar="NAME", help="Who judges.  [default: operator]")
@store_command(workspace=True)
async def rate(
    context: CommandContext,
    session: str,
    name: str | None,
    value: str | None,
    message: str | None,
    comment: str | None,
    author: str | None,
) -> None:
    """Score a session, or list its scores.

    A score has a NAME and a number or a label.

    Example: hansard sessions rate order-17 helpful 1
    """
    from hansard.native.scores import score_out

    if name is None:
        await _list_scores(context, session)
        return
    if value is None:
        raise click.UsageError("a score needs a value: a number or a label")
    number = _number(value)
    async with context.opened() as service:
        principal = await context.principal(service)
        session = (await session_named(service, principal, session)).name
        _, score_row, _ = await service.notes.score(
            principal,
            session,
            name,
            value=number,
            label=value if number is None else None,
            comment=comment,
            message=message,
            author=author,
        )
    context.result(score_out(score_row), f"{session} is scored {score_row.name}: {value}.")


async def _list_scores(context: CommandContext, session: str) -> None:
    from hansard.native.scores import score_out

    async with context.opened() as service:
        principal = await context.principal(service)
        session = (await session_named(service, principal, session)).name
        scores = await service.notes.scores(principal, session)
        now = service.clock()
    if context.json:
        context.document({"data": [score_out(score) for score in scores]})
        return
    output.table(
        ("name", "value", "message", "author", "given", "comment"),
        [
            (
                score.name,
                score.label if score.value is None else f"{score.value:g}",
                score.seq or "",
                score.author,
                output.ago(score.created_at, now),
                score.comment or "",
            )
            for score in scores
        ],
        right=("value",),
        flexible="comment",
        empty="No scores.",
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@click.command()
@click.argument("session", metavar="ID")
@click.argument("name", required=False)
@store_command(workspace=True)
async def assign(context: CommandContext, session: str, name: str | None) -> None:
    """Say who looks after a session; without NAME, nobody."""
    from hansard.model import SessionPatch
    from hansard.native.session_bodies import session_out

    async with context.opened() as service:
        principal = await context.principal(service)
        named = await session_named(service, principal, session)
        row = await service.sessions.update(principal, named.name, SessionPatch(assignee=name))
    context.result(session_out(row), f"{row.name} is assigned to {row.assignee or 'nobody'}.")


@click.command()
@click.argument("session", metavar="ID")
@click.argument("tags", nargs=-1, metavar="TAG…")
@click.option("--remove", is_flag=True, help="Take these tags away.")
@store_command(workspace=True)
async def tag(context: CommandContext, session: str, tags: tuple[str, ...], remove: bool) -> None:
    """Add or take away the tags of a session, or print them."""
    import msgspec

    from hansard.model import SessionPatch
    from hansard.native.session_bodies import session_out

    async with context.opened() as service:
        principal = await context.principal(service)
        row = await session_named(service, principal, session)
        here = msgspec.json.decode(row.tags, type=list[str])
        if tags:
            changed_tags = (
                [tag_name for tag_name in here if tag_name not in tags]
                if remove
                else [*here, *tags]
            )
            row = await service.sessions.update(
                principal, row.name, SessionPatch(tags=list(dict.fromkeys(changed_tags)))
            )
            here = msgspec.json.decode(row.tags, type=list[str])
    context.result(session_out(row), ", ".join(here) or "No tags.")


@click.command()
@click.argument("sessions", nargs=-1, required=True, metavar="ID…")
@click.option("--restore", is_flag=True, help="Take them out of the archive.")
@store_command(workspace=True)
async def archive(context: CommandContext, sessions: tuple[str, ...], restore: bool) -> None:
    """Archive sessions: lists leave them out."""
    from hansard.native.session_bodies import session_out

    async with context.opened() as service:
        principal = await context.principal(service)
        named = [await session_named(service, principal, text) for text in sessions]
        rows = [
            await service.sessions.archive(principal, session.name, archived=not restore)
            for session in named
        ]
    if context.json:
        context.document({"data": [session_out(row) for row in rows]})
    for row in rows:
        context.say(f"{row.name} is {'restored' if restore else 'archived'}.")


@click.command()
@click.argument("session", metavar="ID")
@click.option("--until", type=click.IntRange(0), metavar="SEQ", help="Copy up to this message.")
@click.option("--id", "new_id", metavar="ID", help="The id of the fork.")
@click.option("--title", metavar="TEXT", help="The title of the fork.")
@store_command(workspace=True)
async def fork(
    context: CommandContext,
    session: str,
    until: int | None,
    new_id: str | None,
    title: str | None,
) -> None:
    """Copy a session's messages into a new one."""
    from hansard.model import SessionDraft
    from hansard.native.session_bodies import session_out

    async with context.opened() as service:
        principal = await context.principal(service)
        source = await session_named(service, principal, session)
        row = await service.forks.fork(
            principal, source.name, until=until, draft=SessionDraft(id=new_id, title=title)
        )
    context.result(session_out(row), row.name)


@click.command()
@click.argument("session", metavar="ID")
@click.argument("against", required=False, metavar="OTHER")
@store_command(workspace=True)
async def diff(context: CommandContext, session: str, against: str | None) -> None:
    """Show the messages that only one of two sessions has.

    A fork is compared with its original unless OTHER is given.
    """
    from hansard.cli import transcript
    from hansard.native.message_bodies import message_out

    async with context.opened() as service:
        principal = await context.principal(service)
        here = await session_named(service, principal, session)
        there = (await session_named(service, principal, against)).name if against else None
        page = await service.diffs.read(principal, here.name, there, limit=200)
        items = page.items
        while page.next_cursor is not None:
            page = await service.diffs.read(
                principal, here.name, there, limit=200, cursor=page.next_cursor
            )
            items = [*items, *page.items]
    if context.json:
        data = [
            {
                "side": difference.side,
                "message": message_out(difference.message.session_id, difference.message),
            }
            for difference in items
        ]
        context.document({"shared": page.shared, "data": data})
        return
    click.echo(
        f"{output.counted(page.shared, 'message')} in both, {page.only_here} only in "
        f"{page.here.name} (+), {page.only_there} only in {page.there.name} (-)"
    )
    for difference in items:
        mark = "+" if difference.side == "here" else "-"
        for line in transcript.rendered([difference.message]):
            click.echo(f"{mark} {line}".rstrip())


@click.command()
@click.argument("session", metavar="ID")
@click.option(
    "--for", "length", type=span, default="7d", show_default=True, metavar="SPAN", help="How long."
)
@click.option(
    "--hide",
    type=names,
    default="",
    metavar="A,B",
    help="What to leave out: user, model, cost, tools, images.",
)
@store_command(workspace=True)
async def share(context: CommandContext, session: str, length: int, hide: tuple[str, ...]) -> None:
    """Make a read-only link to a session, for people without a key.

    Sharing must be on in the workspace's settings. The link is shown once.
    """
    from hansard.model.share import HIDDEN
    from hansard.native.shares import share_out

    for word in hide:
        if word not in HIDDEN:
            raise click.BadParameter(f"no {word!r} can be hidden: choose from {', '.join(HIDDEN)}")
    async with context.opened() as service:
        principal = await context.principal(service)
        row = await session_named(service, principal, session)
        name, created = await service.shares.create(
            principal,
            row.name,
            expires_at=service.clock() + length,
            hides=cast("list[Hidden]", hide),
        )
    path = f"{context.settings.root_path}/s/{name}"
    context.result(share_out(created, path), f"{_server(context)}/s/{name}")


@click.command("open")
@click.argument("session", metavar="ID")
@store_command(workspace=True)
async def open_(context: CommandContext, session: str) -> None:
    """Open a session's page in the browser, and print its address.

    The server is looked for where HANSARD_URL says, else at the host and port of the settings.
    """
    async with context.opened() as service:
        row = await session_named(service, await context.principal(service), session)
    url = f"{_server(context)}/ui/sessions/{row.id}"
    context.result({"url": url}, url)
    if output.is_terminal():
        click.launch(url)


def _server(context: CommandContext) -> str:
    """Where this machine's browser finds the server."""
    from hansard.cli.banner import address

    settings = context.settings
    own = address(settings.host, settings.port) + settings.root_path
    return os.environ.get("HANSARD_URL", "").rstrip("/") or own


COMMANDS = (note, rate, assign, tag, archive, fork, diff, share, open_)
