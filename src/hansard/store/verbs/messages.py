"""Messages: append, read in both directions, delete, copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hansard.errors import Conflict, NotFound
from hansard.model import Message, MessageQuery, Session, parts
from hansard.store import chain, counts, listing, rows, steps
from hansard.store.steps import Row, Steps, Values, many, row, run, value
from hansard.store.verbs import indexing
from hansard.store.verbs.events import forget_titles, happened, places_left, title_left
from hansard.store.verbs.idempotency import forget_message
from hansard.store.verbs.session_lookup import AppendHead, SessionRef, found, locked, peeked
from hansard.store.verbs.sessions import create, row_of, store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hansard.ids import IdSource
    from hansard.model import MessageDraft

T = TypeVar("T")
PREVIEW, TITLE = 200, 80
_COPY_BATCH = 500


def append(
    ref: SessionRef,
    drafts: Sequence[MessageDraft],
    ids: IdSource,
    now: int,
    expected_seq: int | None = None,
) -> Steps[tuple[AppendHead, list[Message]]]:
    """Append in order, gap-free; a draft whose ``client_id`` is there already gives the stored message back.

    Raises NotFound, and Conflict with the current ``seq`` when it is not ``expected_seq``.
    """
    session = yield from peeked(ref)
    known = yield from _known(session, ref.workspace_id, drafts)
    made, answer = plan(session, known, drafts, expected_seq, ids, now)
    if made:
        texts = [
            draft.text
            for draft in drafts
            if draft.client_id is None or draft.client_id not in known
        ]
        added = summary(made, texts)
        yield from run(
            "session_extend",
            workspace_id=ref.workspace_id,
            id=session.id,
            now=max(now, session.updated_at),
            **added,
        )
        yield from put(ref.workspace_id, made, session.hash or chain.ROOT)
        yield from happened(
            ref.workspace_id,
            "message.appended",
            session.id,
            at=now,
            seq=made[-1].seq,
            **places_left(session, added["title"]),
        )
    return session, answer


def plan(  # noqa: PLR0913 - all that decides what an append becomes
    session: AppendHead,
    known: dict[str | None, Message],
    drafts: Sequence[MessageDraft],
    expected_seq: int | None,
    ids: IdSource,
    now: int,
) -> tuple[list[Message], list[Message]]:
    """The messages to store, and the answer: for each draft the message that is stored already under its ``client_id``, or the new one.

    Raises Conflict with the current ``seq`` when it is not ``expected_seq``.
    """
    fresh = [draft for draft in drafts if draft.client_id is None or draft.client_id not in known]
    if fresh and expected_seq is not None and expected_seq != session.last_seq:
        raise Conflict(
            f"the session is at seq {session.last_seq}, not {expected_seq}: read what is new, then append again",
            code="seq_mismatch",
            param="expected_seq",
            seq=session.last_seq,
        )
    made = [
        made_of(session.id, session.last_seq + place, draft, ids, now)
        for place, draft in enumerate(fresh, 1)
    ]
    new = iter(made)
    return made, [
        known[draft.client_id] if draft.client_id in known else next(new) for draft in drafts
    ]


def record(
    session: Session, ref: SessionRef, drafts: Sequence[MessageDraft], ids: IdSource, now: int
) -> Steps[tuple[Session, list[Message]]]:
    """Append to the session that ``ref`` names, or create ``session``; a workflow goes to a session that had none.

    Raises NotFound when the session is there but not the caller's to see.
    """
    try:
        stored, new = (yield from locked(ref)), False
    except NotFound:
        stored, new = yield from create(session)
    if not ref.sees(stored.user_id, stored.app):
        raise ref.missing()
    if not new and stored.workflow_id is None and session.workflow_id is not None:
        linked = msgspec.structs.replace(
            stored,
            workflow_id=session.workflow_id,
            version=stored.version + 1,
            updated_at=max(now, stored.updated_at),
        )
        yield from store(stored, linked)
        stored = linked
    _, messages = yield from append(msgspec.structs.replace(ref, name=stored.id), drafts, ids, now)
    return stored, messages


def put(workspace_id: str, made: Sequence[Message], before: bytes) -> Steps[bytes]:
    """Write messages behind the hash ``before``; the last hash."""
    values, last = chained(workspace_id, made, before)
    yield from write_messages(values)
    return last


def chained(
    workspace_id: str, made: Sequence[Message], before: bytes
) -> tuple[list[Values], bytes]:
    """The rows of messages behind the hash ``before``, and the last hash."""
    values = []
    for message in made:
        before = chain.link(before, message)
        values.append(rows.message_values(workspace_id, message, before))
    return values, before


def write_messages(values: Sequence[Values]) -> Steps[None]:
    """Store the rows of new messages, of any sessions: every message comes through here."""
    yield from many("message_put", values)


def summary(made: Sequence[Message], texts: Sequence[str]) -> dict[str, Any]:
    """What these messages, which say ``texts`` in words, add to their session's row."""
    words = [(message.role, text.strip()) for message, text in zip(made, texts, strict=True)]
    first = next((text for role, text in words if role == "user" and text), None)
    last = next(
        (text for role, text in reversed(words) if role in {"user", "assistant"} and text), None
    )
    title = title_of(first)
    return {
        "count": len(made),
        "title": title,
        "title_by": "auto" if title else None,
        **rows.title_values(title),
        "preview": first and clip(first, PREVIEW),
        "last_preview": last and clip(last, PREVIEW),
        "last_role": made[-1].role,
        "input_tokens": sum(one.input_tokens for one in made),
        "output_tokens": sum(one.output_tokens for one in made),
        "cost_nanos": sum(one.cost_nanos for one in made),
        "first_at": made[0].created_at,
        "last_at": made[-1].created_at,
    }


