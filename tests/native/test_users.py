"""End users: found by a part of their id, and what is held of one."""

from __future__ import annotations

import httpx

from hansard.access import Principal
from hansard.service import Service


async def test_a_user_is_found_by_a_part_of_the_id(client: httpx.AsyncClient) -> None:
    for user in ("ann_1", "Joanna", "bob", "50%"):
        await client.post("/v1/sessions", json={"user": user})
        await client.post("/v1/sessions", json={"user": user})
    await client.post("/v1/sessions", json={})

    async def ids_of(text: str) -> list[str]:
        answer = await client.get("/v1/users", params={"q": text})
        return [user["id"] for user in answer.json()["data"]]

    assert await ids_of("ann") == ["Joanna", "ann_1"]
    assert await ids_of("n_1") == ["ann_1"]
    assert await ids_of("%") == ["50%"]
    assert await ids_of("") == ["50%", "Joanna", "ann_1", "bob"]
    assert await ids_of("zoe") == []


async def test_a_list_of_users_that_is_cut_says_so(client: httpx.AsyncClient) -> None:
    for number in range(21):
        await client.post("/v1/sessions", json={"user": f"u{number:02}"})
    answer = (await client.get("/v1/users", params={"q": "u"})).json()
    assert (len(answer["data"]), answer["has_more"]) == (20, True)


async def test_a_profile_sums_up_the_users_sessions(client: httpx.AsyncClient) -> None:
    for name, channel, agent in (("a", "web", "x"), ("b", "web", "y"), ("c", "api", "y")):
        body = {"id": name, "user": "ann", "channel": channel, "agent": agent, "app": "shop"}
        await client.post("/v1/sessions", json=body)
        usage = {"input_tokens": 10, "output_tokens": 2, "cost_usd": 0.5}
        message = {"role": "assistant", "text": "hi", "usage": usage}
        await client.post(f"/v1/sessions/{name}/messages", json={"messages": [message]})
    await client.post("/v1/sessions", json={"id": "d", "user": "bob", "channel": "slack"})
    for name, value in (("a", 1), ("b", 0), ("d", 1)):
        score = {"name": "helpful", "value": value}
        await client.post(f"/v1/sessions/{name}/scores", json=score)
    await client.post("/v1/sessions/a/scores", json={"name": "tone", "label": "kind"})
    profile = (await client.get("/v1/users/ann")).json()
    assert {name: profile[name] for name in ("sessions", "messages", "input_tokens")} == {
        "sessions": 3,
        "messages": 3,
        "input_tokens": 30,
    }
    assert (profile["output_tokens"], profile["cost_usd"]) == (6, 1.5)
    assert (profile["channels"], profile["apps"]) == (["web", "api"], ["shop"])
    assert profile["agents"] == ["y", "x"]
    assert profile["ratings"] == [
        {"name": "helpful", "count": 2, "average": 0.5},
        {"name": "tone", "count": 1, "average": None},
    ]
    nobody = (await client.get("/v1/users/nobody")).json()
    assert (nobody["sessions"], nobody["first_at"], nobody["ratings"]) == (0, None, [])


async def test_a_narrowed_key_reads_no_profiles(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    secret, _ = await service.keys.create(principal, "ann", scopes=["sessions:read"], user_id="ann")
    for path in ("/v1/users", "/v1/users/bob", "/v1/users/ann"):
        answer = await client.get(path, headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status_code, answer.json()["code"]) == (403, "narrowed_key")
