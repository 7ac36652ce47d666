"""The tools: what each takes, and the text that it answers with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from hansard.client import AsyncHansard, Message, Session, SessionFilter
from hansard.mcp.rendering import (
    NOTICE,
    found_lines,
    link,
    message_lines,
    one_line,
    session_lines,
    within,
)

Json = dict[str, Any]
Name = Annotated[str, Meta(min_length=1, max_length=256)]
Some = Annotated[int, Meta(ge=1, le=50)]
Tokens = Annotated[int, Meta(ge=100, le=100_000)]
State = Literal[
    "queued", "running", "waiting", "completed", "partial", "failed", "cancelled", "interrupted"
]
_ANSWERS = 10
"""How many of the newest answers of each session are read for a user."""


class Reader(Struct, frozen=True):
    """The client of the caller's key, and the address that links begin with."""

    client: AsyncHansard
    base: str


class Tool(Struct, frozen=True):
    """A tool; ``arguments`` describes what it takes, its docstring what it is for."""

    name: str
    title: str
    arguments: type[Struct]
    run: Callable[[Reader, Any], Awaitable[str]]


class Narrowing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sessions."""

    example: ClassVar[Json] = {"user": "ada", "channel": "web", "limit": 10}

    user: Name | None = None
    """Only sessions of this end user, by the application's id."""
    channel: Name | None = None
    """Only sessions from this channel, such as web or whatsapp."""
    agent: Name | None = None
    """Only sessions with this agent."""
    tag: Name | None = None
    """Only sessions with this tag."""
    tool: Name | None = None
    """Only sessions in which this tool was called."""
    failed_calls: bool | None = None
    """True: only sessions in which calls of tools failed; false: only the others."""
    state: State | None = None
    """Only sessions whose latest run is in this state."""
    limit: Some = 10
    """The most sessions to return."""

    @property
    def where(self) -> SessionFilter:
        where = SessionFilter()
        for name in ("user", "channel", "agent", "tag", "tool", "state"):
            if (value := getattr(self, name)) is not None:
                where[name] = [value]
        if self.failed_calls is not None:
            where["failed_calls"] = self.failed_calls
        return where


