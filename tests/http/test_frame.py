"""The frame on a small API of its own: request ids, routing, bodies, limits, unexpected errors."""

from __future__ import annotations

import asyncio
import gc
import io
import json
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from msgspec import Struct
from structlog.testing import capture_logs

from hansard.access import ALL_SCOPES, Principal
from hansard.app import DIALECTS
from hansard.errors import StoreUnavailable, TooMany
from hansard.http.access_log import AccessLog
from hansard.http.application import Application
from hansard.http.call import Call
from hansard.http.route import Dialect, Failure, Reply, Route
from hansard.service import Service


class Params(Struct, frozen=True, kw_only=True):
    number: int = 1
    names: list[str] = []


class Body(Struct, frozen=True, kw_only=True):
    text: str


async def echo(call: Call[Params, None]) -> dict[str, object]:
    """Echo the parameters."""
    return {
        "number": call.params.number,
        "names": call.params.names,
        "path": call.path,
        "extra": call.query("extra"),
    }


async def take(call: Call[None, Body]) -> dict[str, str]:
    """Take a body."""
    return {"text": call.body.text}


async def fail(_call: Call[None, None]) -> None:
    """Fail as no handler should."""
    secret = "hunter2"
    raise RuntimeError("broken" if secret else "")


async def later(_call: Call[None, None]) -> None:
    """Be busy."""
    raise TooMany("slow down", retry_after=7)


async def full(_call: Call[None, None]) -> None:
    """Have no room."""
    raise StoreUnavailable("full", code="store_full")


async def once(call: Call[None, None]) -> Reply:
    """What it answers is not what it keeps, which no handler of ours does."""
    request = call.once(lambda _: Reply(body="kept", status=201, etag='"1"'))
    if request is not None:
        request.encode(None)
    return Reply(body="made anew")


async def tagged(_call: Call[None, None]) -> Reply:
    """Answer with a tag."""
    return Reply(body={"ok": True}, etag='"one"', headers=(("X-Mine", "yes"),))


def shape(failure: Failure) -> dict[str, object]:
    return {"oops": failure.error.code, "request": failure.request_id}


DIALECT = Dialect(
    name="toy",
    title="Toy",
    description="A toy.",
    prefixes=("/",),
    routes=(
        Route("GET /echo", echo, scope="sessions:read", params=Params),
        Route("GET /echo/{one}/{two}", echo, scope="sessions:read", params=Params),
        Route("GET /echo/fixed/{two}", echo, scope="sessions:read", params=Params),
        Route("POST /take", take, scope="sessions:write", body=Body, body_limit=64),
        Route("POST /once", once, scope="sessions:write"),
        Route("GET /fail", fail, public=True),
        Route("GET /later", later, public=True),
        Route("GET /full", full, public=True),
        Route("GET /tagged", tagged, public=True),
    ),
    error=shape,
    credential=lambda call: call.headers.cookie("toy"),
)


