"""Failed calls and tools in a session's row: counted once, as its messages are at any time."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest
from langchain_core.messages import ToolMessage
from msgspec import Raw

from hansard.access import ALL_SCOPES, Principal
from hansard.adapters import langchain_messages, openai_items
from hansard.client import AsyncHansard, Hansard
from hansard.interchange.content import parts_of
from hansard.interchange.content.openai import response_part
from hansard.model import SessionFilter
from hansard.model.tool_calls import LONGEST_NAME, MOST_TOOLS, Tally, tally
from hansard.service import Service
from hansard.store.steps import composed, run
from tests.conftest import client_of
from tests.derived.test_lists import listed
from tests.support.recounting import recount_due

RETRY = "1 validation error:\nmissing\n\nFix the errors and try again."
ANTHROPIC = {"type": "tool_result", "tool_use_id": "c", "content": "no", "is_error": True}
FAILED: dict[str, Any] = {
    "Anthropic": parts_of([ANTHROPIC]),
    "LangChain": [response_part({"tool_call_id": "c", "content": "no", "status": "error"})],
    "LangChain's adapter": langchain_messages.draft(
        ToolMessage("no", tool_call_id="c", status="error")
    )["parts"],
    "Responses": parts_of(
        [{"type": "function_call_output", "call_id": "c", "output": "no", "status": "incomplete"}]
    ),
    "Agents SDK's adapter": openai_items.draft(
        {"type": "function_call_output", "call_id": "c", "output": "no", "status": "incomplete"}
    )["parts"],
    "Agents SDK's own words": parts_of(
        [{"type": "function_call_output", "call_id": "c", "output": "An error occurred while …"}]
    ),
    "pydantic-ai": parts_of([{"type": "tool_call_response", "id": "c", "result": RETRY}]),
    "a status": [{"type": "tool_call_response", "status": "error", "response": "no"}],
    "an object": [{"type": "tool_call_response", "response": {"ok": False}}],
    "an error in an object": [{"type": "tool_call_response", "response": {"error": {"n": 1}}}],
    "a text": [{"type": "tool_call_response", "response": " Error: not found"}],
}
WELL: dict[str, Any] = {
    "a plain answer": [{"type": "tool_call_response", "response": "No error was found"}],
    "an empty error": [{"type": "tool_call_response", "response": {"error": None, "ok": True}}],
    "a list": [{"type": "tool_call_response", "response": ["error"]}],
    "nothing": [{"type": "tool_call_response"}],
    "a text of the user": [{"type": "text", "content": '"tool_call Error'}],
}


@pytest.mark.parametrize("name", FAILED)
def test_a_failed_call_of_any_format_counts(name: str) -> None:
    assert tally([Raw(msgspec.json.encode(FAILED[name]))]).failed == 1


@pytest.mark.parametrize("name", WELL)
def test_a_call_that_went_well_does_not_count(name: str) -> None:
    assert tally([Raw(msgspec.json.encode(WELL[name]))]).failed == 0


def test_tools_are_bounded_and_come_off_again() -> None:
    many = [{"type": "tool_call", "name": f"tool-{n}"} for n in range(MOST_TOOLS + 1)]
    odd = [{"type": "tool_call", "name": name} for name in ("", "a\x00b", "x" * 200, None)]
    assert LONGEST_NAME < 200
    added = tally([Raw(msgspec.json.encode(many)), Raw(msgspec.json.encode(odd))])
    total = Tally().plus(added)
    assert list(total.tools) == [f"tool-{n}" for n in range(MOST_TOOLS)]
    assert total.plus(added, -1) == Tally()


def calls(tool: str, response: object = None, **marks: object) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": "tool_call", "id": "c", "name": tool, "arguments": {}}]
    if response is not None:
        parts.append({"type": "tool_call_response", "id": "c", "response": response, **marks})
    return {"role": "assistant", "parts": parts}


async def append(client: httpx.AsyncClient, name: str, *messages: dict[str, Any]) -> list[str]:
    body = {"messages": messages}
    answer = await client.post(f"/v1/sessions/{name}/messages", json=body)
    assert answer.status_code == 201, answer.text
    return [message["id"] for message in answer.json()["data"]]


async def row(client: httpx.AsyncClient, name: str) -> tuple[int, list[str]]:
    """The failed calls and tools of a session, which the filters must agree with."""
    session = (await client.get(f"/v1/sessions/{name}")).json()
    failed, tools = session["failed_calls"], session["tool_names"]
    assert (name in await listed(client, "failed_calls=true")) == (failed > 0)
    assert (name in await listed(client, "failed_calls=false")) == (failed == 0)
    for tool in ("find", "refund", "cancel"):
        assert (name in await listed(client, f"tool={tool}")) == (tool in tools)
    return failed, tools


async def test_calls_are_kept_on_append_edit_deletion_and_rewind(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    assert await row(client, "s") == (0, [])
    first, second = await append(
        client, "s", calls("find", "found"), calls("refund", "no", is_error=True)
    )
    await append(client, "s", calls("find", {"error": "gone"}))
    assert await row(client, "s") == (2, ["find", "refund"])
    await client.delete(f"/v1/sessions/s/messages/{first}")
    assert await row(client, "s") == (2, ["find", "refund"])
    edited = await client.put(f"/v1/sessions/s/messages/{second}", json=calls("cancel", "done"))
    assert edited.status_code == 200, edited.text
    assert await row(client, "s") == (1, ["find", "cancel"])
    again = {"count": 1, "messages": [calls("refund", "Error: refused")]}
    await client.post("/v1/sessions/s/messages/rewind", json=again)
    assert await row(client, "s") == (1, ["cancel", "refund"])
    await client.delete("/v1/sessions/s")
    assert await listed(client, "tool=refund&archived=any") == []


async def test_calls_are_kept_by_forks_copies_and_imports(
    client: httpx.AsyncClient, service: Service
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    await append(client, "s", calls("find", "found"), calls("refund", "no", status="error"))
    await client.post("/v1/sessions/s/fork", json={"id": "f", "message": 1})
    await client.post("/v1/sessions/s/copy", json={"id": "c"})
    assert await row(client, "f") == (0, ["find"])
    assert await row(client, "c") == (1, ["find", "refund"])
    exported = (await client.get("/v1/export")).content
    other = service.workspaces.operator(await service.workspaces.create("restored-calls"))
    arrived = await _imported(service, other, client, exported)
    assert arrived == {"s": (1, ["find", "refund"]), "f": (0, ["find"])} | {
        "c": (1, ["find", "refund"])
    }
    openai = {
        "id": "foreign",
        "messages": [
            {"role": "user", "content": "Refund me"},
            {
                "role": "assistant",
                "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "refund", "arguments": ""}}
                ],
            },
            {"role": "tool", "tool_call_id": "c", "content": "Error: refused"},
        ],
    }
    answer = await client.post("/v1/import", content=msgspec.json.encode(openai))
    assert answer.status_code == 200, answer.text
    assert await row(client, "foreign") == (1, ["refund"])


async def _imported(
    service: Service, other: Principal, client: httpx.AsyncClient, exported: bytes
) -> dict[str, tuple[int, list[str]]]:
    key = (await service.keys.create(other, "other", ALL_SCOPES))[0]
    async with client_of(service, key) as restored:
        answer = await restored.post("/v1/import", content=exported)
        assert answer.status_code == 200, answer.text
        names = await listed(restored)
        return {name: await row(restored, name) for name in names}


async def test_ranges_and_search_find_sessions_by_failed_calls(client: httpx.AsyncClient) -> None:
    for number in range(4):
        await client.post("/v1/sessions", json={"id": f"s{number}"})
        question = {"role": "user", "text": "hello"}
        await append(client, f"s{number}", question, *[calls("refund", "Error")] * number)
    for query, names in {
        "failed_calls_from=2": ["s3", "s2"],
        "failed_calls_from=0&failed_calls_until=1": ["s1", "s0"],
        "failed_calls_from=1&failed_calls_until=2&tool=refund": ["s2", "s1"],
        "tool=refund&sort=title": ["s1", "s2", "s3"],
    }.items():
        assert sorted(await listed(client, query)) == sorted(names), query
    for text, names in {
        "failed:true": ["s1", "s2", "s3"],
        "-failed:true": ["s0"],
        "failed:false": ["s0"],
        "failed:0": ["s0"],
        "failed:>1": ["s2", "s3"],
        "failed:1..2 hello": ["s1", "s2"],
        "failed_calls:no": ["s0"],
    }.items():
        answer = (await client.get("/v1/search", params={"q": text})).json()
        assert sorted(hit["session"]["id"] for hit in answer["data"]) == names, text
        assert answer["notes"] == []
    notes = (await client.get("/v1/search", params={"q": "failed:maybe"})).json()["notes"]
    assert "not a number" in notes[0]["message"]


async def test_calls_of_an_old_store_are_counted_again(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    await append(client, "s", calls("find", "found"), calls("refund", "Error"))
    await service.store.write(_as_before, principal.workspace_id)
    assert await row(client, "s") == (0, [])
    assert await service.recount.run() == 1
    assert await row(client, "s") == (1, ["find", "refund"])
    wanted = SessionFilter(tool=("refund",), failed_calls_from=1)
    assert await service.sessions.count(principal, wanted) == 1


def _as_before(workspace_id: str) -> Any:
    yield from composed(
        "update sessions set failed_calls = 0, tools = '{}', version = version + 1"
        " where workspace_id = :w",
        {"w": workspace_id},
    )
    yield from composed(
        "update workspace_counters set generation = generation + 1 where workspace_id = :w",
        {"w": workspace_id},
    )
    yield from run("workspace_purge_session_tools", workspace_id=workspace_id)
    yield from recount_due(workspace_id)


async def test_calls_through_the_client(hansard: Hansard, ahansard: AsyncHansard) -> None:
    session = hansard.sessions.start(app="calls")
    message: Any = calls("refund", "no", is_error=True)
    hansard.messages.append(session.id, message)
    (listed_session,) = hansard.sessions.list(tool="refund", failed_calls=True, failed_calls_from=1)
    assert (listed_session.failed_calls, listed_session.tool_names) == (1, ["refund"])
    others = ahansard.sessions.list(app="calls", failed_calls=False)
    assert [each.id async for each in others] == []
