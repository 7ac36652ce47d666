"""The formats that can be imported; each is one file with ``name``, ``sniff`` and ``read``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from hansard.interchange.documents import Document
from hansard.interchange.formats import chatgpt, claude_code, hansard, openai, pocketpaw
from hansard.interchange.formats.shape import Shape, shape_of
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad
from hansard.model.transfer import Snapshot


class Format(Protocol):
    """One foreign format.

    ``sniff`` judges by the file's name and first part; ``read`` yields every session, as a record
    or, from a store of ours, as a snapshot, and a Bad one for each that cannot be read.
    """

    name: str

    def sniff(self, document: Document, shape: Shape) -> bool: ...

    def read(
        self, document: Document, stream: Stream, rules: Rules
    ) -> Iterator[SessionRecord | Snapshot | Bad]: ...


FORMATS: tuple[Format, ...] = (hansard, claude_code, chatgpt, pocketpaw, openai)
"""In the order in which they are asked: the narrowest first."""

NAMES = tuple(sorted(format_.name for format_ in FORMATS))


def named(name: str) -> Format | None:
    return next((format_ for format_ in FORMATS if format_.name == name), None)


def sniffed(document: Document, stream: Stream) -> Format | None:
    """The first format that takes the document for its own."""
    shape = shape_of(stream.head)
    return next((format_ for format_ in FORMATS if format_.sniff(document, shape)), None)
