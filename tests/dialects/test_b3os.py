"""B3OS's chat sessions and history do what their documents promise.

Where the documents are silent, they do what we decided.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, SessionDraft, parts, times
from hansard.service import Service
from tests.dialects.filling import UNKNOWN, Clock, run, say, start, uuid_of

SESSIONS = "/v1/ai/workflow/chat/sessions"
HISTORY = "/v1/ai/workflow/chat/history"
MESSAGES = "/v1/ai/workflow/chat/messages"
TEXT = "<string>"


async def data(api: httpx.AsyncClient, url: str, **params: Any) -> Any:
    answer = await api.get(url, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def names(api: httpx.AsyncClient, **params: Any) -> list[str]:
    return [item["sessionId"] for item in (await data(api, SESSIONS, **params))["items"]]


async def contents(api: httpx.AsyncClient, **params: Any) -> list[str]:
    return [item["content"] for item in await data(api, HISTORY, **params)]


async def write(
    api: httpx.AsyncClient, conversation: str, content: str, role: str = "user", **fields: Any
) -> dict[str, Any]:
    answer = await api.post(
        MESSAGES, json={"conversationId": conversation, "content": content, "role": role, **fields}
    )
    assert answer.status_code == 200, answer.text
    written: dict[str, Any] = answer.json()["data"]
    return written


async def fill(service: Service, principal: Principal, names_and_times: dict[str, str]) -> None:
    for name, at in names_and_times.items():
        draft = MessageDraft(
            role="user", parts=parts.text_part("hi"), text="hi", created_at=times.parse(at)
        )
        await service.sessions.record(
            principal, SessionDraft(id=name, created_at=times.parse(at)), [draft]
        )


async def test_the_sessions_documents_example(
    api: httpx.AsyncClient, clocked: Service, principal: Principal
) -> None:
    """The session of the example is the 124th.

    123 are newer, one is older, and it has 123 messages itself.
    """
    newer = {f"newer_{n}": f"2026-02-01T00:{n // 60:02}:{n % 60:02}Z" for n in range(123)}
    await fill(clocked, principal, newer | {"older": "2025-01-01T00:00:00Z"})
    await start(
        api, id=TEXT, workflow_id=TEXT, workflow_name=TEXT, created_at="2026-01-01T00:00:00Z"
    )
    texts = [
        {
            "role": "user",
            "text": TEXT if n == 0 else "more",
            "created_at": f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z",
        }
        for n in range(123)
    ]
    await say(api, TEXT, *texts[:100])
    await say(api, TEXT, *texts[100:])
    answer = await api.get(
        SESSIONS, params={"limit": "1", "offset": "123"}, headers={"X-Request-ID": "req_abc123"}
    )
    assert answer.json() == {
        "code": 200,
        "data": {
            "hasMore": True,
            "items": [
                {
                    "contextType": "workflow",
                    "conversationId": TEXT,
                    "firstMessageAt": "2026-01-01T00:00:00Z",
                    "lastMessageAt": "2026-01-01T00:02:02Z",
                    "messageCount": 123,
                    "preview": TEXT,
                    "sessionId": TEXT,
                    "workflowId": TEXT,
                    "workflowName": TEXT,
                }
            ],
            "limit": 1,
            "offset": 123,
        },
        "message": "success",
        "requestId": "req_abc123",
    }


async def test_the_history_documents_example(
    api: httpx.AsyncClient, principal: Principal, clock: Clock
) -> None:
    clock.set("2026-01-01T00:00:00Z")
    await start(api, id=TEXT, workflow_id=TEXT)
    await run(api, TEXT, "running", id=TEXT)
    clock.move(2)
    picture = {"type": "uri", "modality": "image", "mime_type": "image/png", "uri": TEXT}
    usage = {"input_tokens": 100, "output_tokens": 23}
    (message,) = await say(
        api,
        TEXT,
        {
            "role": "user",
            "parts": [{"type": "text", "content": TEXT}, picture],
            "run_id": TEXT,
            "sender_id": TEXT,
            "usage": usage,
        },
    )
    answer = await api.get(HISTORY, params={"sessionId": TEXT}, headers={"X-Request-ID": TEXT})
    assert answer.json() == {
        "code": 200,
        "data": [
            {
                "content": TEXT,
                "conversationId": TEXT,
                "createdAt": "2026-01-01T00:00:02Z",
                "id": message["id"],
                "imageUrls": [TEXT],
                "linkedRunFinishedAt": "",
                "linkedRunId": TEXT,
                "linkedRunStartedAt": "2026-01-01T00:00:00Z",
                "linkedRunStatus": "running",
                "organizationId": principal.workspace_id,
                "role": "user",
                "senderUserId": TEXT,
                "sessionId": TEXT,
                "tokensUsed": 123,
                "workflowId": TEXT,
            }
        ],
        "message": "success",
        "requestId": TEXT,
    }


async def test_a_get_with_a_json_body_is_answered(api: httpx.AsyncClient) -> None:
    await write(api, "session_1_a", "hello")
    for url in (SESSIONS, f"{HISTORY}?sessionId=session_1_a"):
        answer = await api.request(
            "GET", url, content=b"{}", headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (
            200,
            200,
            "success",
        )


async def test_a_text_that_does_not_apply_is_empty(api: httpx.AsyncClient) -> None:
    session = await start(api)
    (message,) = await say(api, session["id"], ("assistant", "welcome"))
    name = f"session_{uuid_of(session)}"
    (item,) = (await data(api, SESSIONS))["items"]
    assert item == {
        "contextType": "session",
        "conversationId": name,
        "firstMessageAt": message["created_at"],
        "lastMessageAt": message["created_at"],
        "messageCount": 1,
        "preview": "",
        "sessionId": name,
        "workflowId": "",
        "workflowName": "",
    }
    (shown,) = await data(api, HISTORY, sessionId=name)
    empty = {field for field, value in shown.items() if value == ""}
    assert (empty, shown["imageUrls"], shown["tokensUsed"]) == (
        {"senderUserId", "workflowId"},
        [],
        0,
    )
    assert not [field for field in shown if field.startswith("linkedRun")]


async def test_the_preview_is_the_first_user_message_cut_to_100_characters(
    api: httpx.AsyncClient,
) -> None:
    await write(api, "long", "é" * 150)
    await write(api, "long", "second")
    assert [item["preview"] for item in (await data(api, SESSIONS))["items"]] == ["é" * 100]


async def test_the_list_goes_by_the_last_message_and_leaves_out_silent_sessions(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    for name in ("a", "b", "c"):
        await write(api, name, "hi")
        clock.move(1)
    await start(api, id="silent")
    await write(api, "a", "again")
    clock.move(1)
    await api.patch("/v1/sessions/b", json={"title": "changed, but nobody spoke"})
    assert await names(api) == ["a", "c", "b"]


async def test_limit_and_offset(
    api: httpx.AsyncClient, clocked: Service, principal: Principal
) -> None:
    await fill(clocked, principal, {f"s{n:02}": f"2026-01-01T00:{n:02}:00Z" for n in range(55)})
    newest_first = [f"s{n:02}" for n in range(54, -1, -1)]
    page = await data(api, SESSIONS)
    assert (page["limit"], page["offset"], page["hasMore"], len(page["items"])) == (20, 0, True, 20)
    page = await data(api, SESSIONS, limit=1000)
    assert (page["limit"], page["hasMore"], len(page["items"])) == (50, True, 50)
    assert await names(api, limit=50, offset=50) == newest_first[50:]
    page = await data(api, SESSIONS, limit=5, offset=50)
    assert (page["hasMore"], [item["sessionId"] for item in page["items"]]) == (
        False,
        newest_first[50:],
    )
    page = await data(api, SESSIONS, offset=2**63 - 1)
    assert page == {"hasMore": False, "items": [], "limit": 20, "offset": 2**63 - 1}


async def test_pages_never_overlap_when_times_are_equal(
    api: httpx.AsyncClient, clocked: Service, principal: Principal
) -> None:
    await fill(clocked, principal, {f"s{n}": "2026-01-01T00:00:00Z" for n in range(6)})
    assert {name for offset in (0, 2, 4) for name in await names(api, limit=2, offset=offset)} == {
        f"s{n}" for n in range(6)
    }


async def test_history_is_the_newest_messages_in_the_order_they_were_sent(
    api: httpx.AsyncClient,
) -> None:
    await start(api, id="s")
    await say(api, "s", *[("user", str(n)) for n in range(100)])
    await say(api, "s", *[("user", str(n)) for n in range(100, 120)])
    assert await contents(api, sessionId="s") == [str(n) for n in range(100, 120)]
    assert await contents(api, sessionId="s", limit=3) == ["117", "118", "119"]
    assert await contents(api, sessionId="s", limit=1000) == [str(n) for n in range(20, 120)]


async def test_before_and_before_id_walk_back_without_gap_or_overlap(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    """Ten messages of one moment, then ten more.

    A time alone cannot walk through them, the id can.
    """
    await start(api, id="s", workflow_id="w")
    await say(api, "s", *[("user", str(n)) for n in range(10)])
    clock.move(1)
    await say(api, "s", *[("user", str(n)) for n in range(10, 20)])
    for name in (
        {"sessionId": "s"},
        {"workflowId": "w"},
        {"conversationId": "s", "workflowId": "w"},
    ):
        walked, position = list[str](), dict[str, str]()
        while page := await data(api, HISTORY, limit=3, **name, **position):
            walked = [item["content"] for item in page] + walked
            position = {"before": page[0]["createdAt"], "beforeId": page[0]["id"]}
        assert walked == [str(n) for n in range(20)]
        newest = (await data(api, HISTORY, **name))[-1]
        assert await contents(api, before=newest["createdAt"], **name) == [
            str(n) for n in range(10)
        ]
    last = (await data(api, HISTORY, sessionId="s"))[-1]
    assert await contents(api, sessionId="s", beforeId=last["id"], limit=2) == ["17", "18"]


async def test_the_history_of_a_workflow_joins_its_sessions_by_time(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    for index, name in enumerate(("a", "b", "a", "c", "b")):
        await write(api, name, f"{name}{index}", workflowId="w" if name != "c" else "other")
        clock.move(1)
    assert await contents(api, workflowId="w") == ["a0", "b1", "a2", "b4"]
    assert await contents(api, workflowId="w", limit=2) == ["a2", "b4"]
    newest = (await data(api, HISTORY, workflowId="w"))[2]
    assert await contents(
        api, workflowId="w", limit=2, before=newest["createdAt"], beforeId=newest["id"]
    ) == ["a0", "b1"]


async def test_several_ids_must_all_hold(api: httpx.AsyncClient) -> None:
    await write(api, "a", "in a", workflowId="w")
    await write(api, "b", "in b", workflowId="w")
    assert await contents(api, sessionId="a", conversationId="a", workflowId="w") == ["in a"]
    assert await contents(api, sessionId="a", conversationId="b") == []
    assert await contents(api, sessionId="a", workflowId="other") == []


async def test_an_unknown_id_has_an_empty_history(api: httpx.AsyncClient) -> None:
    for name in ("sessionId", "workflowId", "conversationId"):
        for value in ("nothing", UNKNOWN, f"session_{UNKNOWN}", "a/b", "x" * 3000, "☃"):
            assert await contents(api, **{name: value}) == []


async def test_history_takes_every_form_of_a_sessions_name(api: httpx.AsyncClient) -> None:
    session = await start(api, id="session_1_a")
    await write(api, "session_1_a", "hello")
    for form in ("{}", "session_{}", "asset_{}", "websocket_{}", "ses_{}"):
        assert await contents(api, sessionId=form.format(uuid_of(session))) == ["hello"]


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("queued", "running"),
        ("running", "running"),
        ("waiting", "waiting"),
        ("completed", "success"),
        ("partial", "partial"),
        ("failed", "failure"),
        ("cancelled", "cancelled"),
    ],
)
async def test_the_state_of_a_linked_run(api: httpx.AsyncClient, state: str, shown: str) -> None:
    await start(api, id="s", workflow_id="w")
    await run(api, "s", state, id="r")
    await say(
        api,
        "s",
        {"role": "assistant", "text": "hi", "run_id": "r"},
        {"role": "assistant", "text": "free", "run_id": "no such run"},
    )
    for name in ({"sessionId": "s"}, {"workflowId": "w"}):
        linked, free = await data(api, HISTORY, **name)
        assert (linked["linkedRunStatus"], linked["linkedRunId"]) == (shown, "r")
        assert bool(linked["linkedRunFinishedAt"]) == (shown not in {"running", "waiting"})
        assert "linkedRunId" not in free


async def test_an_interrupted_run_is_a_failure(
    api: httpx.AsyncClient, clocked: Service, clock: Clock
) -> None:
    await start(api, id="s")
    await run(api, "s", "running", id="r", lease_seconds=10)
    await say(api, "s", {"role": "assistant", "text": "hi", "run_id": "r"})
    clock.move(3600)
    await clocked.runs.reap()
    (linked,) = await data(api, HISTORY, sessionId="s")
    assert linked["linkedRunStatus"] == "failure"


async def test_tools_answers_are_context_and_images_are_urls(api: httpx.AsyncClient) -> None:
    await start(api, id="s", user="u1")
    await say(
        api,
        "s",
        {
            "role": "user",
            "parts": [
                {"type": "blob", "modality": "image", "mime_type": "image/gif", "content": "R0lG"},
                {"type": "text", "content": "look"},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"type": "uri", "mime_type": "application/pdf", "uri": "https://x.test/a.pdf"}
            ],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "c", "response": {"found": 1}}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "d", "response": "plain"}]},
    )
    shown = [
        (item["role"], item["content"], item["imageUrls"], item["senderUserId"])
        for item in await data(api, HISTORY, sessionId="s")
    ]
    assert shown == [
        ("user", "look", ["data:image/gif;base64,R0lG"], "u1"),
        ("user", "", [], "u1"),
        ("context", '{"found":1}', [], ""),
        ("context", "plain", [], ""),
    ]
