"""B3OS' errors, and who may see what."""

from __future__ import annotations

from typing import Any

import httpx

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import UNKNOWN, say, start
from tests.dialects.test_b3os import HISTORY, MESSAGES, SESSIONS, contents, names, write


async def test_bad_parameters_are_400_in_the_envelope(api: httpx.AsyncClient) -> None:
    bad: list[tuple[str, str, str]] = [
        (SESSIONS, "limit", value) for value in ("0", "-1", "x", "", "1.5", "9" * 5000)
    ]
    bad += [(SESSIONS, "offset", value) for value in ("-1", "x", "", "9223372036854775808", "1.5")]
    bad += [(HISTORY, "limit", value) for value in ("0", "-1", "x", "")]
    bad += [(HISTORY, "before", value) for value in ("yesterday", "2026-13-01", "")]
    bad += [(HISTORY, "beforeId", value) for value in ("nothing", "msg_x", UNKNOWN)]
    bad += [(HISTORY, name, "a\x00b") for name in ("sessionId", "workflowId", "conversationId")]
    for url, name, value in bad:
        answer = await api.get(url, params={"sessionId": "s", name: value})
        refused(answer, 400)
        assert name in answer.json()["message"], answer.text
    refused(await api.get(HISTORY), 400)
    refused(await api.get(HISTORY, params={"sessionId": "", "limit": "5"}), 400)
    refused(await api.get(HISTORY, params={"workflowId": "w", "beforeId": f"msg_{UNKNOWN}"}), 400)


async def test_bad_messages_are_400_in_the_envelope(api: httpx.AsyncClient) -> None:
    good = {"conversationId": "s", "content": "x", "role": "user"}
    changes: list[dict[str, Any]] = [
        {"conversationId": ""},
        {"conversationId": "x" * 256},
        {"conversationId": "a/b"},
        {"conversationId": 7},
        {"content": ""},
        {"content": None},
        {"role": "tool"},
        {"role": None},
        {"createdAt": "yesterday"},
        {"createdAt": 7},
        {"createdAt": "2999-01-01T00:00:00Z"},
        {"turnId": "x" * 256},
        {"workflowId": 7},
    ]
    for change in changes:
        refused(await api.post(MESSAGES, json=good | change), 400)
    for missing in good:
        refused(
            await api.post(
                MESSAGES, json={name: value for name, value in good.items() if name != missing}
            ),
            400,
        )
    for text in (b"", b"[]", b"{", b"\xff", b'"x"'):
        refused(await api.post(MESSAGES, content=text), 400)
    refused(await api.post(MESSAGES, content=b"x" * 2_000_000), 413)
    refused(await api.post(MESSAGES, content=b"a=b", headers={"Content-Type": "text/plain"}), 415)
    assert await names(api) == []


async def test_errors_have_b3os_shape(api: httpx.AsyncClient, make_key: MakeKey) -> None:
    refused(await api.get("/v1/ai/workflow/chat/nothing"), 404)
    refused(await api.get("/v1/ai/nothing"), 404)
    refused(await api.post(SESSIONS), 405)
    refused(await api.get(SESSIONS, headers={"Authorization": ""}), 401)
    refused(await api.get(SESSIONS, headers={"Authorization": "Bearer nothing"}), 401)
    reader = {"Authorization": f"Bearer {await make_key('sessions:read')}"}
    refused(
        await api.post(
            MESSAGES, json={"conversationId": "s", "content": "x", "role": "user"}, headers=reader
        ),
        403,
    )
    refused(
        await api.get(SESSIONS, headers={"Authorization": f"Bearer {await make_key('export')}"}),
        403,
    )


async def test_the_organization_header_must_name_the_keys_own(
    api: httpx.AsyncClient, principal: Principal, clocked: Service
) -> None:
    for own in (
        principal.workspace_id,
        f"ws_{principal.workspace_id}",
        principal.workspace_name,
        "",
    ):
        assert (await api.get(SESSIONS, headers={"X-Org-ID": own})).status_code == 200
    other = await clocked.workspaces.create(f"beside {principal.workspace_name}")
    for foreign in (other.id, f"ws_{other.id}", other.name, "nothing"):
        refused(await api.get(SESSIONS, headers={"X-Org-ID": foreign}), 403)
        refused(
            await api.get(HISTORY, params={"sessionId": "s"}, headers={"X-Org-ID": foreign}), 403
        )
        refused(
            await api.post(
                MESSAGES,
                json={"conversationId": "s", "content": "x", "role": "user"},
                headers={"X-Org-ID": foreign},
            ),
            403,
        )


async def test_another_workspace_sees_and_touches_nothing(
    api: httpx.AsyncClient, foreign_key: str
) -> None:
    await write(api, "s", "ours", workflowId="w")
    api.headers["Authorization"] = f"Bearer {foreign_key}"
    assert (
        await names(api)
        == await contents(api, sessionId="s")
        == await contents(api, workflowId="w")
        == []
    )
    await write(api, "s", "theirs")
    assert await contents(api, sessionId="s") == ["theirs"]


async def test_a_key_of_one_user_neither_sees_nor_writes_to_others(
    api: httpx.AsyncClient, clocked: Service, principal: Principal
) -> None:
    await start(api, id="s", user="u1", workflow_id="w")
    await say(api, "s", ("user", "secret"))
    key, _ = await clocked.keys.create(principal, "narrow", ALL_SCOPES, user_id="u2")
    api.headers["Authorization"] = f"Bearer {key}"
    assert (
        await names(api)
        == await contents(api, sessionId="s")
        == await contents(api, workflowId="w")
        == []
    )
    refused(
        await api.post(MESSAGES, json={"conversationId": "s", "content": "x", "role": "user"}), 404
    )


def refused(answer: httpx.Response, status: int) -> None:
    """The error envelope.

    A six-digit code that begins with the status, and no more keys than the four.
    """
    body = answer.json()
    assert (answer.status_code, body["code"] // 1000, body["details"]) == (status, status, []), (
        answer.text
    )
    assert list(body) == ["code", "message", "requestId", "details"]
    assert body["requestId"] == answer.headers["x-request-id"]
