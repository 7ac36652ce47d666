"""Compress long texts where a backend stores them.

What agents and their tools write repeats itself.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hansard.errors import StoreUnavailable

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

_HEAD, _TAIL = '[{"type":"text","content":', "}]"
_HEAD_BYTES, _TAIL_BYTES = _HEAD.encode(), _TAIL.encode()
"""Around the one text that most messages are: it is stored without them, as a JSON string. No
parts begin with a quotation mark."""
_SHORT = 256
"""Characters; below it little is saved, and most of what people say is read without unpacking."""
_WORTH = 0.9
_LARGE, _FRAME_HEAD = 1 << 16, 5
_LEVEL = 1


def packer() -> Callable[..., str | bytes]:
    """A function that packs the parts of messages, for one thread.

    One that would not become a tenth shorter is not compressed. What a store from before has is
    not ``bare``: it keeps what is around the one text of most messages.
    """
    pack = zstd.ZstdCompressor(_LEVEL)

    def packed(text: str, *, bare: bool = True) -> str | bytes:
        if bare and text.startswith(_HEAD + '"') and text.endswith('"' + _TAIL):
            text = text[len(_HEAD) : -len(_TAIL)]
        if len(text) < _SHORT:
            return text
        plain = text.encode()
        short = pack.compress(plain, pack.FLUSH_FRAME)
        return short if len(short) < len(plain) * _WORTH else text

    return packed


def unpacked(stored: str | bytes) -> str | bytes:
    """The text, in UTF-8 where it was packed. Raises StoreUnavailable when it is damaged."""
    if isinstance(stored, str):
        return f"{_HEAD}{stored}{_TAIL}" if stored[:1] == '"' else stored
    try:
        text = zstd.decompress(stored)
    except zstd.ZstdError as problem:
        raise _damaged() from problem
    return _HEAD_BYTES + text + _TAIL_BYTES if text[:1] == b'"' else text


def large_size(stored: str | bytes) -> int:
    """How long the text is once it is unpacked, where that is some 64 KiB and more.

    0 for a shorter one.

    A frame says so in its head: from that length on, its fifth byte has the highest bit.
    """
    if isinstance(stored, str):
        return len(stored) if len(stored) >= _LARGE else 0
    if len(stored) < _FRAME_HEAD or stored[_FRAME_HEAD - 1] < 1 << 7:
        return 0
    try:
        return zstd.get_frame_info(stored).decompressed_size or len(stored)
    except zstd.ZstdError as problem:
        raise _damaged() from problem


def _damaged() -> StoreUnavailable:
    return StoreUnavailable(
        "what is stored here is damaged: 'hansard verify' says where",
        code="store_corrupt",
        retry_after=60,
    )
