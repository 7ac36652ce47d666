"""Notes and scores: what people and judges say of a session or of one of its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Conflict, NotFound
from hansard.model.note import Note
from hansard.model.score import Score
from hansard.store import rows, steps
from hansard.store.steps import Query, Steps, many, row, run, value
from hansard.store.tokenizer import words
from hansard.store.verbs import idempotency
from hansard.store.verbs.events import happened
from hansard.store.verbs.session_lookup import SessionRef, existing, locked
from hansard.store.verbs.sessions import store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Session
    from hansard.store.steps import Row

MOST = 500
"""The most notes, and the most scores, that one session has: they are read on one page."""


def note(ref: SessionRef, draft: Note) -> Steps[tuple[Session, Note]]:
    """Keep a note. Raises NotFound, and Conflict when the session has ``MOST`` of them."""
    session = yield from _annotatable(ref, draft.seq)
    kept = msgspec.structs.replace(draft, session_id=session.id)
    if len((yield from notes(ref))) >= MOST:
        raise Conflict(
            f"the session has {MOST} notes, the most there may be: delete some first",
            code="too_many_notes",
        )
    yield from run("note_put", workspace_id=ref.workspace_id, **msgspec.structs.asdict(kept))
    yield from put_words(ref.workspace_id, session.id, [kept])
    after = yield from _annotated(session, "note.created", kept.seq, kept.created_at)
    return after, kept


def notes(ref: SessionRef) -> Steps[list[Note]]:
    """The notes of a session and of its messages, the oldest first."""
    session = yield from existing(ref)
    return (yield from notes_of(ref.workspace_id, session.id))


def notes_of(workspace_id: str, session_id: str) -> Steps[list[Note]]:
    here = {"workspace_id": workspace_id, "session_id": session_id}
    return [Note(*row) for row in (yield from steps.rows("note_list", **here, limit=MOST))]


def unnote(ref: SessionRef, note_id: str, now: int) -> Steps[Session]:
    """Delete a note and the kept answers that quote it; NotFound."""
    missing = NotFound(
        f"no note {note_id!r} of this session", code="note_not_found", param="note_id"
    )
    after = yield from _removed(ref, "note", note_id, missing, now)
    yield from _words_anew(ref.workspace_id, after.id)
    return after


def put_words(workspace_id: str, session_id: str, some: Iterable[Note]) -> Steps[None]:
    """Write the rows by which the words of notes find a session; those that are there stay."""
    here = {"workspace_id": workspace_id, "session_id": session_id}
    known = dict.fromkeys(word for note in some for word in words(note.text))
    yield from many("note_word_put", [here | {"word": word} for word in known])


def _words_anew(workspace_id: str, session_id: str) -> Steps[None]:
    """Index the words of the notes again after one is deleted."""
    yield from run("note_word_delete_of_session", workspace_id=workspace_id, id=session_id)
    yield from put_words(workspace_id, session_id, (yield from notes_of(workspace_id, session_id)))


def score(ref: SessionRef, draft: Score) -> Steps[tuple[Session, Score, bool]]:
    """Keep a score in place of the author's last one of that name; True when it is the first.

    Raises NotFound, and Conflict when the session has ``MOST`` of them.
    """
    session = yield from _annotatable(ref, draft.seq)
    kept = msgspec.structs.replace(draft, session_id=session.id)
    here = {"workspace_id": ref.workspace_id, "session_id": session.id}
    before = yield from value(
        "score_named", **here, seq=kept.seq, name=kept.name, author=kept.author
    )
    if before is None:
        if len((yield from scores(ref))) >= MOST:
            raise Conflict(
                f"the session has {MOST} scores, the most there may be: delete some first",
                code="too_many_scores",
            )
    else:
        yield idempotency.forgetting(ref.workspace_id, session.id, before)
    yield from run("score_put", workspace_id=ref.workspace_id, **msgspec.structs.asdict(kept))
    after = yield from _annotated(session, "score.created", kept.seq, kept.created_at)
    return after, kept, before is None


def scores(ref: SessionRef) -> Steps[list[Score]]:
    """The scores of a session and of its messages, the oldest first."""
    session = yield from existing(ref)
    return (yield from scores_of(ref.workspace_id, session.id))


def scores_of(workspace_id: str, session_id: str) -> Steps[list[Score]]:
    here = {"workspace_id": workspace_id, "session_id": session_id}
    return [Score(*row) for row in (yield from steps.rows("score_list", **here, limit=MOST))]


def unscore(ref: SessionRef, score_id: str, now: int) -> Steps[Session]:
    """Delete a score and the kept answers that quote it; NotFound."""
    missing = NotFound(
        f"no score {score_id!r} of this session", code="score_not_found", param="score_id"
    )
    return (yield from _removed(ref, "score", score_id, missing, now))


def author(key_id: str) -> Steps[str]:
    """What a key's notes are signed with: its name, else its id."""
    columns = yield from row("key_find", id=key_id)
    return rows.key(columns).name if columns else key_id


