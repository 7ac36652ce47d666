"""Bytes of a foreign file as they come.

They are unpacked where they are packed, decoded as UTF-8, and counted.
"""

from __future__ import annotations

import codecs
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import IO

from hansard.interchange.bounds import Beyond, Bounds, Meter

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

HEAD, LONG_HEAD = 256 * 1024, 8 * 1024 * 1024
CHUNK = 256 * 1024
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 31
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The longer marks first: the one of UTF-32 begins like that of UTF-16."""
_EMPTY_LIST = re.compile(rb"(\xef\xbb\xbf)?\s*\[\s*\]\s*")


class Truncated(Exception):
    """The bytes end before they should, or there are too many; what came before is good."""


class Stream:
    """A file read once, from its beginning; ``head`` is its first part, to judge the format by.

    ``encoding`` is that of the file; what comes out is UTF-8.  ``is_whole`` says that the head is
    all there is.  ``position`` counts the bytes taken from the file itself, compressed ones if it
    is compressed.  What goes beyond the ``meter`` is not read.
    """

    def __init__(self, file: IO[bytes], meter: Meter | None = None) -> None:
        self._file = file
        self._meter = meter or Meter()
        self._rest = self._opened()
        self._problem: Truncated | None = None
        self.position = 0
        self.is_whole = False
        self.encoding = "utf-8"
        self.head = b""
        self._take_head(HEAD)

    def lengthen_head(self) -> bool:
        """Take up to ``LONG_HEAD`` bytes as the head; whether it is longer now.

        One long text may stand before all that tells the format.
        """
        before = len(self.head)
        if not self.is_whole and self._problem is None:
            self._take_head(LONG_HEAD)
        return len(self.head) > before

    def chunks(self) -> Iterator[bytes]:
        """Everything from the beginning; Truncated when a compressed file breaks off."""
        if self.head:
            yield self.head
        if self._problem:
            raise self._problem
        yield from self._rest

    def is_empty_list(self) -> bool:
        """Whether there is an array of nothing: what an export without sessions is elsewhere."""
        return self._problem is None and _EMPTY_LIST.fullmatch(self.head) is not None

    @property
    def bounds(self) -> Bounds:
        return self._meter.bounds

    def lines(self) -> Iterator[bytes | None]:
        """Everything from the beginning, line by line, without the line ends.

        None for one that is too long for a record.
        """
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

    def _take_head(self, most: int) -> None:
        taken, size = [self.head], len(self.head)
        try:
            while size < most:
                chunk = next(self._rest, b"")
                if not chunk:
                    self.is_whole = True
                    break
                taken.append(chunk)
                size += len(chunk)
        except Truncated as problem:
            self._problem = problem
        self.head = b"".join(taken)

    def _opened(self) -> Iterator[bytes]:
        for chunk in self._transcoded(self._unpacked()):
            try:
                self._meter.unpack(len(chunk), self.position)
            except Beyond as problem:
                raise Truncated(f"{problem}; the rest of it is not read") from problem
            yield chunk

    def _transcoded(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """UTF-16 and UTF-32 that bear their mark, as UTF-8; anything else as it is."""
        first = next(chunks, b"")
        encoding = next((name for mark, name in _MARKS if first.startswith(mark)), None)
        if encoding is None:
            if first:
                yield first
            yield from chunks
            return
        self.encoding = encoding
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        for chunk in chain([first], chunks):
            if text := decoder.decode(chunk):
                yield text.encode("utf-8", "replace")
        if rest := decoder.decode(b"", final=True):
            yield rest.encode("utf-8", "replace")

    def _unpacked(self) -> Iterator[bytes]:
        raw = self._raw()
        first = next(raw, b"")
        if first.startswith(_GZIP_MAGIC):
            yield from _gunzipped(first, raw)
        elif first.startswith(_ZSTD_MAGIC):
            yield from _unzstd(first, raw)
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
    """The content of one or several gzip members in a row.

    Bytes after them are ignored as gzip does.
    """
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


def _unzstd(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """The content of one or several Zstandard frames in a row."""
    inflate = zstd.ZstdDecompressor()
    data = first
    while data or (data := next(rest, b"")):
        try:
            out = inflate.decompress(data, CHUNK)
            while out or not (inflate.needs_input or inflate.eof):
                yield out
                out = b"" if inflate.eof else inflate.decompress(b"", CHUNK)
        except zstd.ZstdError as problem:
            message = f"the compressed file is damaged: {problem}"
            raise Truncated(message) from problem
        data = b""
        if inflate.eof:
            data = inflate.unused_data
            is_through = not data and not (data := next(rest, b""))
            inflate = inflate if is_through else zstd.ZstdDecompressor()
    if not inflate.eof:
        message = "the compressed file ends too early"
        raise Truncated(message)
