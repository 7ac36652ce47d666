"""Every screen answers with what it is about, whole and in the parts that scripts ask for."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urlencode

import pytest

from hansard.model import SessionFilter
from hansard.service import Service
from tests.web.conftest import Reader


async def test_the_list_has_rows_filters_and_a_way_out(reader: Reader, session: str) -> None:
    page = (await reader.get("/ui/")).text
    assert "My box was damaged" in page
    assert "2 sessions" in page
    assert (await reader.get("/ui/?state=failed", X_Fragment="list")).text.count('class="row"') == 1
    empty = (await reader.get("/ui/?state=failed&channel=api&archived=true")).text
    assert "No matching sessions" in empty
    part = (await reader.get("/ui/?q=dama")).text
    assert 'href="/ui/?q=dama%2A"' in part
    assert "channel: api" in empty
    assert (await reader.get("/ui/count?channel=web")).json() == {"total": 2}
    assert (await reader.get(f"/ui/row/{session}")).text.count('class="row"') == 1
    assert (await reader.get("/ui/rows?page=1")).text.count('class="row"') == 0
    assert "2 sessions" in (await reader.get("/ui/users/ann")).text
    for order, name in (("", "latest activity"), ("?sort=-updated_at", "latest change")):
        assert f" · by {name}</span>" in (await reader.get(f"/ui/{order}")).text


async def test_colours_of_a_terminal_are_not_read_as_text(reader: Reader) -> None:
    red = "\x1b[31mFAILED\x1b[0m tests"
    call = {"type": "tool_call", "id": "c", "name": "run", "arguments": {}}
    answer = {"type": "tool_call_response", "id": "c", "response": red}
    uid = (await reader.api("POST", "/v1/sessions", json={"id": "coloured"})).json()["uid"]
    messages = [
        {"role": "user", "text": red},
        {"role": "assistant", "parts": [call]},
        {"role": "tool", "parts": [answer]},
    ]
    await reader.api("POST", "/v1/sessions/coloured/messages", json={"messages": messages})
    page = (await reader.get(f"/ui/sessions/{uid}")).text
    shown = page[page.index('id="talk"') :]
    assert shown.count("FAILED tests") == 2
    assert "\x1b" not in shown


@pytest.mark.parametrize("name", sorted(SessionFilter.example))
async def test_the_form_keeps_every_filter_of_the_address(reader: Reader, name: str) -> None:
    """In a control of its own or a hidden one, so that a word more does not widen the list."""
    example = SessionFilter.example[name]
    value = str(example[0] if isinstance(example, list) else example)
    page = (await reader.get(f"/ui/?{urlencode({name: value})}")).text
    form = page[page.index('<form class="find') :].partition("</form>")[0]
    control = {"created_from": "day_from", "created_until": "day_until"}.get(name, name)
    assert re.search(rf'name="{control}"', form)
    assert value[:10] in html.unescape(form)


async def test_a_pasted_message_id_opens_its_session_at_the_message(
    reader: Reader, session: str
) -> None:
    messages = (await reader.api("GET", "/v1/sessions/talk/messages")).json()["data"]
    answer = await reader.get(f"/ui/?{urlencode({'q': messages[3]['id']})}")
    assert answer.headers["location"] == f"/ui/sessions/{session}?at=4#m4"


async def test_the_raw_form_is_what_the_api_shows(reader: Reader, session: str) -> None:
    page = (await reader.get(f"/ui/sessions/{session}?tab=raw")).text
    raw = page[page.index('<pre id="raw"') :].partition(">")[2].partition("</pre>")[0]
    assert json.loads(html.unescape(raw)) == {
        "session": (await reader.api("GET", f"/v1/sessions/{session}")).json(),
        "messages": (await reader.api("GET", f"/v1/sessions/{session}/messages")).json()["data"],
    }


async def test_a_preview_names_its_writer_where_that_is_known(reader: Reader) -> None:
    """The last message may be another one than that which is quoted."""
    question = {"role": "user", "text": "Where is it?"}
    answer = {"role": "assistant", "text": "I look."}
    call = {"type": "tool_call", "id": "c", "name": "look", "arguments": {}}
    calling = {"role": "assistant", "parts": [call]}
    result = {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "result": "no"}]}
    for ident, messages, preview in (
        ("asked", [question], "<em>User</em>Where is it?"),
        (
            "calling",
            [question, calling],
            "<em>User</em>Where is it?",
        ),
        ("answered", [question, answer], "<em>Assistant</em>I look."),
        ("done", [question, answer, result], "<p>I look."),
    ):
        uid = (await reader.api("POST", "/v1/sessions", json={"id": ident})).json()["uid"]
        await reader.api("POST", f"/v1/sessions/{ident}/messages", json={"messages": messages})
        row = (await reader.get(f"/ui/row/{uid.removeprefix('ses_')}")).text
        assert preview in re.sub(r"\s*(<[^>]*>)\s*", r"\1", row), ident


async def test_a_pasted_id_opens_its_session(reader: Reader, session: str) -> None:
    """An own id may also be a word, so its session is listed before what the search found."""
    link = f"http://hansard.test/ui/sessions/{session}?at=3#m3"
    for text in (session, f"ses_{session}", f" asset_{session.upper()} ", session[:-1], link):
        answer = await reader.get(f"/ui/?{urlencode({'q': text})}")
        assert answer.headers.get("location") == f"/ui/sessions/{session}", text
        part = await reader.get(f"/ui/?{urlencode({'q': text})}", X_Fragment="list")
        assert f'href="/ui/sessions/{session}' in part.text
    listed = (await reader.get("/ui/?q=talk")).text
    assert f'href="/ui/sessions/{session}' in listed
    assert "1 session" in listed
    assert 'class="row"' not in (await reader.get("/ui/?q=branc")).text
    assert (await reader.get("/ui/?q=ses_0190163d-8694-739b-aea5-966c26f8ad91")).status_code == 200


async def test_a_part_of_a_users_id_leads_to_the_user(reader: Reader, session: str) -> None:
    await reader.api("POST", "/v1/sessions", json={"user": "joanna/1"})
    assert 'href="/ui/users/joanna%2F1"' in (await reader.get("/ui/?q=JOAN")).text
    for query in ("jo", "joan+x", "user:joan"):
        assert "/ui/users/joanna" not in (await reader.get(f"/ui/?q={query}")).text


async def test_a_value_of_the_metadata_leads_to_the_sessions_with_it(
    reader: Reader, session: str
) -> None:
    metadata = {"plan": "pro & more", "seats": 3, "trial": False, "deep": {"a": 1}, "list": "a,b"}
    await reader.api("PATCH", "/v1/sessions/talk", json={"metadata": metadata})
    page = (await reader.get(f"/ui/sessions/{session}?tab=details")).text
    links = re.findall(r'class="tag" href="(/ui/\?metadata=[^"]+)"', page)
    assert len(links) == 3
    for link in links:
        assert (await reader.get(link)).text.count('class="row"') == 1, link


async def test_the_archive_is_a_view_of_its_own(reader: Reader, session: str) -> None:
    await reader.api("POST", "/v1/sessions/talk/archive")
    assert (await reader.get("/ui/")).text.count('class="row"') == 1
    archived = (await reader.get("/ui/?archived=true")).text
    assert archived.count('class="row"') == 1
    assert 'aria-current="true">Archived' in archived
    assert 'class="row"' not in (await reader.get(f"/ui/row/{session}")).text


async def test_a_row_shows_the_time_of_its_order(reader: Reader) -> None:
    old = {"id": "old", "created_at": "2026-01-05T10:00:00Z"}
    await reader.api("POST", "/v1/sessions", json=old)
    assert 'datetime="2026-01-05 10:00Z"' in (await reader.get("/ui/")).text
    changed = (await reader.get("/ui/?sort=-updated_at")).text
    assert 'datetime="2026-01-05' not in changed


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
    ("query", "message"),
    [
        ("state=fooo", "There is no state &#39;fooo&#39;"),
        ("stat=failed", "There is no filter &#39;stat&#39;: did you mean &#39;state&#39;?"),
        ("state=failed&kind=fooo", "There is no kind &#39;fooo&#39;"),
        ("day_from=yesterday", "is not a day"),
        ("sort=fooo", "There is no order"),
    ],
)
async def test_a_filter_that_does_not_exist_never_shows_everything(
    reader: Reader, session: str, query: str, message: str
) -> None:
    page = (await reader.get(f"/ui/?{query}")).text
    assert message in page
    assert (
        'class="row"' in page,
        "0 sessions" in page,
        "data-save-view" in page,
        'aria-current="true">All' in page,
    ) == (False, True, False, False)
    assert 'class="row"' not in (await reader.get(f"/ui/rows?{query}")).text
    assert (await reader.get(f"/ui/count?{query}")).json() == {"total": 0}
    assert [
        (await reader.get(f"/ui/{page_name}?{query}")).status_code
        for page_name in ("transfers", "export")
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
        total = (await reader.api("GET", f"/v1/sessions?{query}&total=true")).json()["total"]
        page = (await reader.get(f"/ui/?{query}&limit=5")).text
        assert (page.count('class="row"'), 'title="Remove this filter"' in page) == (total, True), (
            query
        )


async def test_search_shows_what_it_found(reader: Reader, session: str, service: Service) -> None:
    await service.indexer.catch_up()
    page = (await reader.get("/ui/?q=damaged+state:failed")).text
    assert "<mark>damaged</mark>" in page
    assert "state:failed" in page
    assert re.search(r"/v1/search\?q=damaged[^'\"]*system=false", page)
    assert "Search not understood" in (await reader.get("/ui/?q=" + "x" * 400)).text


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
        "Conversations appear here" in page,
        "Select a session" in page,
    ) == (True, True, False)
    assert "--discover" not in page  # the agents of whoever reads the page are not on this machine
    await reader.api("POST", "/v1/sessions", json={"id": "first"})
    page = (await reader.get("/ui/")).text
    assert ("Conversations appear here" in page, "Select a session" in page) == (False, True)


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
        ("raw", '<pre id="raw"'),
        ("nonsense", "Conversation"),
    ):
        assert words in (await reader.get(f"/ui/sessions/{session}?tab={tab}")).text
    assert "<!doctype" not in (await reader.get(f"/ui/sessions/{session}", X_Fragment="pane")).text
    part = await reader.get(f"/ui/sessions/{session}", X_Fragment="messages")
    assert (part.status_code, "<header" in part.text, 'id="m2"' in part.text) == (200, False, True)
    assert (await reader.get("/ui/sessions/nobody")).status_code == 404
    branch = (await reader.get("/ui/sessions/branch")).text
    assert "Fork at message" in branch
    assert f'href="/ui/sessions/{session}' in branch


@pytest.mark.parametrize(
    "query", ["at=3", "before=3", "after=3", "day=2020-01-01", "day=x", "at=msg_unknown"]
)
async def test_a_session_opens_at_a_place(reader: Reader, session: str, query: str) -> None:
    answer = await reader.get(f"/ui/sessions/{session}?{query}")
    assert answer.status_code == (400 if "unknown" in query else 200)


async def test_long_sessions_come_in_stretches(reader: Reader) -> None:
    await reader.api("POST", "/v1/sessions", json={"id": "long"})
    for start in range(0, 500, 100):
        messages = [{"role": "user", "text": f"number {start + index}"} for index in range(100)]
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
    for position in ("0", "9", "x"):
        assert (
            await reader.get(f"/ui/sessions/{session}/messages/{messages[2]['id']}/{position}")
        ).status_code == 404


async def test_what_is_done_to_a_session_is_done(reader: Reader, session: str) -> None:
    async def now() -> dict[str, object]:
        current: dict[str, object] = (await reader.api("GET", "/v1/sessions/talk")).json()
        return current

    path = f"/ui/sessions/{session}"
    assert (
        await reader.post(
            f"{path}/resolution", {"resolution": "resolved", "back": f"{path}?state=failed"}
        )
    ).headers["location"] == f"{path}?state=failed"
    assert (await now())["resolution"] == "resolved"
    assert (
        'data-resolution="open"'
        in (await reader.post(f"{path}/resolution", {"resolution": "open"}, X_Fragment="pane")).text
    )
    assert (await reader.post(f"{path}/resolution", {"resolution": "x"})).status_code == 400
    await reader.post(f"{path}/title", {"title": "Renamed"})
    await reader.post(f"{path}/tags", {"tags": "a, b ,"})
    await reader.post(f"{path}/archive", {"archived": "true"})
    assert ((await now())["title"], (await now())["tags"], bool((await now())["archived_at"])) == (
        "Renamed",
        ["a", "b"],
        True,
    )
    await reader.post(f"{path}/archive", {"archived": "false"})
    assert (await now())["archived_at"] is None
    assert (await reader.post(f"{path}/delete")).status_code == 400
    assert (await reader.post(f"{path}/delete", {"sure": "yes"})).status_code == 303
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


async def test_rows_are_smaller_for_who_wants_more_of_them(reader: Reader) -> None:
    assert "data-rows" not in (await reader.get("/ui/")).text
    answer = await reader.post("/ui/rows", {"back": "/ui/?state=failed"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/?state=failed")
    assert 'data-rows="compact"' in (await reader.get("/ui/")).text
    await reader.post("/ui/rows")
    assert "data-rows" not in (await reader.get("/ui/")).text


async def test_the_search_box_offers_how_to_go_on(reader: Reader, session: str) -> None:
    offered = (await reader.get("/ui/suggestions?q=box+channel:")).text
    assert 'data-text="box channel:web "' in offered
    assert 'role="option"' not in (await reader.get("/ui/suggestions?q=box")).text
