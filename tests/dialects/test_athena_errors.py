"""Athena's errors, and what is answered besides the list."""

from __future__ import annotations

from typing import Any

import httpx

from hansard.access import Principal
from hansard.service import Service
from tests.dialects.conftest import MakeKey
from tests.dialects.filling import UNKNOWN, Clock, say, start, uuid_of
from tests.dialects.test_athena import SESSIONS, item, page, titles


async def test_the_workspace_parameter_names_the_keys_own_or_nothing(
    api: httpx.AsyncClient, principal: Principal, clocked: Service
) -> None:
    await start(api, title="ours")
    other = await clocked.workspaces.create(f"beside {principal.workspace_name}")
    for own in (
        principal.workspace_id,
        f"ws_{principal.workspace_id}",
        principal.workspace_name,
        "",
    ):
        assert await titles(api, workspace_id=own) == ["ours"]
    assert await page(api, workspace_id=other.name) == await page(api, state="nothing")
    assert (
        await page(api, workspace_id=other.id)
        == await page(api, workspace_id="nothing")
        == await page(api, state="nothing")
    )


async def test_an_item_answers_to_every_form_of_its_name(api: httpx.AsyncClient) -> None:
    session = await start(api, id="telegram:42")
    for form in ("asset_{}", "{}", "ses_{}", "session_{}", "websocket_{}"):
        assert (await item(api, form.format(uuid_of(session))))["thread_id"] == uuid_of(session)
    assert await item(api, "telegram:42") == await item(api, "telegram_42")


async def test_read_and_unread_tell_the_item_and_leave_it_in_its_place(
    api: httpx.AsyncClient, clock: Clock
) -> None:
    for name in ("first", "second"):
        await start(api, id=name, title=name)
        await say(api, name, ("user", "hi"))
        clock.move(1)
    for route, is_unread in (
        ("read", False),
        ("read", False),
        ("unread", True),
        ("unread", True),
        ("read", False),
    ):
        answer = await api.post(f"{SESSIONS}/first/{route}")
        assert (answer.status_code, answer.json()["is_unread"]) == (200, is_unread)
        assert answer.json() == await item(api, "first")
    assert await titles(api) == ["second", "first"]
    clock.move(1)
    await say(api, "first", ("assistant", "news"))
    assert (await item(api, "first"))["is_unread"] is True


async def test_the_prefix_may_be_doubled(api: httpx.AsyncClient) -> None:
    await start(api, id="s", title="s")
    for path in (
        "/sessions",
        "/sessions/s",
        "/sessions/s/download?export_format=stats",
        "/threads/s/status",
    ):
        assert (await api.get(f"/api/v0/api/v0{path}")).json() == (
            await api.get(f"/api/v0{path}")
        ).json()
    assert (await api.post("/api/v0/api/v0/sessions/s/read")).status_code == 200
    assert (await api.get("/api/v0/api/v0/sessions/nothing")).json() == (
        await api.get("/api/v0/sessions/nothing")
    ).json()


async def test_bad_parameters_are_422_and_name_their_place(api: httpx.AsyncClient) -> None:
    await start(api, id="s")
    number = {
        "0": "greater_than_equal",
        "-1": "greater_than_equal",
        "501": "less_than_equal",
        "x": "int_parsing",
        "": "int_parsing",
        "1.5": "int_parsing",
        "5.0": "int_parsing",
    }
    moment = dict.fromkeys(("yesterday", "2026-13-01T00:00:00Z", "", "20"), "datetime_parsing")
    bad: list[tuple[str, str, dict[str, str]]] = [
        (SESSIONS, "limit", number),
        (
            SESSIONS,
            "offset",
            {
                "-1": "greater_than_equal",
                "x": "int_parsing",
                str(2**63): "less_than_equal",
                "9" * 5000: "value_error",
            },
        ),
        (SESSIONS, "created_after", moment),
        (SESSIONS, "created_before", moment),
        (SESSIONS, "sort_by", {"nothing": "enum", "": "enum", "-title": "enum"}),
        (SESSIONS, "sort_direction", {"up": "enum", "": "enum"}),
        (
            SESSIONS,
            "include_sub_sessions",
            {"maybe": "bool_parsing", "": "bool_parsing", "2": "bool_parsing"},
        ),
        (SESSIONS, "include_task_sessions", {"maybe": "bool_parsing"}),
        (SESSIONS, "query", {"x" * 501: "too_long", "a\x00b": "value_error"}),
        (SESSIONS, "source_channel", {",".join(map(str, range(101))): "too_long"}),
        (f"{SESSIONS}/s/download", "export_format", {"pdf": "enum", "": "enum"}),
        ("/api/v0/threads/s/status", "include_messages", {"maybe": "bool_parsing"}),
    ]
    for url, name, values in bad:
        for value, kind in values.items():
            answer = await api.get(url, params={name: value})
            (problem,) = answer.json()["detail"]
            assert (answer.status_code, problem["loc"], problem["type"]) == (
                422,
                ["query", name],
                kind,
            ), (name, value[:50], answer.text)
            assert list(problem) == ["loc", "msg", "type"]


