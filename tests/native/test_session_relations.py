"""Forks, sub-sessions, deletes, and what a session refuses."""

from __future__ import annotations

import asyncio

import httpx
import pytest


async def test_a_fork_keeps_what_was_said_up_to_a_message(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s", "agent": "bot", "channel": "web"})
    messages = (
        await client.post(
            "/v1/sessions/s/messages",
            json={"messages": [{"role": "user", "text": str(n)} for n in range(5)]},
        )
    ).json()["data"]
    fork = (
        await client.post("/v1/sessions/s/fork", json={"id": "f", "message": messages[2]["id"]})
    ).json()
    assert (fork["id"], fork["forked_seq"], fork["message_count"], fork["agent"]) == (
        "f",
        3,
        3,
        "bot",
    )
    assert fork["parent"] == (await client.get("/v1/sessions/s")).json()["uid"]
    copied = (await client.get("/v1/sessions/f/messages")).json()["data"]
    assert [message["parts"] for message in copied] == [
        message["parts"] for message in messages[:3]
    ]
    assert not {message["id"] for message in copied} & {message["id"] for message in messages}
    assert (await client.post("/v1/sessions/s/fork", json={"id": "f"})).json()[
        "code"
    ] == "session_exists"


async def test_a_fork_beyond_either_end_is_refused(client: httpx.AsyncClient) -> None:
    for name in ("empty", "s"):
        await client.post("/v1/sessions", json={"id": name})
    await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "x"}, {"role": "user", "text": "y"}]},
    )
    for message, name, detail in (
        (99, "s", "the last is 2"),
        ("3", "s", "the last is 2"),
        (0, "s", "the last is 2"),
        (1, "empty", "it has none yet"),
    ):
        answer = await client.post(
            f"/v1/sessions/{name}/fork", json={"id": "f", "message": message}
        )
        assert (answer.status_code, answer.json()["param"]) == (400, "message")
        assert detail in answer.json()["detail"]
    assert (await client.get("/v1/sessions/f")).status_code == 404
    assert (await client.post("/v1/sessions/s/fork", json={"message": 2})).json()["forked_seq"] == 2
    assert (await client.post("/v1/sessions/empty/fork", json={})).json()["forked_seq"] == 0


async def test_delete_takes_everything_below_where_that_is_wanted(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "top"})
    await client.post("/v1/sessions", json={"id": "sub", "parent": "top"})
    await client.post(
        "/v1/sessions/sub/messages", json={"messages": [{"role": "user", "text": "x"}]}
    )
    await client.post("/v1/sessions", json={"id": "other"})
    assert (await client.delete("/v1/sessions/top?sub_sessions=delete")).json() == {
        "id": "top",
        "deleted": True,
        "sessions": 2,
        "messages": 1,
        "runs": 0,
        "detached": 0,
    }
    assert [
        (await client.get(f"/v1/sessions/{name}")).status_code for name in ("top", "sub", "other")
    ] == [404, 404, 200]
    page = (await client.get("/v1/sessions?total=true")).json()
    assert (page["total"], [item["id"] for item in page["data"]]) == (1, ["other"])


async def test_sub_sessions_are_found_by_any_name_of_their_parent(
    client: httpx.AsyncClient,
) -> None:
    top = (await client.post("/v1/sessions", json={"id": "top"})).json()
    await client.post("/v1/sessions", json={"id": "sub", "parent": "top"})
    for name in ("top", top["uid"], f"asset_{top['uid'].removeprefix('ses_')}"):
        page = (await client.get(f"/v1/sessions?parent={name}&total=true")).json()
        assert ([item["id"] for item in page["data"]], page["total"]) == (["sub"], 1), name
    assert (await client.get("/v1/sessions?parent=nobody")).json()["data"] == []
    assert [
        item["id"] for item in (await client.get("/v1/sessions?sub_sessions=false")).json()["data"]
    ] == ["top"]


async def test_end_archive_and_back(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    ended = (await client.post("/v1/sessions/s/end", json={"resolution": "resolved"})).json()
    assert ended["state"] == "completed"
    assert ended["resolution"] == "resolved"
    assert None not in (ended["ended_at"], ended["resolved_at"])
    assert (await client.post("/v1/sessions/s/archive")).json()["archived_at"] is not None
    assert (await client.get("/v1/sessions?archived=false")).json()["data"] == []
    assert (await client.post("/v1/sessions/s/unarchive")).json()["archived_at"] is None


async def test_a_title_from_a_person_is_final_and_the_first_words_serve_until_then(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "assistant", "text": "Hi!"}]}
    )
    assert (await client.get("/v1/sessions/s")).json()["title"] is None
    await client.post(
        "/v1/sessions/s/messages",
        json={"messages": [{"role": "user", "text": "  My   box\nis broken "}]},
    )
    assert (await client.get("/v1/sessions/s")).json()["title"] == "My box is broken"
    await client.patch("/v1/sessions/s", json={"title": "Broken box"})
    await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "again"}]}
    )
    session = (await client.get("/v1/sessions/s")).json()
    assert (session["title"], session["title_by"], session["last_preview"]) == (
        "Broken box",
        "user",
        "again",
    )


