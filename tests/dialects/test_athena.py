"""Athena's list says what its document promises.

The neighbours answer as the published client expects.
"""

from __future__ import annotations

from typing import Any

import httpx

from hansard.access import Principal
from hansard.model import SessionDraft, times
from hansard.service import Service
from tests.dialects.filling import Clock, run, say, start, uuid_of

SESSIONS = "/api/v0/sessions"
ENVELOPE = ["items", "limit", "offset", "total", "has_more", "next_offset"]


async def page(api: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await api.get(SESSIONS, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def titles(api: httpx.AsyncClient, **params: Any) -> list[str | None]:
    return [item["title"] for item in (await page(api, **params))["items"]]


async def item(api: httpx.AsyncClient, name: str) -> dict[str, Any]:
    answer = await api.get(f"{SESSIONS}/{name}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_documented_envelope_of_an_empty_store(api: httpx.AsyncClient) -> None:
    answer = await api.get(SESSIONS)
    assert answer.json() == {
        "items": [],
        "limit": 50,
        "offset": 0,
        "total": 0,
        "has_more": False,
        "next_offset": None,
    }
    assert list(answer.json()) == ENVELOPE


async def test_the_whole_page_of_one_session(
    api: httpx.AsyncClient, clock: Clock, principal: Principal
) -> None:
    clock.set("2026-01-01T10:00:00Z")
    parent = await start(api, id="parent", title="Parent")
    about = {
        "channel": "web",
        "app": "billing",
        "agent": "clerk",
        "model": "gpt-5",
        "user": "u1",
        "trigger": "api",
    }
    session = await start(api, id="s", title="Invoice", parent="parent", **about)
    clock.move(60)
    await say(
        api,
        "s",
        ("user", "hello"),
        {
            "role": "assistant",
            "text": "hi there",
            "usage": {"input_tokens": 5, "output_tokens": 2, "cost_usd": 0.25},
        },
    )
    body = await page(api, include_sub_sessions="true", query="invoice")
    assert body == {
        "items": [
            {
                "id": f"asset_{uuid_of(session)}",
                "thread_id": uuid_of(session),
                "title": "Invoice",
                "state": None,
                "run_status_v2": None,
                "session_status_v2": "idle",
                "failure_reason_v2": None,
                "session_type": "session",
                "source_channel": "web",
                "agent": "clerk",
                "model": "gpt-5",
                "app_id": "billing",
                "created_by_id": "u1",
                "workspace_id": principal.workspace_id,
                "parent_session_id": f"asset_{uuid_of(parent)}",
                "is_sub_session": True,
                "is_unread": True,
                "last_message_preview": "hi there",
                "num_messages": 2,
                "total_cost_usd": 0.25,
                "trigger_type": "api",
                "aop_asset_id": None,
                "aop_execution_succeeded": None,
                "aop_execution_error": None,
                "collab_agent_id": None,
                "created_at": "2026-01-01T10:00:00Z",
                "updated_at": "2026-01-01T10:01:00Z",
            }
        ],
        "limit": 50,
        "offset": 0,
        "total": 1,
        "has_more": False,
        "next_offset": None,
    }
    assert await item(api, "s") == body["items"][0]


async def test_limit_and_offset_are_a_window_with_the_exact_total(
    api: httpx.AsyncClient, clocked: Service, principal: Principal
) -> None:
    for n in range(7):
        await clocked.sessions.start(
            principal,
            SessionDraft(
                id=f"s{n}", title=f"t{n}", created_at=times.parse("2026-01-01T00:00:00Z") + n
            ),
        )
    order = {"sort_by": "created_at"}
    newest_first = [f"t{n}" for n in range(6, -1, -1)]
    body = await page(api, limit=3, offset=2, **order)
    assert (
        [item["title"] for item in body["items"]],
        body["total"],
        body["has_more"],
        body["next_offset"],
    ) == (newest_first[2:5], 7, True, 5)
    last = await page(api, limit=3, offset=5, **order)
    assert (
        [item["title"] for item in last["items"]],
        last["total"],
        last["has_more"],
        last["next_offset"],
    ) == (newest_first[5:], 7, False, None)
    past = await page(api, offset=2**63 - 1)
    assert (past["items"], past["total"], past["has_more"], past["next_offset"]) == (
        [],
        7,
        False,
        None,
    )
    walked, offset = list[str | None](), 0
    while shown := await titles(
        api, limit=2, offset=offset, **order
    ):  # the published pager: offset + 1 until a page is empty
        walked += shown
        offset += 1
    assert (offset, [*dict.fromkeys(walked)]) == (7, newest_first)


async def test_a_limit_may_be_500(api: httpx.AsyncClient) -> None:
    assert (await page(api, limit=500))["limit"] == 500


async def test_branches_and_tasks_are_listed_when_asked_for(api: httpx.AsyncClient) -> None:
    await start(api, id="plain", title="plain")
    await start(api, id="branch", title="branch", parent="plain")
    await start(api, id="task", title="task", kind="task", workflow_id="aop_1")
    await start(api, id="flow", title="flow", kind="workflow", workflow_id="aop_2")
    await start(api, id="both", title="both", kind="task", parent="task", workflow_id="aop_1")
    assert await titles(api, sort_by="title", sort_direction="asc") == ["plain"]
    assert set(await titles(api, include_sub_sessions="true")) == {"plain", "branch"}
    assert set(await titles(api, include_task_sessions="TRUE")) == {"plain", "task", "flow"}
    assert set(await titles(api, include_task_sessions="1", include_sub_sessions="1")) == {
        "plain",
        "branch",
        "task",
        "flow",
        "both",
    }
    assert await titles(api, aop_asset_id="aop_1") == ["task"]
    assert (await page(api, include_task_sessions="1"))["total"] == 3
    task = await item(api, "task")
    assert (task["aop_asset_id"], task["session_type"], task["aop_execution_succeeded"]) == (
        "aop_1",
        "session",
        None,
    )


STATES = [
    ("queued", "queued", "active", None, None),
    ("running", "running", "active", None, None),
    ("waiting", "needs_input", "needs_input", None, None),
    ("completed", "completed", "idle", None, True),
    ("partial", "completed", "idle", None, False),
    ("failed", "failed", "error", "error", False),
    ("cancelled", "canceled", "idle", None, None),
    ("interrupted", "failed", "error", "interrupted", False),
]


async def test_states_are_shown_and_filtered_by_the_same_word(api: httpx.AsyncClient) -> None:
    await start(api, id="none", title="none")
    for ours, *_ in STATES:
        await start(api, id=ours, title=ours)
        await run(api, ours, ours)
    for ours, theirs, status, reason, _ in STATES:
        shown = await item(api, ours)
        assert (
            shown["state"],
            shown["run_status_v2"],
            shown["session_status_v2"],
            shown["failure_reason_v2"],
        ) == (theirs, theirs, status, reason)
    for word in {theirs for _, theirs, *_ in STATES}:
        assert set(await titles(api, state=word)) == {
            ours for ours, theirs, *_ in STATES if theirs == word
        }
    assert (
        await titles(api, state="cancelled") == await titles(api, state="Canceled") == ["cancelled"]
    )
    assert set(await titles(api, state=["running,queued", "needs_input"])) == {
        "running",
        "queued",
        "waiting",
    }
    assert set(await titles(api, state=" running , ,queued,")) == {"running", "queued"}
    assert len(await titles(api, state="")) == len(await titles(api, state=" , ")) == 9
    for unknown in ("nothing", "scheduled", "waiting"):
        assert (await page(api, state=unknown))["total"] == 0
    assert await titles(api, state=["nothing", "running"]) == ["running"]


async def test_a_workflows_run_says_how_it_went(api: httpx.AsyncClient) -> None:
    for ours, *_, succeeded in STATES:
        await start(api, id=ours, kind="workflow", workflow_id="w")
        await run(api, ours, ours, error="broke" if succeeded is False else None)
        shown = await item(api, ours)
        assert (shown["aop_execution_succeeded"], shown["aop_execution_error"]) == (
            succeeded,
            "broke" if succeeded is False else None,
        )


async def test_a_session_that_ended_without_a_run_is_completed(api: httpx.AsyncClient) -> None:
    await start(api, id="over", title="over")
    await start(api, id="ongoing", title="ongoing")
    await api.post("/v1/sessions/over/end", json={})
    assert (await item(api, "over"))["state"] == "completed"
    assert await titles(api, state="completed") == ["over"]


async def test_channels_kinds_apps_and_triggers(api: httpx.AsyncClient) -> None:
    await start(api, id="a", title="a", channel="Agent_Email", app="x", trigger="email")
    await start(
        api, id="b", title="b", channel="web", kind="video_session", app="y", trigger="schedule"
    )
    await start(api, id="c", title="c", channel="api", kind="mobile_session")
    assert (
        await titles(api, source_channel="agent_email")
        == await titles(api, source_channel="AGENT_EMAIL")
        == ["a"]
    )
    assert set(await titles(api, source_channel=["web,api", "none"])) == {"b", "c"}
    assert await titles(api, session_type="session") == ["a"]
    assert set(await titles(api, session_type="video_session, mobile_session")) == {"b", "c"}
    assert await titles(api, session_type="nothing") == []
    assert set(await titles(api, session_type="")) == {"a", "b", "c"}
    assert await titles(api, app_id="y") == ["b"]
    assert await titles(api, app_id="nothing") == []
    assert set(await titles(api, trigger_type=["email,schedule"])) == {"a", "b"}
    assert (await page(api, source_channel="nothing"))["total"] == 0


async def test_query_is_part_of_the_title_in_any_case_and_taken_literally(
    api: httpx.AsyncClient,
) -> None:
    for title in ("Über 100% sure", "a_b", "axb", "back\\slash", "Straße"):
        await start(api, title=title)
    assert await titles(api, query="ÜBER 100%") == ["Über 100% sure"]
    assert await titles(api, query="A_B") == ["a_b"]
    assert await titles(api, query="k\\s") == ["back\\slash"]
    assert await titles(api, query="STRASSE") == ["Straße"]
    assert await titles(api, query="%") == ["Über 100% sure"]
    assert await titles(api, query="nothing") == []
    assert len(await titles(api, query="")) == 5
    await start(api, title="longest " + "t" * 492)
    assert await titles(api, query="longest " + "t" * 492) == ["longest " + "t" * 492]


async def test_created_after_and_before_are_inclusive(api: httpx.AsyncClient) -> None:
    for day in (1, 2, 3):
        await start(api, title=str(day), created_at=f"2026-01-0{day}T12:00:00Z")
    assert set(await titles(api, created_after="2026-01-02T12:00:00Z")) == {"2", "3"}
    assert set(await titles(api, created_before="2026-01-02T12:00:00Z")) == {"1", "2"}
    for text in (
        "2026-01-02T14:00:00+02:00",
        "2026-01-02T14:00:00 02:00",
        "2026-01-02T12:00:00",
        "2026-01-02T12:00:00.000000Z",
    ):
        assert await titles(api, created_after=text, created_before=text) == ["2"]


async def test_sorts(api: httpx.AsyncClient, clock: Clock) -> None:
    for index, title in enumerate(("banana", "Apple", None, "cherry", "apple")):
        await start(api, title=title, created_at=f"2026-01-0{9 - index}T00:00:00Z", id=f"s{index}")
        clock.move(1)
    assert (
        await titles(api)
        == await titles(api, sort_by="updated_at")
        == ["apple", "cherry", None, "Apple", "banana"]
    )
    assert await titles(api, sort_direction="asc") == ["banana", "Apple", None, "cherry", "apple"]
    assert await titles(api, sort_by="created_at") == ["banana", "Apple", None, "cherry", "apple"]
    ascending = await titles(api, sort_by="title", sort_direction="asc")
    assert ([str(title).lower() for title in ascending[:4]], ascending[4]) == (
        ["apple", "apple", "banana", "cherry"],
        None,
    )
    descending = await titles(api, sort_by="title")
    assert ([str(title).lower() for title in descending[:4]], descending[4]) == (
        ["cherry", "banana", "apple", "apple"],
        None,
    )
