"""Files that are small and cost much: what an import must bear."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator

MIB = 1024 * 1024
LAST_SEQS = (30_000_000, 2**62)


def exported(last_seq: int) -> bytes:
    """An exported session without a message that says it has so many."""
    at = "2026-01-01T00:00:00Z"
    session = {
        "id": "0190163d-8694-739b-aea5-966c26f8ad91", "version": 1, "kind": "session",
        "resolution": "open", "last_seq": last_seq, "created_at": at, "updated_at": at,
        "active_at": at,
    }  # fmt: skip
    return json.dumps({"hansard": 1, "session": session}).encode()


def repeated(piece: bytes, size: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """A piece as often as it takes to reach a size, gzipped."""
    return gzip.compress(before + piece * (size // len(piece)) + after)


def zipped(data: bytes, times: int) -> bytes:
    """An archive of the same bytes under several names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(times):
            archive.writestr(f"conversations-{number:03}.json", data)
    return out.getvalue()


def files(size: int = 63 * MIB) -> Iterator[tuple[str, str, bytes]]:
    """What each is, the format as which it is sent, and its bytes.

    Gzipped they unpack to ``size``.
    """
    for last_seq in LAST_SEQS:
        yield f"a last_seq of {last_seq}", "hansard", exported(last_seq)
    yield "empty objects in an array", "chatgpt", repeated(b"{},", size, b"[", b"{}]")
    yield "lines that are no JSON", "auto", repeated(b"x\n", size // 8)
    yield "lines that are no JSON, named", "openai", repeated(b"x\n", size // 8)
    record = b'[{"id": "s", "messages": ['
    yield "one record of empty lists", "openai", repeated(b"[],", size, record, b"[]]}]")
    yield "one record of empty messages", "openai", repeated(b"{},", size, record, b"{}]}]")
    yield "one record of roles", "openai", repeated(b'{"role":"user"},', size, record, b"{}]}]")
    yield "nothing but brackets", "openai", repeated(b"[", size, b"[")
    yield (
        "brackets that close otherwise",
        "openai",
        repeated(b"[{", size // 2, b"[") + repeated(b"]}", size // 2),
    )
    yield "one text", "openai", repeated("é漢😀".encode(), size, b'[{"messages": "', b'"}]')
    yield "a line without an end", "claude-code", repeated(b"[],", size, b'{"a": [')
    yield "lines of small messages", "auto", repeated(b'{"role":"user","content":""}\n', size)
    yield "blanks", "auto", repeated(b" ", size)
    message = b'{"id":"m","seq":1,"role":"user","created_at":"2024-01-01","parts":[{"type":"a"}]},'
    line = exported(0)[:-1] + b',"messages":['
    yield "an export of small messages", "hansard", repeated(message, size, line, b"{}]}")
