"""Our own files: a session a line with its runs and messages, lossless both ways.

   {"hansard": 1, "session": {…}, "runs": [{…}], "notes": [{…}], "scores": [{…}],
    "messages": [{…}], "documents": [{…}], "checkpoints": [{…}]}
   {"hansard": 1, "document": {…}}

- the second kind of line is a document of a user, an app or the workspace;
- the fields are those of the model; what is null or zero is left out; times are RFC 3339 in UTC;
- parts, metadata and items are the stored bytes; a deleted message is empty and carries
  ``deleted_at`` and its ``hash``; an edited one carries ``edited_at``, and as ``hash`` that of
  what it said first;
- what has line breaks is there without them, and as it was in ``texts``;
- lines are complete in themselves: files may be cut between lines and put together.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hansard import ids
from hansard.errors import Invalid
from hansard.interchange.bounds import Beyond, Bounds, RecordMeter, present
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.records import Rules
from hansard.interchange.state_lines import (
    VERSION,
    CheckpointLine,
    DocumentLine,
    OwnedDocumentLine,
    checkpoint_line,
    checkpoint_of,
    document_line,
    document_of,
    owned_document_of,
)
from hansard.interchange.streams import Stream, Truncated
from hansard.interchange.values import Bad
from hansard.model import Message, Run, Session, parts, times
from hansard.model.document import Document as StoredDocument
from hansard.model.item import Item
from hansard.model.message import is_role
from hansard.model.note import Note
from hansard.model.run import OPEN_STATES, STATES
from hansard.model.score import Score
from hansard.model.session import KINDS, RESOLUTIONS
from hansard.model.transfer import Kept, Snapshot
from hansard.model.usage import SUMS, Inherited, RunsSpent

marks = ("hansard", "session", "runs", "messages")

_HASH = 16
_DEFAULTS: dict[Any, Any] = {int: 0, Raw: Raw(b"{}")}
_LISTS = {"tags", "trail"}


def _line_type(
    model: type[Struct], without: set[str], more: tuple[tuple[str, Any, Any], ...] = ()
) -> type[Struct]:
    """The model's fields as a line has them.

    Times are RFC 3339; only ``id`` and ``seq`` are required.
    """
    fields: list[Any] = []
    for field, kind in typing.get_type_hints(model).items():
        if field in without:
            continue
        spelled = datetime | None if field.endswith("_at") else kind
        default = Raw(b"[]") if field in _LISTS else _DEFAULTS.get(spelled)
        fields.append((field, spelled) if field in {"id", "seq"} else (field, spelled, default))
    return msgspec.defstruct(
        f"{model.__name__}Line", [*fields, *more], omit_defaults=True, kw_only=True
    )


_SessionLine = _line_type(Session, {"workspace_id"})
_RunLine = _line_type(Run, {"session_id"})


class _ItemLine(Struct, omit_defaults=True):
    """The item of a message: JSON as it is, or bytes in base64."""

    data: Raw | UnsetType = UNSET
    base64: bytes | None = None


_COMPUTED = {"session_id", "item_hash", "edit_hash"}
_MessageLine = _line_type(
    Message,
    _COMPUTED,
    (
        ("deleted_at", datetime | None, None),
        ("hash", str | None, None),
        ("item", _ItemLine | None, None),
        ("texts", dict[str, str] | None, None),
    ),
)
_NoteLine = _line_type(Note, {"session_id"})
_ScoreLine = _line_type(Score, {"session_id"})
_Line = msgspec.defstruct(
    "Line",
    [
        ("hansard", int),
        ("session", _SessionLine | UnsetType, UNSET),
        ("runs", list[_RunLine], []),  # type: ignore[valid-type]  # a struct made at run time, since it refers to two others by annotation
        ("notes", list[_NoteLine] | UnsetType, UNSET),  # type: ignore[valid-type]  # as below
        ("scores", list[_ScoreLine] | UnsetType, UNSET),  # type: ignore[valid-type]  # as below
        ("messages", list[_MessageLine], []),  # type: ignore[valid-type]  # a struct made at run time, since it refers to two others by annotation
        ("documents", list[DocumentLine] | UnsetType, UNSET),
        ("checkpoints", list[CheckpointLine] | UnsetType, UNSET),
        ("document", OwnedDocumentLine | UnsetType, UNSET),
    ],
)
_Read = Snapshot | StoredDocument | Bad
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    return shape.lacks("hansard", "document") and shape.lacks("hansard", "session")


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[_Read]:
    del document, rules
    try:
        for number, line in enumerate(stream.lines(), 1):
            if line is None or line.strip():
                yield _read_one(number, line, stream.bounds)
    except Truncated as problem:
        yield Bad(0, str(problem))


def write(snapshot: Snapshot) -> bytes:
    """The session's line, with its end."""
    session = _SessionLine(**_spelled(snapshot.session, {"workspace_id"}))
    runs = [_RunLine(**_spelled(run, {"session_id"})) for run in snapshot.runs]
    messages = [_message_line(kept) for kept in snapshot.messages]
    notes = [_NoteLine(**_spelled(note, {"session_id"})) for note in snapshot.notes] or UNSET
    scores = [_ScoreLine(**_spelled(score, {"session_id"})) for score in snapshot.scores] or UNSET
    documents = [document_line(each) for each in snapshot.documents]
    checkpoints = [checkpoint_line(each) for each in snapshot.checkpoints]
    line = _Line(
        hansard=VERSION,
        session=session,
        runs=runs,
        notes=notes,
        scores=scores,
        messages=messages,
        documents=documents or UNSET,
        checkpoints=checkpoints or UNSET,
    )
    return _encode(line) + b"\n"


