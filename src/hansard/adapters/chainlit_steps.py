"""Steps of Chainlit as messages that people can read, with the step beside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hansard.adapters.drafts import data_of, with_item
from hansard.adapters.json_texts import decoded
from hansard.client import Message, NewMessage, Score, UsageFields

FORMAT = "chainlit.step"
SCORES = ("disliked", "liked")
"""The names of the scores for a feedback of 0 and of 1."""
_ROLES = {"user_message": "user", "assistant_message": "assistant"}
_TYPES = {"user": "user_message", "assistant": "assistant_message"}


def draft(step: Mapping[str, Any]) -> NewMessage:
    """The message that stands for a step."""
    drafted: NewMessage = {**content(step), "client_id": step["id"]}
    if (at := _time(step.get("createdAt"))) is not None:
        drafted["created_at"] = at
    return drafted


def content(step: Mapping[str, Any]) -> NewMessage:
    """What the message says: all of it that an update of the step replaces."""
    generation = step.get("generation") or {}
    body: NewMessage = {"role": _role(step), "parts": _parts(step), "usage": _usage(generation)}
    body = with_item(body, FORMAT, {**step, "feedback": None})
    model = generation.get("model") or (generation.get("settings") or {}).get("model")
    if isinstance(model, str) and model.isprintable():
        body["model"] = model[:256]
    return body


def step_of(message: Message, thread_id: str, feedback: dict[str, Any] | None) -> dict[str, Any]:
    """The step of a message; of another API's message one with its text."""
    if (data := data_of(message, FORMAT)) is not None:
        return {**data, "feedback": feedback}
    type = _TYPES.get(message.role, "system_message")
    at = message.created_at.isoformat() if message.created_at else None
    fields = {"name": message.role, "type": type, "input": "", "output": message.text}
    here = {"id": message.client_id or message.id, "threadId": thread_id, "parentId": None}
    return {**here, **fields, "createdAt": at, "metadata": {}, "feedback": feedback}


def feedback_of(score: Score, session: str, step_id: str) -> dict[str, Any] | None:
    """The feedback that a score stands for."""
    if score.name not in SCORES:
        return None
    value = SCORES.index(score.name)
    id = f"{session}/{score.id}"
    return {"forId": step_id, "id": id, "value": value, "comment": score.comment}


def _role(step: Mapping[str, Any]) -> str:
    kind = str(step.get("type"))
    return "tool" if kind == "tool" else _ROLES.get(kind, "system")


def _parts(step: Mapping[str, Any]) -> list[dict[str, Any]]:
    kind, name = str(step.get("type")), str(step.get("name") or "")
    output = str(step.get("output") or "")
    if kind == "tool":
        arguments = step.get("input")
        call = {"type": "tool_call", "id": step["id"], "name": name}
        answer = {"type": "tool_call_response", "id": step["id"], "response": decoded(output)}
        failed = {"is_error": True} if step.get("isError") else {}
        has_answered = bool(output or failed or step.get("end"))
        answers = [{**answer, **failed}] if has_answered else []
        return [{**call, "arguments": decoded(arguments) if arguments else {}}, *answers]
    text = output if kind.endswith("_message") else f"[{kind}: {name}]"
    return [{"type": "text", "content": text}]


def _time(created: object) -> datetime | None:
    """The time of a step; None where it has none, or one that is still to come."""
    try:
        at = datetime.fromisoformat(str(created))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at if at <= datetime.now(UTC) else None


def _usage(generation: Mapping[str, Any]) -> UsageFields:
    return {
        "input_tokens": generation.get("inputTokenCount") or 0,
        "output_tokens": generation.get("outputTokenCount") or 0,
    }
