"""The reading pane: one session with its conversation, turns, details and raw form.

And what can be done to it.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import PlainTextResponse, Response

from hansard.errors import NotFound
from hansard.model import Message, MessageQuery, Run, Session, SessionFilter, SessionQuery, parts
from hansard.model.document import Document, DocumentRef
from hansard.model.note import Note
from hansard.model.score import Score
from hansard.web.formatting import scalars
from hansard.web.local_times import midnight
from hansard.web.transcript import IMAGES, Block, Entry, Turn, blocks, shown, trail_of, turns

if TYPE_CHECKING:
    from datetime import tzinfo

    from hansard.access import Principal
    from hansard.http.call import Call
    from hansard.service import Service
    from hansard.web.layout import Written

MESSAGES = 200
"""The most messages of a page."""
RATING = "helpful"
"""The score that the page's two buttons give: 1 or 0."""
_CHILDREN = 100
_SHORT = 60
"""The longest value of the metadata, in characters, that is offered as a filter."""
_STATE = 50
"""The most documents, and the most checkpoints, that the details list."""
TABS = (
    ("conversation", "Conversation", "m"),
    ("turns", "Turns", "t"),
    ("notes", "Notes", "o"),
    ("details", "Details", "d"),
    ("raw", "Raw", "r"),
)
_STARTS = ("before", "after", "at", "day")
_LONGEST_SEQ = 15


class PaneQuery(Struct, frozen=True):
    """Which tab of a session to open, and where in its transcript.

    ``start`` is (``before``, ``after``, ``at`` or ``day``, its value); without it the newest
    messages are shown. ``about`` is the seq of the message that a new note is about.
    """

    tab: str = "conversation"
    start: tuple[str, str] | None = None
    about: int | None = None

    @classmethod
    def of(cls, call: Call[Any, Any]) -> Self:
        """What the query string of a request names; what it does not know is left out."""
        tab, about = call.query("tab") or "", call.query("about") or ""
        is_seq = about.isascii() and about.isdigit() and len(about) <= _LONGEST_SEQ
        starts = ((name, call.query(name)) for name in _STARTS)
        return cls(
            tab=tab if tab in {known for known, _, _ in TABS} else "conversation",
            start=next(((name, value) for name, value in starts if value), None),
            about=int(about) if is_seq else None,
        )


class Stretch(Struct, frozen=True):
    """A page of a session's messages.

    ``earlier`` and ``later`` are the seqs to go on from, None at the ends; ``at`` is the message
    that was asked for.
    """

    session: Session
    messages: list[Message]
    earlier: int | None
    later: int | None
    at: int | None


class Pane(Struct):
    """A session opened at some place.

    ``earlier`` and ``later`` are the seqs to go on from, None at the ends.
    """

    session: Session
    tab: str
    blocks: list[Block]
    entries: list[Entry]
    turns: list[Turn]
    runs: dict[str, Run]
    children: list[Session]
    """The sub-sessions, which are shown behind the messages; a fork is shown where it branched."""
    family: list[Session]
    """All its forks and sub-sessions, the oldest first."""
    parent: Session | None
    trail: list[str]
    earlier: int | None
    later: int | None
    at: int | None
    raw: str = ""
    tags: list[str] = []
    metadata: str = ""
    metadata_values: list[tuple[str, str]] = []
    """The texts, numbers and flags at the top of the metadata, which are filters."""
    external_ids: dict[str, str] = {}
    shares: list[Any] = []
    documents: list[Document] = []
    checkpoints: list[tuple[str, str, int]] = []
    """The newest ones: namespace, id, bytes."""
    notes: list[Note] = []
    noted_seq: int | None = None
    """The message that a note is to be about."""
    scores: list[Score] = []
    rated: float | None = None
    """The value of the reader's own score ``helpful``."""

    @property
    def seconds(self) -> float | None:
        first, last = self.session.first_message_at, self.session.last_message_at
        return None if first is None or last is None else (last - first) / 1e6

    @property
    def notes_by_seq(self) -> dict[int, list[Note]]:
        """The notes of each message."""
        by_seq: dict[int, list[Note]] = {}
        for note in self.notes:
            by_seq.setdefault(note.seq, []).append(note)
        return by_seq

    @property
    def last_seq(self) -> int:
        return self.entries[-1].message.seq if self.entries else 0


async def stretch_of(
    service: Service, principal: Principal, name: str, query: PaneQuery, zone: tzinfo
) -> Stretch:
    """The page of messages of the session ``name`` that the query starts at."""
    wanted = await _message_query(service, principal, name, query, zone)
    session, messages, more = await service.messages.list(principal, name, wanted)
    backwards = wanted.newest or wanted.before is not None
    first = messages[0].seq if messages else 0
    return Stretch(
        session=session,
        messages=messages,
        earlier=first if messages and (more if backwards else first > 1) else None,
        later=_later(session, messages, wanted, more=more),
        at=wanted.around,
    )