def _message_line(kept: Kept) -> Raw:
    """The message, encoded by itself: other threads go on between one and the next."""
    return Raw(_encode(_message_struct(kept)))


def _message_struct(kept: Kept) -> Struct:
    deleted_at = None if kept.deleted_at is None else times.moment(kept.deleted_at)
    texts: dict[str, str] = {}
    fields = _spelled(kept.message, _COMPUTED)
    for field in ("parts", "metadata"):
        fields[field] = _in_one_line(field, bytes(fields[field]), texts)
    item = _item_line(kept.item) if kept.item is not None else None
    if item is not None and item.data is not UNSET:
        item.data = _in_one_line("item", bytes(item.data), texts)
    return _MessageLine(
        **fields,
        deleted_at=deleted_at,
        hash=kept.hash.hex() if kept.hash else None,
        item=item,
        texts=texts or None,
    )


def _in_one_line(field: str, text: bytes, texts: dict[str, str]) -> Raw:
    """JSON as a line can hold it; one with line breaks goes into ``texts`` as it was as well."""
    if b"\n" not in text and b"\r" not in text:
        return Raw(text)
    texts[field] = text.decode()
    return Raw(text.replace(b"\n", b" ").replace(b"\r", b" "))


def _as_it_was(field: str, value: Raw, line: Any) -> Raw:  # noqa: ANN401 - the line's type is made from the model
    """The opposite; Invalid where the two do not say the same."""
    text = (line.texts or {}).get(field)
    if text is None:
        return value
    if bytes(_in_one_line(field, text.encode(), {})) != bytes(value):
        raise Invalid(f"texts.{field} is not the {field} that the message has")
    return Raw(text.encode())


def _item_line(item: Item) -> _ItemLine:
    return _ItemLine(Raw(item.data)) if item.encoding == "json" else _ItemLine(base64=item.data)


def _item(line: Any, where: str) -> Item | None:  # noqa: ANN401 - the line's type is made from the model
    if (line.item is None) != (line.item_format is None):
        raise Invalid(f"{where} needs both item and item_format, or neither")
    if line.item is None:
        return None
    if (line.item.data is UNSET) == (line.item.base64 is None):
        raise Invalid(f"{where}.item needs either data or base64")
    if line.item.base64 is not None:
        return Item(line.item_format, "bytes", line.item.base64)
    return Item(line.item_format, "json", bytes(_as_it_was("item", line.item.data, line)))


def _spelled(struct: Struct, without: set[str]) -> dict[str, Any]:
    return {
        field: _as_moment(field, getattr(struct, field))
        for field in struct.__struct_fields__
        if field not in without
    }


def _as_moment(field: str, value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    return times.moment(value) if field.endswith("_at") and value is not None else value


def _read_one(number: int, line: bytes | None, bounds: Bounds) -> _Read:
    try:
        RecordMeter(bounds).take(data := present(line, bounds))
        return _meaning(_decode(data))
    except Beyond as problem:
        return Bad(number, str(problem))
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        Invalid,
        ValueError,
    ) as problem:
        return Bad(number, f"not a line of ours: {problem}")


def _meaning(line: Any) -> Snapshot | StoredDocument:  # noqa: ANN401 - the line's type is made from the model
    if line.hansard > VERSION:
        raise Invalid(
            f"it was written by a newer version of Hansard (format {line.hansard}, we read up to "
            f"{VERSION})"
        )
    if line.document is not UNSET:
        return owned_document_of(line.document)
    if line.session is UNSET:
        raise Invalid("it has neither a session nor a document")
    return _snapshot(line)


def _snapshot(line: Any) -> Snapshot:  # noqa: ANN401 - as above
    session: Session = _meant(line.session, Session, workspace_id="")
    _check_session(session)
    if not session.used_at:  # a line from before this field was there
        used_at = max(session.active_at, session.updated_at)
        session = msgspec.structs.replace(session, used_at=used_at)
    runs = [_meant(run, Run, session_id=session.id) for run in line.runs]
    _check_state(session, runs)
    notes = [_meant(note, Note, session_id=session.id) for note in line.notes or ()]
    scores = [_meant(score, Score, session_id=session.id) for score in line.scores or ()]
    messages = [
        _kept(line_message, index, session.id) for index, line_message in enumerate(line.messages)
    ]
    if [kept.message.seq for kept in messages] != list(range(1, len(messages) + 1)) or (
        len(messages) != session.last_seq
    ):
        raise Invalid(f"the messages are not the {session.last_seq} that the session has")
    if sum(kept.deleted_at is None for kept in messages) != session.message_count:
        raise Invalid(
            f"session.message_count is {session.message_count}, which the messages are not"
        )
    for where, struct in (
        ("session", session),
        *((f"run {run.id}", run) for run in runs),
        *((f"message {kept.message.seq}", kept.message) for kept in messages),
        *((f"note {note.id}", note) for note in notes),
        *((f"score {score.id}", score) for score in scores),
    ):
        _check_text(struct, where)
    documents = [document_of(each, session.id) for each in line.documents or ()]
    checkpoints = [checkpoint_of(each, session.id) for each in line.checkpoints or ()]
    for each in (*documents, *checkpoints):
        _check_text(each, "documents or checkpoints")
    return Snapshot(session, runs, messages, notes, scores, documents, checkpoints)


