"""The reading pane: one session with its conversation, turns, details and raw form.

And what can be done to it.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

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
from hansard.web.local_times import midnight, zone_of
from hansard.web.transcript import IMAGES, Block, Entry, Turn, blocks, shown, trail_of, turns

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.http.call import Call
    from hansard.service import Service
    from hansard.web.layout import Written

SOME = 200
RATING = "helpful"
"""The score that the page's two buttons give: 1 or 0."""
_CHILDREN = 100
_SHORT = 60
"""So many characters has a value of the metadata that is shown as a filter, at most."""
_STATE = 50
"""So many documents, and checkpoints, are listed in the details."""
TABS = (
    ("conversation", "Conversation", "m"),
    ("turns", "Turns", "t"),
    ("notes", "Notes", "o"),
    ("details", "Details", "d"),
    ("raw", "Raw", "r"),
)


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
    """Those that are shown behind the messages: the others stand where they branched."""
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


async def opened(call: Call[Any, Any], written: Written, *, alone: bool = False) -> Pane:
    """The session that the path names, at the place that the query names.

    ``written`` is how the API shows it, for its raw form; ``alone`` leaves out those around it.
    """
    service, principal = call.service, call.principal
    name = call.path["session_id"]
    tab = call.query("tab") or "conversation"
    tab = tab if tab in {known for known, _, _ in TABS} else "conversation"
    stretch = await _stretch(call, name)
    session, messages, more = await service.messages.list(principal, name, stretch)
    children = [] if alone else await _children(service, principal, session)
    transcript = await shown(messages, children, agent=session.agent, zone=zone_of(call))
    runs = await service.runs.by_ids(
        principal,
        session,
        [message.run_id for message in messages if message.run_id]
        + ([session.run_id] if session.run_id else []),
    )
    backwards = stretch.newest or stretch.before is not None
    first = messages[0].seq if messages else 0
    pane = Pane(
        session=session,
        tab=tab,
        blocks=blocks(transcript),
        entries=transcript,
        turns=turns(transcript, runs) if tab == "turns" else [],
        runs=runs,
        children=[child for child in children if child.forked_seq is None or not messages],
        family=children,
        parent=None if alone else await _parent(service, principal, session),
        trail=trail_of(session),
        earlier=first if messages and (more if backwards else first > 1) else None,
        later=_later(session, messages, stretch, more=more),
        at=stretch.around,
        tags=msgspec.json.decode(session.tags),
        external_ids=msgspec.json.decode(session.external_ids),
        metadata=_pretty(session.metadata),
        metadata_values=_short(scalars(session.metadata)),
    )
    if not alone:
        pane.notes = await service.notes.list(principal, name)
        pane.scores = await service.notes.scores(principal, name)
        about = call.query("about") or ""
        pane.noted_seq = int(about) if about.isascii() and about.isdigit() else None
        pane.rated = next(
            (score.value for score in pane.scores if _is_rating(score, principal)), None
        )
    if tab == "raw":
        pane.raw = _pretty(msgspec.json.encode(written(session, messages)))
    if tab == "details":
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
    session: Session, messages: list[Message], stretch: MessageQuery, *, more: bool
) -> int | None:
    """The seq behind which there are more messages, None at the end of the session."""
    if not messages or stretch.newest or messages[-1].seq >= session.last_seq:
        return None
    return (
        messages[-1].seq
        if more or stretch.before is not None or stretch.around is not None
        else None
    )


async def _stretch(call: Call[Any, Any], name: str) -> MessageQuery:
    for field in ("before", "after", "at"):
        named = call.query(field)
        if named:
            seq = await call.service.messages.find_seq(call.principal, name, named, param=field)
            return replace(MessageQuery(limit=SOME), **{"around" if field == "at" else field: seq})
    day = call.query("day")
    if day:
        try:
            at = midnight(day, zone_of(call))
        except ValueError:
            return MessageQuery(limit=SOME, newest=True)
        _, earlier, _ = await call.service.messages.list(
            call.principal,
            name,
            MessageQuery(limit=1, newest=True, descending=True, created_before=at),
        )
        return MessageQuery(limit=SOME, after=earlier[0].seq if earlier else 0)
    return MessageQuery(limit=SOME, newest=True)


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
    """Those with a value that is short enough for a filter."""
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
    missing = NotFound("there is no picture here", code="part_not_found")
    try:
        part = parts.decode(message.parts)[int(call.path["place"])]
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
