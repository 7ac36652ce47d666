"""gzip both ways, over the native API and a toy."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
import threading
import zlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from hansard.errors import Invalid, TooLarge
from hansard.http.call import Headers
from hansard.http.compression import (
    accepts_gzip,
    compress,
    is_compressible,
    is_worthwhile,
    unpacked,
)
from hansard.http.msgpack import MSGPACK

if TYPE_CHECKING:
    import httpx

PLAIN = {"Accept-Encoding": "identity"}
GZIP = {"Accept-Encoding": "gzip"}
PACKED = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
LONG_TITLE = "A refund that was refused. " * 60


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("gzip ; q=1.0", True),
        ("", False),
        ("identity", False),
        ("br, zstd", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
    ],
)
def test_gzip_is_sent_to_those_who_accept_it(accepted: str, *, expected: bool) -> None:
    assert accepts_gzip(Headers([(b"accept-encoding", accepted.encode())])) is expected


def test_events_and_images_are_not_packed() -> None:
    kinds = ["application/json; charset=utf-8", "application/problem+json", "text/markdown"]
    assert all(map(is_compressible, kinds))
    assert not any(map(is_compressible, ["text/event-stream", "image/png", "application/zip"]))


def test_long_bytes_that_hardly_shrink_are_left_as_they_are() -> None:
    noise = random.Random(1).randbytes(2**20)
    assert not is_worthwhile(noise)
    assert not is_worthwhile(base64.b64encode(noise))
    assert is_worthwhile(b'{"text": "A refund that was refused."}' * 2**15)
    assert is_worthwhile(noise[:2000])
    assert not is_worthwhile(noise[:1000])


async def test_a_long_answer_is_packed_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[bool] = []
    real = zlib.compress

    def spy(data: bytes, level: int, wbits: int) -> bytes:
        threads.append(threading.current_thread() is threading.main_thread())
        return real(data, level, wbits)

    monkeypatch.setattr(zlib, "compress", spy)
    for size in (2000, 500_000):
        assert gzip.decompress(await compress(b"x" * size)) == b"x" * size
    assert threads == [True, False]


async def _session(client: httpx.AsyncClient, title: str = LONG_TITLE[:190]) -> str:
    body = {"title": title, "metadata": {"why": LONG_TITLE}}
    answer = await client.post("/v1/sessions", json=body, headers=PLAIN)
    assert answer.status_code in {200, 201}, answer.text
    return f"/v1/sessions/{answer.json()['id']}"


async def test_an_answer_of_some_length_is_packed_and_says_so(client: httpx.AsyncClient) -> None:
    path = await _session(client)
    for where in (path, "/v1/sessions", "/openapi/native.json"):
        plain = await client.get(where, headers=PLAIN)
        packed = await client.get(where, headers=GZIP)
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip", where
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
        for answer in (plain, packed):
            assert "accept-encoding" in answer.headers["vary"].lower()
    short = await client.get("/v1/sessions?user=nobody", headers=GZIP)
    assert "content-encoding" not in short.headers
    assert "accept-encoding" in short.headers["vary"].lower()
    head = await client.head("/v1/sessions", headers=GZIP)
    assert head.headers["content-encoding"] == "gzip"
    assert head.content == b""


async def test_a_strong_etag_is_not_that_of_packed_bytes(client: httpx.AsyncClient) -> None:
    path = await _session(client)
    strong = (await client.get(path, headers=PLAIN)).headers["etag"]
    tag = (await client.get(path, headers=GZIP)).headers["etag"]
    assert not strong.startswith("W/")
    assert tag == f"W/{strong}"
    for known in (strong, tag):
        for accept in (PLAIN, GZIP):
            answer = await client.get(path, headers=accept | {"If-None-Match": known})
            assert (answer.status_code, answer.content) == (304, b"")
            assert "content-encoding" not in answer.headers
            assert "accept-encoding" in answer.headers["vary"].lower()
    changed = await client.patch(path, json={"title": "b"}, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    again = await client.patch(path, json={"title": "c"}, headers={"If-Match": tag})
    assert again.status_code == 412


async def test_a_kept_answer_is_packed_once_until_something_changes(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _session(client)
    sizes: list[int] = []
    real = zlib.compress

    def spy(data: bytes, level: int, wbits: int) -> bytes:
        sizes.append(len(data))
        return real(data, level, wbits)

    monkeypatch.setattr(zlib, "compress", spy)
    first = [(await client.get("/v1/sessions", headers=GZIP)).content for _ in range(3)]
    assert len(sizes) == 1
    assert len(set(first)) == 1
    assert (await client.get("/v1/sessions", headers=PLAIN)).content == first[0]
    await _session(client, "another one")
    later = (await client.get("/v1/sessions", headers=GZIP)).json()
    assert later["data"][0]["title"] == "another one"
    assert len(sizes) == 2


async def test_a_download_is_packed_piece_by_piece(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await _session(client, f"session {number}")
    plain = await client.get("/v1/export", headers=PLAIN)
    packed = await client.get("/v1/export", headers=GZIP)
    assert plain.status_code == 200, plain.text
    assert packed.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in packed.headers["vary"].lower()
    lines = [json.loads(line) for line in packed.text.splitlines()]
    assert len(lines) == len(plain.text.splitlines()) >= 3
    assert {"session 0", "session 1", "session 2"} <= {_title(line) for line in lines}


def _title(line: dict[str, Any]) -> object:
    return line.get("title") or line.get("session", {}).get("title")


async def test_a_body_may_come_as_gzip_and_a_retry_packed_otherwise_is_the_same(
    client: httpx.AsyncClient,
) -> None:
    path = await _session(client)
    body = json.dumps({"messages": [{"role": "user", "text": LONG_TITLE}]}).encode()
    retry = PACKED | {"Idempotency-Key": "once"}
    answers = [
        await client.post(f"{path}/messages", content=gzip.compress(body, level, mtime=level),
                          headers=retry)
        for level in (1, 9)
    ]  # fmt: skip
    plain = await client.post(
        f"{path}/messages", content=body, headers=retry | {"Content-Encoding": "identity"}
    )
    assert [answer.status_code for answer in (*answers, plain)] == [201] * 3, answers[0].text
    assert [answer.headers.get("idempotent-replayed") for answer in (*answers, plain)] == [
        None, "true", "true",
    ]  # fmt: skip
    messages = (await client.get(f"{path}/messages")).json()["data"]
    assert [message["parts"] for message in messages] == [[{"type": "text", "content": LONG_TITLE}]]


async def test_messagepack_may_come_packed_and_be_answered_so(client: httpx.AsyncClient) -> None:
    path = await _session(client)
    message = {"role": "user", "text": LONG_TITLE}
    headers = GZIP | {
        "Content-Type": MSGPACK,
        "Accept": MSGPACK,
        "Content-Encoding": "gzip",
    }
    body = gzip.compress(msgspec.msgpack.encode({"messages": [message, message]}))
    answer = await client.post(f"{path}/messages", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    for packed in (
        answer,
        await client.get(f"{path}/messages", headers=GZIP | {"Accept": MSGPACK}),
    ):
        assert packed.headers["content-type"] == MSGPACK
        assert packed.headers["content-encoding"] == "gzip"
        first = msgspec.msgpack.decode(packed.content)["data"][0]
        assert first["parts"] == [{"type": "text", "content": LONG_TITLE}]


async def test_a_broken_or_too_large_gzip_gets_its_error(client: httpx.AsyncClient) -> None:
    whole = gzip.compress(b'{"title":"x"}')
    cases = [
        (b"not gzip", "gzip", 400, "bad_gzip"),
        (whole[:-9], "gzip", 400, "bad_gzip"),
        (whole[:-4] + b"\x01\x00\x00\x00", "gzip", 400, "bad_gzip"),
        (whole + whole, "gzip", 400, "bad_gzip"),
        (whole + b"more", "gzip", 400, "bad_gzip"),
        (b"", "gzip", 400, "bad_gzip"),
        (gzip.compress(b"{"), "gzip", 400, "bad_json"),
        (gzip.compress(b" " * (64 * 1024 * 1024)), "gzip", 413, "body_too_large"),
        (b"{}", "br", 415, "unsupported_media_type"),
        (b"{}", "gzip, gzip", 415, "unsupported_media_type"),
    ]
    for content, encoding, status, code in cases:
        headers = PACKED | {"Content-Encoding": encoding}
        answer = await client.post("/v1/sessions", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), content[:9]


def test_a_gzip_unpacks_to_its_limit_and_no_byte_more() -> None:
    data = gzip.compress(b"x" * 1000)
    assert unpacked(data, 1000) == b"x" * 1000
    with pytest.raises(TooLarge, match="more than 999 bytes"):
        unpacked(data, 999)
    lying = data[:-4] + (10).to_bytes(4, "little")
    with pytest.raises(Invalid, match="whole gzip"):
        unpacked(lying, 2000)


async def test_many_packed_bodies_at_once_are_all_taken(client: httpx.AsyncClient) -> None:
    path = await _session(client)
    body = gzip.compress(
        json.dumps({"messages": [{"role": "user", "text": "x" * 200_000}]}).encode()
    )
    answers = await asyncio.gather(
        *(client.post(f"{path}/messages", content=body, headers=PACKED) for _ in range(8))
    )
    assert [answer.status_code for answer in answers] == [201] * 8
