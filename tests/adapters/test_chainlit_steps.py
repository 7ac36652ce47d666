"""Steps of Chainlit as messages; this needs no Chainlit."""

from __future__ import annotations

from typing import Any

from hansard.adapters.chainlit_steps import draft, feedback_of, step_of
from hansard.client import Item, Message, Score

TOOL = {
    "id": "s1",
    "threadId": "t",
    "type": "tool",
    "name": "look_up",
    "input": '{"order": 17}',
    "output": "on its way",
    "createdAt": "2026-01-31T09:30:00Z",
}


def step(type: str, **fields: Any) -> dict[str, Any]:
    return {"id": "s", "threadId": "t", "type": type, "name": "n", "output": "hello", **fields}


def test_messages_have_the_role_of_who_says_them() -> None:
    roles = ["user_message", "assistant_message", "system_message", "tool", "llm"]
    assert [draft(step(each))["role"] for each in roles] == [
        "user", "assistant", "system", "tool", "system",
    ]  # fmt: skip
    assert draft(step("user_message"))["parts"] == [{"type": "text", "content": "hello"}]
    assert draft(step("llm"))["parts"] == [{"type": "text", "content": "[llm: n]"}]


def test_a_tool_is_called_and_answers() -> None:
    assert draft(TOOL)["parts"] == [
        {"type": "tool_call", "id": "s1", "name": "look_up", "arguments": {"order": 17}},
        {"type": "tool_call_response", "id": "s1", "response": "on its way"},
    ]


def test_a_tool_that_has_not_ended_has_no_answer() -> None:
    call = {"type": "tool_call", "id": "s1", "name": "look_up", "arguments": {}}
    begun = {**TOOL, "input": "", "output": "", "start": TOOL["createdAt"], "end": None}
    assert draft(begun)["parts"] == [call]
    ended = draft({**begun, "end": "2026-01-31T09:30:01.5Z"})["parts"]
    assert ended == [call, {"type": "tool_call_response", "id": "s1", "response": ""}]


def test_a_generation_has_its_model_and_its_tokens() -> None:
    generation = {"settings": {"model": "m"}, "inputTokenCount": 3, "outputTokenCount": 2}
    drafted = draft(step("llm", generation=generation, createdAt="never"))
    assert (drafted["model"], drafted["usage"]) == ("m", {"input_tokens": 3, "output_tokens": 2})
    assert "created_at" not in drafted


def test_a_step_comes_back_with_its_feedback() -> None:
    item = Item(format="chainlit.step", data={**TOOL, "feedback": None})
    message = Message(id="msg_1", session_id="t", seq=4, role="tool", item=item)
    score = Score(id="sc_1", seq=4, name="disliked", comment="late")
    feedback = feedback_of(score, "t", "s1")
    assert feedback == {"forId": "s1", "id": "t/sc_1", "value": 0, "comment": "late"}
    assert step_of(message, "t", feedback) == {**TOOL, "feedback": feedback}
    assert feedback_of(Score(id="sc_2", name="helpful"), "t", "s1") is None


def test_a_message_of_another_api_is_a_step_with_its_text() -> None:
    parts = [{"type": "text", "content": "by mail"}]
    message = Message(id="msg_1", session_id="t", seq=1, role="user", parts=parts)
    shown = step_of(message, "t", None)
    assert (shown["id"], shown["type"], shown["output"]) == ("msg_1", "user_message", "by mail")
