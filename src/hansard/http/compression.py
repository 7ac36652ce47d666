"""gzip both ways: bodies that come packed, and answers for those who accept them so.

Whoever reads the lengths of packed answers and adds text to them could learn the rest of their
text. So no answer holds a secret that lasts: a key is shown once, the proof in a form is new in
each page.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import msgspec

from hansard.errors import Invalid, TooLarge
from hansard.http.route import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hansard.http.call import Headers

GZIP = "gzip"
_PLAIN = ("", "identity")
_SHORTEST = 1024
"""An answer that is shorter gains nothing: its headers are as long."""
_LONG = 128 * 1024
"""From this size on packing would hold the event loop for too long."""
_TESTED = 1024 * 1024
"""From this size on a sample is packed first, to see whether the body shrinks."""
_SAMPLE = 32 * 1024
_LEAST_GAIN = 0.3
"""The share that packing must save: bytes in base64 shrink by a quarter, at 30 ms for a MiB."""
_LEVEL = 4
_FORMAT = 31
"""zlib's number for the format of gzip."""
_TRAILER = 4
_TYPES = frozenset({"application/json", "application/x-ndjson", "application/msgpack"})


def accepts_gzip(headers: Headers) -> bool:
    """Whether ``Accept-Encoding`` names gzip, or ``*`` where it does not, with a weight above 0."""
    accepted = headers.get("accept-encoding").lower()
    if accepted in {"", "identity"}:
        return False
    weights = {
        name.strip(): _is_positive(weight)
        for name, _, weight in (piece.partition(";") for piece in accepted.split(","))
    }
    return weights.get(GZIP, weights.get("*", False))


def _is_positive(weight: str) -> bool:
    name, _, value = weight.partition("=")
    return name.strip() != "q" or value.strip().strip("0.") != ""


def is_compressible(media_type: str) -> bool:
    """Whether a body of this type becomes shorter and may wait until a part of it is full."""
    kind = media_type.partition(";")[0].strip().lower()
    return kind in _TYPES or kind.endswith("+json") or _is_text(kind)


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") and kind != "text/event-stream"


def is_worthwhile(body: bytes) -> bool:
    """Whether packing saves enough; of a very long body its middle answers that."""
    if len(body) < _TESTED:
        return len(body) >= _SHORTEST
    middle = (len(body) - _SAMPLE) // 2
    packed = zlib.compress(body[middle : middle + _SAMPLE], 1)
    return len(packed) <= _SAMPLE * (1 - _LEAST_GAIN)


async def compress(body: bytes) -> bytes:
    """The body as gzip, without a time; a long one is packed off the event loop."""
    if len(body) < _LONG:
        return zlib.compress(body, _LEVEL, _FORMAT)
    return await asyncio.to_thread(zlib.compress, body, _LEVEL, _FORMAT)


def is_to_shrink(reply: Reply, headers: Headers) -> bool:
    """Whether the caller takes this answer as gzip, and it is worth it."""
    return (
        not reply.encoding
        and isinstance(reply.body, bytes)
        and len(reply.body) >= _SHORTEST
        and accepts_gzip(headers)
        and is_worthwhile(reply.body)
        and is_compressible(reply.media_type or "application/json")
    )


async def compressed(reply: Reply) -> Reply:
    """The answer as gzip."""
    return msgspec.structs.replace(reply, body=await compress(reply.body), encoding=GZIP)


async def compressed_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces as one gzip. It lacks its end where they break off."""
    packing = zlib.compressobj(_LEVEL, wbits=_FORMAT)
    async for piece in pieces:
        if len(piece) < _LONG:
            packed = packing.compress(piece)
            await asyncio.sleep(0)  # nothing else lets the loop go on while no part is full
        else:
            packed = await asyncio.to_thread(packing.compress, piece)
        if packed:
            yield packed
    yield packing.flush()


def weak(tag: str) -> str:
    """The ETag of an answer that was packed: a strong one stands for the plain bytes."""
    return tag if tag.startswith("W/") else f"W/{tag}"


def is_gzip(encoding: str) -> bool:
    """Whether a body came as gzip. Invalid for any encoding but this and none."""
    encoding = encoding.strip().lower()
    if encoding in _PLAIN:
        return False
    if encoding == GZIP:
        return True
    raise Invalid(
        f"the body is encoded with {encoding}: send it plain or as gzip",
        code="unsupported_media_type",
        param="Content-Encoding",
    )


def unpacked_size(data: bytes) -> int:
    """The size that the last bytes of a gzip name; ``unpacked`` refuses one that holds more."""
    return int.from_bytes(data[-_TRAILER:], "little")


def unpacked(data: bytes, limit: int) -> bytes:
    """What a gzip holds. TooLarge above ``limit`` bytes, Invalid for what is not one whole gzip."""
    unpacking = zlib.decompressobj(_FORMAT)
    try:
        plain = unpacking.decompress(data, min(unpacked_size(data), limit) + 1)
    except zlib.error as problem:
        raise Invalid("the body is not valid gzip", code="bad_gzip") from problem
    if len(plain) > limit:
        raise TooLarge(
            f"the body unpacks to more than {limit:,} bytes: send less at once",
            code="body_too_large",
            limit=limit,
        )
    if not unpacking.eof or unpacking.unused_data:
        raise Invalid(
            "the body is not one whole gzip: it ends early, or something follows it",
            code="bad_gzip",
        )
    return plain
