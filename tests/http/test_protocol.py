"""What a connection takes, and how it refuses: against uvicorn over a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import pytest
import uvicorn
from msgspec import Struct
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hansard.access import ALL_SCOPES
from hansard.app import opened
from hansard.http.application import Application
from hansard.http.call import Call
from hansard.http.protocol import HEAD_BYTES, HEADERS, BoundedProtocol
from hansard.http.route import MIB, Dialect, Failure, Route
from hansard.http.socket_protocol import FRAGMENTS, BoundedWebSocket
from hansard.service import Service
from hansard.settings import Settings
from tests.support.postgres_cluster import free_port

GET = b"GET /toy/echo HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST /toy/take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"


class Quick(BoundedProtocol):
    head_seconds = 0.5
    body_seconds = 0.5


class Body(Struct):
    text: str


async def echo(call: Call[None, None]) -> dict[str, object]:
    """Echo the headers."""
    return {"headers": sorted({name.decode() for name, _ in call.scope["headers"]})}


async def take(call: Call[None, Body]) -> dict[str, object]:
    """Take a body."""
    return {"size": len(call.body.text), "mark": call.headers.get("x-mark")}


async def talk(socket: WebSocket, _caller: object) -> None:
    """Say hello, then how long each text is."""
    await socket.accept()
    await socket.send_text("hello")
    while True:
        try:
            await socket.send_text(str(len(await socket.receive_text())))
        except WebSocketDisconnect:
            return


def shape(failure: Failure) -> dict[str, object]:
    return {
        "oops": failure.error.code,
        "path": failure.path,
        "request": failure.request_id,
    }


DIALECT = Dialect(
    name="toy",
    title="Toy",
    description="A toy.",
    prefixes=("/",),
    routes=(
        Route("GET /toy/echo", echo, public=True),
        Route("POST /toy/take", take, public=True, body=Body, body_limit=MIB),
        Route("POST /toy/refuse", take, scope="sessions:write", body=Body, body_limit=MIB),
    ),
    error=shape,
    sockets={"/toy/ws": talk},
)


class Toy(Struct):
    """The server's port, and a key of its store."""

    port: int
    key: str

    async def exchange(self, *pieces: bytes, pause: float = 0.0) -> list[bytes]:
        """Send the pieces and return each answer.

        Ends when the server closes or is silent for two seconds.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        with contextlib.suppress(OSError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
        received = b""
        with contextlib.suppress(TimeoutError):
            with contextlib.suppress(OSError):
                while chunk := await asyncio.wait_for(reader.read(MIB), 2):
                    received += chunk
            received += b"HTTP/1.1 closed"
        writer.close()
        return received.split(b"HTTP/1.1 ")[1:]


@pytest.fixture(scope="module")
async def toy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Toy]:
    store = f"sqlite:///{tmp_path_factory.mktemp('toy') / 'hansard.db'}"
    async with opened(Settings(store=store)) as service:
        principal = service.workspaces.operator(await service.workspaces.create("toy"))
        key = (await service.keys.create(principal, "toy", ALL_SCOPES))[0]
        port = free_port()
        async with served(service, port):
            yield Toy(port, key)


@contextlib.asynccontextmanager
async def served(service: Service, port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(
        Application(service, (DIALECT,)),
        port=port,
        http=Quick,
        ws=BoundedWebSocket,
        ws_max_size=MIB,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn says it with a flag
        await asyncio.sleep(0.01)
    yield
    server.should_exit = True
    await serving


def refusal(answers: list[bytes]) -> tuple[int, dict[str, str], bytes]:
    """The status, body and head of the only answer, after which the connection was closed."""
    answer, closed = answers
    assert closed == b"closed"
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head
    return int(answer[:3]), json.loads(body), head


@pytest.mark.parametrize(
    ("data", "status", "code", "path"),
    [
        (GET + b"X: " + b"a" * HEAD_BYTES + b"\r\n\r\n", 431, "headers_too_large", "/toy/echo"),
        (GET + b"X: a\r\n" * HEADERS + b"\r\n", 431, "headers_too_large", "/toy/echo"),
        (GET + b"a:\r\n" * 5000, 431, "headers_too_large", "/toy/echo"),
        (b"GET /toy/echo?x=" + b"a" * HEAD_BYTES, 414, "uri_too_long", "/toy/echo"),
        (b"GET /" + b"%ff" * HEAD_BYTES, 414, "uri_too_long", None),
        (b"\r\n" * HEAD_BYTES, 431, "headers_too_large", "/"),
        (b"\x16\x03\x01\x02", 400, "bad_request", "/"),
        (CHUNKED + b"\r\n1;" + b"a" * 2 * HEAD_BYTES, 431, "headers_too_large", "/toy/take"),
        (CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX: " + b"a" * 2 * HEAD_BYTES, 431, "headers_too_large",
            "/toy/take"),
        (GET, 408, "request_timeout", "/toy/echo"),
        (b"POST /toy/take HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{", 408,
            "request_timeout", "/toy/take"),
        (CHUNKED + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n", 400, "bad_request",
            "/toy/take"),
        (b"GET /toy/echo HTTP/1.1\r\n\r\n", 400, "bad_request", "/toy/echo"),
        (GET + b"host: y\r\n\r\n", 400, "bad_request", "/toy/echo"),
        (b"GET /toy/echo HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n", 400, "bad_request", "/toy/echo"),
    ],
)  # fmt: skip
async def test_a_refusal_has_the_apis_shape_and_ends_the_connection(
    toy: Toy, data: bytes, status: int, code: str, path: str | None
) -> None:
    got, body, head = refusal(await toy.exchange(data))
    assert (got, body["oops"]) == (status, code)
    assert path is None or body["path"] == path
    assert b"x-request-id: " + body["request"].encode() in head.lower()


async def test_the_callers_request_id_is_in_the_refusal(toy: Toy) -> None:
    data = GET + b"X-Request-ID: mine\r\nX: " + b"a" * HEAD_BYTES
    assert refusal(await toy.exchange(data))[1]["request"] == "mine"


async def test_a_request_of_http_1_0_needs_no_host(toy: Toy) -> None:
    assert (await toy.exchange(b"GET /toy/echo HTTP/1.0\r\n\r\n"))[0].startswith(b"200")


async def test_a_head_within_the_bounds_is_read(toy: Toy) -> None:
    query = (
        b"GET /toy/echo?x=" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert (await toy.exchange(query))[0].startswith(b"200")
    many = GET + b"".join(b"x-%d: a\r\n" % number for number in range(HEADERS - 2))
    assert (await toy.exchange(many + b"Connection: close\r\n\r\n"))[0].startswith(b"200")


async def test_a_body_in_chunks_of_a_byte_is_read(toy: Toy) -> None:
    text = b'{"text":"' + b"a" * 200_000 + b'"}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n"
    assert b'"size":200000' in (await toy.exchange(CHUNKED + b"\r\n" + chunks))[0]


async def test_a_trailer_is_no_header(toy: Toy) -> None:
    body = b'c\r\n{"text":"a"}\r\n0\r\nX-Mark: smuggled\r\n\r\n'
    answer, *_ = await toy.exchange(CHUNKED + b"\r\n" + body)
    assert answer.startswith(b"200")
    assert b"smuggled" not in answer


async def test_answers_under_way_go_out_before_a_refusal_closes(toy: Toy) -> None:
    answers = await toy.exchange((GET + b"\r\n") * 2 + GET + b"X: " + b"a" * 2 * HEAD_BYTES)
    assert [answer[:3] for answer in answers] == [b"200", b"200", b"clo"]


async def test_requests_ahead_of_their_answers_are_bounded(toy: Toy) -> None:
    *answers, closed = await toy.exchange((GET + b"\r\n") * 500)
    assert closed == b"closed"
    assert 1 <= len(answers) <= 100
    assert {answer[:3] for answer in answers} == {b"200"}


async def test_a_body_behind_its_answer_is_dropped_and_has_an_end(toy: Toy) -> None:
    head = b"POST /toy/refuse HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    answers = await toy.exchange(head % MIB + b" " * MIB + GET + b"\r\n")
    assert [answer[:3] for answer in answers[:2]] == [b"401", b"200"]
    reader, writer = await asyncio.open_connection("127.0.0.1", toy.port)
    writer.write(head % (100 * MIB))
    assert (await reader.read(MIB)).startswith(b"HTTP/1.1 401")
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 100:
            writer.write(b" " * MIB)
            await writer.drain()
            sent += 1
    writer.close()
    assert 16 <= sent < 40


async def test_a_silent_connection_is_closed(toy: Toy) -> None:
    assert await toy.exchange(b"") == [b"closed"]
    assert await toy.exchange(b"\r\n") == [b"closed"]


async def test_a_body_that_pauses_less_than_allowed_is_read(toy: Toy) -> None:
    head = b"POST /toy/take HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 12\r\n\r\n"
    answers = await toy.exchange(head, *(b'{"tex', b't":', b'"a"', b"}"), pause=0.3)
    assert answers[0].startswith(b"200")


async def test_a_websocket_opens_and_its_headers_are_bounded(toy: Toy) -> None:
    url, headers = f"ws://127.0.0.1:{toy.port}/toy/ws", {"X-API-KEY": toy.key}
    async with connect(url, additional_headers=headers) as socket:
        assert await socket.recv() == "hello"
    for more in ({"X": "a" * 9000}, {f"X-{number}": "a" for number in range(150)}):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, additional_headers=headers | more)
        assert refused.value.response.status_code == 431


async def test_a_flood_of_small_messages_is_answered_and_holds_nobody_up(toy: Toy) -> None:
    url, headers = f"ws://127.0.0.1:{toy.port}/toy/ws", {"X-API-KEY": toy.key}
    async with connect(url, additional_headers=headers) as socket:
        await socket.recv()
        for _ in range(3000):
            await socket.send("x")
        assert [await socket.recv() for _ in range(3000)] == ["1"] * 3000
    reader, writer = await asyncio.open_connection("127.0.0.1", toy.port)
    writer.write(
        f"GET /toy/ws HTTP/1.1\r\nHost: x\r\nX-API-KEY: {toy.key}\r\nUpgrade: "
        "websocket\r\nConnection: upgrade\r\n".encode()
        + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    await reader.readuntil(b"hello")
    count = 40_000
    writer.write(b"\x81\x81\x00\x00\x00\x00x" * count)  # masked with zeros
    received = await reader.readexactly(3 * count)
    assert received == b"\x81\x011" * count
    writer.close()


async def test_a_text_that_is_not_utf_8_ends_the_connection_without_a_word_in_the_log(
    toy: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    url, headers = f"ws://127.0.0.1:{toy.port}/toy/ws", {"X-API-KEY": toy.key}
    for pieces in ([b"\xc3("], [b"\xc3", b"("]):
        async with connect(url, additional_headers=headers) as socket:
            await socket.recv()
            await socket.send(pieces, text=True)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1007
    async with connect(url, additional_headers=headers) as socket:
        await socket.recv()
        await socket.send([b"\xc3", b"\xbc"], text=True)
        assert await socket.recv() == "1"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_message_in_too_many_pieces_or_too_large_ends_the_connection(toy: Toy) -> None:
    url, headers = f"ws://127.0.0.1:{toy.port}/toy/ws", {"X-API-KEY": toy.key}
    async with connect(url, additional_headers=headers) as socket:
        await socket.recv()
        await socket.send(["x"] * (FRAGMENTS - 1))
        assert await socket.recv() == str(FRAGMENTS - 1)
    for message in (["x"] * (FRAGMENTS + 100), "x" * (MIB + 1)):
        async with connect(url, additional_headers=headers) as socket:
            await socket.recv()
            with contextlib.suppress(ConnectionClosed):
                await socket.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1009
