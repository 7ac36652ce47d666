"""``/v1/sessions`` keeps its wire contract on both backends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import httpx
import pytest


async def test_a_session_is_created_once_and_then_found(client: httpx.AsyncClient) -> None:
    first = await client.post(
        "/v1/sessions", json={"id": "abc", "channel": "Web", "title": "Hello"}
    )
    again = await client.post("/v1/sessions", json={"id": "abc", "title": "Other"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == "/v1/sessions/abc"
    assert first.json() == again.json()
    assert first.json()["channel"] == "web"


async def test_fifty_creators_of_one_id_make_one_session(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *[client.post("/v1/sessions", json={"id": "race"}) for _ in range(50)]
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["uid"] for answer in answers}) == 1


async def test_a_time_more_than_a_day_ahead_is_refused(client: httpx.AsyncClient) -> None:
    def ahead(**span: int) -> str:
        return (datetime.now(UTC) + timedelta(**span)).isoformat()

    near, far = ahead(hours=23), ahead(hours=25)
    assert (
        await client.post("/v1/sessions", json={"id": "s", "created_at": near})
    ).status_code == 201
    refused = await client.post("/v1/sessions", json={"id": "t", "created_at": far})
    assert (refused.status_code, refused.json()["code"], refused.json()["param"]) == (
        400,
        "invalid",
        "created_at",
    )
    for at, status in ((near, 201), (far, 400)):
        messages = [{"role": "user", "text": "x"}, {"role": "user", "text": "y", "created_at": at}]
        answer = await client.post("/v1/sessions/s/messages", json={"messages": messages})
        assert (answer.status_code, answer.json().get("param")) == (
            status,
            None if status == 201 else "messages[1].created_at",
        )
    line = {
        "id": "old",
        "created_at": ahead(days=400),
        "messages": [{"role": "user", "content": "x"}],
    }
    brought = await client.post("/v1/import", json=line)
    assert (brought.json()["new"], brought.json()["bad"]) == (0, 1)
    assert "created_at is more than a day in the future" in brought.json()["problems"][0]["reason"]


@pytest.mark.parametrize("form", ["ses_{}", "asset_{}", "session_{}", "websocket_{}", "{}"])
async def test_a_session_answers_to_every_form_of_its_id(
    client: httpx.AsyncClient, form: str
) -> None:
    created = (await client.post("/v1/sessions", json={})).json()
    answer = await client.get("/v1/sessions/" + form.format(created["uid"].removeprefix("ses_")))
    assert answer.json() == created


async def test_the_id_of_a_channel_answers_as_the_name_of_a_file_too(
    client: httpx.AsyncClient,
) -> None:
    created = (await client.post("/v1/sessions", json={"id": "telegram:42"})).json()
    assert (await client.get("/v1/sessions/telegram_42")).json() == created


async def test_ids_that_differ_by_a_colon_are_different_sessions(
    client: httpx.AsyncClient,
) -> None:
    for id, other in (("a:b", "a_b"), ("c_d", "c:d")):
        await client.post("/v1/sessions", json={"id": id, "metadata": {"of": id}})
        assert (await client.get(f"/v1/sessions/{other}")).status_code == 404
        body = {"messages": [{"role": "user", "text": other}], "session": {}}
        answer = await client.post(f"/v1/sessions/{other}/messages", json=body)
        assert answer.status_code == 201
        assert (await client.get(f"/v1/sessions/{other}")).json()["metadata"] == {}
        assert (await client.get(f"/v1/sessions/{id}")).json()["message_count"] == 0


async def test_an_id_answers_with_colons_and_slashes_encoded_and_not(
    client: httpx.AsyncClient,
) -> None:
    for id, other in {"user:1": "user%253A1", "b%3A2%2F3": "b:2%2F3"}.items():
        created = (await client.post("/v1/sessions", json={"id": id})).json()
        assert (await client.get(f"/v1/sessions/{other}")).json() == created
        search = {"q": unquote(other)}
        (hit,) = (await client.get("/v1/search", params=search)).json()["data"]
        assert hit["session"]["id"] == id


@pytest.mark.parametrize("bad", ["", "a/b", "x" * 257, "a\u0000b", "a\nb", ".", ".."])
async def test_an_id_that_no_path_can_carry_is_refused(client: httpx.AsyncClient, bad: str) -> None:
    answer = await client.post("/v1/sessions", json={"id": bad})
    assert (answer.status_code, answer.json()["param"]) == (400, "id")


async def test_a_patch_merges_metadata_and_clears_with_null(client: httpx.AsyncClient) -> None:
    await client.post(
        "/v1/sessions", json={"id": "s", "user": "u1", "metadata": {"a": 1, "b": {"c": 2}}}
    )
    changed = await client.patch(
        "/v1/sessions/s",
        json={"user": None, "metadata": {"a": None, "b": {"d": 3}}, "tags": ["x", "x", "y"]},
    )
    assert changed.json()["metadata"] == {"b": {"c": 2, "d": 3}}
    assert changed.json()["user"] is None
    assert changed.json()["tags"] == ["x", "y"]


async def test_null_clears_whatever_can_be_empty(client: httpx.AsyncClient) -> None:
    full = {
        "tags": ["x"],
        "trail": [{"intent": "y"}],
        "external_ids": {"crm": "1"},
        "metadata": {"a": 1},
    }
    await client.post("/v1/sessions", json={"id": "s", **full})
    changed = (await client.patch("/v1/sessions/s", json=dict.fromkeys(full))).json()
    assert [changed[field] for field in full] == [[], [], {}, {}]
    assert (await client.get("/v1/sessions?tag=x&total=true")).json()["total"] == 0


@pytest.mark.parametrize("tag", ["a,b", "a\\,b", "a\\b", ",", "a, b"])
async def test_a_value_with_a_comma_can_be_asked_for(client: httpx.AsyncClient, tag: str) -> None:
    for name, tags in (("both", ["a", "b"]), ("one", [tag])):
        await client.post("/v1/sessions", json={"id": name, "tags": tags})
    escaped = tag.replace(",", "\\,")
    for path, params in (
        ("sessions", {"tag": escaped}),
        ("sessions", {"tag": f"x,{escaped}"}),
        ("search", {"tag": escaped}),
    ):
        sessions = (await client.get(f"/v1/{path}", params=params)).json()["data"]
        assert [item.get("session", item)["id"] for item in sessions] == ["one"]
    now = (await client.get("/v1/sessions/one")).json()["updated_at"]
    bulk = {"action": "archive", "filter": {"tag": [tag]}, "expected": 1, "snapshot_at": now}
    assert (await client.post("/v1/bulk", json=bulk)).json()["changed"] == 1
    assert (await client.get("/v1/sessions?archived=true")).json()["data"][0]["id"] == "one"


async def test_null_says_nothing_where_a_session_begins(client: httpx.AsyncClient) -> None:
    empty = dict.fromkeys(
        (
            "id",
            "title",
            "channel",
            "parent",
            "created_at",
            "tags",
            "trail",
            "external_ids",
            "metadata",
        )
    )
    answer = await client.post("/v1/sessions", json=empty)
    assert answer.status_code == 201, answer.text
    assert [answer.json()[field] for field in ("tags", "trail", "external_ids", "metadata")] == [
        [],
        [],
        {},
        {},
    ]


async def test_a_title_of_blanks_is_none(client: httpx.AsyncClient) -> None:
    created = (await client.post("/v1/sessions", json={"id": "s", "title": "  "})).json()
    assert (created["title"], created["title_by"]) == (None, None)
    await client.patch("/v1/sessions/s", json={"title": "A"})
    assert (await client.patch("/v1/sessions/s", json={"title": " \t"})).json()["title"] is None


async def test_a_channel_is_found_however_it_is_spelt(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/sessions", json={"id": "s", "channel": "WhatsApp"})).json()[
        "channel"
    ] == "whatsapp"
    await client.post(
        "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "hello"}]}
    )
    for query in (
        "sessions?channel=WhatsApp",
        "search?q=hello&channel=WhatsApp",
        "search?q=channel:WhatsApp&channel=WHATSAPP",
    ):
        assert len((await client.get(f"/v1/{query}")).json()["data"]) == 1, query
    assert (await client.get("/v1/stats?channel=WhatsApp")).json()["data"][0]["sessions"] == 1


async def test_reads_answer_304_while_nothing_changed(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    single, many = await client.get("/v1/sessions/s"), await client.get("/v1/sessions")
    assert (
        await client.get("/v1/sessions/s", headers={"If-None-Match": single.headers["etag"]})
    ).status_code == 304
    assert (
        await client.get("/v1/sessions", headers={"If-None-Match": many.headers["etag"]})
    ).status_code == 304
    await client.patch("/v1/sessions/s", json={"title": "new"})
    assert (
        await client.get("/v1/sessions/s", headers={"If-None-Match": single.headers["etag"]})
    ).status_code == 200
    assert (
        await client.get("/v1/sessions", headers={"If-None-Match": many.headers["etag"]})
    ).status_code == 200


async def test_the_list_filters_counts_and_walks_by_cursor(client: httpx.AsyncClient) -> None:
    for number in range(7):
        await client.post(
            "/v1/sessions",
            json={
                "id": f"s{number}",
                "channel": "web" if number % 2 else "api",
                "tags": ["odd"] if number % 2 else [],
            },
        )
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await client.get(
                "/v1/sessions?limit=2&total=true" + (f"&cursor={cursor}" if cursor else "")
            )
        ).json()
        assert page["total"] == 7
        seen += [item["id"] for item in page["data"]]
        cursor = page["next_cursor"]
    assert seen == [f"s{number}" for number in reversed(range(7))]
    for query in (
        "channel=web",
        "tag=odd",
        "channel=web,email&tag=odd",
        "channel=web&kind=session",
    ):
        page = (await client.get(f"/v1/sessions?{query}&total=true")).json()
        assert [item["id"] for item in page["data"]] == ["s5", "s3", "s1"], query
        assert page["total"] == 3, query


@pytest.mark.parametrize("sort", ["updated_at", "created_at", "active_at", "title"])
async def test_every_order_walks_both_ways_without_overlap(
    client: httpx.AsyncClient, sort: str
) -> None:
    for number, title in enumerate(["b", "A", None, "c", "a", None]):
        await client.post("/v1/sessions", json={"id": f"s{number}", "title": title})
    walks = []
    for direction in ("", "-"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (
                await client.get(
                    f"/v1/sessions?limit=1&sort={direction}{sort}"
                    + (f"&cursor={cursor}" if cursor else "")
                )
            ).json()
            seen += [item["id"] for item in page["data"]]
            cursor = page["next_cursor"]
        walks.append(seen)
    assert [len(set(walk)) for walk in walks] == [6, 6]
    if sort == "title":
        assert [set(walk[-2:]) for walk in walks] == [{"s2", "s5"}] * 2, (
            "missing titles come last both ways"
        )
    else:
        assert walks[0] == walks[1][::-1]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("sort=size", "sort"),
        ("created_from=yesterday", "created_from"),
        ("updated_until=2024-13-01", "updated_until"),
        ("kind=banana", "kind"),
        ("resolution=maybe", "resolution"),
        ("archived=perhaps", "archived"),
        ("cursor=zzz", "cursor"),
    ],
)
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, query: str, param: str) -> None:
    answer = await client.get(f"/v1/sessions?{query}")
    assert (answer.status_code, answer.json()["param"]) == (400, param)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_a_cursor_fits_only_its_own_list(client: httpx.AsyncClient) -> None:
    for number in range(3):
        await client.post("/v1/sessions", json={"id": f"s{number}"})
    cursor = (await client.get("/v1/sessions?limit=1")).json()["next_cursor"]
    for query in (
        f"sort=title&cursor={cursor}",
        f"channel=web&cursor={cursor}",
        f"cursor={cursor[:-1]}",
        f"cursor={cursor[:5]}{'B' if cursor[5] == 'A' else 'A'}{cursor[6:]}",
    ):
        assert (await client.get(f"/v1/sessions?{query}")).json()["code"] == "bad_cursor"
