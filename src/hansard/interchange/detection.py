"""Detect the format of a file.

It is the first format whose marks the file has and that reads a message with content.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from msgspec import Struct

from hansard.interchange.documents import Document
from hansard.interchange.formats import Format, every
from hansard.interchange.formats.shape import Companion, Shape, ends_in_long_text, shape_of
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad
from hansard.model.document import Document as StoredDocument
from hansard.model.transfer import Snapshot

Outcome = SessionRecord | Snapshot | StoredDocument | Bad
_NOTHING = "it reads no message with content"
_NEAR = 2
"""How many keys of a format a file must have to be called similar to it."""


class Judgement(Struct, frozen=True):
    """Why a format declined a file; ``reason`` is None for the one that took it."""

    format: str
    reason: str | None


class Detection(Struct, frozen=True, kw_only=True):
    """What a file is taken for: ``format`` is None where none takes it.

    ``outcomes`` are all that is in the file where it was read for the judgement; ``seen`` is what a
    person is told of it, ``near`` the format that it resembles most.
    """

    format: Format | None
    judgements: tuple[Judgement, ...]
    seen: str
    near: str | None
    outcomes: tuple[Outcome, ...] | None = None

    def reason(self) -> str:
        """Why no format takes the file, in a sentence."""
        declined = {judgement.format: judgement.reason for judgement in self.judgements}
        known = declined.get(self.near or "")
        if isinstance(known, Companion) and not known.startswith(_NOTHING):
            return f"{known} ({self.near}; {self.seen})"
        near = f"; it resembles {self.near}, but {declined[self.near]}" if self.near else ""
        return f"it is of no known format: {self.seen}{near}"


def detected(document: Document, stream: Stream, rules: Rules) -> Detection:
    """Ask the formats in turn; a file that fits into the stream's head is read whole on the way.

    They are asked again with a longer head where none takes the file, and asked with that at once
    where one text fills most of it.
    """
    if not stream.is_whole and ends_in_long_text(stream.head):
        stream.lengthen_head()
    judged = _judged(document, stream, rules)
    if judged.format is None and stream.lengthen_head():
        return _judged(document, stream, rules)
    return judged


def _judged(document: Document, stream: Stream, rules: Rules) -> Detection:
    shape = shape_of(stream.head)
    judgements: list[Judgement] = []
    for format_ in every():
        reason = format_.sniff(document, shape)
        outcomes = None
        if reason is None:
            outcomes, reason = _tried(format_, document, stream, rules)
        judgements.append(Judgement(format_.name, reason))
        if reason is None:
            return _answer(format_, judgements, stream, shape, outcomes)
    return _answer(None, judgements, stream, shape, None)


def explained(document: Document, stream: Stream, rules: Rules) -> Detection:
    """The same with the judgement of every format, also behind the one that takes the file."""
    taken = detected(document, stream, rules)
    judged = len(taken.judgements)
    shape = shape_of(stream.head)
    others = [
        Judgement(format_.name, format_.sniff(document, shape) or "an earlier format takes it")
        for format_ in every()[judged:]
    ]
    return Detection(
        format=taken.format,
        judgements=(*taken.judgements, *others),
        seen=taken.seen,
        near=taken.near,
    )


def _answer(
    format_: Format | None,
    judgements: list[Judgement],
    stream: Stream,
    shape: Shape,
    outcomes: tuple[Outcome, ...] | None,
) -> Detection:
    return Detection(
        format=format_,
        judgements=tuple(judgements),
        seen=_described(stream, shape),
        near=None if format_ else _nearest(shape, judgements),
        outcomes=outcomes,
    )


def _described(stream: Stream, shape: Shape) -> str:
    """What the file looks like: its encoding, its outer shape, its first keys."""
    if stream.encoding == "utf-8" and not _is_text(stream.head):
        return "bytes that are not text in UTF-8"
    return f"{stream.encoding.upper()}, {shape.described()}"


def _is_text(head: bytes) -> bool:
    """Whether the bytes are text; the last character may be cut off."""
    try:
        text, _ = codecs.utf_8_decode(head)
    except UnicodeDecodeError:
        return False
    return "\0" not in text


def _nearest(shape: Shape, judgements: list[Judgement]) -> str | None:
    """The format with most of its keys in the file.

    One that knows it, but read nothing from it, comes first.
    """
    fitting = [
        judgement.format for judgement in judgements if isinstance(judgement.reason, Companion)
    ]
    if fitting:
        return fitting[0]
    scores = [
        (len(shape.keys & set(candidate.marks)) / len(candidate.marks), candidate)
        for candidate in every()
    ]
    score, best = max(scores, key=lambda pair: pair[0])
    return best.name if score * len(best.marks) >= _NEAR else None


def _tried(
    format_: Format, document: Document, stream: Stream, rules: Rules
) -> tuple[tuple[Outcome, ...] | None, str | None]:
    """What the format reads from the stream's head, and why that is nothing.

    All where the head is the whole file.
    """
    if document.is_database:
        return None, None
    first_bad = ""
    outcomes: list[Outcome] = []
    for outcome in _read_head(format_, document, stream, rules):
        outcomes.append(outcome)
        if isinstance(outcome, Bad):
            first_bad = first_bad or outcome.reason
        elif has_content(outcome) and not stream.is_whole:
            return None, None
    if any(has_content(candidate) for candidate in outcomes if not isinstance(candidate, Bad)):
        return tuple(outcomes), None
    if not stream.is_whole:
        return None, None  # the first record is longer than the head: the end of the file will say
    why = f": {first_bad}" if first_bad else ""
    return None, Companion(f"{_NOTHING}{why}")


def _read_head(
    format_: Format, document: Document, stream: Stream, rules: Rules
) -> Iterator[Outcome]:
    yield from format_.read(document, Stream(io.BytesIO(stream.head)), rules)


def has_content(outcome: SessionRecord | Snapshot | StoredDocument) -> bool:
    """Whether a session has a message that says something.

    What comes from a store of ours always counts.
    """
    if isinstance(outcome, Snapshot | StoredDocument):
        return True
    return any(message.text or bytes(message.parts) != _BLANK for message in outcome.messages)


_BLANK = b'[{"type":"text","content":""}]'
