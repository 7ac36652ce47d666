"""A session is found by an id, or by the beginning of one."""

from __future__ import annotations

import httpx

from hansard.access import Principal
from hansard.service import Service


async def test_an_exact_id_wins_over_those_that_begin_with_it(client: httpx.AsyncClient) -> None:
    uids = {
        name: (await client.post("/v1/sessions", json={"id": name})).json()["uid"]
        for name in ("order-1", "order-17", "order-18", "Ordner")
    }

    async def ids_of(text: str) -> list[str]:
        answer = await client.get("/v1/lookup", params={"id": text})
        return [session["id"] for session in answer.json()["data"]]

    assert await ids_of("order-1") == ["order-1"]
    assert await ids_of("order-") == ["order-1", "order-17", "order-18"]
    assert await ids_of("none-such") == []
    uid = uids["order-18"]
    for text in (uid, uid.upper().replace("SES_", "ses_"), uid.removeprefix("ses_"), uid[:-1]):
        assert await ids_of(text) == ["order-18"], text
    assert set(await ids_of(uid[:8])) == set(uids)


async def test_a_list_that_is_cut_says_so(client: httpx.AsyncClient) -> None:
    for number in range(21):
        await client.post("/v1/sessions", json={"id": f"many-{number:02}"})
    answer = (await client.get("/v1/lookup", params={"id": "many-"})).json()
    assert (len(answer["data"]), answer["has_more"]) == (20, True)
    answer = (await client.get("/v1/lookup", params={"id": "many-1"})).json()
    assert (len(answer["data"]), answer["has_more"]) == (10, False)


async def test_too_little_of_an_id_is_refused(client: httpx.AsyncClient) -> None:
    for text in ("ord", "a" * 257, "abcd\x00"):
        answer = await client.get("/v1/lookup", params={"id": text})
        assert (answer.status_code, answer.json()["param"]) == (400, "id")


async def test_a_narrowed_key_finds_its_own_alone(
    service: Service, principal: Principal, client: httpx.AsyncClient
) -> None:
    for name, user in (("order-1", "ann"), ("order-2", "bob")):
        await client.post("/v1/sessions", json={"id": name, "user": user})
    secret, _ = await service.keys.create(principal, "ann", scopes=["sessions:read"], user_id="ann")
    narrowed = await service.keys.authenticate(secret)
    found_sessions = await service.lookup.find(narrowed, "order-")
    assert [session.own_id for session in found_sessions] == ["order-1"]
    assert await service.lookup.find(narrowed, "order-2") == []
