"""What is read of files, in the order in which it is stored: a bounded piece at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from hansard.errors import Invalid
from hansard.interchange import formats
from hansard.interchange.bounds import REASON, Bounds
from hansard.interchange.detection import detected, has_content
from hansard.interchange.documents import Document
from hansard.interchange.records import Rules, SessionRecord, Unreadable, fitted
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad
from hansard.model import Message, MessageDraft, Run, Session
from hansard.model.bounds import check_imported
from hansard.model.checkpoint import Checkpoint
from hansard.model.document import Document as StoredDocument
from hansard.model.note import Note
from hansard.model.score import Score
from hansard.model.transfer import Kept, Snapshot


class SessionPiece(Struct, frozen=True, kw_only=True, tag=True):
    """Some messages of a foreign session: its first ones, or those that follow."""

    file: str
    number: int
    record: SessionRecord
    size: int
    is_first: bool
    is_last: bool


class SnapshotPiece(Struct, frozen=True, kw_only=True, tag=True):
    """Some messages of an exported session, of so many bytes.

    The session itself comes with the first of them.
    """

    file: str
    number: int
    session: Session | None
    runs: list[Run]
    messages: list[Kept]
    notes: list[Note] = []
    scores: list[Score] = []
    documents: list[StoredDocument] = []
    checkpoints: list[Checkpoint] = []
    size: int
    is_last: bool

    @property
    def beside(
        self,
    ) -> tuple[list[Note], list[Score], list[StoredDocument], list[Checkpoint]]:
        """What a snapshot has beside its session, runs and messages, in its order."""
        return self.notes, self.scores, self.documents, self.checkpoints


class DocumentPiece(Struct, frozen=True, kw_only=True, tag=True):
    """An exported document that belongs to no session."""

    document: StoredDocument


class BadRecord(Struct, frozen=True, kw_only=True, tag=True):
    file: str
    number: int
    reason: str


class RecognisedFile(Struct, frozen=True, kw_only=True, tag=True):
    """A file whose format was found out, or named."""

    file: str
    format: str


class SkippedFile(Struct, frozen=True, kw_only=True, tag=True):
    """A file from which nothing is read: it is empty, or of no known format, for this reason.

    ``chosen`` says that the caller named it.
    """

    file: str
    reason: str
    chosen: bool
    is_empty: bool = False


class Reached(Struct, frozen=True, kw_only=True, tag=True):
    """So many bytes of a file of ``size`` are read."""

    file: str
    position: int
    size: int | None


Event = (
    SessionPiece
    | SnapshotPiece
    | DocumentPiece
    | BadRecord
    | RecognisedFile
    | SkippedFile
    | Reached
)
Record = SessionRecord | Snapshot | StoredDocument | Bad
Outcome = Record | RecognisedFile | SkippedFile


def read(
    documents: Iterable[Document], format_: formats.Format | None, rules: Rules, bounds: Bounds
) -> Iterator[Event]:
    """Everything that is in the documents."""
    for document in documents:
        name = sound(document.name)
        with document.stream() as stream:
            position = number = 0
            for outcome in _outcomes(document, stream, format_, rules):
                if isinstance(outcome, RecognisedFile | SkippedFile):
                    yield outcome
                    continue
                number += 1
                yield from _events(name, number, outcome, rules.now, bounds)
                if stream.position != position:
                    position = stream.position
                    yield Reached(file=name, position=position, size=document.size)
            yield Reached(file=name, position=stream.position, size=document.size)


def _outcomes(
    document: Document, stream: Stream, format_: formats.Format | None, rules: Rules
) -> Iterator[Outcome]:
    """What is in a document.

    An export without sessions, and an empty file whose format is named, hold nothing.
    """
    if stream.is_empty_list() or (format_ is not None and _is_empty(stream)):
        yield SkippedFile(file=sound(document.name), reason=_EMPTY, chosen=False, is_empty=True)
    elif format_ is not None:
        yield RecognisedFile(file=sound(document.name), format=format_.name)
        outcomes = format_.read(document, stream, rules)
        yield from outcomes if document.is_part else _checked(format_, outcomes)
    else:
        yield from _detected(document, stream, rules)


def _detected(document: Document, stream: Stream, rules: Rules) -> Iterator[Outcome]:
    detection = detected(document, stream, rules)
    name, format_ = sound(document.name), detection.format
    if format_ is None:
        is_empty = _is_empty(stream)
        reason = _EMPTY if is_empty else detection.reason()
        yield SkippedFile(file=name, reason=reason, chosen=document.chosen, is_empty=is_empty)
        return
    yield RecognisedFile(file=name, format=format_.name)
    if detection.outcomes is not None:
        yield from detection.outcomes
    else:
        yield from _checked(format_, format_.read(document, stream, rules))


def _is_empty(stream: Stream) -> bool:
    return stream.is_whole and not stream.head.strip(_BLANK)


def _checked(format_: formats.Format, outcomes: Iterable[Record]) -> Iterator[Outcome]:
    """What is read.

    A bad record at the end when there was nothing with content, and nothing bad.
    """
    is_something = False
    for outcome in outcomes:
        is_something = is_something or isinstance(outcome, Bad) or has_content(outcome)
        yield outcome
    if not is_something:
        yield Bad(0, f"it is taken for {format_.name}, and no message with content is in it")


_EMPTY = "it is empty: there is nothing to import"
_BLANK = b"\xef\xbb\xbf \t\r\n"


def _events(
    file: str,
    number: int,
    outcome: Record,
    now: int,
    bounds: Bounds,
) -> Iterator[Event]:
    """The pieces of what was read.

    What is beyond the bounds becomes bad before anything of it is given.
    """
    if isinstance(outcome, Bad):
        yield BadRecord(file=file, number=outcome.number, reason=shown(outcome.reason))
        return
    if isinstance(outcome, StoredDocument):
        yield DocumentPiece(document=outcome)
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
            some = msgspec.structs.replace(some, remarks=Counter())
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
    for start, end, size in _stretches([chained.message for chained in kept], bounds):
        yield SnapshotPiece(
            file=file,
            number=number,
            session=snapshot.session if start == 0 else None,
            runs=snapshot.runs if start == 0 else [],
            notes=snapshot.notes if start == 0 else [],
            scores=snapshot.scores if start == 0 else [],
            documents=snapshot.documents if start == 0 else [],
            checkpoints=snapshot.checkpoints if start == 0 else [],
            messages=kept[start:end],
            size=size,
            is_last=end == len(kept),
        )


def _stretches(
    messages: Sequence[MessageDraft | Message], bounds: Bounds
) -> list[tuple[int, int, int]]:
    """From where to where the messages go into one transaction, and the bytes of it.

    One stretch without any.

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
