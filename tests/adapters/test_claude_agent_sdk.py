"""The session store of the Claude Agent SDK over a real server: its contracts, and a real run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
from claude_agent_sdk import project_key_for_directory
from claude_agent_sdk.testing import run_session_store_conformance

from hansard.adapters.claude_agent_sdk import HansardStore
from hansard.client import AsyncHansard, Hansard
from tests.adapters.claude_cli import SESSION
from tests.support.serving import Served

ROOT = Path(__file__).resolve().parents[2]


class Apart(HansardStore):
    """A store whose projects are its own: the contracts use the same names again and again."""

    def __init__(self, client: AsyncHansard) -> None:
        super().__init__(client)
        self._space = uuid.uuid4().hex

    def _own(self, key: Any) -> Any:
        return {**key, "project_key": self._space + key["project_key"]}

    async def append(self, key: Any, entries: Any) -> None:
        await super().append(self._own(key), entries)

    async def load(self, key: Any) -> Any:
        return await super().load(self._own(key))

    async def list_sessions(self, project_key: str) -> Any:
        return await super().list_sessions(self._space + project_key)

    async def list_session_summaries(self, project_key: str) -> Any:
        return await super().list_session_summaries(self._space + project_key)

    async def delete(self, key: Any) -> None:
        await super().delete(self._own(key))

    async def list_subkeys(self, key: Any) -> Any:
        return await super().list_subkeys(self._own(key))


@pytest.fixture
def store(ahansard: AsyncHansard) -> HansardStore:
    return HansardStore(ahansard, start={"user": "ada"})


@pytest.fixture
def key(name: str) -> Any:
    return {"project_key": name, "session_id": str(uuid.uuid4())}


def entry(number: int, **fields: Any) -> Any:
    return {"type": "user", "uuid": f"u{number}", "message": {"content": f"n {number}"}, **fields}


async def test_it_passes_the_contracts_of_session_stores(ahansard: AsyncHansard) -> None:
    await run_session_store_conformance(lambda: Apart(ahansard))


async def test_entries_come_back_as_they_were_appended(store: HansardStore, key: Any) -> None:
    entries = [
        entry(1, z=1, a=[None, {"x": 2**60}], half="\ud83d"),
        {"type": "mode", "mode": "plan"},
        {"type": "mode", "mode": "plan"},
        entry(2, message={"content": [{"type": "tool_result", "content": "\ud800", "n": 1.5}]}),
        {"type": "x", "message": "not an object", "timestamp": "never", "uuid": "a/b"},
        entry(3, timestamp="9999-01-01T00:00:00Z"),
    ]
    await store.append(key, entries)
    read = await store.load(key)
    assert read == entries
    assert [list(each) for each in read] == [list(each) for each in entries]


async def test_an_entry_that_is_there_is_not_stored_again(store: HansardStore, key: Any) -> None:
    await store.append(key, [entry(number) for number in range(250)] + [entry(3)])
    await store.append(key, [entry(249), entry(250)])
    assert await store.load(key) == [entry(number) for number in range(251)]


async def test_summaries_of_two_writers_are_one(
    ahansard: AsyncHansard, store: HansardStore, key: Any
) -> None:
    other = HansardStore(ahansard)
    await store.append(key, [entry(0), {"type": "tag", "tag": "kept"}])
    await asyncio.gather(
        *(each.append(key, [entry(10 * n + i)]) for n in range(1, 5) for i, each in
          enumerate([store, other]))
    )  # fmt: skip
    await other.append(key, [{"type": "custom-title", "customTitle": "Mine"}])
    await store.append(key, [entry(99, gitBranch="main")])
    (summary,) = await store.list_session_summaries(key["project_key"])
    assert summary["data"]["custom_title"] == "Mine"
    assert (summary["data"]["tag"], summary["data"]["git_branch"]) == ("kept", "main")


async def test_a_title_is_the_users_own_else_claudes_and_one_of_the_page_stays(
    ahansard: AsyncHansard, hansard: Hansard, key: Any
) -> None:
    def titles() -> list[str | None]:
        return [each.title for each in hansard.sessions.list(app=key["project_key"])]

    claude, user = {"type": "ai-title", "aiTitle": "Late"}, {"customTitle": "Mine", "type": "x"}
    for entries, title in (
        ([entry(1), claude], "Late"),
        ([entry(2), user], "Mine"),
        ([claude, entry(3)], "Mine"),
    ):
        await HansardStore(ahansard).append(key, entries)
        assert titles() == [title]
    (session,) = hansard.sessions.list(app=key["project_key"])
    hansard.sessions.update(session.id, title="Of the page")
    await HansardStore(ahansard).append(key, [user, claude, entry(4)])
    assert titles() == ["Of the page"]


async def test_a_title_is_there_as_soon_as_its_entry(
    served: Served, hansard: Hansard, key: Any
) -> None:
    """A store that is killed behind its append has set the title."""

    class Killed(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            if request.url.path.endswith("/messages"):
                raise asyncio.CancelledError
            return answer

    async with AsyncHansard(served.url, served.key, transport=Killed()) as client:
        for number, title in enumerate(("First", "Second")):
            claude = {"type": "ai-title", "aiTitle": title}
            with pytest.raises(asyncio.CancelledError):
                await HansardStore(client).append(key, [entry(number), claude])
            assert [each.title for each in hansard.sessions.list(app=key["project_key"])] == [title]


async def test_a_sub_agent_is_a_session_below_its_own(
    store: HansardStore, hansard: Hansard, key: Any
) -> None:
    below = {**key, "subpath": "subagents/agent-1"}
    await store.append(below, [entry(1)])
    assert await store.load(key) is None
    assert await store.list_sessions(key["project_key"]) == []
    await store.append(key, [entry(1)])
    assert await store.list_subkeys(key) == ["subagents/agent-1"]
    (main,) = hansard.sessions.list(app=key["project_key"], sub_sessions=False)
    (sub,) = hansard.sessions.list(parent=main.id)
    assert (sub.agent, sub.user, main.channel) == ("agent-1", "ada", "claude-agent-sdk")
    await store.delete(key)
    assert list(hansard.sessions.list(app=key["project_key"])) == []


def test_an_agent_that_is_killed_is_resumed_from_what_is_stored(
    served: Served, hansard: Hansard, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.claude_agent", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **served.environment},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "signal 9\nlook_up said it\n"
    (session,) = hansard.sessions.list(app=project_key_for_directory(tmp_path))
    messages = [each for each in hansard.messages.list(session.id) if each.role != "system"]
    assert [each.role for each in messages] == [
        "user", "assistant", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert [each.parts[0]["type"] for each in messages] == [
        "text", "reasoning", "tool_call", "tool_call_response", "text",
    ]  # fmt: skip
    assert messages[2].parts[0]["arguments"] == {"order": 17}
    assert messages[3].parts[0]["response"] == "on its way"
    assert messages[4].text == "It is on its way, said look_up."
    assert (session.title, session.metadata["claude_session_id"]) == ("Order 17", SESSION)
    tokens = (session.input_tokens, session.output_tokens, session.cache_read_tokens)
    assert tokens == (40, 8, 10)
    assert messages[4].model == "scripted-1"
