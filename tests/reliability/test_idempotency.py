"""A thing that is asked for again is not done again, whoever asks and however often at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx

from hansard.access import ALL_SCOPES, Principal
from hansard.ids import IdSource
from hansard.model import MessageQuery, SessionDraft
from hansard.service import Service
from hansard.store.verbs.idempotency import KEPT_US
from tests.conftest import client_of
from tests.reliability.conftest import Figure
from tests.reliability.disks import begin, draft

BODY = {"messages": [{"role": "user", "text": "once"}]}
KEY = {"Idempotency-Key": "k"}


async def count(service: Service, principal: Principal, session: str) -> int:
    return (await service.sessions.read(principal, session)).message_count


async def test_fifty_at_once_have_one_effect(
    client: httpx.AsyncClient, service: Service, principal: Principal, figure: Figure
) -> None:
    await service.sessions.start(principal, SessionDraft(id="s"))
    answers = await asyncio.gather(
        *(client.post("/v1/sessions/s/messages", json=BODY, headers=KEY) for _ in range(50))
    )
    statuses = Counter(answer.status_code for answer in answers)
    later = await client.post("/v1/sessions/s/messages", json=BODY, headers=KEY)
    done = {answer.text for answer in answers if answer.status_code == 201}
    figure(
        f"{await count(service, principal, 's')} message after 51 requests; answers "
        f"{dict(statuses)}, {len(done)} of them different"
    )
    assert await count(service, principal, "s") == 1
    assert statuses.keys() <= {201, 409}
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 409)
    assert done == {later.text}
    assert later.headers["idempotent-replayed"] == "true"


async def test_a_replay_keeps_its_status_and_another_request_is_refused(
    client: httpx.AsyncClient, figure: Figure
) -> None:
    first = await client.post("/v1/sessions", json={"id": "here"})
    replay = await client.post("/v1/sessions", json={"id": "here"}, headers=KEY)
    again = await client.post("/v1/sessions", json={"id": "here"}, headers=KEY)
    other_body = await client.post("/v1/sessions", json={"id": "there"}, headers=KEY)
    other_route = await client.post("/v1/sessions/here/end", json={}, headers=KEY)
    run = await client.post(
        "/v1/sessions/here/runs", json={"id": "r"}, headers={"Idempotency-Key": "r"}
    )
    run_again = await client.post(
        "/v1/sessions/here/runs", json={"id": "r"}, headers={"Idempotency-Key": "r"}
    )
    figure(
        f"found {replay.status_code}, replayed {again.status_code}; other body "
        f"{other_body.status_code}, other route {other_route.status_code}"
    )
    assert (first.status_code, replay.status_code, again.status_code) == (201, 200, 200)
    assert again.content == replay.content
    assert (other_body.status_code, other_route.status_code) == (422, 422)
    assert (run.status_code, run_again.status_code) == (201, 201)
    assert run.content == run_again.content


async def test_keys_of_others_are_others(
    client: httpx.AsyncClient, service: Service, principal: Principal, figure: Figure
) -> None:
    """The same key and request counts anew in another workspace and for a narrowed key."""
    other = service.workspaces.operator(
        await service.workspaces.create(f"other-{principal.workspace_name}")
    )
    foreign, _ = await service.keys.create(other, "tests", ALL_SCOPES)
    narrow, _ = await service.keys.create(principal, "narrow", ALL_SCOPES, user_id="ada")
    answers = [await client.post("/v1/sessions", json={}, headers=KEY)]
    for key in (foreign, narrow):
        async with client_of(service, key) as caller:
            answers.append(await caller.post("/v1/sessions", json={}, headers=KEY))
    figure(
        f"three callers, {len({answer.json()['uid'] for answer in answers})} sessions, replayed "
        f"{sum('idempotent-replayed' in answer.headers for answer in answers)}"
    )
    assert len({answer.json()["uid"] for answer in answers}) == 3


async def test_a_refused_request_leaves_its_key_free(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/sessions/absent/messages", json=BODY, headers=KEY)
    await client.post("/v1/sessions", json={"id": "absent"})
    accepted = await client.post("/v1/sessions/absent/messages", json=BODY, headers=KEY)
    assert (refused.status_code, accepted.status_code) == (404, 201)


async def test_a_key_is_kept_for_24_hours(lone_service: Service, figure: Figure) -> None:
    now = lone_service.clock()

    def clock() -> int:
        return now

    service = Service(lone_service.store, lone_service.secret, clock=clock, ids=IdSource())
    principal = await begin(service)
    key, _ = await service.keys.create(principal, "tests", ALL_SCOPES)
    async with client_of(service, key) as client:
        counts = []
        for passed in (0, KEPT_US - 1, 2 * KEPT_US):
            now += passed
            answers = await asyncio.gather(
                *(
                    client.post("/v1/sessions/one/messages", json=BODY, headers=KEY)
                    for _ in range(8)
                )
            )
            assert {answer.status_code for answer in answers} <= {201, 409}
            counts.append(await count(service, principal, "one"))
        await service.upkeep.run()
    figure(f"messages after 0 h, just under 24 h, and 48 h later, eight requests each: {counts}")
    assert counts == [1, 1, 2]


async def test_client_ids_are_done_once_in_any_company(
    lone_service: Service, figure: Figure
) -> None:
    """The same client ids in overlapping batches, sixteen at once."""
    principal = await begin(lone_service)
    batches = [[draft(f"c{number + index}") for index in range(5)] for number in range(16)]
    await asyncio.gather(
        *(lone_service.messages.append(principal, "one", batch) for batch in batches * 2)
    )
    _, stored, _ = await lone_service.messages.list(principal, "one", MessageQuery(limit=200))
    figure(f"{len(stored)} messages of 160 sent, 20 different; seq to {stored[-1].seq}")
    assert sorted(message.client_id or "" for message in stored) == sorted(
        f"c{number}" for number in range(20)
    )
    assert [message.seq for message in stored] == list(range(1, 21))


async def test_one_of_many_with_an_expected_seq_wins(
    client: httpx.AsyncClient, service: Service, principal: Principal, figure: Figure
) -> None:
    await service.sessions.start(principal, SessionDraft(id="s"))
    answers = await asyncio.gather(
        *(
            client.post("/v1/sessions/s/messages", json=BODY | {"expected_seq": 0})
            for _ in range(16)
        )
    )
    statuses = Counter(answer.status_code for answer in answers)
    figure(f"16 at once with expected_seq 0: {dict(statuses)}")
    assert statuses == {201: 1, 409: 15}
    assert {answer.json()["seq"] for answer in answers if answer.status_code == 409} == {1}


async def test_reads_that_nothing_changed_are_not_modified(
    client: httpx.AsyncClient, figure: Figure
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    await client.post("/v1/sessions/s/messages", json=BODY)
    statuses = []
    for path in ("/v1/sessions", "/v1/sessions/s", "/v1/sessions/s/messages"):
        tag = (await client.get(path)).headers["etag"]
        same = (await client.get(path, headers={"If-None-Match": tag})).status_code
        await client.post("/v1/sessions/s/messages", json=BODY)
        statuses.append(
            (same, (await client.get(path, headers={"If-None-Match": tag})).status_code)
        )
    refused = await client.patch(
        "/v1/sessions/s", json={"title": "x"}, headers={"If-Match": '"v1"'}
    )
    figure(
        f"with the ETag before and after a change: {statuses}; If-Match of an old version "
        f"{refused.status_code}"
    )
    assert statuses == [(304, 200)] * 3
    assert refused.status_code == 412
