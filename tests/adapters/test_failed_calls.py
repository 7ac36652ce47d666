"""A failed call of each framework is one for Hansard: lists and Needs attention count it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from agent_framework import Content
from agent_framework import Message as FrameworkMessage
from langchain_core.messages import ToolMessage
from msgspec import Raw
from pydantic_ai.conversation_store import ConversationEntry
from pydantic_ai.messages import ModelRequest, ToolReturnPart

from hansard.adapters import (
    agent_framework_messages,
    chainlit_steps,
    langchain_messages,
    openai_items,
    pydantic_ai_messages,
)
from hansard.adapters.claude_entries import Drafts
from hansard.adapters.strands_transcript import Transcript
from hansard.client import NewMessage
from hansard.model.tool_calls import tally

ANSWER = "the order is not there"


def agent_framework(*, failed: bool) -> NewMessage:
    outcome = {"exception": ANSWER} if failed else {"result": ANSWER}
    content = Content.from_function_result("c1", **outcome)
    return agent_framework_messages.draft(FrameworkMessage("tool", [content]))


def chainlit(*, failed: bool) -> NewMessage:
    step = {"id": "c1", "threadId": "t", "type": "tool", "name": "look_up", "output": ANSWER}
    return chainlit_steps.draft({**step, "isError": failed})


def claude(*, failed: bool) -> NewMessage:
    block = {"type": "tool_result", "tool_use_id": "c1", "content": ANSWER, "is_error": failed}
    entry = {"type": "user", "uuid": "e1", "message": {"role": "user", "content": [block]}}
    [[(_, drafted)]] = Drafts().batches("s", [entry])
    return drafted


def langchain(*, failed: bool) -> NewMessage:
    status = "error" if failed else "success"
    return langchain_messages.draft(ToolMessage(ANSWER, tool_call_id="c1", status=status))


def openai_agents(*, failed: bool) -> NewMessage:
    status = "incomplete" if failed else "completed"
    item = {"type": "function_call_output", "call_id": "c1", "output": ANSWER, "status": status}
    return openai_items.draft(item)


def pydantic_ai(*, failed: bool) -> NewMessage:
    outcome = "failed" if failed else "success"
    part = ToolReturnPart("look_up", ANSWER, "c1", outcome=outcome)
    entry = ConversationEntry(id="e1", parent_id=None, message=ModelRequest([part]))
    return pydantic_ai_messages.draft(entry)


def strands(*, failed: bool) -> NewMessage:
    status = "error" if failed else "success"
    answer = {"toolUseId": "c1", "status": status, "content": [{"text": ANSWER}]}
    message = {"role": "user", "content": [{"toolResult": answer}], "tracking_id": "m1"}
    snapshot = json.dumps({"data": {"messages": [message]}}).encode()
    [drafted] = Transcript().lacking("s", snapshot)
    return drafted


def failures(message: NewMessage) -> int:
    return tally([Raw(json.dumps(message["parts"]).encode())]).failed


@pytest.mark.parametrize(
    "answered", [agent_framework, chainlit, claude, langchain, openai_agents, pydantic_ai, strands]
)
def test_a_failed_call_is_marked_and_another_is_not(answered: Callable[..., NewMessage]) -> None:
    assert (failures(answered(failed=True)), failures(answered(failed=False))) == (1, 0)


def test_a_call_that_pydantic_ai_has_tried_again_failed() -> None:
    part = ToolReturnPart("look_up", "no such order", "c1", outcome="retried")
    entry = ConversationEntry(id="e1", parent_id=None, message=ModelRequest([part]))
    assert failures(pydantic_ai_messages.draft(entry)) == 1
