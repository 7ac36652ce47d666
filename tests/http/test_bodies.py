"""Bodies: bounded for the whole process, and long ones worked on beside the event loop."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
import threading
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from msgspec import Struct

from hansard.access import ALL_SCOPES, Principal
from hansard.errors import StoreUnavailable
from hansard.http.application import Application
from hansard.http.bodies import BodyBudget, is_long
from hansard.http.call import Call
from hansard.http.route import MIB, Dialect, Failure, Route
from hansard.service import Service


class Body(Struct):
    text: str = ""
    more: list[Any] = []


SEEN: list[tuple[str, int]] = []


async def take(call: Call[None, Body]) -> dict[str, object]:
    """Take a body."""
    thread = await call.off_loop(lambda: threading.current_thread().name)
    SEEN.append((thread, call.body_room))
    call.once(lambda result: result)
    return {"size": len(call.body.text), "digest": call.digest_request()}


def shape(failure: Failure) -> dict[str, object]:
    return {"oops": failure.error.code}


DIALECT = Dialect(
    name="toy",
    title="Toy",
    description="A toy.",
    prefixes=("/",),
    routes=(Route("POST /take", take, scope="sessions:write", body=Body, body_limit=2 * MIB),),
    error=shape,
)


@pytest.fixture
async def toy(service: Service, principal: Principal) -> AsyncIterator[httpx.AsyncClient]:
    key = (await service.keys.create(principal, "toy", ALL_SCOPES))[0]
    app = Application(service, (DIALECT,))
    headers = {"X-API-KEY": key, "Content-Type": "application/json"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://toy.test", headers=headers
    ) as client:
        SEEN.clear()
        yield client
    app.close()


@pytest.mark.parametrize(
    ("data", "long"),
    [
        (b'{"text":"hello"}', False),
        (json.dumps({"text": "x" * 200_000}).encode(), False),
        (json.dumps({"text": "x" * MIB}).encode(), True),
        (json.dumps({"more": [{}] * 5000}).encode(), True),
        (json.dumps({"text": "\n" * 5000}).encode(), True),
    ],
)
async def test_a_long_body_is_read_and_worked_on_beside_the_loop(
    toy: httpx.AsyncClient, data: bytes, long: bool
) -> None:
    assert is_long(data) == long
    answer = await toy.post("/take", content=data, headers={"Idempotency-Key": "one"})
    assert answer.json()["size"] == len(json.loads(data).get("text", ""))
    ((thread, room),) = SEEN
    assert thread.startswith("hansard-body") == long
    assert room == len(data)


async def test_a_packed_body_takes_room_for_what_it_unpacks_to(toy: httpx.AsyncClient) -> None:
    SEEN.clear()
    sizes = []
    texts = "x" * MIB, secrets.token_hex(MIB // 4), secrets.token_hex(MIB - 100)
    for text in texts:
        plain = json.dumps({"text": text}).encode()
        packed = gzip.compress(plain)
        answer = await toy.post("/take", content=packed, headers={"Content-Encoding": "gzip"})
        assert answer.json()["size"] == len(text)
        sizes.append(min(len(packed) + len(plain), 2 * MIB))
    assert [room for _, room in SEEN] == sizes
    assert all(thread.startswith("hansard-body") for thread, _ in SEEN)


async def test_the_same_request_has_the_same_digest_wherever_it_is_worked_out(
    toy: httpx.AsyncClient,
) -> None:
    data = json.dumps({"text": "x" * MIB}).encode()
    with_key = await toy.post("/take", content=data, headers={"Idempotency-Key": "one"})
    without = await toy.post("/take", content=data)
    assert with_key.json()["digest"] == without.json()["digest"]


@pytest.mark.parametrize("size", [10, 2 * MIB - 100])
@pytest.mark.parametrize(
    "broken", [b"", b"}", b',"text":"again"', b',"text":5', b',"text":"\\ud800"']
)
async def test_what_is_wrong_with_a_body_is_said_whatever_its_length(
    toy: httpx.AsyncClient, size: int, broken: bytes
) -> None:
    data = b'{"text":"' + b"x" * size + b'"' + broken + b"}"
    answer = await toy.post("/take", content=data)
    code = {b"": None, b"}": "bad_json", b',"text":"\\ud800"': "duplicate_name"}
    assert answer.json().get("oops") == code.get(broken, "duplicate_name")


async def test_a_body_over_its_limit_is_refused_with_and_without_a_length(
    toy: httpx.AsyncClient,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 65536

    for content in (b"x" * (2 * MIB + 1), chunks()):
        answer = await toy.post("/take", content=content)
        assert (answer.status_code, answer.json()["oops"]) == (413, "body_too_large")
    good = await toy.post("/take", content=b"{}")
    assert good.status_code == 200
    assert SEEN[0][1] == 2, "the room of those that were refused is free"


async def test_who_finds_no_room_waits_and_others_do_not() -> None:
    budget = BodyBudget(total=100, each=60, patience=5)
    await budget.take("one", 60)
    waiting = asyncio.create_task(budget.take("one", 10))
    await budget.take("two", 40)
    late = asyncio.create_task(budget.take("three", 1))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert not late.done()
    budget.give_back("one", 60)
    await asyncio.gather(waiting, late)
    for owner, size in (("one", 10), ("two", 40), ("three", 1)):
        budget.give_back(owner, size)
    assert budget._held.total() == 0


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    budget = BodyBudget(total=100, each=60, patience=0.05)
    await budget.take("one", 60)
    with pytest.raises(StoreUnavailable) as refused:
        await budget.take("one", 1)
    assert refused.value.code == "store_overloaded"
    budget.give_back("one", 60)
    await budget.take("one", 60)