async def test_an_id_of_any_script_can_be_followed_by_its_location(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/sessions", json={"id": "日本 100%?"})
    assert (answer.status_code, answer.headers["location"]) == (
        201,
        "/v1/sessions/%E6%97%A5%E6%9C%AC%20100%25%3F",
    )
    assert (await client.get(answer.headers["location"])).json() == answer.json()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    "path",
    [
        "/v1/sessions/%00",
        "/v1/sessions/s/runs/%00",
        "/v1/sessions/s/messages/%00",
        "/v1/views/%00",
        "/v1/keys/%00",
    ],
)
async def test_a_path_with_a_nul_leads_nowhere(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "route_not_found")


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00"])
async def test_a_time_that_has_no_spelling_in_utc_is_refused(
    client: httpx.AsyncClient, at: str
) -> None:
    answer = await client.post("/v1/sessions", json={"id": "s", "created_at": at})
    assert (answer.status_code, answer.json()["param"]) == (400, "created_at")
    assert (await client.get("/v1/sessions")).json()["data"] == []


async def test_a_parent_that_is_not_there_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", json={"parent": "nobody"})
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (
        404,
        "session_not_found",
        "parent",
    )


async def test_no_sub_session_outlives_a_parent_that_is_deleted_meanwhile(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "top"})
    births = [
        client.post("/v1/sessions", json={"id": f"sub{number}", "parent": "top"})
        for number in range(40)
    ]
    top = "/v1/sessions/top?sub_sessions=delete"
    answers = await asyncio.gather(*births[:20], client.delete(top), *births[20:])
    assert {answer.status_code for answer in answers} <= {200, 201, 404}
    assert (await client.get("/v1/sessions?total=true")).json()["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "param", "word"),
    [
        ("GET", "/v1/sessions?sort=size", None, "sort", "-active_at"),
        ("GET", "/v1/sessions/s/messages?role=robot", None, "role", "assistant"),
        ("POST", "/v1/sessions", {"kind": "chat"}, "kind", "workflow"),
        ("PATCH", "/v1/sessions/s", {"resolution": "solved"}, "resolution", "unresolved"),
        (
            "POST",
            "/v1/sessions/s/messages",
            {"messages": [{"role": "robot", "text": "x"}]},
            "messages[0].role",
            "assistant",
        ),
    ],
)
async def test_a_word_that_is_not_known_is_answered_with_those_that_are(
    client: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, object] | None,
    param: str,
    word: str,
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = (await client.request(method, path, json=body)).json()
    assert (answer["status"], answer["param"]) == (400, param)
    assert word in answer["detail"].partition("choose from ")[2].split(", ")


async def test_a_misspelt_filter_is_refused_with_the_right_spelling(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/sessions?stat=failed")
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (
        400,
        "unknown_parameter",
        "stat",
    )
    assert "'state'" in answer.json()["detail"]
    assert (await client.get("/v1/sessions?_=1712")).status_code == 200


async def test_a_parameter_is_refused_where_there_are_none(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.post("/v1/sessions/s/archive?archived=false")
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (
        400,
        "unknown_parameter",
        "archived",
    )
    assert (await client.get("/v1/sessions/s")).json()["archived_at"] is None
    assert (await client.post("/v1/sessions/s/archive?_=1712")).status_code == 200


async def test_a_state_that_there_is_not_is_refused_and_free_words_are_not(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/v1/sessions", "/v1/search", "/v1/export", "/v1/stats"):
        answer = await client.get(f"{path}?state=failed,fialed")
        assert (answer.status_code, answer.json()["param"]) == (400, "state"), path
        assert "'fialed': choose from queued, running" in answer.json()["detail"]
        assert (await client.get(f"{path}?state=failed&channel=anything")).status_code == 200


async def test_what_every_list_carries_has_its_bound(client: httpx.AsyncClient) -> None:
    big = "x" * 40_000
    assert (
        await client.post("/v1/sessions", json={"id": "s", "metadata": {"a": big}})
    ).status_code == 201
    grown = await client.patch("/v1/sessions/s", json={"metadata": {"b": big}})
    assert (grown.status_code, grown.json()["code"], grown.json()["param"]) == (
        413,
        "field_too_large",
        "metadata",
    )
    assert list((await client.get("/v1/sessions/s")).json()["metadata"]) == ["a"]
    assert (await client.post("/v1/sessions", json={"trail": [big] * 7})).json()["param"] == "trail"


async def test_slashes_are_not_guessed_at(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/sessions/")).status_code == 200
    for path in ("//v1/sessions", "/v1//sessions", "/v1/sessions//", "/v1/sessions/%2F"):
        assert (await client.get(path)).status_code == 404, path


async def test_a_key_of_one_person_deletes_nothing_of_anothers(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "mine", "user": "ann"})
    await client.post("/v1/sessions", json={"id": "below", "user": "bob", "parent": "mine"})
    key = (
        await client.post(
            "/v1/keys",
            json={"name": "ann", "user": "ann", "scopes": ["sessions:read", "sessions:delete"]},
        )
    ).json()["key"]
    refused = await client.delete(
        "/v1/sessions/mine?sub_sessions=delete", headers={"Authorization": f"Bearer {key}"}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_sub_session")
    assert [
        (await client.get(f"/v1/sessions/{name}")).status_code for name in ("mine", "below")
    ] == [200, 200]
