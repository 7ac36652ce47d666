"""Every screen answers with what it is about, whole and in the parts that scripts ask for."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from hansard.access import Principal
from hansard.service import Service
from tests.web.conftest import Reader


async def test_the_list_has_rows_filters_and_a_way_out(reader: Reader, session: str) -> None:
    page = (await reader.get("/ui/")).text
    assert "My box was damaged" in page
    assert "2 sessions" in page
    assert (await reader.get("/ui/?state=failed", X_Fragment="list")).text.count('class="row"') == 1
    empty = (await reader.get("/ui/?state=failed&channel=api&archived=true")).text
    assert "No session matches" in empty
    assert "channel: api" in empty
    assert (await reader.get("/ui/count?channel=web")).json() == {"total": 2}
    assert (await reader.get(f"/ui/row/{session}")).text.count('class="row"') == 1
    assert (await reader.get("/ui/rows?page=1")).text.count('class="row"') == 0
    assert "2 sessions" in (await reader.get("/ui/users/ann")).text
    for order, said in (("", "latest change"), ("?sort=-active_at", "latest activity")):
        assert f" · {said}</span>" in (await reader.get(f"/ui/{order}")).text


@pytest.mark.parametrize(
    "query",
    [
        "sort=nonsense",
        "state=nonsense",
        "day_from=x&day_until=2020-01-01",
        "page=-4",
        "page=99999999",
        "sub_sessions=false&task_sessions=false",
        "tag=vip&kind=session",
        "asof=1",
    ],
)
async def test_an_address_that_makes_no_sense_is_still_a_list(
    reader: Reader, session: str, query: str
) -> None:
    assert (await reader.get(f"/ui/?{query}")).status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("state=fooo", "There is no state &#39;fooo&#39;"),
        ("stat=failed", "There is no filter &#39;stat&#39;: did you mean &#39;state&#39;?"),
        ("state=failed&kind=fooo", "There is no kind &#39;fooo&#39;"),
        ("day_from=yesterday", "is no day"),
        ("sort=fooo", "There is no order"),
    ],
)
async def test_a_filter_that_does_not_exist_never_shows_everything(
    reader: Reader, session: str, query: str, said: str
) -> None:
    page = (await reader.get(f"/ui/?{query}")).text
    assert said in page
    assert (
        'class="row"' in page,
        "0 sessions" in page,
        "data-save-view" in page,
        'aria-current="true">All' in page,
    ) == (False, True, False, False)
    assert 'class="row"' not in (await reader.get(f"/ui/rows?{query}")).text
    assert (await reader.get(f"/ui/count?{query}")).json() == {"total": 0}
    assert [
        (await reader.get(f"/ui/{place}?{query}")).status_code for place in ("transfers", "export")
    ] == [400, 400]
    everything = json.dumps({"query": f"?{query}", "snapshot": 2**61, "count": 2})
    assert (
        await reader.post("/ui/bulk", {"action": "archive", "all": everything})
    ).status_code == 400
    assert (
        await reader.post("/ui/views", {"name": "Odd", "query": f"?{query}"})
    ).status_code == 400


async def test_the_list_knows_every_filter_of_the_api(reader: Reader, session: str) -> None:
    lists = [
        f"{name}=none" for name in ("model", "workflow", "parent", "intent", "trigger", "title")
    ]
    for query in (*lists, "unread=false", "ended=true", "has_messages=false", "title=BOX"):
        asked = (await reader.api("GET", f"/v1/sessions?{query}&total=true")).json()["total"]
        page = (await reader.get(f"/ui/?{query}&limit=5")).text
        assert (page.count('class="row"'), 'title="Drop this filter"' in page) == (asked, True), (
            query
        )


async def test_search_shows_what_it_found(reader: Reader, session: str, service: Service) -> None:
    await service.indexer.catch_up()
    page = (await reader.get("/ui/?q=damaged+state:failed")).text
    assert "<mark>damaged</mark>" in page
    assert "state:failed" in page
    assert re.search(r"/v1/search\?q=damaged[^'\"]*system=false", page)
    assert "cannot be searched" in (await reader.get("/ui/?q=" + "x" * 400)).text


async def test_a_form_keeps_the_filters_that_it_has_no_control_for(
    reader: Reader, session: str
) -> None:
    page = (await reader.get("/ui/?model=m&archived=true&state=failed")).text
    assert (
        'name="model" value="m"' in page,
        'type="hidden" name="archived" value="true"' in page,
        'type="hidden" name="state"' in page,
    ) == (True, True, False)


async def test_an_error_names_a_parameter_as_it_is_written(reader: Reader, session: str) -> None:
    assert "<p>archived: " in (await reader.get("/ui/?archived=perhaps")).text
    assert "<p>Tick the box" in (await reader.post(f"/ui/sessions/{session}/delete")).text


async def test_a_new_store_says_how_to_begin(reader: Reader) -> None:
    page = (await reader.get("/ui/")).text
    assert (
        "No sessions yet" in page,
        "What was said is read here" in page,
        "Choose a session" in page,
    ) == (True, True, False)
    await reader.api("POST", "/v1/sessions", json={"id": "first"})
    page = (await reader.get("/ui/")).text
    assert ("What was said is read here" in page, "Choose a session" in page) == (False, True)


async def test_a_session_is_read_in_four_ways(reader: Reader, session: str) -> None:
    page = (await reader.get(f"/ui/sessions/{session}")).text
    for words in (
        "<strong>look</strong>",
        "look(order=&#34;A-17&#34;)",
        "failure",
        "success",
        "no luck",
        "Operator",
        "refund",
        "Be kind.",
    ):
        assert words in page, words
    for tab, words in (
        ("turns", "My box was damaged"),
        ("details", "vip"),
        ("raw", "&#34;seq&#34;"),
        ("nonsense", "Conversation"),
    ):
        assert words in (await reader.get(f"/ui/sessions/{session}?tab={tab}")).text
    assert "<!doctype" not in (await reader.get(f"/ui/sessions/{session}", X_Fragment="pane")).text
    assert (
        "<header" not in (await reader.get(f"/ui/sessions/{session}", X_Fragment="messages")).text
    )
    assert (await reader.get("/ui/sessions/nobody")).status_code == 404
    assert "from My box was damaged" in (await reader.get("/ui/sessions/branch")).text


@pytest.mark.parametrize(
    "place", ["at=3", "before=3", "after=3", "day=2020-01-01", "day=x", "at=msg_unknown"]
)
async def test_a_session_opens_at_a_place(reader: Reader, session: str, place: str) -> None:
    answer = await reader.get(f"/ui/sessions/{session}?{place}")
    assert answer.status_code == (400 if "unknown" in place else 200)


async def test_long_sessions_come_in_stretches(reader: Reader) -> None:
    await reader.api("POST", "/v1/sessions", json={"id": "long"})
    for start in range(0, 500, 100):
        messages = [{"role": "user", "text": f"number {start + place}"} for place in range(100)]
        await reader.api("POST", "/v1/sessions/long/messages", json={"messages": messages})
    last = (await reader.get("/ui/sessions/long")).text
    assert ("before=301" in last, "number 300" in last, "number 299" in last) == (True, True, False)
    middle = (await reader.get("/ui/sessions/long?at=250")).text
    assert ("before=" in middle, "after=" in middle) == (True, True)
    assert "before=" not in (await reader.get("/ui/sessions/long?before=100")).text


async def test_texts_and_pictures_of_messages_are_served_as_what_they_are(
    reader: Reader, session: str
) -> None:
    messages = (await reader.api("GET", "/v1/sessions/talk/messages")).json()["data"]
    text = await reader.get(f"/ui/sessions/{session}/messages/{messages[2]['id']}")
    assert (text.text, text.headers["content-type"]) == (
        "Let me **look**.",
        "text/plain; charset=utf-8",
    )
    picture = await reader.get(f"/ui/sessions/{session}/messages/{messages[2]['id']}/3")
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/png", b"\x89PNG")
    for place in ("0", "9", "x"):
        assert (
            await reader.get(f"/ui/sessions/{session}/messages/{messages[2]['id']}/{place}")
        ).status_code == 404


async def test_what_is_done_to_a_session_is_done(reader: Reader, session: str) -> None:
    async def now() -> dict[str, object]:
        found: dict[str, object] = (await reader.api("GET", "/v1/sessions/talk")).json()
        return found

    one = f"/ui/sessions/{session}"
    assert (
        await reader.post(
            f"{one}/resolution", {"resolution": "resolved", "back": f"{one}?state=failed"}
        )
    ).headers["location"] == f"{one}?state=failed"
    assert (await now())["resolution"] == "resolved"
    assert (
        'data-resolution="open"'
        in (await reader.post(f"{one}/resolution", {"resolution": "open"}, X_Fragment="pane")).text
    )
    assert (await reader.post(f"{one}/resolution", {"resolution": "x"})).status_code == 400
    await reader.post(f"{one}/title", {"title": "Renamed"})
    await reader.post(f"{one}/tags", {"tags": "a, b ,"})
    await reader.post(f"{one}/archive", {"archived": "true"})
    assert ((await now())["title"], (await now())["tags"], bool((await now())["archived_at"])) == (
        "Renamed",
        ["a", "b"],
        True,
    )
    await reader.post(f"{one}/archive", {"archived": "false"})
    assert (await now())["archived_at"] is None
    assert (await reader.post(f"{one}/delete")).status_code == 400
    assert (await reader.post(f"{one}/delete", {"sure": "yes"})).status_code == 303
    assert (await reader.api("GET", "/v1/sessions/talk")).status_code == 404


async def test_many_are_chosen_by_name_or_by_filter(reader: Reader, session: str) -> None:
    done = (await reader.post("/ui/bulk", {"action": "resolve", "ids": [session]})).json()
    assert done["changed"] == 1
    assert (await reader.post(f"/ui/bulk/{done['undo']}/undo")).json() == {
        "restored": 1,
        "skipped": 0,
    }
    everything = {"query": "?channel=web", "snapshot": 2**61, "count": 2}
    assert (
        await reader.post("/ui/bulk", {"action": "archive", "all": json.dumps(everything)})
    ).json()["changed"] == 2
    assert (
        await reader.post(
            "/ui/bulk", {"action": "archive", "all": json.dumps(everything | {"count": 3})}
        )
    ).status_code == 409
    assert (
        await reader.post(
            "/ui/bulk", {"action": "archive", "all": json.dumps(everything | {"query": "?q=x"})}
        )
    ).status_code == 400
    assert (await reader.post("/ui/bulk", {"action": "archive", "all": "{}"})).status_code == 400
    assert (
        await reader.post("/ui/bulk", {"action": "explode", "ids": [session]})
    ).status_code == 400


async def test_views_and_shares(reader: Reader, session: str) -> None:
    assert (await reader.post("/ui/views", {"name": "Failed", "query": "?state=failed"})).headers[
        "location"
    ] == "/ui/?state=failed"
    assert "Failed" in (await reader.get("/ui/settings")).text
    view = (await reader.api("GET", "/v1/views")).json()["data"][0]
    assert (await reader.post(f"/ui/views/{view['id']}/delete")).status_code == 303
    assert (await reader.post(f"/ui/sessions/{session}/shares", {"days": "7"})).status_code == 403
    await reader.post("/ui/settings", {"sharing": "yes"})
    made = await reader.post(f"/ui/sessions/{session}/shares", {"days": "7"})
    assert made.text.index("shown this once") < made.text.index("<dl>"), (
        "in view, not at the foot of the page"
    )
    assert "shown this once" in made.text
    path = made.text.partition("/s/")[2].split("<")[0].split('"')[0]
    await reader.api("POST", "/v1/sessions/talk/fork", json={"title": "of somebody else"})
    assert "of somebody else" in (await reader.get(f"/ui/sessions/{session}")).text
    assert (
        "of somebody else"
        not in (await reader.client.get(f"/s/{path}", headers={"Cookie": ""})).text
    )
    shown = await reader.client.get(f"/s/{path}", headers={"Cookie": ""})
    assert (shown.status_code, "My box was damaged" in shown.text, "<form" in shown.text) == (
        200,
        True,
        False,
    )
    share = (await reader.api("GET", "/v1/sessions/talk/shares")).json()["data"][0]
    await reader.post(f"/ui/sessions/{session}/shares/{share['id']}/end")
    assert (await reader.get(f"/s/{path}")).status_code == 404


async def test_keys_are_made_rotated_and_revoked(
    reader: Reader, service: Service, principal: Principal
) -> None:
    made = (
        await reader.post(
            "/ui/keys",
            {"name": "agent", "scopes": ["sessions:read", "sessions:write"], "days": "30"},
        )
    ).text
    text = made.partition('<p class="secret note good"><code>')[2].split("<")[0]
    key = next(one for one in await service.keys.list(principal) if one.name == "agent")
    assert (await reader.get(f"/ui/keys/{key.id}/used")).json() == {"used": False}
    await reader.client.get("/v1/sessions", headers={"Authorization": f"Bearer {text}"})
    assert (await reader.get(f"/ui/keys/{key.id}/used")).json() == {"used": True}
    assert "copy it now" in (await reader.post(f"/ui/keys/{key.id}/rotate")).text
    assert (await reader.post(f"/ui/keys/{key.id}/revoke")).status_code == 303
    assert "revoked" in (await reader.get("/ui/keys")).text
    assert (await reader.post("/ui/keys", {"name": "", "scopes": []})).status_code == 400


async def test_settings_retention_and_the_audit_log(reader: Reader) -> None:
    name = f"renamed {reader.token[:12]}"
    await reader.post("/ui/settings", {"name": name})
    await reader.post("/ui/settings/retention", {"*": "30", "task": "7"})
    page = (await reader.get("/ui/settings")).text
    assert (name in page, 'value="30"' in page, 'value="7"' in page) == (True, True, True)
    assert (await reader.post("/ui/settings/retention", {"task": "soon"})).status_code == 400
    log = (await reader.get("/ui/audit")).text
    assert "retention.changed" in log
    assert ("rules: *: 30, task: 7" in log, "{&#39;" in log) == (True, False)
    assert (await reader.get("/ui/audit?cursor=x")).status_code == 400


async def test_rules_that_would_delete_wait_for_a_second_word(reader: Reader) -> None:
    old = {"role": "user", "text": "hi", "created_at": "2020-01-01T00:00:00Z"}
    for name in ("old", "older"):
        await reader.api("POST", "/v1/sessions", json={"id": name, "created_at": old["created_at"]})
        await reader.api("POST", f"/v1/sessions/{name}/messages", json=old)
    asked = await reader.post("/ui/settings/retention", {"*": "30"})
    assert "delete 2 sessions</button>" in asked.text
    assert (await reader.api("GET", "/v1/retention")).json() == {"rules": {}}
    assert (
        await reader.post("/ui/settings/retention", {"*": "20", "sure": "1"})
    ).status_code == 200, "a number that no longer holds"
    assert (
        await reader.post("/ui/settings/retention", {"*": "30", "sure": "2"})
    ).status_code == 303
    assert (await reader.api("GET", "/v1/retention")).json() == {"rules": {"*": 30}}


async def test_insights_have_charts_tables_and_csv(reader: Reader, session: str) -> None:
    page = (await reader.get("/ui/insights?days=7&by=agent")).text
    assert ("<svg" in page, "Busiest hours" in page, "/v1/stats?from=" in page) == (
        True,
        True,
        True,
    )
    assert "Nothing to count yet" not in page
    assert (await reader.get("/ui/insights?days=5&by=nonsense")).status_code == 200
    told = await reader.get("/ui/insights.csv?by=channel")
    assert told.text.splitlines()[0].startswith("day,channel,sessions")
    assert ",web,2," in told.text


async def test_each_chart_has_its_exact_figures_as_a_table_and_as_csv(reader: Reader) -> None:
    await reader.api("POST", "/v1/sessions", json={"id": "dear", "channel": "=1+1"})
    usage = {"input_tokens": 12_345, "output_tokens": 678, "cost_usd": 1.234567}
    await reader.api(
        "POST",
        "/v1/sessions/dear/messages",
        json={"messages": [{"role": "assistant", "text": "done", "usage": usage}]},
    )
    page = (await reader.get("/ui/insights?days=7")).text
    for exact in (">13,023</td>", ">$1.234567</td>"):
        assert exact in page
    for chart in ("sessions", "messages", "resolution", "tokens", "cost", "hours"):
        assert f'href="/ui/insights.csv?days=7&by=channel&chart={chart}"' in page
        lines = (await reader.get(f"/ui/insights.csv?days=7&chart={chart}")).text.splitlines()
        assert len(lines) == (25 if chart == "hours" else 8), chart
    for chart, told in (("tokens", "13023,13023"), ("cost", "1.234567,1.234567")):
        lines = (await reader.get(f"/ui/insights.csv?days=7&chart={chart}")).text.splitlines()
        assert (lines[0], lines[1].partition(",")[2]) == ("Day,'=1+1,Total", told)
    assert (await reader.get("/ui/insights.csv?chart=nonsense")).status_code == 404


async def test_insights_of_an_empty_workspace_say_so(reader: Reader) -> None:
    assert "Nothing to count yet" in (await reader.get("/ui/insights")).text


async def test_files_go_out_and_come_in(reader: Reader, session: str) -> None:
    assert "2 sessions" in (await reader.get("/ui/transfers")).text
    lines = await reader.get("/ui/export?state=failed")
    assert len(lines.text.splitlines()) == 1
    raw = {"X-CSRF-Token": reader.token, "Content-Type": "application/octet-stream"}
    told = (
        await reader.client.post("/ui/import?name=x.jsonl", content=lines.content, headers=raw)
    ).json()
    assert [line.partition(";")[0] for line in told["said"]] == [
        "0 new, 0 added to, 1 there already, 0 bad"
    ]
    bad = b'{"id": "good", "messages": [{"role": "user", "content": "x"}]}\n{"id": "bad"}\n'
    told = (await reader.client.post("/ui/import?name=y.jsonl", content=bad, headers=raw)).json()
    assert told["said"][0].startswith("1 new, 0 added to, 0 there already, 1 bad;")
    assert told["said"][1].startswith("Record 2 of y.jsonl: ")
    assert (await reader.client.post("/ui/import", content=b"", headers=raw)).status_code == 400


async def test_sessions_go_out_by_name(reader: Reader, session: str) -> None:
    told = await reader.get(
        f"/ui/export?ids={session},00000000-0000-7000-8000-000000000000,nonsense"
    )
    assert [json.loads(line)["session"]["own_id"] for line in told.text.splitlines()] == ["talk"], (
        "those that are gone are left out"
    )
    assert (
        await reader.get("/ui/export?ids=" + ",".join("x" * 3 for _ in range(201)))
    ).status_code == 400


async def test_changes_are_told_where_there_is_no_stream(reader: Reader, session: str) -> None:
    told = (await reader.get("/ui/changes?since=0")).json()
    assert told["next"] == told["data"][-1]["id"]


async def test_the_reference_shows_every_api(reader: Reader) -> None:
    for path, words in (
        ("/docs", "/v1/sessions"),
        ("/docs/athena", "Athena"),
        ("/docs/pocketpaw", "PocketPaw"),
    ):
        assert words in (await reader.get(path)).text
    assert (await reader.get("/docs/nobody")).status_code == 404
    page = " ".join((await reader.get("/docs")).text.split())
    assert "Shown in lists; at most 500 characters." in page
    assert '<a href="#SessionOut">SessionOut</a>' in page
    assert '<section class="op" id="SessionOut">' in page
    assert "<code>seq_mismatch</code>: the session is not at <code>expected_seq</code>" in page
    assert "Example: <code>failed,interrupted</code>" in page
    assert "<kbd>j</kbd>" in (await reader.get("/ui/help")).text


async def test_an_error_leads_to_its_line_on_the_page_of_errors(reader: Reader) -> None:
    told = (await reader.api("GET", "/v1/sessions/nobody")).json()
    path, _, code = told["type"].partition("#")
    assert (path, code) == ("/docs/errors", "session_not_found"), told
    page = (await reader.get(path)).text
    for known in (
        code,
        "invalid",
        "store_unavailable",
        "seq_mismatch",
        "missing_scope",
        "internal",
    ):
        assert page.count(f'id="{known}"') == 1
    assert "no session … in this workspace" in page


async def test_a_key_with_less_sees_less(
    stranger: Reader, service: Service, principal: Principal
) -> None:
    text, _ = await service.keys.create(principal, "eyes", ("sessions:read",), user_id="ann")
    await stranger.api("POST", "/v1/sessions", json={"id": "hers", "user": "ann", "title": "Hers"})
    await stranger.api("POST", "/v1/sessions", json={"id": "his", "user": "bob", "title": "His"})
    await stranger.sign_in(text)
    page = (await stranger.get("/ui/")).text
    assert ("Hers" in page, "His" in page, "/ui/keys" in page) == (True, False, False)
    for path in ("/ui/keys", "/ui/transfers", "/ui/audit", "/ui/insights"):
        assert (await stranger.get(path)).status_code == 403
    assert (
        await stranger.post("/ui/sessions/hers/resolution", {"resolution": "resolved"})
    ).status_code == 403


async def test_answers_are_packed_for_who_can_unpack_them(reader: Reader, session: str) -> None:
    request = reader.client.build_request("GET", "/ui/", headers={"Accept-Encoding": "gzip"})
    answer: httpx.Response = await reader.client.send(request)
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await reader.get("/ui/", Accept_Encoding="identity")).headers


async def test_the_pages_own_files_are_kept_for_good_under_their_digest(reader: Reader) -> None:
    place = (await reader.get("/ui/")).text.partition('href="/ui/static/')[2].split("/")[0]
    kept = await reader.get(f"/ui/static/{place}/app.css")
    assert "immutable" in kept.headers["cache-control"]
    assert (await reader.get("/ui/static/old/app.css", Accept_Encoding="identity")).headers[
        "cache-control"
    ] == "no-cache"
    assert (await reader.get(f"/ui/static/{place}/nothing.css")).status_code == 404
    assert (await reader.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"