def score_names(workspace_id: str, limit: int) -> Steps[list[str]]:
    """The names of the workspace's scores, in their order."""
    names: list[str] = []
    while len(names) < limit:
        after = names[-1] if names else ""
        name = yield from value("score_name_after", workspace_id=workspace_id, after=after)
        if name is None:
            break
        names.append(name)
    return names


def restored(session: Session, brought: Sequence[Note], judged: Sequence[Score]) -> Steps[None]:
    """Add the notes and scores that come with an exported session to those that are here."""
    yield from many(
        "note_put",
        [msgspec.structs.asdict(note) | {"workspace_id": session.workspace_id} for note in brought],
    )
    yield from put_words(session.workspace_id, session.id, brought)
    yield from many(
        "score_put",
        [
            msgspec.structs.asdict(score) | {"workspace_id": session.workspace_id}
            for score in judged
        ],
    )


def forgetting(workspace_id: str, session_id: str, seq: int) -> list[Query]:
    """Remove what was said of a message that is deleted; the ids are for ``forgotten``."""
    here = {"workspace_id": workspace_id, "session_id": session_id, "seq": seq}
    return [Query("note_delete_of_message", here), Query("score_delete_of_message", here)]


def forgotten(
    workspace_id: str, session_id: str, noted: Sequence[Row], scored: Sequence[Row]
) -> Steps[None]:
    """Forget the kept answers and the words of notes and scores which were removed."""
    if noted:
        yield from _words_anew(workspace_id, session_id)
    for (ident,) in (*noted, *scored):
        yield idempotency.forgetting(workspace_id, session_id, ident)


def _annotatable(ref: SessionRef, seq: int) -> Steps[Session]:
    """The session, locked; NotFound when it has no such message."""
    session = yield from locked(ref)
    here = {"workspace_id": ref.workspace_id, "session_id": session.id}
    if seq and (yield from row("message_get", **here, seq=seq)) is None:
        raise NotFound(
            f"no message {seq} in this session", code="message_not_found", param="message"
        )
    return session


def _removed(ref: SessionRef, noun: str, ident: str, missing: NotFound, now: int) -> Steps[Session]:
    session = yield from locked(ref)
    here = {"workspace_id": ref.workspace_id, "session_id": session.id}
    seq = yield from value(f"{noun}_delete", **here, id=ident)
    if seq is None:
        raise missing
    yield idempotency.forgetting(ref.workspace_id, session.id, ident)
    return (yield from _annotated(session, f"{noun}.deleted", seq, now))


def _annotated(session: Session, kind: str, seq: int, now: int) -> Steps[Session]:
    """Move the session's version on, and note what happened; the session keeps its activity."""
    after = msgspec.structs.replace(
        session, version=session.version + 1, updated_at=max(now, session.updated_at)
    )
    yield from store(session, after)
    yield from happened(
        session.workspace_id,
        kind,
        session.id,
        at=now,
        seq=seq or None,
        was_updated_at=session.updated_at,
    )
    return after
