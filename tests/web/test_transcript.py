"""Calls of tools are shown with what came back."""

from __future__ import annotations

import re

from tests.web.conftest import Reader


async def test_an_answer_stands_with_its_call_in_one_message_too(reader: Reader) -> None:
    call = {"type": "tool_call", "id": "c", "name": "look", "arguments": {}}
    parts = [call, {"type": "tool_call_response", "id": "c", "response": "on its way"}]
    uid = (await reader.api("POST", "/v1/sessions", json={})).json()["uid"]
    body = {"messages": [{"role": "tool", "parts": parts}]}
    await reader.api("POST", f"/v1/sessions/{uid}/messages", json=body)
    page = (await reader.get(f"/ui/sessions/{uid.removeprefix('ses_')}")).text
    assert re.findall(r'<details class="call (\w+)"', page) == ["ok"]
    assert "on its way" in page
