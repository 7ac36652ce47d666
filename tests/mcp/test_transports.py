"""An agent reads sessions through the real MCP client, over both transports."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent, TextResourceContents

from hansard.client import Hansard
from tests.support.serving import Served, serving

HANSARD = str(Path(sys.executable).with_name("hansard"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a session of each of two users."""
    with serving(tmp_path_factory.mktemp("mcp")) as served:
        with Hansard(served.url, served.key) as client:
            client.sessions.start("order-17", channel="web", user="ada", title="A late parcel")
            client.messages.append(
                "order-17",
                {"role": "user", "text": "Where is my parcel?"},
                {
                    "role": "assistant",
                    "parts": [{"type": "tool_call", "id": "c", "name": "track", "arguments": {}}],
                },
                {
                    "role": "tool",
                    "parts": [{"type": "tool_call_response", "id": "c", "response": "Oslo"}],
                },
                {"role": "assistant", "text": "It is in Oslo and arrives tomorrow."},
            )
            client.sessions.start("lamp", channel="web", user="bob")
            client.messages.append("lamp", {"role": "user", "text": "The lamp is broken."})
        yield served


@contextlib.asynccontextmanager
async def over_stdio(served: Served) -> AsyncIterator[ClientSession]:
    command = StdioServerParameters(command=HANSARD, args=["mcp"], env=served.environment)
    async with stdio_client(command) as streams, ClientSession(*streams) as session:
        await session.initialize()
        yield session


@contextlib.asynccontextmanager
async def over_http(served: Served, key: str | None = None) -> AsyncIterator[ClientSession]:
    headers = {"Authorization": f"Bearer {key or served.key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        streamable_http_client(f"{served.url}/mcp", http_client=http) as streams,
        ClientSession(*streams[:2]) as session,
    ):
        await session.initialize()
        yield session


async def text_of(agent: ClientSession, tool: str, /, **arguments: object) -> str:
    result = await agent.call_tool(tool, arguments)
    assert not result.is_error, text_in(result)
    return text_in(result)


def text_in(result: CallToolResult) -> str:
    """The text of a result, which is all that it has."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("transport", [over_stdio, over_http])
async def test_a_real_client_finds_and_reads_a_session(served: Served, transport: object) -> None:
    async with transport(served) as agent:  # type: ignore[operator]  # either of the two
        tools = (await agent.list_tools()).tools
        matches = await text_of(agent, "search_sessions", query="parcel")
        read = await text_of(agent, "read_transcript", session="order-17")
        answers = await text_of(agent, "read_what_user_was_told", user="ada", about="Oslo")
        resources = (await agent.list_resources()).resources
        (content,) = (await agent.read_resource("hansard://sessions/order-17")).contents
    assert {"search_sessions", "read_transcript", "read_messages"} <= {tool.name for tool in tools}
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert "session order-17" in matches
    assert f"{served.url}/ui/sessions/order-17?at=1#m1" in matches
    for line in ("  Where is my parcel?", "  [calls track] {}", "  [tool answered] Oslo"):
        assert line in read.splitlines()
    assert "It is in Oslo and arrives tomorrow." in answers
    assert [resource.name for resource in resources] == ["lamp", "order-17"]
    assert isinstance(content, TextResourceContents)
    assert "  Where is my parcel?" in content.text


async def test_a_link_in_a_result_opens_the_page_of_its_session(served: Served) -> None:
    async with over_http(served) as agent:
        text = await text_of(agent, "list_sessions", user="ada")
    link = next(line for line in text.splitlines() if line.startswith("http"))
    origin = {"Origin": served.url}
    async with httpx.AsyncClient(base_url=served.url, headers=origin) as browser:
        await browser.post("/ui/sign-in", data={"key": served.key})
        answer = await browser.get(link)
    assert answer.status_code == 200
    assert "A late parcel" in answer.text


async def test_a_narrowed_key_sees_only_its_own(served: Served) -> None:
    with Hansard(served.url, served.key) as client:
        key = client.keys.create("bob's", scopes=["sessions:read"], user="bob").key
    async with over_http(served, key) as agent:
        assert "0 sessions match" in await text_of(agent, "search_sessions", query="parcel")
        assert "session lamp" in await text_of(agent, "list_sessions")
        hidden = await agent.call_tool("read_transcript", {"session": "order-17"})
        absent = await agent.call_tool("read_transcript", {"session": "order-18"})
        assert [resource.name for resource in (await agent.list_resources()).resources] == ["lamp"]
    assert hidden.is_error
    assert "session_not_found" in text_in(hidden)
    texts = [text_in(result).partition(" [")[0] for result in (hidden, absent)]
    assert texts[0] == texts[1].replace("order-18", "order-17")


async def test_a_wrong_call_says_what_to_mend(served: Served) -> None:
    async with over_http(served) as agent:
        result = await agent.call_tool("read_messages", {"session": "order-17", "limit": 500})
        unknown = await agent.call_tool("list_sessions", {"chanel": "web"})
        result_text = await text_of(agent, "search_sessions", query="parcel")
    assert result.is_error
    assert "limit" in text_in(result)
    assert text_in(unknown) == (
        "list_sessions: unknown field 'chanel' in the arguments: did you mean 'channel'?"
    )
    assert result_text.startswith("1 session matches parcel; shown: 1.")


@pytest.mark.parametrize(("name", "status"), [("localhost", 200), ("evil.test", 403)])
async def test_a_page_whose_name_was_made_to_lead_here_may_not_speak(
    served: Served, name: str, status: int
) -> None:
    """DNS rebinding: the browser takes the page of evil.test and this server for one site."""
    _, _, port = served.url.rpartition(":")
    headers = {
        "Authorization": f"Bearer {served.key}",
        "Accept": "application/json, text/event-stream",
        "Host": f"{name}:{port}",
        "Origin": f"http://{name}:{port}",
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with httpx.AsyncClient(base_url=served.url, headers=headers) as browser:
        assert (await browser.post("/mcp", json=body)).status_code == status
