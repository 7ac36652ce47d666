"""Konvo's `GET /ai-sessions` does what its document promises.

Where the document is silent, it does what we decided.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import application
from hansard.ids import IdSource
from hansard.model import SessionDraft, times
from hansard.service import Service
from hansard.settings import Settings
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import Clock, run, say, start, uuid_of

URL = "/ai-sessions"
EXAMPLE = {
    "count": 123,
    "result": [
        {
            "id": "2eac78c7-ef64-49cb-82f0-7280b555f015",
            "workspace_id": "465d610c-43df-4c87-8396-8eb9742122c4",
            "feed_id": "6bdda998-40a0-4f61-9e7d-ca7f4879b13d",
            "contact_id": "f1349acb-b4d4-4220-b90a-36ef170ddd4a",
            "external_user_id": "4915142424351",
            "channel": "whatsapp",
            "created_at": "2026-02-25T16:46:34.206Z",
            "status": {
                "session_id": "2eac78c7-ef64-49cb-82f0-7280b555f015",
                "completed": True,
                "unresolved": False,
                "completed_at": "2026-02-25T16:50:00.000Z",
                "last_message_date": "2026-02-25T16:49:30.000Z",
                "last_updated": "2026-02-25T16:50:00.000Z",
            },
            "state": {
                "session_id": "2eac78c7-ef64-49cb-82f0-7280b555f015",
                "type": "CONCIERGE",
                "sub_intent_type": "CONCIERGE",
                "trail": [{}],
            },
            "messages": [
                {
                    "message_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
                    "session_id": "2eac78c7-ef64-49cb-82f0-7280b555f015",
                    "initiator_origin": "RECIPIENT",
                    "message": "Hi, I need help with my order",
                    "created_at": "2026-02-25T16:46:40.000Z",
                }
            ],
        }
    ],
}


class GivenIds(IdSource):
    """Gives the ids that an example names."""

    def __init__(self, *uuids: str) -> None:
        super().__init__()
        self._uuids = list(uuids)

    def workspace(self, spread: int = 0) -> str:  # noqa: ARG002 - as it is called
        return self._uuids.pop(0)


async def get(api: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await api.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def ids(api: httpx.AsyncClient, **params: Any) -> list[str]:
    return [item["id"] for item in (await get(api, **params))["result"]]


async def test_the_documents_example(lone_service: Service, clock: Clock) -> None:
    """The session of the example and 122 older ones.

    Its last message is a tool's, which is not shown.
    """
    example: Any = EXAMPLE["result"][0]  # type: ignore[index]  # the example is plain JSON
    clock.set(example["created_at"])
    filled = Service(
        lone_service.store, lone_service.secret, clock=clock, ids=GivenIds(example["workspace_id"])
    )
    operator = filled.workspaces.operator(await filled.workspaces.create("konvo"))
    key, _ = await filled.keys.create(operator, "konvo", ALL_SCOPES)
    transport = httpx.ASGITransport(application(filled, Settings(store=lone_service.store.url)))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://hansard.test", headers={"x-api-key": key}
    ) as api:
        await _older_sessions(filled, operator, 122)
        external = {"feed_id": example["feed_id"], "contact_id": example["contact_id"]}
        words = {
            "intent": "CONCIERGE",
            "sub_intent": "CONCIERGE",
            "trail": [{}],
            "resolution": "resolved",
        }
        await start(
            api,
            id=example["id"],
            user="4915142424351",
            channel="whatsapp",
            created_at=example["created_at"],
            external_ids=external,
            **words,
        )
        message = example["messages"][0]
        tool = {
            "type": "tool_call",
            "id": "call_1",
            "name": "find_order",
            "arguments": {"phone": "4915142424351"},
        }
        await say(
            api,
            example["id"],
            {
                "role": "user",
                "text": message["message"],
                "client_id": message["message_id"],
                "created_at": message["created_at"],
            },
            {
                "role": "assistant",
                "parts": [tool],
                "created_at": example["status"]["last_message_date"],
            },
        )
        clock.set(example["status"]["completed_at"])
        await api.post(f"/v1/sessions/{example['id']}/end", json={})
        answer = await api.get(URL, params={"messages": "true", "state": "true", "limit": "1"})
    assert answer.json() == EXAMPLE


async def test_a_workspace_is_a_uuid_like_everything_else(api: httpx.AsyncClient) -> None:
    await start(api, id="bare")
    shown = (await get(api))["result"][0]["workspace_id"]
    assert str(UUID(shown)) == shown
    assert (await get(api))["result"][0]["workspace_id"] == shown


async def _older_sessions(service: Service, operator: Principal, number: int) -> None:
    for index in range(number):
        await service.sessions.start(
            operator, SessionDraft(created_at=times.parse("2026-01-01T00:00:00Z") + index)
        )


async def test_blocks_that_were_not_asked_for_are_absent(api: httpx.AsyncClient) -> None:
    await start(api, id="bare")
    bare = [
        "id",
        "workspace_id",
        "feed_id",
        "contact_id",
        "external_user_id",
        "channel",
        "created_at",
    ]
    assert list((await get(api))["result"][0]) == bare
    assert list((await get(api, state="true"))["result"][0]) == [*bare, "status", "state"]
    assert list((await get(api, messages="true"))["result"][0]) == [*bare, "messages"]


async def test_what_is_not_known_is_null(api: httpx.AsyncClient) -> None:
    session = await start(api, id="bare")
    shown = (await get(api, state="true", messages="true"))["result"][0]
    assert {name for name, value in shown.items() if value is None} == {
        "feed_id",
        "contact_id",
        "external_user_id",
        "channel",
    }
    assert shown["status"] | {"last_updated": ""} == {
        "session_id": uuid_of(session),
        "completed": False,
        "unresolved": False,
        "completed_at": None,
        "last_message_date": None,
        "last_updated": "",
    }
    assert shown["state"] == {
        "session_id": uuid_of(session),
        "type": None,
        "sub_intent_type": None,
        "trail": [],
    }
    assert shown["messages"] == []


async def test_feed_and_contact_come_from_the_external_ids(api: httpx.AsyncClient) -> None:
    await start(api, id="short", external_ids={"feed": "f", "contact": "c"})
    session = (await get(api))["result"][0]
    assert (session["feed_id"], session["contact_id"]) == ("f", "c")


async def test_unresolved_is_the_resolution_and_completed_the_end(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    await start(api, id="open", resolution="unresolved")
    await api.post("/v1/sessions/open/end", json={})
    clock.move(1)
    await start(api, id="ongoing", resolution="resolved")
    ongoing, over = (session["status"] for session in (await get(api, state="1"))["result"])
    assert (over["completed"], over["unresolved"]) == (True, True)
    assert (ongoing["completed"], ongoing["unresolved"], ongoing["completed_at"]) == (
        False,
        False,
        None,
    )


async def test_messages_are_text_only_in_order_and_say_who_spoke(api: httpx.AsyncClient) -> None:
    await start(api, id="talk")
    answer = {"type": "tool_call_response", "id": "c", "response": "ok"}
    written = await say(
        api,
        "talk",
        ("system", "be kind"),
        ("user", "hello"),
        {
            "role": "assistant",
            "parts": [
                {"type": "text", "content": "I look"},
                {"type": "tool_call", "id": "c", "name": "look"},
            ],
        },
        {"role": "tool", "parts": [answer]},
        {"role": "assistant", "text": "a person here", "sender": "operator"},
    )
    messages = (await get(api, messages="true"))["result"][0]["messages"]
    assert [(message["initiator_origin"], message["message"]) for message in messages] == [
        ("RECIPIENT", "hello"),
        ("AI", "I look"),
        ("AGENT", "a person here"),
    ]
    assert messages[0]["message_id"] == written[1]["id"].removeprefix("msg_")


async def test_pages_begin_at_one_and_zero_means_one(api: httpx.AsyncClient) -> None:
    created = [
        uuid_of(await start(api, id=f"s{n}", created_at=f"2026-01-0{n}T00:00:00Z"))
        for n in range(1, 6)
    ][::-1]
    assert await ids(api) == created
    assert (
        await ids(api, limit=2)
        == await ids(api, page=1, limit=2)
        == await ids(api, page=0, limit=2)
        == created[:2]
    )
    assert await ids(api, page=2, limit=2) == created[2:4]
    assert await ids(api, page=3, limit=2) == created[4:]
    assert await get(api, page=4, limit=2) == {"count": 5, "result": []}
    assert await get(api, page=2**31 - 1, limit=200) == {"count": 5, "result": []}


async def test_pages_never_overlap_when_times_are_equal(api: httpx.AsyncClient) -> None:
    created = {
        uuid_of(await start(api, id=f"s{n}", created_at="2026-01-01T00:00:00Z")) for n in range(6)
    }
    walked = [id_ for page in (1, 2, 3) for id_ in await ids(api, page=page, limit=2)]
    assert (len(walked), set(walked)) == (6, created)


async def test_a_limit_above_the_maximum_is_cut(
    clocked: Service, principal: Principal, api: httpx.AsyncClient
) -> None:
    await _older_sessions(clocked, principal, 201)
    body = await get(api, limit=10_000)
    assert (body["count"], len(body["result"])) == (201, 200)
    assert len((await get(api))["result"]) == 50


async def test_both_times_filter_by_creation_inclusively(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    first = uuid_of(await start(api, id="first", created_at="2026-01-01T10:00:00.206456Z"))
    second = uuid_of(await start(api, id="second", created_at="2026-01-02T10:00:00Z"))
    clock.move(3600)
    await say(api, "first", ("user", "an update much later"))
    assert await ids(api, updated_at_min="2026-01-02T10:00:00Z") == [second]
    assert await ids(api, updated_at_max="2026-01-02T09:59:59.999Z") == [first]
    assert await ids(
        api, updated_at_min="2026-01-01T10:00:00.206Z", updated_at_max="2026-01-01T10:00:00.206Z"
    ) == [first]
    assert (await get(api, updated_at_min="2026-01-02T10:00:00.001Z"))["count"] == 0


@pytest.mark.parametrize(
    "text",
    ["2026-01-02T12:00:00+02:00", "2026-01-02T12:00:00 02:00", "2026-01-02T10:00:00", "2026-01-02"],
)
async def test_a_time_may_have_any_offset_or_none(api: httpx.AsyncClient, text: str) -> None:
    await start(api, id="first", created_at="2026-01-01T23:59:59Z")
    second = uuid_of(await start(api, id="second", created_at="2026-01-02T10:00:00Z"))
    assert await ids(api, updated_at_min=text) == [second]


@pytest.mark.parametrize(
    ("text", "is_true"),
    [("true", True), ("TRUE", True), ("1", True), ("False", False), ("0", False)],
)
async def test_booleans_in_any_case(api: httpx.AsyncClient, text: str, is_true: bool) -> None:
    await start(api, id="s")
    session = (await get(api, messages=text, state=text))["result"][0]
    assert ("messages" in session, "state" in session, "status" in session) == (
        is_true,
        is_true,
        is_true,
    )


async def test_bad_parameters_are_400_with_a_message(api: httpx.AsyncClient) -> None:
    bad = {
        "page": ["-1", "2147483648", "x", "", "1.5"],
        "limit": ["0", "-1", "x", "", "1.5", "9" * 5000],
        "updated_at_min": ["yesterday", "", "2026-13-01", "2026-02-30T00:00:00Z", "20"],
        "updated_at_max": ["yesterday", "", "99999-01-01T00:00:00Z"],
        "messages": ["yes", "", "2"],
        "state": ["on", "", "null"],
    }
    for name, values in bad.items():
        for value in values:
            answer = await api.get(URL, params={name: value})
            assert (answer.status_code, list(answer.json())) == (400, ["message"]), (
                name,
                value,
                answer.text,
            )
            assert name in answer.json()["message"]


async def test_unknown_parameters_are_ignored(api: httpx.AsyncClient) -> None:
    assert await get(api, nothing="x") == {"count": 0, "result": []}


async def test_errors_have_konvos_shape(api: httpx.AsyncClient, make_key: MakeKey) -> None:
    unknown, wrong_method = await api.get("/ai-sessions/nothing"), await api.post(URL)
    narrow = await api.get(URL, headers={"Authorization": f"Bearer {await make_key('export')}"})
    absent = await api.get(URL, headers={"Authorization": ""})
    typo = await api.get(URL, headers={"Authorization": "", "x-api-key": "hsd_nothing"})
    for answer, status in (
        (unknown, 404),
        (wrong_method, 405),
        (narrow, 403),
        (absent, 401),
        (typo, 401),
    ):
        assert (answer.status_code, list(answer.json())) == (status, ["message"])
        assert answer.headers["x-request-id"]


async def test_the_key_may_come_in_its_own_header(api: httpx.AsyncClient, key: str) -> None:
    answer = await api.get(URL, headers={"Authorization": "", "x-api-key": key})
    assert answer.json() == {"count": 0, "result": []}


async def test_another_workspace_sees_nothing(api: httpx.AsyncClient, foreign_key: str) -> None:
    await start(api, id="ours")
    answer = await api.get(URL, headers={"Authorization": f"Bearer {foreign_key}"})
    assert answer.json() == {"count": 0, "result": []}


async def test_sub_sessions_and_task_sessions_are_sessions_too(api: httpx.AsyncClient) -> None:
    await start(api, id="parent")
    await start(api, id="child", parent="parent")
    await start(api, id="task", kind="task")
    await run(api, "task", "running")
    assert (await get(api))["count"] == 3


async def test_an_unchanged_list_is_answered_304_and_a_changed_one_anew(
    api: httpx.AsyncClient,
) -> None:
    await start(api, id="s")
    for params in ({}, {"state": "true"}, {"messages": "true"}):
        first = await api.get(URL, params=params)
        assert (
            await api.get(URL, params=params, headers={"If-None-Match": first.headers["etag"]})
        ).status_code == 304
        assert (await api.get(URL, params=params)).json() == first.json()
        await say(api, "s", ("user", "news"))
        assert (
            await api.get(URL, params=params, headers={"If-None-Match": first.headers["etag"]})
        ).status_code == 200
    assert len((await get(api, messages="true"))["result"][0]["messages"]) == 3
