"""MessagePack is taken and given where bytes go over the wire."""

from __future__ import annotations

import httpx
import msgspec

PACKED = {"Content-Type": "application/msgpack", "Accept": "application/msgpack"}
PATH = "/v1/sessions/t/checkpoints"
encode, decode = msgspec.msgpack.encode, msgspec.msgpack.decode


async def test_bytes_go_through_without_base64(client: httpx.AsyncClient) -> None:
    data = bytes(range(256))
    body = {"id": "c", "type": "raw", "data": data, "session": {}, "facts": {"step": 1}}
    answer = await client.post(PATH, content=encode(body), headers=PACKED)
    assert (answer.status_code, decode(answer.content)) == (201, {"id": "c"})
    listed = await client.get(PATH, headers={"Accept": "application/msgpack"})
    assert listed.headers["content-type"] == "application/msgpack"
    (checkpoint,) = decode(listed.content)["data"]
    assert (checkpoint["data"], checkpoint["facts"]) == (data, {"step": 1})
    plain = (await client.get(PATH)).json()["data"][0]
    assert plain["data"] != data


async def test_items_come_as_they_are_and_the_cache_keeps_the_two_apart(
    client: httpx.AsyncClient,
) -> None:
    item = {"format": "x", "base64": b"\xff\x00"}
    message = {"role": "user", "text": "a", "item": item, "metadata": {"n": 1}}
    body = {"messages": [message], "session": {}}
    answer = await client.post("/v1/sessions/s/messages", content=encode(body), headers=PACKED)
    assert answer.status_code == 201
    path = "/v1/sessions/s/messages?items=true"
    for _ in range(2):
        packed = await client.get(path, headers={"Accept": "application/msgpack"})
        (shown,) = decode(packed.content)["data"]
        assert (shown["item"], shown["metadata"]) == (item, {"n": 1})
        assert (await client.get(path)).json()["data"][0]["item"]["base64"] == "/wA="


async def test_what_cannot_be_read_is_said_in_json(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, content=b"\xc1", headers=PACKED)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_msgpack")
    nested = encode({"a": 1}) * 0 + b"\x91" * 5000 + b"\x01"
    assert (await client.post(PATH, content=nested, headers=PACKED)).status_code == 400
    other = await client.post("/v1/sessions", content=encode({}), headers=PACKED)
    assert other.status_code == 415
