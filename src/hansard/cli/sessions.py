"""`hansard sessions`: list, show, tail, search, resolve and delete the sessions of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from hansard.cli import output
from hansard.cli.arguments import TextCommand
from hansard.cli.context import CommandContext, store_command
from hansard.cli.filters import filter_of, filters
from hansard.cli.session_actions import COMMANDS
from hansard.cli.session_columns import COLUMNS, HEADINGS, cells, columns_named
from hansard.cli.session_deletion import delete
from hansard.cli.session_names import session_named, shortened
from hansard.cli.session_overviews import attention, facets

if TYPE_CHECKING:
    from hansard.model import Page, Session
    from hansard.model.search import SearchSort
    from hansard.model.session import Resolution, Sort

SORTS = (
    *("-active_at", "active_at", "-created_at", "created_at"),
    *("-updated_at", "updated_at", "title", "-title"),
)
_PAGE, _TITLE, _LEAST_TITLE = 200, 48, 30


@click.group()
def command() -> None:
    """List, show, follow, search, judge and change sessions.

    An ID may be the beginning of one, where no other session's id begins so.
    """


for _action in (*COMMANDS, delete, facets, attention):
    command.add_command(_action)


@command.command("list")
@click.option(
    "--sort",
    type=click.Choice(SORTS),
    default="-active_at",
    show_default=True,
    metavar="FIELD",
    help="The order, for example -active_at, created_at or title.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, _PAGE),
    default=50,
    metavar="N",
    show_default=True,
    help="How many.",
)
@click.option("--cursor", metavar="TEXT", help="Go on where the last list ended.")
@click.option(
    "--all", "everything", is_flag=True, help="Every session that matches, not only one page."
)
@click.option("--jsonl", is_flag=True, help="Print a JSON line for each session.")
@click.option(
    "--columns",
    metavar="A,B",
    callback=lambda _context, _parameter, text: columns_named(text),
    help="The fields to print, such as id,title,user,cost_usd: any of the API's, and metadata.KEY.",
)
@filters
@store_command(workspace=True)
async def list_(
    context: CommandContext,
    sort: str,
    limit: int,
    cursor: str | None,
    everything: bool,
    jsonl: bool,
    columns: tuple[str, ...],
    **options: object,
) -> None:
    """List sessions, the latest activity first.

    Activity is the last message. -updated_at sorts by the last change of any kind. Archived
    sessions are left out without --archived.
    """
    import msgspec

    from hansard.model import SessionQuery

    async with context.opened() as service:
        principal = await context.principal(service)
        filters = await filter_of(service, principal, options, archived="false")
        query = SessionQuery(
            filter=filters,
            sort=cast("Sort", sort),
            limit=_PAGE if everything else limit,
            cursor=cursor,
            with_total=True,
        )
        page = await service.sessions.list(principal, query)
        sessions = page.items
        while everything and page.next_cursor:
            if jsonl:
                _lines(sessions)
                sessions = []
            page = await service.sessions.list(
                principal, msgspec.structs.replace(query, cursor=page.next_cursor, with_total=False)
            )
            sessions = [*sessions, *page.items]
        now = service.clock()
    if jsonl:
        _lines(sessions)
    elif context.json:
        _document(context, sessions, page)
    else:
        _listed(context, sessions, page, now, columns)


@command.command()
@click.argument("session", metavar="ID")
@click.option(
    "--last",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Only the last N messages.  [default: all]",
)
@store_command(workspace=True)
async def show(context: CommandContext, session: str, last: int) -> None:
    """Show a session: its fields, then its messages."""
    from hansard.cli import transcript
    from hansard.native.message_bodies import message_out
    from hansard.native.runs import run_out
    from hansard.native.session_bodies import session_out

    async with context.opened() as service:
        principal = await context.principal(service)
        session = (await session_named(service, principal, session)).name
        row, messages = await service.transcripts.whole(principal, session)
        _, runs = await service.runs.list(principal, session, 100)
    shown = messages[-last:] if last else messages
    if context.json:
        rendered = [message_out(row.name, message) for message in shown]
        context.document(
            {
                "session": session_out(row),
                "messages": rendered,
                "runs": [run_out(row, item) for item in runs.items],
            }
        )
        return
    for line in (*transcript.heading(row), "", *transcript.rendered(shown)):
        click.echo(line)


@command.command()
@click.argument("session", metavar="ID")
@click.option(
    "--last",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    metavar="N",
    help="Begin with the last N messages.",
)
@click.option("--no-follow", is_flag=True, help="End after these.")
@click.option("--jsonl", is_flag=True, help="Print a JSON line for each message.")
@store_command(workspace=True, json=False)
async def tail(
    context: CommandContext, session: str, last: int, no_follow: bool, jsonl: bool
) -> None:
    """Follow a session: its last messages, then each new one. Stop with Ctrl+C."""
    from hansard.cli.following import follow

    async with context.opened() as service:
        principal = await context.principal(service)
        await follow(
            service,
            principal,
            (await session_named(service, principal, session)).name,
            last=last,
            endless=not no_follow,
            jsonl=jsonl,
        )


@command.command(cls=TextCommand)
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--sort",
    type=click.Choice(("recency", "relevance")),
    default="recency",
    show_default=True,
    help="Which come first.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 100),
    default=20,
    metavar="N",
    show_default=True,
    help="How many.",
)
@filters
@store_command(workspace=True)
async def search(
    context: CommandContext, text: tuple[str, ...], sort: str, limit: int, **options: object
) -> None:
    """Search the text of all messages and titles.

    TEXT may hold words, "exact phrases", prefix*, -not, OR with parentheses, and every filter of
    the list as a qualifier, such as state:failed, -tag:vip, messages:>10, metadata.plan:pro and
    after:7d; also role:, tool:NAME, has:tool and has:failed-call. It may be the id of a session or
    an end user. System messages are searched only with role:system, and what tools were given and
    answered only with role:tool, tool: or has:.
    """
    from hansard.cli import search
    from hansard.model import SearchQuery
    from hansard.native.search import found_list

    async with context.opened() as service:
        principal = await context.principal(service)
        filters = await filter_of(service, principal, options)
        query = SearchQuery(
            text=" ".join(text),
            filter=filters,
            system=False,
            tools=False,
            sort=cast("SearchSort", sort),
            limit=limit,
            with_total=True,
        )
        results = await service.search.find(principal, query)
        now = service.clock()
    if context.json:
        context.document(found_list(results))
        return
    for line in search.noted(results):
        output.note(line)
    for line in search.rendered(results, now):
        click.echo(line)
    if context.quiet:
        return
    if not results.items:
        output.note("No session matches.")
        if query.text.isalnum():
            output.note(f"All words that begin so: hansard sessions search '{query.text}*'")
    elif output.is_terminal():
        output.note(
            f"{len(results.items)} of {output.counted(results.total or 0, 'session')}"
            f"{' and more' if results.total_is_lower_bound else ''}."
        )


@command.command()
@click.argument("sessions", nargs=-1, required=True, metavar="ID…")
@click.option(
    "--unresolved",
    "resolution",
    flag_value="unresolved",
    help="Mark them as unresolved instead.",
)
@click.option("--reopen", "resolution", flag_value="open", help="Mark them as open again.")
@store_command(workspace=True)
async def resolve(
    context: CommandContext, sessions: tuple[str, ...], resolution: str | None
) -> None:
    """Mark sessions as resolved."""
    from hansard.model import SessionPatch
    from hansard.native.session_bodies import session_out

    patch = SessionPatch(resolution=cast("Resolution", resolution or "resolved"))
    async with context.opened() as service:
        principal = await context.principal(service)
        named = [await session_named(service, principal, text) for text in sessions]
        changed = [
            await service.sessions.update(principal, session.name, patch) for session in named
        ]
    if context.json:
        context.document({"data": [session_out(session) for session in changed]})
    for session in changed:
        context.say(f"{session.name} is {session.resolution}.")


def _lines(sessions: list[Session]) -> None:
    from hansard.native.session_bodies import session_out

    for session in sessions:
        output.line(session_out(session))


def _document(context: CommandContext, sessions: list[Session], page: Page[Session]) -> None:
    from hansard.native.session_bodies import session_out

    context.document(
        {
            "data": [session_out(session) for session in sessions],
            "has_more": page.has_more,
            "next_cursor": page.next_cursor,
            **({} if page.total is None else {"total": page.total}),
        }
    )


def _listed(
    context: CommandContext,
    sessions: list[Session],
    page: Page[Session],
    now: int,
    columns: tuple[str, ...],
) -> None:
    chosen = columns or COLUMNS
    table = [cells(session, chosen, now) for session in sessions]
    if output.is_terminal() and "id" in chosen:
        at = chosen.index("id")
        short = shortened([row[at] for row in table])
        table = [[*row[:at], name, *row[at + 1 :]] for row, name in zip(table, short, strict=True)]
    output.table(
        [HEADINGS.get(name, name) for name in chosen],
        table,
        right=("messages", "failed", "cost"),
        flexible="title",
        spare=() if columns else ("channel", "user", "failed", "updated", "messages"),
        least=_LEAST_TITLE,
        empty="No session matches.",
    )
    if not sessions and not output.is_terminal() and not context.quiet:
        output.note("No session matches.")
    if output.is_terminal() and page.has_more and not context.quiet:
        of = "" if page.total is None else f" of {page.total:,}"
        output.note(f"{len(sessions)}{of}. More with --all, or: --cursor {page.next_cursor}")
