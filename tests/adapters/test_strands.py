"""The storage of Strands Agents, over a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from strands import Agent, tool
from strands.models import Model
from strands.session import SnapshotSessionManager
from strands.storage import Storage
from strands.types.exceptions import StorageError

from hansard.adapters.strands import HansardStorage
from hansard.client import Hansard, NotFound

USAGE = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 9, "cacheReadInputTokens": 4}


class Scripted(Model):
    """A model that answers what its script says, and keeps what it was sent."""

    def __init__(self, *script: Any) -> None:
        self.script = [*script]
        self.inputs: list[Any] = []

    def update_config(self, **_: Any) -> None:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {}

    async def structured_output(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        yield {}

    async def stream(self, messages: Any, *_: Any, **__: Any) -> AsyncIterator[Any]:
        self.inputs.append([*messages])
        start, delta, reason = self.script.pop(0)
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockStart": {"start": start}}
        yield {"contentBlockDelta": {"delta": delta}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": reason}}
        yield {"metadata": {"usage": USAGE, "metrics": {"latencyMs": 1}}}


def text(content: str) -> Any:
    return {}, {"text": content}, "end_turn"


CALL = (
    {"toolUse": {"toolUseId": "c1", "name": "look_up"}},
    {"toolUse": {"input": '{"order": "17"}'}},
    "tool_use",
)


@tool
def look_up(order: str) -> str:
    """Look an order up."""
    return f"{order} is on its way"


@pytest.fixture
def storage(hansard: Hansard, name: str) -> HansardStorage:
    return HansardStorage(hansard, app=name)


def agent(storage: HansardStorage, session: str, *script: Any) -> Agent:
    manager = SnapshotSessionManager(session, storage=storage)
    return Agent(
        model=Scripted(*script), tools=[look_up], session_manager=manager, agent_id="desk",
        callback_handler=None,
    )  # fmt: skip


async def test_values_are_kept_under_their_keys(storage: Storage) -> None:
    for key in ("b/2", "a/1", "b/1", "ž", "B"):
        await storage.write(key, key.encode() + b"\xff\x00")
    assert await storage.read("b/2") == b"b/2\xff\x00"
    assert await storage.list("") == ["B", "a/1", "b/1", "b/2", "ž"]
    assert await storage.list("b/") == ["b/1", "b/2"]
    await storage.write("b/2", b"")
    assert await storage.read("b/2") == b""
    await storage.delete("b/2")
    await storage.delete("b/2")
    assert await storage.read("b/2") is None
    assert [each.key for each in await storage.search("ž")] == ["ž"]


async def test_the_documents_of_a_session_are_the_sessions(
    storage: HansardStorage, hansard: Hansard, name: str
) -> None:
    key = f"tenant/session/{name}/scopes/multiAgent/team/snapshots/snapshot_latest.json"
    for each in (key, f"{name}/session/", "a.md"):
        await storage.write(each, b"x")
    assert await storage.list("") == sorted([key, f"{name}/session/", "a.md"])
    assert await storage.list(f"tenant/session/{name}/") == [key]
    assert await storage.list("tenant/session/") == [key]
    assert await storage.read(key) == b"x"
    session = hansard.sessions.read(f"tenant%2F{name}")
    assert (session.app, session.message_count) == (name, 0)
    await storage.delete(key)
    hansard.sessions.delete(f"tenant%2F{name}")
    assert await storage.list(f"tenant/session/{name}/") == []


async def test_what_cannot_be_done_is_the_frameworks_error(
    storage: HansardStorage, served: Any
) -> None:
    with pytest.raises(StorageError, match=r"'k' was not written: .*4194304 bytes"):
        await storage.write("k", bytes(4 * 2**20 + 1))
    with Hansard(served.url, "hsd_wrong") as client:
        for work in (
            HansardStorage(client).read("k"),
            HansardStorage(client).delete("k"),
            HansardStorage(client).list(""),
        ):
            with pytest.raises(StorageError):
                await work


async def test_an_agent_goes_on_where_another_process_stopped(
    storage: HansardStorage, hansard: Hansard, name: str
) -> None:
    session = name.replace(" ", "-")
    await agent(storage, session, CALL, text("It is on its way.")).invoke_async("Where is 17?")
    later = agent(HansardStorage(hansard, app=name), session, text("Yes."))
    await later.invoke_async("Sure?")
    messages = list(hansard.messages.list(session))
    roles = ["user", "assistant", "tool", "assistant", "user", "assistant"]
    assert [each.role for each in messages] == roles
    assert len(later.messages) == 6
    assert messages[1].parts[0]["arguments"] == {"order": "17"}
    assert messages[2].parts[0]["response"] == "17 is on its way"
    stored = hansard.sessions.read(session)
    assert (stored.channel, stored.app, stored.title) == ("strands", name, "Where is 17?")
    assert (stored.input_tokens, stored.output_tokens) == (21, 6)
    await SnapshotSessionManager(session, storage=storage).delete_session()
    assert await storage.list("") == []
    with pytest.raises(NotFound):
        hansard.sessions.read(session)


async def test_what_a_guardrail_takes_out_goes_from_the_transcript(
    storage: HansardStorage, hansard: Hansard, name: str
) -> None:
    session = name.replace(" ", "-")
    guarded = agent(storage, session, text("No."))
    await guarded.invoke_async("My number is 4711.")
    guarded.messages[-1]["content"] = [{"text": "[redacted]"}]
    manager = guarded._session_manager
    assert manager is not None
    manager.redact_latest_message(guarded.messages[-1], guarded)
    texts = [each.text for each in hansard.messages.list(session)]
    assert texts == ["My number is 4711.", "[redacted]"]


async def test_the_values_of_a_user_go_with_the_user(hansard: Hansard, name: str) -> None:
    storage = HansardStorage(hansard, app=name, user=name)
    await storage.write("memory/a.md", b"tea, not coffee")
    assert await HansardStorage(hansard, app=name).list("") == []
    hansard.users.erase(name)
    assert await storage.list("") == []