def _meant(line: Struct, model: type[Any], **more: object) -> Any:  # noqa: ANN401 - an instance of the model
    fields = {
        field: getattr(line, field)
        for field in line.__struct_fields__
        if field in model.__struct_fields__
    }
    return model(
        **{
            field: times.from_datetime(value) if isinstance(value, datetime) else value
            for field, value in fields.items()
        },
        **more,
    )


def _check_session(session: Session) -> None:
    if ids.uuid_in(session.id) != session.id:
        raise Invalid(f"session.id {session.id!r} is not a UUID")
    if session.parent_id == session.id:
        raise Invalid("session.parent_id is the session itself")
    if session.own_id is not None and not ids.is_own_id(session.own_id):
        raise Invalid("session.own_id cannot be an id")
    for field in ("version", "created_at", "updated_at", "active_at"):
        if not getattr(session, field):
            raise Invalid(f"session.{field} is missing")
    _among(session.kind, KINDS, "session.kind")
    _among(session.resolution, RESOLUTIONS, "session.resolution")
    for field, shape in (
        ("tags", list[str]),
        ("trail", list[Any]),
        ("external_ids", dict[str, str]),
        ("metadata", dict[str, Any]),
        ("inherited", Inherited),
        ("runs_spent", RunsSpent),
        ("tools", dict[str, int]),
    ):
        msgspec.json.decode(getattr(session, field), type=shape)
    if not 0 <= session.copied.seq <= session.last_seq:
        raise Invalid(f"session.inherited: {session.copied.seq} is the seq of no message")


def _check_state(session: Session, runs: list[Run]) -> None:
    """Raises Invalid for an unknown state, or for an open state without an open run.

    Nobody would ever end such a run.
    """
    for run in runs:
        _among(run.state, STATES, f"run {run.id}: state")
    _among(session.state, (None, *STATES), "session.state")
    if session.state in OPEN_STATES and not any(
        run.id == session.run_id and run.state == session.state for run in runs
    ):
        raise Invalid(f"session.state is {session.state!r}, and no run of it is")


def _check_text(struct: Struct, where: str) -> None:
    """Invalid for what no store can hold."""
    for field in struct.__struct_fields__:
        value = getattr(struct, field)
        if isinstance(value, str) and "\x00" in value:
            raise Invalid(f"{where}: {field} contains a NUL character")


def _kept(line: Any, index: int, session_id: str) -> Kept:  # noqa: ANN401 - the line's type is made from the model
    where = f"messages[{index}]"
    item = _item(line, where)
    digest = None if item is None else item.digest
    message: Message = _meant(line, Message, session_id=session_id, item_hash=digest)
    message = msgspec.structs.replace(
        message,
        parts=_as_it_was("parts", message.parts, line),
        metadata=_as_it_was("metadata", message.metadata, line),
    )
    if not is_role(message.role):
        raise Invalid(f"{where}.role {message.role!r} cannot be a role")
    if message.created_at is None:
        raise Invalid(f"{where}.created_at is missing")
    if line.deleted_at is not None:
        _check_empty(message, where)
        return Kept(message, times.from_datetime(line.deleted_at), _hash(line, where))
    parts.check(message.parts, f"{where}.parts")
    return Kept(message, None, _hash(line, where) if message.edited_at is not None else None, item)


def _hash(line: Any, where: str) -> bytes:  # noqa: ANN401 - the line's type is made from the model
    digest = bytes.fromhex(line.hash or "")
    if len(digest) != _HASH:
        raise Invalid(f"{where}.hash must be {_HASH} bytes in hexadecimal")
    return digest


def _check_empty(message: Message, where: str) -> None:
    """Invalid for a deleted message that has something in it after all."""
    if not bytes(message.parts).strip() == b"[]" or bytes(message.metadata).strip() != b"{}":
        raise Invalid(f"{where} is deleted, and has parts or metadata")
    for field in ("client_id", "sender_id", "item_format", "edited_at", *SUMS):
        if getattr(message, field):
            raise Invalid(f"{where} is deleted, and has {field}")


def _among(value: str | None, known: tuple[str | None, ...], where: str) -> None:
    if value not in known:
        raise Invalid(f"{where} is {value!r}, expected one of {', '.join(filter(None, known))}")
