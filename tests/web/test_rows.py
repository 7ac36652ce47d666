"""What a row of the list says of its session, and what is left unsaid."""

from __future__ import annotations

import re

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