@pytest.fixture
def log() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
async def toy(
    service: Service, principal: Principal, log: io.BytesIO
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the toy API."""
    key = (await service.keys.create(principal, "toy", ALL_SCOPES))[0]
    lines = AccessLog(log)
    transport = httpx.ASGITransport(Application(service, (DIALECT,), lines))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://toy.test", headers={"X-API-KEY": key}
    ) as client:
        yield client
    lines.flush()


async def test_parameters_repeat_and_split(toy: httpx.AsyncClient) -> None:
    answer = (await toy.get("/echo?number=3&names=a,b&names=c,%20,d&other=1&extra=x")).json()
    assert answer == {"number": 3, "names": ["a", "b", "c", "d"], "path": {}, "extra": "x"}


async def test_nothing_of_an_answered_request_waits_for_the_garbage_collector(
    toy: httpx.AsyncClient,
) -> None:
    gc.collect()
    before = {id(each) for each in gc.get_objects() if isinstance(each, Call)}
    gc.disable()
    try:
        assert (await toy.get("/echo?number=3")).status_code == 200
        assert (await toy.post("/take", json={"text": "a"})).status_code == 200
        assert {id(each) for each in gc.get_objects() if isinstance(each, Call)} <= before
    finally:
        gc.enable()


async def test_literal_segments_win_over_parameters(toy: httpx.AsyncClient) -> None:
    assert (await toy.get("/echo/a/b")).json()["path"] == {"one": "a", "two": "b"}
    assert (await toy.get("/echo/fixed/b")).json()["path"] == {"two": "b"}


async def test_a_request_id_is_echoed_or_made(toy: httpx.AsyncClient) -> None:
    assert (await toy.get("/nope", headers={"X-Request-ID": "mine-1"})).json()[
        "request"
    ] == "mine-1"
    answer = await toy.get("/nope", headers={"X-Request-ID": "x" * 129})
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.json()["request"] == answer.headers["x-request-id"]


async def test_a_path_belongs_to_the_dialect_of_its_whole_first_words(
    service: Service, log: io.BytesIO
) -> None:
    mine = Dialect(
        name="mine",
        title="",
        description="",
        prefixes=("/v1/ai", "/api/"),
        routes=(),
        error=lambda _: {"mine": True},
    )
    transport = httpx.ASGITransport(Application(service, (DIALECT, mine), AccessLog(log)))
    async with httpx.AsyncClient(transport=transport, base_url="http://toy.test") as client:
        for path, is_mine in {
            "/v1/ai": 1,
            "/v1/ai/x": 1,
            "/v1/airports": 0,
            "/api": 1,
            "/api/": 1,
            "/apis": 0,
            "/v1": 0,
        }.items():
            assert ("mine" in (await client.get(path)).json()) == bool(is_mine), path


async def test_unknown_paths_and_methods_fail_in_the_dialects_shape(toy: httpx.AsyncClient) -> None:
    assert (await toy.get("/nope")).status_code == 404
    wrong = await toy.delete("/echo")
    assert (wrong.status_code, wrong.json()["oops"], wrong.headers["allow"]) == (
        405,
        "method_not_allowed",
        "GET",
    )
    assert (await toy.get("/" + "a/" * 30)).status_code == 404
    assert (await toy.head("/echo")).status_code == 200
    assert (await toy.head("/echo")).content == b""


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"text":"x"}', {}, 200),
        (b'{"text":"x"}', {"Content-Type": "application/vnd.toy+json; charset=utf-8"}, 200),
        (b"", {}, 400),
        (b"{", {}, 400),
        (b'{"text":1}', {}, 400),
        (b'{"text":"\xff"}', {}, 400),
        (b'{"text":"x"}', {"Content-Type": "text/plain"}, 415),
        (b'{"text":"x"}', {"Content-Encoding": "gzip"}, 400),
        (b'{"text":"x"}', {"Content-Encoding": "br"}, 415),
        (b'{"text":"' + b"x" * 100 + b'"}', {}, 413),
        (b"[" * 60, {}, 400),
    ],
)
async def test_bodies_are_checked(
    toy: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    assert (await toy.post("/take", content=content, headers=headers)).status_code == status


async def test_a_long_body_without_a_length_is_cut_off(toy: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 50

    assert (await toy.post("/take", content=endless())).status_code == 413
    assert sent < 5


async def test_a_fault_of_ours_is_a_500_that_tells_nothing(toy: httpx.AsyncClient) -> None:
    with capture_logs() as logged:
        answer = await toy.get("/fail")
    assert (answer.status_code, answer.json()["oops"]) == (500, "internal")
    assert "hunter2" not in answer.text
    assert [(line["event"], line["request_id"]) for line in logged] == [
        ("internal error", answer.headers["x-request-id"])
    ]


async def test_what_passes_says_when(toy: httpx.AsyncClient) -> None:
    assert (await toy.get("/later")).headers["retry-after"] == "7"
    full = await toy.get("/full")
    assert (full.status_code, full.headers["retry-after"]) == (507, "1")


async def test_a_tagged_answer_is_sent_once(toy: httpx.AsyncClient) -> None:
    first = await toy.get("/tagged")
    assert (first.headers["etag"], first.headers["x-mine"]) == ('"one"', "yes")
    again = await toy.get("/tagged", headers={"If-None-Match": '"zero", "one"'})
    assert (again.status_code, again.content) == (304, b"")


async def test_what_is_kept_for_a_key_is_what_is_sent(toy: httpx.AsyncClient) -> None:
    """A replay and the first answer cannot differ, and the answer is encoded once."""
    kept = await toy.post("/once", headers={"Idempotency-Key": "k"})
    assert (kept.status_code, kept.json(), kept.headers["etag"]) == (201, "kept", '"1"')
    assert (await toy.post("/once")).json() == "made anew"


async def test_a_key_may_stand_in_three_places_but_not_two_different_ones(
    toy: httpx.AsyncClient,
) -> None:
    key = toy.headers.pop("X-API-KEY")
    shown = [
        {"X-API-KEY": key},
        {"Authorization": f"bearer {key}"},
        {"Cookie": f"a=b; toy={key}"},
        {"X-API-KEY": key, "Authorization": f"Bearer {key}"},
    ]
    assert [(await toy.get("/echo", headers=headers)).status_code for headers in shown] == [200] * 4
    refused: list[dict[str, str]] = [
        {},
        {"Authorization": f"Basic {key}"},
        {"X-API-KEY": key, "Authorization": "Bearer other"},
    ]
    assert [(await toy.get("/echo", headers=headers)).status_code for headers in refused] == [
        401
    ] * 3


async def test_the_access_log_has_a_line_a_request_and_no_secret(
    toy: httpx.AsyncClient, log: io.BytesIO
) -> None:
    await toy.get("/echo?names=private", headers={"X-Request-ID": "r1"})
    await toy.get("/nope")
    await toy.aclose()
    for _ in range(1000):
        if log.getvalue().count(b"\n") < 2:
            await asyncio.sleep(0.02)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("GET", "/echo", 200),
        ("GET", "/…", 404),
    ]
    assert lines[0]["request_id"] == "r1"
    assert lines[0]["workspace"] is not None
    assert b"private" not in log.getvalue()
    assert toy.headers["X-API-KEY"].encode() not in log.getvalue()


def test_a_route_without_a_scope_does_not_start() -> None:
    with pytest.raises(TypeError, match="declares no scope"):
        Route("GET /open", echo)
    with pytest.raises(TypeError, match="declares no scope"):
        Route("GET /open", echo, scope="everything")


async def test_no_cache_gives_an_answer_to_another_key(toy: httpx.AsyncClient) -> None:
    """What may be kept is asked for anew by each key, since two workspaces have the same ETags.

    What has none is kept nowhere, an error neither.
    """
    kept, plain, missing = [await toy.get(path) for path in ("/tagged", "/echo", "/none")]
    assert (kept.headers["cache-control"], kept.headers["vary"]) == (
        "private, no-cache",
        "Authorization, X-API-KEY, Cookie, Accept-Encoding",
    )
    assert [answer.headers["cache-control"] for answer in (plain, missing)] == ["no-store"] * 2


def test_what_a_cached_answer_depends_on_can_be_a_key() -> None:
    """The parameters' struct stands in the key of the answer; a list has no hash."""
    for dialect in DIALECTS:
        for route in dialect.routes:
            if route.cached and route.params is not None:
                assert route.params.__struct_config__.frozen, route.where
                for field in msgspec.structs.fields(route.params):
                    assert "list[" not in str(field.type), f"{route.where}: {field.name}"
