"""A call reaches what it names and nothing else."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from hansard.access import Principal
from hansard.client import AsyncHansard, Hansard
from hansard.client.errors import Conflict
from hansard.service import Service

DAY_US = 86_400_000_000


@pytest.mark.parametrize("policy", ["get", "refuse", None])
async def test_named_a_session_of_another_user_is_not_given_out(
    client: httpx.AsyncClient, policy: str | None
) -> None:
    await client.post("/v1/sessions", json={"id": "s", "user": "ada", "title": "of ada"})
    body = {"id": "s", "user": "bob"} | ({} if policy is None else {"if_exists": policy})
    answer = await client.post("/v1/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")
    assert "of ada" not in answer.text


async def test_named_a_session_without_a_user_is_not_given_to_one(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.post("/v1/sessions", json={"id": "s", "user": "bob"})
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")


async def test_named_the_same_user_gets_the_session_or_is_refused_as_it_says(
    client: httpx.AsyncClient,
) -> None:
    begun = {"id": "s", "user": "ada"}
    first = await client.post("/v1/sessions", json=begun | {"if_exists": "refuse"})
    assert first.status_code == 201
    for more in ({}, {"if_exists": "get"}):
        assert (await client.post("/v1/sessions", json=begun | more)).status_code == 200
    answer = await client.post("/v1/sessions", json=begun | {"if_exists": "refuse"})
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")
    assert (await client.post("/v1/sessions", json={"id": "s"})).status_code == 200


async def test_named_a_number_that_json_has_not_is_refused_before_anything_is_sent(
    hansard: Hansard, ahansard: AsyncHansard
) -> None:
    session = hansard.sessions.start(metadata={"score": 1.5})
    for number in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(ValueError, match="neither NaN nor Infinity"):
            hansard.sessions.update(session.id, metadata={"deep": [{"score": number}]})
        with pytest.raises(ValueError, match="neither NaN nor Infinity"):
            await ahansard.sessions.update(session.id, metadata={"score": number})
    assert hansard.sessions.read(session.id).metadata == {"score": 1.5}


def test_named_the_client_says_what_it_wants_of_a_taken_id(hansard: Hansard) -> None:
    begun = hansard.sessions.start("taken-id", user="ada")
    assert hansard.sessions.start("taken-id", user="ada", if_exists="get") == begun
    with pytest.raises(Conflict):
        hansard.sessions.start("taken-id", user="ada", if_exists="refuse")


@pytest.mark.parametrize("days", [90, None])
async def test_named_a_key_that_is_rotated_twice_keeps_its_lifetime(
    service: Service, principal: Principal, days: int | None
) -> None:
    ends = None if days is None else service.clock() + days * DAY_US
    _, key = await service.keys.create(principal, "worker", expires_at=ends)
    for _ in range(2):  # the first answer was lost
        _, new = await service.keys.rotate(principal, key.id, grace_us=DAY_US)
        if days is None:
            assert new.expires_at is None
        else:
            assert new.expires_at is not None
            assert new.expires_at - new.created_at == pytest.approx(days * DAY_US, abs=60_000_000)


@pytest.mark.parametrize("user", ["https://idp/u/1", "a/erasures", "..", "100%2F", "ünï?#&"])
async def test_named_every_user_that_is_taken_can_be_erased(
    client: httpx.AsyncClient, user: str
) -> None:
    in_path = user != ".."
    for number, by_path in enumerate((in_path, False)):
        await client.post("/v1/sessions", json={"id": f"s{number}", "user": user})
        await client.post("/v1/sessions", json={"id": f"other{number}", "user": "someone"})
        answer = (
            await client.delete(f"/v1/users/{quote(user, safe='')}")
            if by_path
            else await client.delete("/v1/users", params={"user": user})
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["counts"]["sessions"] == 1
        assert (await client.get(f"/v1/sessions/s{number}")).status_code == 404
        assert (await client.get(f"/v1/sessions/other{number}")).status_code == 200
    receipts = (await client.get("/v1/erasures", params={"user": user})).json()["data"]
    assert len(receipts) == 2
    if in_path:
        path = f"/v1/users/{quote(user, safe='')}/erasures"
        assert (await client.get(path)).json()["data"] == receipts


async def test_named_a_quoted_slash_is_part_of_an_id(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "x"})
    assert (await client.get("/v1/sessions/x/messages")).status_code == 200
    assert (await client.get("/v1/sessions/x%2Fmessages")).status_code == 404
    assert (await client.delete("/v1/sessions/x%2Farchive")).status_code == 404
    assert (await client.get("/v1/sessions/x")).status_code == 200
