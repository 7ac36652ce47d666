"""Bytes of a foreign file as they come: gunzipped when they are gzipped, counted as they pass."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from hansard.interchange.bounds import Beyond, Bounds, Meter

HEAD = 256 * 1024
CHUNK = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 31
_EMPTY_LIST = re.compile(rb"(\xef\xbb\xbf)?\s*\[\s*\]\s*")
_NOTHING = b"\xef\xbb\xbf \t\r\n[]"


class Truncated(Exception):
    """The bytes end before they should, or there are too many; what came before is good."""


class Stream:
    """A file read once, from its beginning; ``head`` is its first part, to judge the format by.

    ``is_whole`` says that the head is all there is.  ``position`` counts the bytes taken from the file itself,
    compressed ones if it is compressed.  What goes beyond the ``meter`` is not read.
    """

    def __init__(self, file: IO[bytes], meter: Meter | None = None) -> None:
        self._file = file
        self._meter = meter or Meter()
        self._rest = self._opened()
        self._problem: Truncated | None = None
        self.position = 0
        self.is_whole = False
        self.head = self._take_head()

    def chunks(self) -> Iterator[bytes]:
        """Everything from the beginning; Truncated when a compressed file breaks off."""
        if self.head:
            yield self.head
        if self._problem:
            raise self._problem
        yield from self._rest

    def is_empty(self) -> bool:
        """Whether there is nothing, or nothing but an empty array; not where the bytes break off. To be asked instead of reading."""
        try:
            return not any(chunk.strip(_NOTHING) for chunk in self.chunks())
        except Truncated:
            return False

    def is_empty_list(self) -> bool:
        """Whether there is an array of nothing: what an export without sessions is elsewhere."""
        return self._problem is None and _EMPTY_LIST.fullmatch(self.head) is not None

    @property
    def bounds(self) -> Bounds:
        return self._meter.bounds

    def lines(self) -> Iterator[bytes | None]:
        """Everything from the beginning, line by line, without the line ends; None for one that is too long for a record."""
        most = self.bounds.record
        rest: list[bytes] = []
        size = 0
        for chunk in self.chunks():
            first, *others = chunk.split(b"\n")
            size += len(first)
            if size <= most:
                rest.append(first)
            else:
                rest = []
            for other in others:
                yield b"".join(rest) if size <= most else None
                rest, size = [other], len(other)
        if size > most:
            yield None
        elif last := b"".join(rest):
            yield last

    def _take_head(self) -> bytes:
        taken, size = [], 0
        try:
            while size < HEAD:
                chunk = next(self._rest, b"")
                if not chunk:
                    self.is_whole = True
                    break
                taken.append(chunk)
                size += len(chunk)
        except Truncated as problem:
            self._problem = problem
        return b"".join(taken)

    def _opened(self) -> Iterator[bytes]:
        for chunk in self._unpacked():
            try:
                self._meter.unpack(len(chunk), self.position)
            except Beyond as problem:
                raise Truncated(f"{problem}; the rest of it is not read") from problem
            yield chunk

    def _unpacked(self) -> Iterator[bytes]:
        raw = self._raw()
        first = next(raw, b"")
        if first.startswith(_GZIP_MAGIC):
            yield from _gunzipped(first, raw)
        elif first:
            yield first
            yield from raw

    def _raw(self) -> Iterator[bytes]:
        try:
            while data := self._file.read(CHUNK):
                self.position += len(data)
                yield data
        except (zipfile.BadZipFile, zlib.error, EOFError) as problem:
            message = f"the archive is damaged: {problem}"
            raise Truncated(message) from problem


def _gunzipped(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """The content of one or several gzip members in a row; bytes after them are ignored as gzip does."""
    inflate = zlib.decompressobj(_GZIP_FORMAT)
    data = first
    while data or (data := next(rest, b"")):
        try:
            out = inflate.decompress(data, CHUNK)
        except zlib.error as problem:
            message = f"the compressed file is damaged: {problem}"
            raise Truncated(message) from problem
        if out:
            yield out
        data = inflate.unconsumed_tail
        if inflate.eof:
            data = inflate.unused_data.lstrip(b"\0")
            inflate = (
                zlib.decompressobj(_GZIP_FORMAT) if data or (data := next(rest, b"")) else inflate
            )
    if not inflate.eof:
        message = "the compressed file ends too early"
        raise Truncated(message)
