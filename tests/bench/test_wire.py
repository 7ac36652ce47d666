"""The load generator reads whole answers however they arrive.

It counts no answer that it did not expect.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hansard_bench.wire import Load, Sample, Unexpected, expect, request

ASK = request("GET", "/")


@asynccontextmanager
async def answering(*pieces: bytes) -> AsyncIterator[Load]:
    """A server that answers every request with these pieces, a moment apart."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.001)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Load(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",),
        (b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 5\r\n\r\nhe", b"llo"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n",
            b"2\r\nlo\r\n0\r\n\r\n",
        ),
    ],
)
async def test_an_answer_is_whole_however_it_arrives(pieces: tuple[bytes, ...]) -> None:
    async with answering(*pieces) as load:
        answer = await load.ask(ASK)
    assert (answer.status, answer.body) == (200, b"hello")


async def test_not_modified_has_no_body_and_its_tag_is_read() -> None:
    async with answering(b'HTTP/1.1 304 Not Modified\r\nETag: W/"g1"\r\n\r\n') as load:
        answer = await load.ask(ASK)
    assert (answer.status, answer.body, answer.header("etag")) == (304, b"", 'W/"g1"')


async def test_load_goes_on_until_the_time_is_over() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as load:
        sample = await load.saturate([itertools.repeat(ASK)] * 4, 0.1, expect(200, size=0))
    assert sample.count > 4
    assert 0.1 <= sample.seconds < 5
    assert sample.latencies == sorted(sample.latencies)


async def test_only_marked_requests_are_timed_in_turn() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as load:
        sample = await load.in_turn(
            lambda: itertools.cycle([(ASK, False), (ASK, True)]), 5, expect(200)
        )
    assert sample.count == 5


async def test_an_unexpected_answer_ends_the_round() -> None:
    async with answering(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno") as load:
        with pytest.raises(Unexpected, match="answered 500: no"):
            await load.saturate([itertools.repeat(ASK)], 1, expect(200))


def test_percentiles_of_a_sample() -> None:
    sample = Sample(2.0, [0.001 * number for number in range(1, 101)])
    assert (sample.count, sample.rate) == (100, 50.0)
    assert sample.percentile(0.5) == pytest.approx(0.051)
    assert sample.percentile(0.99) == pytest.approx(0.1)
