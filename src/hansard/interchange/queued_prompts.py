"""Prompts that were typed while an agent worked, and so stand in the transcript beside its messages."""

from __future__ import annotations

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json
from hansard.interchange.moments import moment_of
from hansard.interchange.turns import Turn
from hansard.interchange.values import Value

_NOTIFICATION = "<task-notification"


def is_queued(entry: Json) -> bool:
    """Whether an entry is a prompt that was sent while the agent worked; notices of tasks are none."""
    attachment = entry.get("attachment")
    return (
        entry.get("type") == "attachment"
        and isinstance(attachment, dict)
        and attachment.get("type") == "queued_command"
        and attachment.get("commandMode", "prompt") == "prompt"
        and bool(attachment.get("prompt"))
        and not _is_notice(attachment["prompt"])
    )


def is_queue_operation(entry: Json) -> bool:
    return entry.get("type") == "queue-operation"


def queued_prompts(entries: list[Value], line: list[Value], turns: list[Turn]) -> list[Turn]:
    """The turns of the line, with the prompts of which older files have only the queue operations.

    A prompt counts when it left the queue and no message repeats it.
    """
    sent = _sent(entries)
    if not sent:
        return turns
    texts = {_text(part) for turn in turns if turn.role == "user" for part in turn.parts}
    merged = list(zip((item.number for item in line), turns, strict=True))
    for item, prompt in sent:
        if prompt in texts:
            continue
        at = item.value.get("timestamp")
        turn = Turn(
            role="user",
            parts=parts_of(prompt),
            key=f"queue:{at}",
            at=moment_of(at),
            original=item.value,
        )
        merged.append((item.number, turn))
    return [turn for _, turn in sorted(merged, key=lambda pair: pair[0])]


def _sent(entries: list[Value]) -> list[tuple[Value, str]]:
    """What was put into the queue and taken out to be sent, first in, first out."""
    waiting: list[str] = []
    sent: list[tuple[Value, str]] = []
    for item in entries:
        entry = item.value
        if not is_queue_operation(entry):
            continue
        content = entry.get("content")
        if entry.get("operation") == "enqueue" and isinstance(content, str) and content:
            waiting.append(content)
        elif entry.get("operation") == "dequeue" and waiting:
            prompt = waiting.pop(0)
            if not _is_notice(prompt):
                sent.append((item, prompt))
        elif waiting:
            waiting.pop(0)
    return sent


def _is_notice(prompt: object) -> bool:
    return isinstance(prompt, str) and prompt.lstrip().startswith(_NOTIFICATION)


def _text(part: Json) -> object:
    return part.get("content")
