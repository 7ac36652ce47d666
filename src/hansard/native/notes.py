"""``/v1/sessions/{session_id}/notes``: what people say of a session or of its messages."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import ONCE, Route
from hansard.model import Session
from hansard.model.note import Note
from hansard.model.times import rfc3339
from hansard.native.errors import NO_SESSION
from hansard.native.schemas import Deleted, HasMore, Json, NextCursor, SessionUid
from hansard.native.sessions import SESSION_PATH


class NoteOut(Struct, frozen=True, kw_only=True):
    """What a person says of a session, or of one of its messages."""

    described_by: ClassVar[type[Struct]] = Note
    example: ClassVar[Json] = {
        "id": "note_0190163d-8694-739b-aea5-966c26f8ad91",
        "session_id": "ses_0190163d-8694-739b-aea5-966c26f8ad91",
        "seq": 4,
        "text": "The refund was promised twice.",
        "author": "grace",
        "created_by": "7fK2mQ9x",
        "created_at": "2026-01-31T09:32:00Z",
    }

    id: str
    session_id: SessionUid
    seq: int | None
    """The `seq` of the message; null for the session as a whole."""
    text: str
    author: str
    created_by: str
    created_at: Time


class NoteIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note to write."""

    described_by: ClassVar[type[Struct]] = NoteOut
    example: ClassVar[Json] = {"text": "The refund was promised twice.", "message": "4"}

    text: str
    message: str | int | None = None
    """The message that it is about, by its `seq`, `id` or `client_id`; the session by default."""
    author: str | None = None


class NoteList(Struct, frozen=True, kw_only=True):
    """All notes of a session and of its messages, on one page."""

    data: list[NoteOut]
    """The notes, the oldest first; at most 500."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class NoteDeleted(Struct, frozen=True, kw_only=True):
    """What was deleted."""

    id: str
    """The note."""
    deleted: Deleted


async def add_note(call: Call[None, NoteIn]) -> NoteOut:
    """Write a note on a session or on one of its messages"""
    body = call.body
    return _added(
        await call.service.notes.add(
            call.principal,
            call.path["session_id"],
            body.text,
            message=named(body.message),
            author=body.author,
            once=call.once(_added),
        )
    )


async def list_notes(call: Call[None, None]) -> NoteList:
    """List the notes of a session and of its messages, the oldest first"""
    notes = await call.service.notes.list(call.principal, call.path["session_id"])
    return NoteList(data=[note_out(note) for note in notes])


async def delete_note(call: Call[None, None]) -> NoteDeleted:
    """Permanently delete a note"""
    await call.service.notes.delete(call.principal, call.path["session_id"], call.path["note_id"])
    return NoteDeleted(id=call.path["note_id"], deleted=True)


def _added(result: tuple[Session, Note]) -> NoteOut:
    return note_out(result[1])


def note_out(note: Note) -> NoteOut:
    return NoteOut(
        id=note.id,
        session_id=f"ses_{note.session_id}",
        seq=note.seq or None,
        text=note.text,
        author=note.author,
        created_by=note.created_by,
        created_at=rfc3339(note.created_at),
    )


def named(message: str | int | None) -> str | None:
    """A message's name as the service takes it."""
    return None if message is None else str(message)


NOTES_PATH = f"{SESSION_PATH}/notes"

routes = (
    Route(
        f"POST {NOTES_PATH}",
        add_note,
        scope="sessions:write",
        body=NoteIn,
        returns=NoteOut,
        status=201,
        request_headers=(ONCE,),
        errors={
            404: "`session_not_found`, `message_not_found`: no such session, or no such message.",
            409: "`too_many_notes`: the session has 500 notes.",
        },
    ),
    Route(
        f"GET {NOTES_PATH}",
        list_notes,
        scope="sessions:read",
        returns=NoteList,
        errors=NO_SESSION,
    ),
    Route(
        f"DELETE {NOTES_PATH}/{{note_id}}",
        delete_note,
        scope="sessions:write",
        returns=NoteDeleted,
        errors={404: "`session_not_found`, `note_not_found`: no such session, or no such note."},
    ),
)
