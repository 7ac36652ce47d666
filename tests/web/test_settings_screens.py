"""The screens beside the list and the session."""

from __future__ import annotations

import json
import re

import httpx

from hansard.access import Principal
from hansard.service import Service
from tests.web.conftest import Reader


async def test_views_and_shares(reader: Reader, session: str) -> None:
    assert (await reader.post("/ui/views", {"name": "Failed", "query": "?state=failed"})).headers[
        "location"
    ] == "/ui/?state=failed"
    assert "Failed" in (await reader.get("/ui/settings")).text
    view = (await reader.api("GET", "/v1/views")).json()["data"][0]
    assert (await reader.post(f"/ui/views/{view['id']}/delete")).status_code == 303
    assert (await reader.post(f"/ui/sessions/{session}/shares", {"days": "7"})).status_code == 403
    await reader.post("/ui/settings", {"sharing": "yes"})
    answer = await reader.post(f"/ui/sessions/{session}/shares", {"days": "7"})
    assert answer.text.index("shown only once") < answer.text.index("<dl>"), (
        "in view, not at the foot of the page"
    )
    assert "shown only once" in answer.text
    assert 'id="rows"' in answer.text, "the list stays"
    path = answer.text.partition("/s/")[2].split("<")[0].split('"')[0]
    preview = await reader.post(f"/ui/sessions/{session}/share-preview", {"show": "user"})
    assert ("Nothing is shared yet" in preview.text, ">ann<" in preview.text) == (True, True)
    hidden = await reader.post(f"/ui/sessions/{session}/share-preview", {"show": "tools"})
    assert (">ann<" in hidden.text, "A-17" in hidden.text, "<img" in hidden.text) == (
        False,
        True,
        False,
    )
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
    created = (
        await reader.post(
            "/ui/keys",
            {"name": "agent", "scopes": ["sessions:read", "sessions:write"], "days": "30"},
        )
    ).text
    text = created.partition('<p class="secret note good"><code>')[2].split("<")[0]
    key = next(item for item in await service.keys.list(principal) if item.name == "agent")
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
    narrowed = (await reader.get("/ui/audit?action=retention&actor=&result=ok")).text
    assert ("retention.changed" in narrowed, "workspace.updated" in narrowed) == (True, False)
    assert 'name="action" value="retention"' in narrowed
    assert "No matching entries" in (await reader.get("/ui/audit?result=denied")).text


async def test_rules_that_would_delete_wait_for_a_second_word(reader: Reader) -> None:
    old = {"role": "user", "text": "hi", "created_at": "2020-01-01T00:00:00Z"}
    for name in ("old", "older"):
        await reader.api("POST", "/v1/sessions", json={"id": name, "created_at": old["created_at"]})
        await reader.api("POST", f"/v1/sessions/{name}/messages", json=old)
    answer = await reader.post("/ui/settings/retention", {"*": "30"})
    assert "delete 2 sessions</button>" in answer.text
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
    assert "No sessions yet" not in page
    assert (await reader.get("/ui/insights?days=5&by=nonsense")).status_code == 200
    answer = await reader.get("/ui/insights.csv?by=channel")
    assert answer.text.splitlines()[0].startswith("day,channel,sessions")
    assert ",web,2," in answer.text


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
        assert f'href="/ui/insights.csv?days=7&amp;by=channel&chart={chart}"' in page
        lines = (await reader.get(f"/ui/insights.csv?days=7&chart={chart}")).text.splitlines()
        assert len(lines) == (25 if chart == "hours" else 8), chart
    for chart, expected in (("tokens", "13023,13023"), ("cost", "1.234567,1.234567")):
        lines = (await reader.get(f"/ui/insights.csv?days=7&chart={chart}")).text.splitlines()
        assert (lines[0], lines[1].partition(",")[2]) == ("Day,'=1+1,Total", expected)
    assert (await reader.get("/ui/insights.csv?chart=nonsense")).status_code == 404


