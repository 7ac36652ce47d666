"""What is read of files, in the order in which it is stored: a bounded piece at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from hansard.errors import Invalid
from hansard.interchange import formats
from hansard.interchange.bounds import REASON, Bounds
from hansard.interchange.detection import detected
from hansard.interchange.documents import Document
from hansard.interchange.records import Rules, SessionRecord, Unreadable, fitted
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad
from hansard.model import Message, MessageDraft, Run, Session
from hansard.model.bounds import check_imported
from hansard.model.transfer import Kept, Snapshot


class SessionPiece(Struct, frozen=True, kw_only=True, tag=True):
    """Some messages of a foreign session, of so many bytes: its first ones, or those that follow."""

    file: str
    number: int
    record: SessionRecord
    size: int
    is_first: bool
    is_last: bool


class SnapshotPiece(Struct, frozen=True, kw_only=True, tag=True):
    """Some messages of an exported session, of so many bytes; the session itself comes with the first of them."""

    file: str
    number: int
    session: Session | None
    runs: list[Run]
    messages: list[Kept]
    size: int
    is_last: bool


class BadRecord(Struct, frozen=True, kw_only=True, tag=True):
    file: str
    number: int
    reason: str


class SkippedFile(Struct, frozen=True, kw_only=True, tag=True):
    """A file within a folder or archive that is empty or of no known format."""

    file: str


class Reached(Struct, frozen=True, kw_only=True, tag=True):
    """So many bytes of a file of ``size`` are read."""

    file: str
    position: int
    size: int | None


Event = SessionPiece | SnapshotPiece | BadRecord | SkippedFile | Reached


def read(
    documents: Iterable[Document], format_: formats.Format | None, rules: Rules, bounds: Bounds
) -> Iterator[Event]:
    """Everything that is in the documents; Invalid for one that the caller named and that is of no known format."""
    for document in documents:
        name = sound(document.name)
        with document.stream() as stream:
            position = 0
            for number, outcome in enumerate(_outcomes(document, stream, format_, rules), 1):
                yield from _events(name, number, outcome, rules.now, bounds)
                if stream.position != position:
                    position = stream.position
                    yield Reached(file=name, position=position, size=document.size)
            yield Reached(file=name, position=stream.position, size=document.size)


def _outcomes(
    document: Document, stream: Stream, format_: formats.Format | None, rules: Rules
) -> Iterator[SessionRecord | Snapshot | Bad | SkippedFile]:
    if document.chosen and stream.is_empty_list():
        return
    detection = None if format_ else detected(document, stream, rules)
    found = detection.format if detection is not None else format_
    if detection is not None and detection.outcomes is not None:
        yield from detection.outcomes
    elif found is not None:
        yield from found.read(document, stream, rules)
    elif document.chosen and stream.is_empty():
        raise Invalid(
            f"{document.name} is empty: there is nothing to import; an export without sessions is imported with its format named",
            code="nothing_to_import",
        )
    elif document.chosen:
        raise Invalid(
            f"{document.name} is of no known format: name one of {', '.join(formats.NAMES)}",
            param="format",
        )
    else:
        yield SkippedFile(file=sound(document.name))


def _events(
    file: str,
    number: int,
    outcome: SessionRecord | Snapshot | Bad | SkippedFile,
    now: int,
    bounds: Bounds,
) -> Iterator[Event]:
    """The pieces of what was read; what is beyond the bounds becomes bad before anything of it is given."""
    if isinstance(outcome, SkippedFile):
        yield outcome
        return
    if isinstance(outcome, Bad):
        yield BadRecord(file=file, number=outcome.number, reason=shown(outcome.reason))
        return
    try:
        if isinstance(outcome, Snapshot):
            yield from _snapshot_pieces(file, number, outcome, bounds)
        else:
            yield from _session_pieces(file, fitted(outcome), now, bounds)
    except (Invalid, Unreadable) as problem:
        yield BadRecord(
            file=file,
            number=getattr(outcome, "number", number),
            reason=shown(str(problem)),
        )


def _session_pieces(
    file: str, record: SessionRecord, now: int, bounds: Bounds
) -> Iterator[SessionPiece]:
    messages = record.messages
    stretches = _stretches(messages, bounds)
    if len(stretches) > 1:
        for index, draft in enumerate(messages):
            check_imported(draft, f"messages[{index}]", now)
    for start, end, size in stretches:
        some = record
        if end - start < len(messages):
            some = msgspec.structs.replace(record, messages=messages[start:end])
        if start:  # what is told once comes with the first piece
            some = msgspec.structs.replace(some, tree=frozenset(), remarks=Counter())
        yield SessionPiece(
            file=file,
            number=record.number,
            record=some,
            size=size,
            is_first=start == 0,
            is_last=end == len(messages),
        )


def _snapshot_pieces(
    file: str, number: int, snapshot: Snapshot, bounds: Bounds
) -> Iterator[SnapshotPiece]:
    kept = snapshot.messages
    for start, end, size in _stretches([one.message for one in kept], bounds):
        yield SnapshotPiece(
            file=file,
            number=number,
            session=snapshot.session if start == 0 else None,
            runs=snapshot.runs if start == 0 else [],
            messages=kept[start:end],
            size=size,
            is_last=end == len(kept),
        )


def _stretches(
    messages: Sequence[MessageDraft | Message], bounds: Bounds
) -> list[tuple[int, int, int]]:
    """From where to where the messages go into one transaction, and the bytes of it; one stretch without any.

    Invalid for a message that is larger than one may be.
    """
    stretches: list[tuple[int, int, int]] = []
    start = size = 0
    for index, message in enumerate(messages):
        own = memoryview(message.parts).nbytes + memoryview(message.metadata).nbytes
        if own > bounds.message:
            raise Invalid(f"messages[{index}] has {own:,} bytes: at most {bounds.message:,}")
        is_full = index - start == bounds.messages_at_once or size + own > bounds.bytes_at_once
        if is_full and index > start:
            stretches.append((start, index, size))
            start, size = index, 0
        size += own
    return [*stretches, (start, len(messages), size)]


def shown(reason: str) -> str:
    """The reason for a bad record as it is kept: not too long, and text that every reader takes."""
    short = reason if len(reason) <= REASON else f"{reason[: REASON - 1]}…"
    return sound(short)


def sound(text: str) -> str:
    """The text, with a question mark for half of a surrogate pair, as names of files have them."""
    return text.encode("utf-8", "replace").decode()