def title_of(first_user_text: str | None) -> str | None:
    """The title that a session has until somebody gives it a better one."""
    return clip(" ".join(first_user_text.split()), TITLE) or None if first_user_text else None


def clip(text: str, length: int) -> str:
    return text[:length].replace("\x00", "\ufffd")


def page(ref: SessionRef, query: MessageQuery) -> Steps[tuple[Session, list[Message], bool]]:
    """The session, the messages asked for, and whether there are more in the direction of reading."""
    session = yield from found(ref)
    got, more = yield from _stretch(ref.workspace_id, session.id, query, rows.COLUMNS["message"])
    return session, [rows.message(one) for one in got], more


def places(
    workspace_id: str, session_id: str, query: MessageQuery
) -> Steps[tuple[list[Row], bool]]:
    """No more than (seq, id) of the messages asked for, and whether there are more in the direction of reading."""
    return (yield from _stretch(workspace_id, session_id, query, "seq, id"))


def between(workspace_id: str, session_id: str, first: int, last: int) -> Steps[list[Message]]:
    """The messages of a session from ``seq`` ``first`` up to and including ``last``."""
    got = yield listing.messages(
        workspace_id, session_id, MessageQuery(), last - first + 1, after=first - 1, before=last + 1
    )
    return [rows.message(one) for one in got]