async def test_a_ranking_has_each_value_the_total_and_the_time_before(reader: Reader) -> None:
    for agent, cost in (("small", 0.5), ("dear", 2), (None, 0)):
        uid = (await reader.api("POST", "/v1/sessions", json={"agent": agent})).json()["uid"]
        message = {"role": "assistant", "text": "done", "usage": {"cost_usd": cost}}
        await reader.api("POST", f"/v1/sessions/{uid}/messages", json={"messages": [message]})
    page = (await reader.get("/ui/insights?days=7&by=agent")).text
    table = page[page.index('<table class="grid ranks">') : page.index("<svg")]
    assert table.index(">dear</a>") < table.index(">small</a>")
    assert "/ui/?agent=dear&amp;day_from=" in table
    assert table.count('&amp;archived=any"') == 2, "figures count the archive, and links show it"
    assert ("$2.00" in table, "$2.50" in table, "(none)" in table) == (True, True, True)
    assert "Previous 7 days" in table


async def test_insights_of_an_empty_workspace_say_so(reader: Reader) -> None:
    assert "No sessions yet" in (await reader.get("/ui/insights")).text


async def test_files_go_out_and_come_in(reader: Reader, session: str) -> None:
    assert "2 sessions" in (await reader.get("/ui/transfers")).text
    lines = await reader.get("/ui/export?state=failed")
    assert len(lines.text.splitlines()) == 1
    raw = {"X-CSRF-Token": reader.token, "Content-Type": "application/octet-stream"}
    summary = (
        await reader.client.post("/ui/import?name=x.jsonl", content=lines.content, headers=raw)
    ).json()
    assert [line.partition(";")[0] for line in summary["said"]] == [
        "0 imported, 0 updated, 1 unchanged, 0 failed"
    ]
    bad = b'{"id": "good", "messages": [{"role": "user", "content": "x"}]}\n{"id": "bad"}\n'
    summary = (await reader.client.post("/ui/import?name=y.jsonl", content=bad, headers=raw)).json()
    assert summary["said"][0].startswith("1 imported, 0 updated, 0 unchanged, 1 failed;")
    assert summary["said"][1].startswith("Record 2 of y.jsonl: ")
    assert (await reader.client.post("/ui/import", content=b"", headers=raw)).status_code == 400


async def test_sessions_go_out_by_name(reader: Reader, session: str) -> None:
    answer = await reader.get(
        f"/ui/export?ids={session},00000000-0000-7000-8000-000000000000,nonsense"
    )
    assert [json.loads(line)["session"]["own_id"] for line in answer.text.splitlines()] == [
        "talk"
    ], "those that are gone are left out"
    assert (
        await reader.get("/ui/export?ids=" + ",".join("x" * 3 for _ in range(201)))
    ).status_code == 400


async def test_changes_are_told_where_there_is_no_stream(reader: Reader, session: str) -> None:
    changes = (await reader.get("/ui/changes?since=0")).json()
    assert changes["next"] == changes["data"][-1]["id"]


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
    problem = (await reader.api("GET", "/v1/sessions/nobody")).json()
    path, _, code = problem["type"].partition("#")
    assert (path, code) == ("/docs/errors", "session_not_found"), problem
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
    digest = (await reader.get("/ui/")).text.partition('href="/ui/static/')[2].split("/")[0]
    kept = await reader.get(f"/ui/static/{digest}/app.css")
    assert "immutable" in kept.headers["cache-control"]
    assert (await reader.get("/ui/static/old/app.css", Accept_Encoding="identity")).headers[
        "cache-control"
    ] == "no-cache"
    assert (await reader.get(f"/ui/static/{digest}/nothing.css")).status_code == 404
    assert (await reader.get("/favicon.ico")).headers["content-type"] == "image/svg+xml"


async def test_insights_are_narrowed_by_a_value_and_lead_to_what_they_count(
    reader: Reader, session: str
) -> None:
    for ident, agent in (("x", "clerk"), ("y", "scout")):
        await reader.api("POST", "/v1/sessions", json={"id": ident, "agent": agent})
    page = (await reader.get("/ui/insights?days=7&by=agent")).text
    assert 'href="/ui/insights?days=7&amp;by=agent&agent=clerk" title="Only clerk">Filter<' in page
    narrowed = (await reader.get("/ui/insights?days=7&by=channel&agent=clerk")).text
    assert "agent: clerk" in narrowed
    assert 'href="/ui/insights?days=7&amp;by=channel" title="Remove' in narrowed
    assert re.search(r'href="/ui/\?agent=clerk&amp;day_from=[\d-]+&amp;day_until=', narrowed)
    lines = (await reader.get("/ui/insights.csv?days=7&by=agent&agent=clerk")).text.splitlines()
    assert sum(int(line.split(",")[2]) for line in lines[1:]) == 1