async def test_errors_have_athenas_shapes(api: httpx.AsyncClient, make_key: MakeKey) -> None:
    await start(api, id="s")
    items = [f"{SESSIONS}/s", f"{SESSIONS}/s/download", "/api/v0/threads/s/status"]
    for headers in (
        {"Authorization": ""},
        {"Authorization": "Bearer nothing"},
        {"Authorization": "", "X-API-KEY": "nothing"},
    ):
        assert status_and_body(await api.get(SESSIONS, headers=headers)) == (
            401,
            {"detail": "Unauthorized"},
        )
        for url in items:
            assert status_and_body(await api.get(url, headers=headers)) == (
                401,
                {"message": "Unauthorized"},
            )
    for url in (
        f"{SESSIONS}/asset_{UNKNOWN}",
        f"{SESSIONS}/nothing/download",
        f"/api/v0/threads/{UNKNOWN}/status",
    ):
        status, body = status_and_body(await api.get(url))
        assert (status, list(body)) == (404, ["message"])
    for route in ("read", "unread"):
        status, body = status_and_body(await api.post(f"{SESSIONS}/nothing/{route}"))
        assert (status, list(body)) == (404, ["message"])
    for url in (
        "/api/v0",
        "/api/v0/nothing",
        f"{SESSIONS}/s/nothing",
        "/api/v0/threads/s",
        f"{SESSIONS}/%00",
    ):
        assert status_and_body(await api.get(url)) == (404, {"detail": "Not Found"})
    wrong = await api.delete(SESSIONS)
    assert (status_and_body(wrong), wrong.headers["allow"]) == (
        (405, {"detail": "Method Not Allowed"}),
        "GET",
    )
    stranger = {"Authorization": f"Bearer {await make_key('export')}"}
    for url in (SESSIONS, *items):
        status, body = status_and_body(await api.get(url, headers=stranger))
        assert (status, list(body)) == (403, ["detail"])
    reader = {"Authorization": f"Bearer {await make_key('sessions:read')}"}
    assert (await api.post(f"{SESSIONS}/s/read", headers=reader)).status_code == 403


async def test_either_header_carries_the_key_but_not_two_different_ones(
    api: httpx.AsyncClient, key: str, make_key: MakeKey
) -> None:
    assert (
        await api.get(SESSIONS, headers={"Authorization": "", "X-API-KEY": key})
    ).status_code == 200
    assert (await api.get(SESSIONS, headers={"X-API-KEY": key})).status_code == 200
    assert (await api.get(SESSIONS, headers={"X-API-KEY": await make_key()})).status_code == 401


async def test_a_foreign_session_is_an_absent_one(api: httpx.AsyncClient, foreign_key: str) -> None:
    session = await start(api, id="telegram:42")
    api.headers["Authorization"] = f"Bearer {foreign_key}"
    assert (await page(api))["total"] == 0
    for name in (f"asset_{uuid_of(session)}", "telegram:42"):
        for method, path in (
            ("GET", ""),
            ("GET", "/download"),
            ("POST", "/read"),
            ("POST", "/unread"),
        ):
            foreign = await api.request(method, f"{SESSIONS}/{name}{path}")
            absent = await api.request(method, f"{SESSIONS}/nothing{path}")
            assert (
                (foreign.status_code, foreign.text.replace(name, "nothing"))
                == (absent.status_code, absent.text)
                == (404, absent.text)
            )


async def test_an_unchanged_list_is_answered_304(api: httpx.AsyncClient) -> None:
    first = await api.get(SESSIONS)
    assert (
        await api.get(SESSIONS, headers={"If-None-Match": first.headers["etag"]})
    ).status_code == 304
    await start(api, title="new")
    assert (await api.get(SESSIONS, headers={"If-None-Match": first.headers["etag"]})).json()[
        "total"
    ] == 1


def status_and_body(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    return answer.status_code, answer.json()