def _stretch(
    workspace_id: str, session_id: str, query: MessageQuery, columns: str
) -> Steps[tuple[list[Row], bool]]:
    here = (workspace_id, session_id, query)
    if query.around is not None:
        older = yield listing.messages(
            *here,
            (query.limit + 1) // 2 + 1,
            before=query.around + 1,
            descending=True,
            columns=columns,
        )
        newer = yield listing.messages(
            *here, query.limit // 2 + 1, after=query.around, columns=columns
        )
        kept = [*reversed(older[: (query.limit + 1) // 2]), *newer[: query.limit // 2]]
        return kept[:: -1 if query.descending else 1], len(newer) > query.limit // 2
    got = yield listing.messages(
        *here,
        query.limit + 1,
        before=query.before,
        after=query.after,
        descending=query.backwards,
        columns=columns,
    )
    return got[: query.limit][:: 1 if query.backwards == query.descending else -1], len(
        got
    ) > query.limit


def get(ref: SessionRef, name: str, seq: int | None) -> Steps[tuple[Session, Message]]:
    """One message by our id (``seq`` is the one inside it) or by the caller's; NotFound."""
    session = yield from found(ref)
    return session, (yield from _one(ref.workspace_id, session.id, name, seq))


def place(ref: SessionRef, name: str, seq: int | None) -> Steps[int]:
    """The ``seq`` of a message by our id, which keeps its place when the message is deleted, or by the caller's; NotFound."""
    session = yield from found(ref)
    if seq is not None and name == (
        yield from value(
            "message_id_at", workspace_id=ref.workspace_id, session_id=session.id, seq=seq
        )
    ):
        return seq
    return (yield from _one(ref.workspace_id, session.id, name, None)).seq


def _one(workspace_id: str, session_id: str, name: str, seq: int | None) -> Steps[Message]:
    here = {"workspace_id": workspace_id, "session_id": session_id}
    got = (yield from row("message_get", **here, seq=seq)) if seq is not None else None
    if got is None or rows.message(got).id != name:
        got = yield from row("message_get_by_client_id", **here, client_id=name)
    if got is None:
        raise NotFound(
            f"no message {name!r} in this session", code="message_not_found", param="message_id"
        )
    return rows.message(got)


def delete(ref: SessionRef, name: str, seq: int | None, now: int) -> Steps[Session]:
    """Empty one message for ever; its number is never used again."""
    session = yield from locked(ref)
    gone = yield from _one(ref.workspace_id, session.id, name, seq)
    return (yield from empty(session, gone, now))


def empty(session: Session, gone: Message, now: int) -> Steps[Session]:
    """Take everything out of a message of a session that is locked; the session as it is afterwards."""
    yield from indexing.forget_message(session.workspace_id, gone)
    yield from run(
        "message_erase",
        workspace_id=session.workspace_id,
        session_id=session.id,
        seq=gone.seq,
        now=now,
    )
    words = _first_words(gone)
    yield from forget_message(session.workspace_id, session.id, gone.id, words)
    after = msgspec.structs.replace(
        session,
        version=session.version + 1,
        updated_at=max(now, session.updated_at),
        message_count=session.message_count - 1,
        input_tokens=session.input_tokens - gone.input_tokens,
        output_tokens=session.output_tokens - gone.output_tokens,
        cost_nanos=session.cost_nanos - gone.cost_nanos,
    )
    after = yield from _without(session, after)
    yield from store(session, after)
    was_title = yield from forget_titles(
        session.workspace_id,
        session.id,
        {rows.fold(one) for one in words},
        title_left(session, after),
    )
    yield from happened(
        session.workspace_id,
        "message.deleted",
        session.id,
        at=now,
        seq=gone.seq,
        was_updated_at=session.updated_at,
        was_title=was_title,
    )
    return after


def _first_words(message: Message) -> set[str]:
    """The title and the preview that a session has of a message."""
    text = parts.text_of(parts.decode(message.parts)).strip()
    return {title_of(text) or "", clip(text, PREVIEW)} - {""}


def _without(before: Session, after: Session) -> Steps[Session]:
    """The summary must not quote a message that is gone: rebuild what may have come from it."""
    first = yield listing.messages(before.workspace_id, before.id, MessageQuery(roles=("user",)), 5)
    last = yield listing.messages(
        before.workspace_id,
        before.id,
        MessageQuery(roles=("user", "assistant")),
        5,
        descending=True,
    )
    ends = yield listing.messages(before.workspace_id, before.id, MessageQuery(), 1)
    newest = yield listing.messages(
        before.workspace_id, before.id, MessageQuery(), 1, descending=True
    )
    preview, last_preview = _first_text(first), _first_text(last)
    changes: dict[str, Any] = {
        "preview": preview and clip(preview, PREVIEW),
        "last_preview": last_preview and clip(last_preview, PREVIEW),
        "last_role": rows.message(newest[0]).role if newest else None,
        "first_message_at": rows.message(ends[0]).created_at if ends else None,
        "last_message_at": rows.message(newest[0]).created_at if newest else None,
    }
    if before.title_by == "auto":
        changes |= {"title": title_of(preview), "title_by": "auto" if title_of(preview) else None}
    return msgspec.structs.replace(after, **changes)


def _first_text(got: Sequence[steps.Row]) -> str | None:
    texts = (parts.text_of(parts.decode(rows.message(one).parts)).strip() for one in got)
    return next((text for text in texts if text), None)


def fork(
    ref: SessionRef,
    branch: Callable[[Session], Session],
    until: int | None,
    ids: IdSource,
    now: int,
) -> Steps[Session]:
    """Store what ``branch`` makes of the session, with copies of its messages up to ``until``; runs stay behind."""
    source = yield from locked(ref)
    copy = branch(source)
    if (yield from value("session_put", **row_of(copy))) is None:
        raise Conflict(
            f"there is a session {copy.name!r} already", code="session_exists", param="id"
        )
    after, before, texts, made = 0, chain.ROOT, list[str](), list[Message]()
    last = source.last_seq if until is None else until
    while after < last:
        got = yield listing.messages(
            ref.workspace_id, source.id, MessageQuery(), _COPY_BATCH, after=after, before=last + 1
        )
        if not got:
            break
        originals = [rows.message(one) for one in got]
        batch = [
            msgspec.structs.replace(
                one, session_id=copy.id, id=ids.message(place), seq=place, run_id=None
            )
            for place, one in enumerate(originals, len(made) + 1)
        ]
        before = yield from put(ref.workspace_id, batch, before)
        made += batch
        texts += [parts.text_of(parts.decode(one.parts)) for one in batch]
        after = originals[-1].seq
    yield from counts.change(ref.workspace_id, None, copy)
    if made:
        yield from run(
            "session_extend",
            workspace_id=ref.workspace_id,
            id=copy.id,
            now=now,
            **summary(made, texts),
        )
    yield from happened(ref.workspace_id, "session.created", copy.id, at=now, seq=len(made) or None)
    return (yield from found(SessionRef(ref.workspace_id, copy.id)))


def _known(
    session: AppendHead, workspace_id: str, drafts: Sequence[MessageDraft]
) -> Steps[dict[str | None, Message]]:
    wanted = [draft.client_id for draft in drafts if draft.client_id is not None]
    if not wanted:
        return {}
    got = yield from steps.rows(
        "message_by_client_ids",
        workspace_id=workspace_id,
        session_id=session.id,
        client_ids=rows.texts(wanted),
    )
    return {one.client_id: one for one in map(rows.message, got)}


def made_of(session_id: str, seq: int, draft: MessageDraft, ids: IdSource, now: int) -> Message:
    """The message that a draft becomes at its place."""
    return Message(
        session_id,
        seq,
        ids.message(seq),
        draft.client_id,
        draft.role,
        draft.sender,
        draft.sender_id,
        draft.model,
        draft.run_id,
        draft.input_tokens,
        draft.output_tokens,
        draft.cost_nanos,
        draft.created_at if draft.created_at is not None else now,
        draft.parts,
        draft.metadata,
    )
