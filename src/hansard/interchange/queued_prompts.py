"""Prompts typed while an agent worked.

The transcript holds them beside its messages.
"""

from __future__ import annotations

from collections.abc import Iterable

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json
from hansard.interchange.moments import moment_of
from hansard.interchange.rewinds import Entry
from hansard.interchange.turns import Turn

_NOTIFICATION = "<task-notification"


def is_queued(entry: Json) -> bool:
    """Whether an entry is a prompt that was sent while the agent worked.

    Notices of tasks are none.
    """
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


def queued_prompts(
    operations: list[Entry], numbers: list[int], turns: Iterable[Turn]
) -> Iterable[Turn]:
    """The turns of the line with queued prompts.

    Older files hold only the operations of the queue.

    ``places`` are the lines in which the turns stand.  A prompt counts when it left the queue and
    no message repeats it.
    """
    sent = _sent(operations)
    if not sent:
        return turns
    merged = list(zip(numbers, turns, strict=True))
    texts = {_text(part) for _, turn in merged if turn.role == "user" for part in turn.parts}
    for number, operation, prompt in sent:
        if prompt not in texts:
            merged.append((number, _turn(operation, prompt)))
    return [turn for _, turn in sorted(merged, key=lambda pair: pair[0])]


def _turn(operation: Json, prompt: str) -> Turn:
    at = operation.get("timestamp")
    return Turn(
        role="user",
        parts=parts_of(prompt),
        key=f"queue:{at}",
        at=moment_of(at),
        original=operation,
    )


def _sent(operations: list[Entry]) -> list[tuple[int, Json, str]]:
    """The prompts that were queued and then sent, first in, first out.

    Where, how, and their text.
    """
    waiting: list[str] = []
    sent: list[tuple[int, Json, str]] = []
    for entry in operations:
        operation = entry.value()
        content = operation.get("content")
        if operation.get("operation") == "enqueue":
            waiting += [content] if isinstance(content, str) and content else []
        elif waiting:
            prompt = waiting.pop(0)
            if operation.get("operation") == "dequeue" and not _is_notice(prompt):
                sent.append((entry.number, operation, prompt))
    return sent


def _is_notice(prompt: object) -> bool:
    return isinstance(prompt, str) and prompt.lstrip().startswith(_NOTIFICATION)


def _text(part: Json) -> object:
    return part.get("content")