async def opened(  # noqa: PLR0913 - what the page's routes know of the request
    service: Service,
    principal: Principal,
    name: str,
    query: PaneQuery,
    *,
    zone: tzinfo,
    written: Written,
) -> Pane:
    """The session ``name``, at the tab and the messages that the query names.

    ``written`` is how the API shows it, for its raw form; days begin in ``zone``.
    """
    stretch = await stretch_of(service, principal, name, query, zone)
    session, messages = stretch.session, stretch.messages
    children = await _children(service, principal, session)
    transcript = await shown(messages, children, agent=session.agent, zone=zone)
    runs = await service.runs.by_ids(
        principal,
        session,
        [message.run_id for message in messages if message.run_id]
        + ([session.run_id] if session.run_id else []),
    )
    pane = Pane(
        session=session,
        tab=query.tab,
        blocks=blocks(transcript),
        entries=transcript,
        turns=turns(transcript, runs) if query.tab == "turns" else [],
        runs=runs,
        children=[child for child in children if child.forked_seq is None or not messages],
        family=children,
        parent=await _parent(service, principal, session),
        trail=trail_of(session),
        earlier=stretch.earlier,
        later=stretch.later,
        at=stretch.at,
        tags=msgspec.json.decode(session.tags),
        external_ids=msgspec.json.decode(session.external_ids),
        metadata=_pretty(session.metadata),
        metadata_values=_short(scalars(session.metadata)),
        notes=await service.notes.list(principal, name),
        noted_seq=query.about,
        scores=await service.notes.scores(principal, name),
    )
    pane.rated = next((score.value for score in pane.scores if _is_rating(score, principal)), None)
    if query.tab == "raw":
        pane.raw = _pretty(msgspec.json.encode(written(session, messages)))
    if query.tab == "details":
        pane.shares = [
            share
            for share in await service.shares.list(principal, name)
            if share.revoked_at is None and share.expires_at > service.clock()
        ]
        await _add_state(pane, service, principal)
    return pane


async def _add_state(pane: Pane, service: Service, principal: Principal) -> None:
    """Put the names and sizes of the session's documents and newest checkpoints into the pane."""
    name = pane.session.name
    owner = DocumentRef(scope="session", key="", session=name)
    documents, _ = await service.documents.list(
        principal, owner, prefix="", limit=_STATE, cursor=None, bodies=False
    )
    pane.documents = [*documents]
    pane.checkpoints = [*await service.checkpoints.sizes(principal, name, _STATE)]


def _is_rating(score: Score, principal: Principal) -> bool:
    """Whether it is the reader's own judgement of the whole session."""
    own = score.created_by == principal.key_id
    return own and score.name == RATING and score.seq == 0


def _later(
    session: Session, messages: list[Message], query: MessageQuery, *, more: bool
) -> int | None:
    """The seq behind which there are more messages, None at the end of the session."""
    if not messages or query.newest or messages[-1].seq >= session.last_seq:
        return None
    return (
        messages[-1].seq if more or query.before is not None or query.around is not None else None
    )


async def _message_query(
    service: Service, principal: Principal, name: str, query: PaneQuery, zone: tzinfo
) -> MessageQuery:
    start, value = query.start or ("", "")
    if start == "day":
        return await _from_day(service, principal, name, value, zone)
    if not start:
        return MessageQuery(limit=MESSAGES, newest=True)
    seq = await service.messages.find_seq(principal, name, value, param=start)
    return replace(MessageQuery(limit=MESSAGES), **{"around" if start == "at" else start: seq})


async def _from_day(
    service: Service, principal: Principal, name: str, day: str, zone: tzinfo
) -> MessageQuery:
    """The messages from the beginning of a day on; the newest ones for what is no day."""
    try:
        begins = midnight(day, zone)
    except ValueError:
        return MessageQuery(limit=MESSAGES, newest=True)
    _, earlier, _ = await service.messages.list(
        principal,
        name,
        MessageQuery(limit=1, newest=True, descending=True, created_before=begins),
    )
    return MessageQuery(limit=MESSAGES, after=earlier[0].seq if earlier else 0)


async def _children(service: Service, principal: Principal, session: Session) -> list[Session]:
    page = await service.sessions.list(
        principal,
        SessionQuery(
            filter=SessionFilter(parent_id=(session.id,)), sort="created_at", limit=_CHILDREN
        ),
    )
    return page.items


async def _parent(service: Service, principal: Principal, session: Session) -> Session | None:
    if session.parent_id is None:
        return None
    try:
        return await service.sessions.read(principal, session.parent_id)
    except NotFound:
        return None


def _short(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs whose value is short enough for a filter."""
    return [(key, value) for key, value in pairs if value and len(value) <= _SHORT]


def _pretty(raw_json: bytes | msgspec.Raw) -> str:
    text = msgspec.json.format(bytes(raw_json), indent=2).decode()
    return "" if text in {"{}", "[]"} else text


async def text_of_message(call: Call[Any, Any]) -> Response:
    """The text of a message as it was written, for copying"""
    _, message = await call.service.messages.read(
        call.principal, call.path["session_id"], call.path["message_id"]
    )
    return PlainTextResponse(
        parts.text(message.parts),
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"},
    )


async def image_of_message(call: Call[Any, Any]) -> Response:
    """A picture inside a message; only kinds that cannot carry scripts"""
    _, message = await call.service.messages.read(
        call.principal, call.path["session_id"], call.path["message_id"]
    )
    return image_in(message, call.path["place"])


def image_in(message: Message, index: str) -> Response:
    """The picture that is the part ``index`` of the message; NotFound when there is none."""
    missing = NotFound("there is no picture here", code="part_not_found")
    try:
        part = parts.decode(message.parts)[int(index)]
        data = base64.b64decode(
            part.content if isinstance(part.content, str) else "", validate=True
        )
    except (IndexError, ValueError, binascii.Error) as problem:
        raise missing from problem
    if part.type != "blob" or part.mime_type not in IMAGES:
        raise missing
    headers = {
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=part.mime_type, headers=headers)