class SearchArguments(Narrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Find sessions by words in their messages and titles.

    Each result has the session's id, the best passages with their message ids, and links for a
    person.
    """

    query: Annotated[str, Meta(min_length=1, max_length=256)]
    """Words that all must occur, "exact phrases", prefix* and -not; also role:assistant, has:tool,
    after:2026-01-01, before:2026-02-01."""
    newest_first: bool = False
    """True orders by the latest activity, false by relevance."""


class RecentArguments(Narrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """List sessions, the latest activity first. Each has its id, facts, title and a link."""

    title: Annotated[str, Meta(max_length=256)] | None = None
    """Only sessions whose title contains this text, in any case."""


class TranscriptArguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read the end of a session within a budget of tokens.

    Tool calls stay with their answers. The answer says how many older messages are left out;
    read_messages reads those.
    """

    example: ClassVar[Json] = {"session": "order-17", "tokens": 8000}

    session: Name
    """The session's id."""
    tokens: Tokens = 8000
    """The budget, in tokens as the server estimates them."""


class MessagesArguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read some messages of a session around, before or after one of them.

    Use it for the message that a search found. Without any of these it reads from the beginning.
    """

    example: ClassVar[Json] = {"session": "order-17", "around": "12"}

    session: Name
    """The session's id."""
    around: Name | None = None
    """A message's number or id: it, and messages on both sides."""
    before: Name | None = None
    """A message's number or id: the messages directly before it."""
    after: Name | None = None
    """A message's number or id: the messages directly after it."""
    limit: Some = 20
    """The most messages to return."""
    tokens: Tokens = 8000
    """The budget, in estimated tokens."""


class ToldArguments(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Read what an end user was told.

    These are the answers in the user's latest sessions, or those with certain words, each with its
    message id and link.
    """

    example: ClassVar[Json] = {"user": "ada", "about": "refund"}

    user: Name
    """The end user, by the application's id."""
    about: Annotated[str, Meta(max_length=200)] | None = None
    """Only answers with these words."""
    limit: Some = 5
    """The most sessions to return."""
    tokens: Tokens = 8000
    """The budget, in estimated tokens."""


async def search_sessions(reader: Reader, wanted: SearchArguments) -> str:
    sort: Literal["recency", "relevance"] = "recency" if wanted.newest_first else "relevance"
    page = await reader.client.search(
        wanted.query, sort=sort, page_size=wanted.limit, total=True, **wanted.where
    ).page()
    return _listed(
        f"{_sessions(page.total)} {'matches' if page.total == 1 else 'match'} "
        f"{one_line(wanted.query)}; shown: {len(page.data)}.",
        [found_lines(match, reader.base) for match in page.data],
    )


async def list_sessions(reader: Reader, wanted: RecentArguments) -> str:
    where = wanted.where
    if wanted.title is not None:
        where["title"] = wanted.title
    page = await reader.client.sessions.list(
        sort="-active_at", page_size=wanted.limit, total=True, **where
    ).page()
    return _listed(
        f"{_sessions(page.total)}; shown: {len(page.data)}, the latest activity first.",
        [session_lines(session, reader.base) for session in page.data],
    )


async def read_transcript(reader: Reader, wanted: TranscriptArguments) -> str:
    session = await reader.client.sessions.read(wanted.session)
    context = await reader.client.sessions.context(wanted.session, tokens=wanted.tokens)
    messages = [Message.of(message) for message in context.request["messages"]]
    blocks = [message_lines(message) for message in messages]
    kept = within(blocks, wanted.tokens, newest=True)
    older = context.manifest.older + len(blocks) - len(kept)
    head = f"{_older(older)} left out."
    return _transcript(session, head, kept, reader)


async def read_messages(reader: Reader, wanted: MessagesArguments) -> str:
    session = await reader.client.sessions.read(wanted.session)
    page = await reader.client.messages.list(
        wanted.session,
        around=wanted.around,
        before=wanted.before,
        after=wanted.after,
        order="desc" if wanted.before else "asc",
        page_size=wanted.limit,
    ).page()
    messages = sorted(page.data, key=lambda message: message.seq)
    blocks = within(
        [message_lines(message) for message in messages],
        wanted.tokens,
        newest=bool(wanted.before),
    )
    head = f"messages {_span(messages)} of {session.message_count}; shown: {len(blocks)}."
    return _transcript(session, head, blocks, reader)


async def read_what_user_was_told(reader: Reader, wanted: ToldArguments) -> str:
    if wanted.about:
        page = await reader.client.search(
            f"{wanted.about} role:assistant", page_size=wanted.limit, user=[wanted.user]
        ).page()
        blocks = [found_lines(match, reader.base) for match in page.data]
    else:
        sessions = await reader.client.sessions.list(
            sort="-active_at", page_size=wanted.limit, user=[wanted.user]
        ).page()
        blocks = [await _answers(reader, session) for session in sessions.data]
    kept = within(blocks, wanted.tokens)
    what = f"Answers to the user {one_line(wanted.user)}; sessions shown: {len(kept)}."
    return _listed(what, kept)


async def _answers(reader: Reader, session: Session) -> list[str]:
    """A session with its newest answers that have a text."""
    page = await reader.client.messages.list(
        session.id, order="desc", role="assistant", page_size=_ANSWERS
    ).page()
    lines = session_lines(session, reader.base)
    for message in reversed(page.data):
        if message.text:
            lines += [*message_lines(message), link(reader.base, session.id, message.seq)]
    return lines


def _sessions(count: int | None) -> str:
    return "1 session" if count == 1 else f"{count} sessions"


def _older(count: int) -> str:
    return "1 older message is" if count == 1 else f"{count or 'No'} older messages are"


def _listed(head: str, blocks: Iterable[list[str]]) -> str:
    return "\n\n".join([f"{head} {NOTICE}", *map("\n".join, blocks)])


def _transcript(session: Session, head: str, blocks: list[list[str]], reader: Reader) -> str:
    top = "\n".join(session_lines(session, reader.base))
    return "\n\n".join([f"{top}\n{head} {NOTICE}", *map("\n".join, blocks)])


def _span(messages: list[Message]) -> str:
    return f"#{messages[0].seq}-#{messages[-1].seq}" if messages else "none"


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("search_sessions", "Search sessions", SearchArguments, search_sessions),
        Tool("list_sessions", "List recent sessions", RecentArguments, list_sessions),
        Tool("read_transcript", "Read a transcript", TranscriptArguments, read_transcript),
        Tool("read_messages", "Read around a message", MessagesArguments, read_messages),
        Tool(
            "read_what_user_was_told",
            "What a user was told",
            ToldArguments,
            read_what_user_was_told,
        ),
    )
}
