"""A request that comes again byte for byte is answered as if it were the first."""

from __future__ import annotations

import httpx
import pytest

from hansard import byte_cache
from hansard.access import ALL_SCOPES, Principal
from hansard.app import application, opened
from hansard.model import MessageDraft, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.settings import Settings
from tests.conftest import client_of
from tests.support.recorder import Recorder

LIST = "/v1/sessions?total=true"


@pytest.fixture
async def operator(watched: Service) -> Principal:
    byte_cache.clear()
    principal = watched.workspaces.operator(await watched.workspaces.create("acme"))
    for name in ("a", "b"):
        await watched.sessions.start(principal, SessionDraft(id=name, title="A title " * 60))
    return principal


def repeated() -> int:
    """How many requests are known."""
    return sum(
        len(cache.items()) for cache in byte_cache.caches() if cache.name == "repeated_requests"
    )


async def test_it_is_the_same_answer_until_something_changes(
    watched: Service, operator: Principal
) -> None:
    secret, _ = await watched.keys.create(operator, "tests", ALL_SCOPES)
    async with client_of(watched, secret) as client:
        answers = [await client.get(LIST) for _ in range(4)]
        assert repeated() == 1
        assert {answer.content for answer in answers} == {answers[0].content}
        heads = [dict(answer.headers) for answer in answers]
        assert len({head.pop("x-request-id") for head in heads}) == 4
        assert all(head == heads[0] for head in heads)
        draft = MessageDraft(role="user", parts=text_part("pears"), text="pears")
        await watched.messages.append(operator, "a", [draft])
        assert "pears" in (await client.get(LIST)).text
        assert "pears" in (await client.get(LIST)).text


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_an_answer_that_is_known_is_not_sent_again(
    watched: Service, operator: Principal, encoding: str
) -> None:
    secret, _ = await watched.keys.create(operator, "tests", ALL_SCOPES)
    async with client_of(watched, secret) as client:
        head = {"Accept-Encoding": encoding}
        bodies = [(await client.get(LIST, headers=head)).content for _ in range(3)]
        assert len(set(bodies)) == 1
        tag = (await client.get(LIST, headers=head)).headers["etag"]
        known = head | {"If-None-Match": tag}
        answers = [await client.get(LIST, headers=known) for _ in range(3)]
        assert [(answer.status_code, answer.content) for answer in answers] == [(304, b"")] * 3
        await watched.sessions.archive(operator, "b")
        answer = await client.get(LIST, headers=known)
        assert (answer.status_code, len(answer.json()["data"])) == (200, 1)


async def test_another_key_gets_nothing_of_it(watched: Service, operator: Principal) -> None:
    secret, _ = await watched.keys.create(operator, "tests", ALL_SCOPES)
    narrow, key = await watched.keys.create(operator, "narrow", ("sessions:read",), user_id="nina")
    async with client_of(watched, secret) as client:
        hers = {"Authorization": f"Bearer {narrow}"}
        for _ in range(3):
            assert len((await client.get(LIST)).json()["data"]) == 2
            assert (await client.get(LIST, headers=hers)).json()["data"] == []
        await watched.keys.revoke(operator, key.id)
        watched.keys._known.clear()
        assert (await client.get(LIST, headers=hers)).status_code == 401
        assert len((await client.get(LIST)).json()["data"]) == 2


async def test_what_is_deleted_leaves_it(watched: Service, operator: Principal) -> None:
    secret, _ = await watched.keys.create(operator, "tests", ALL_SCOPES)
    async with client_of(watched, secret) as client:
        for _ in range(3):
            await client.get(LIST)
        assert repeated() == 1
        await watched.sessions.delete(operator, "a")
        assert repeated() == 0
        assert len((await client.get(LIST)).json()["data"]) == 1


async def test_each_request_is_seen(
    watched: Service, operator: Principal, recorder: Recorder
) -> None:
    secret, key = await watched.keys.create(operator, "tests", ALL_SCOPES)
    app = application(watched, Settings(store=watched.store.url), observer=recorder)
    head = {"Authorization": f"Bearer {secret}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as client:
        for _ in range(3):
            assert (await client.get(LIST, headers=head)).status_code == 200
        named = await client.get(LIST, headers=head | {"X-Request-ID": "mine"})
    assert named.headers["x-request-id"] == "mine"
    seen = [(each.api, each.route, each.path, each.status) for each in recorder.requests]
    assert seen == [("native", "/v1/sessions", "/v1/sessions", 200)] * 4
    assert {each.key_id for each in recorder.requests} == {key.id}


async def test_no_more_is_asked_than_for_a_new_request(
    watched: Service, operator: Principal, recorder: Recorder, store_url: str
) -> None:
    secret, _ = await watched.keys.create(operator, "tests", ALL_SCOPES)
    draft = MessageDraft(role="user", parts=text_part("pears"), text="pears")
    async with client_of(watched, secret) as client, opened(Settings(store=store_url)) as other:
        for service, statements in (
            (watched, ["session_changed"]),
            (other, ["generation_get", "session_changed"]),
        ):
            for _ in range(3):
                await client.get(LIST)
            await service.messages.append(operator, "a", [draft])
            recorder.statements.clear()
            await client.get(LIST)
            ours = [each for each in recorder.statements if each.startswith(("gen", "session_c"))]
            assert ours == statements
