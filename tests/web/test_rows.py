"""What a row of the list says of its session, and what is left unsaid."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from tests.web.conftest import Reader


async def test_a_row_names_forks_and_sub_sessions_and_no_channel_twice(reader: Reader) -> None:
    body = {"id": "whole", "title": "Whole", "channel": "claude-code", "agent": "claude-code"}
    whole = (await reader.api("POST", "/v1/sessions", json=body)).json()
    messages = {"messages": [{"role": "user", "text": "Hello"}]}
    await reader.api("POST", "/v1/sessions/whole/messages", json=messages)
    fork = (await reader.api("POST", "/v1/sessions/whole/fork", json={"message": 1})).json()
    part = {"id": "part", "parent": "whole", "channel": "web", "agent": "explorer"}
    below = (await reader.api("POST", "/v1/sessions", json=part)).json()
    rows = [
        (await reader.get(f"/ui/row/{created['uid']}")).text for created in (whole, fork, below)
    ]
    assert [row.count("<u>claude-code</u>") for row in rows] == [1, 1, 0]
    assert [re.findall(r"<q>(fork|sub-session)</q>", row) for row in rows] == [
        [],
        ["fork"],
        ["sub-session"],
    ]
    assert "<u>web</u><u>explorer</u>" in rows[2]


async def test_where_no_price_is_known_no_cost_is_shown(reader: Reader) -> None:
    usage = {"input_tokens": 10, "output_tokens": 5}
    messages = [{"role": "assistant", "text": "Hello", "usage": usage}]
    await reader.api("POST", "/v1/sessions", json={"id": "a", "user": "ann", "agent": "shop"})
    await reader.api("POST", "/v1/sessions/a/messages", json={"messages": messages})
    for path in ("/ui/users/ann", "/ui/insights?by=agent"):
        page = (await reader.get(path)).text
        assert "prices unknown" in page
        assert "$0" not in page


async def test_a_filter_can_be_turned_around(reader: Reader) -> None:
    for name, channel in (("one", "web"), ("two", "slack"), ("three", "web")):
        body = {"id": name, "title": name, "channel": channel}
        await reader.api("POST", "/v1/sessions", json=body)
    pattern = r'class="clear" href="(/ui/\?[^"]*)"[^>]*>\s*(exclude|include)'
    chosen = (await reader.get("/ui/?channel=web")).text
    [(address, word)] = re.findall(pattern, chosen)
    assert (address, word) == ("/ui/?q=-channel:web", "exclude")
    others = (await reader.get(address)).text
    assert re.findall(r"<b>(\w+)</b>", others) == ["two"]
    [(back, word)] = re.findall(pattern, others)
    assert (back, word) == ("/ui/?q=channel:web", "include")
    assert sorted(re.findall(r"<b>(\w+)</b>", (await reader.get(back)).text)) == ["one", "three"]


async def test_what_a_search_did_not_understand_can_be_mended_by_a_click(reader: Reader) -> None:
    await reader.api("POST", "/v1/sessions", json={"id": "one", "channel": "web"})
    page = (await reader.get("/ui/?q=state:fialed+channel:web")).text
    link = re.search(r'<a href="(/ui/\?[^"]*)">Search for state:failed</a>', page)
    assert link is not None
    assert link[1] == "/ui/?q=state:failed+channel:web"


async def test_what_runs_report_is_shown_and_a_link_can_leave_it_out(reader: Reader) -> None:
    """What a row, the head and the ranges say of a session is one figure."""
    await reader.api("PATCH", "/v1/workspace", json={"settings": {"sharing": True}})
    await reader.api("POST", "/v1/sessions", json={"id": "a"})
    run = (await reader.api("POST", "/v1/sessions/a/runs", json={})).json()["id"]
    usage = {"input_tokens": 7000, "output_tokens": 100, "cost_usd": 0.25}
    await reader.api("POST", f"/v1/sessions/a/runs/{run}/finish", json={"usage": usage})
    assert "<s>7.1k tok</s>" in (await reader.get("/ui/?cost_from=0.25")).text
    head = (await reader.get("/ui/sessions/a")).text
    assert (">$0.25<" in head, "7,100 tokens" in head) == (True, True)
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for hides, is_seen in (([], True), (["cost"], False)):
        body = {"expires_at": soon, "hides": hides}
        answer = await reader.api("POST", "/v1/sessions/a/shares", json=body)
        assert answer.status_code == 201, answer.text
        path = answer.json()["path"]
        page = (await reader.get(path)).text
        assert ("$0.25" in page, "7,100" in page) == (is_seen, is_seen)
