"""A play in the service's terms: its session, and its messages with their durations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from hansard.demo.pictures import picture
from hansard.demo.scenes import Line, Play
from hansard.model import MessageDraft, SessionDraft
from hansard.model.message import Role
from hansard.model.session import Kind
from hansard.model.times import rfc3339

SECOND = 1_000_000
_PRICES = {
    "opus": (5_000, 25_000),
    "sonnet": (3_000, 15_000),
    "haiku": (1_000, 5_000),
    "mini": (400, 1_600),
    "gpt": (2_000, 8_000),
}
_PACE = {
    "system": (0, 0),
    "user": (18, 150),
    "operator": (40, 240),
    "assistant": (2, 9),
    "tool": (1, 4),
}


class Entry(Struct, frozen=True):
    """A message and the microseconds that pass before it.

    ``answers`` says that it belongs to a run.
    """

    draft: MessageDraft
    pause: int
    answers: bool


def opening(play: Play, at: int) -> SessionDraft:
    """The session as it begins at ``at``."""
    heading = play.heading
    intent, _, sub_intent = heading.get("intent", "").partition(" / ")
    workflow, _, workflow_name = heading.get("workflow", "").partition(" / ")
    steps = filter(None, heading.get("trail", "").split(" > "))
    return SessionDraft(
        id=play.id,
        title=heading.get("title"),
        title_by="agent",
        kind=cast("Kind", heading.get("kind", "session")),
        channel=heading["channel"],
        app=heading["app"],
        agent=heading["agent"],
        model=heading["model"],
        user_id=heading["user"],
        workflow_id=workflow or None,
        workflow_name=workflow_name or None,
        trigger=heading.get("trigger"),
        parent=f"demo-{heading['parent']}-{play.copy + 1}" if "parent" in heading else None,
        intent=intent or None,
        sub_intent=sub_intent or None,
        created_at=at,
        tags=[tag.strip() for tag in heading.get("tags", "").split(",") if tag.strip()],
        trail=[
            {
                "hand_off" if step == "human" else "intent": step,
                "at": rfc3339(at + index * 30 * SECOND),
            }
            for index, step in enumerate(steps)
        ],
        metadata={"demo": True, "language": heading.get("language", "en")},
    )


def entries(play: Play, chance: Random) -> Iterator[Entry]:
    """The messages in order.

    A call joins the assistant's message before it; a result answers the oldest call.
    """
    model, context, waited = play.heading["model"], 0, 0
    for role, lines in _grouped(play.lines):
        if role == "wait":
            waited += _span(lines[0].name)
            continue
        content = [part for line in lines for part in _parts(line, play)]
        draft = _draft(role, lines[0], content)
        size = _tokens(
            json.dumps([part for part in content if part["type"] != "blob"], ensure_ascii=False)
        )
        if role == "assistant":
            draft = msgspec.structs.replace(
                draft,
                model=model,
                input_tokens=context,
                output_tokens=size,
                cost_nanos=_cost(model, context, size),
            )
        context += size
        yield Entry(draft, waited + _pace(role, chance), role in {"assistant", "tool"})
        waited = 0


def _draft(role: str, line: Line, content: list[dict[str, Any]]) -> MessageDraft:
    by_operator = role == "operator"
    return MessageDraft(
        role=cast("Role", "assistant" if by_operator else role),
        parts=Raw(msgspec.json.encode(content)),
        text="\n".join(part["content"] for part in content if part["type"] == "text"),
        sender="operator" if by_operator else None,
        sender_id=line.name if by_operator else None,
    )


def _grouped(lines: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Lines that make one message, under its role.

    A call is known to the result that answers it by their order.
    """
    group: list[Line] = []
    for line in [*lines, None]:
        joins = (
            line is not None
            and bool(group)
            and (line.kind == "call" or (line.kind == "assistant" and group[-1].kind == "think"))
        )
        if group and not joins:
            yield "assistant", group
            group = []
        if line is None:
            return
        if line.kind in {"assistant", "think", "call"}:
            group.append(line)
        else:
            yield "tool" if line.kind in {"result", "fail"} else line.kind, [line]


def _parts(line: Line, play: Play) -> Iterator[dict[str, Any]]:
    match line.kind:
        case "think":
            yield {"type": "reasoning", "content": line.text}
        case "call":
            yield {
                "type": "tool_call",
                "id": _numbered(line, play, "call"),
                "name": line.name,
                "arguments": _json(line.text),
            }
        case "result" | "fail":
            failed = {"is_error": True} if line.kind == "fail" else {}
            yield {
                "type": "tool_call_response",
                "id": _numbered(line, play, "result", "fail"),
                "response": _json(line.text),
                **failed,
            }
        case _:
            yield {"type": "text", "content": line.text}
    if line.picture:
        yield {
            "type": "blob",
            "modality": "image",
            "mime_type": "image/png",
            "content": picture(line.picture),
        }


def _numbered(line: Line, play: Play, *kinds: str) -> str:
    """The id of a call, or of the call that a result answers.

    The n-th result answers the n-th call.
    """
    alike = [line for line in play.lines if line.kind in kinds]
    return f"call_{next(number for number, other in enumerate(alike, 1) if other is line)}"


def _json(text: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(text)


def _pace(role: str, chance: Random) -> int:
    least, most = _PACE[role]
    return round(chance.uniform(least, most) * SECOND)


def _span(text: str) -> int:
    return int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]] * SECOND


def _tokens(text: str) -> int:
    """An estimate of the tokens of a text.

    A Chinese or Japanese character counts as one token, four other characters as one.
    """
    wide = sum(character > "\u2e7f" for character in text)
    return wide + (len(text) - wide) // 4 + 3


def _cost(model: str, read: int, written: int) -> int:
    """In 10⁻⁹ US dollars, by the prices of models like this one."""
    for_input, for_output = next(
        (price for name, price in _PRICES.items() if name in model), _PRICES["mini"]
    )
    return read * for_input + written * for_output
