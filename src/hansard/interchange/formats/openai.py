"""Lists of OpenAI-format messages, bare or inside records, in a JSON array or one a line.

A record is ``{…, "messages": [{role, content, tool_calls, tool_call_id, name}], …}``; the list may
also be called ``traj``, ``trajectory``, ``conversation``, ``history`` or ``transcript``.

 - ``intents`` become the trail, the last of them the intent;
 - ``reward`` 1 is a settled matter, 0 an unsettled one, and with it the session has ended;
 - a file whose elements are messages themselves is one session;
 - without times, sessions lie a minute apart, the first one ending at the time of the import,
   and their messages a second apart;
 - every field without a place of its own is kept in the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hansard.interchange.documents import Document
from hansard.interchange.formats.openai_parts import parts_of
from hansard.interchange.formats.shape import Shape
from hansard.interchange.records import (
    MINUTE,
    Rules,
    SessionRecord,
    Unreadable,
    client_ids,
    counted,
    encoded,
    filled,
    guarded,
    moment_of,
    own_id,
    raw_json,
)
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad, Value, values
from hansard.model import MessageDraft, SessionDraft
from hansard.model.message import Role
from hansard.model.session import Resolution

name = "openai"

_LISTS = ("messages", "traj", "trajectory", "conversation", "history", "transcript")
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "tool": "tool",
    "function": "tool",
}
_FIELDS = {
    "id": ("id", "session_id", "conversation_id", "thread_id"),
    "title": ("title",),
    "user": ("user_id", "user", "external_user_id"),
    "model": ("model",),
    "agent": ("agent",),
    "app": ("app",),
    "channel": ("channel", "source_channel"),
    "created_at": ("created_at", "created", "timestamp", "create_time"),
}
_MESSAGE_FIELDS = {
    "role",
    "content",
    "tool_calls",
    "function_call",
    "tool_call_id",
    "reasoning_content",
    "id",
    "model",
    "usage",
    "metadata",
}
_MESSAGE_TIMES = ("created_at", "timestamp", "created", "time")


def sniff(document: Document, shape: Shape) -> bool:
    del document
    return (
        bool(shape.keys.intersection(_LISTS))
        or {"role", "content"} <= shape.keys
        or shape.is_nested
    )


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    place = 0
    loose: list[Any] = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif _is_message(item.value):
            loose.append(item.value)
        else:
            yield _read_one(item, rules, place)
            place += 1
    if loose:
        yield _read_one(Value(1, loose), rules, place)


def _is_message(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("role"), str)
        and not any(isinstance(value.get(key), list) for key in _LISTS)
    )


def _read_one(item: Value, rules: Rules, place: int) -> SessionRecord | Bad:
    return guarded(item.number, lambda: _session(item, rules, rules.now - place * MINUTE))


def _session(item: Value, rules: Rules, end: int) -> SessionRecord:
    record = item.value if isinstance(item.value, dict) else {"messages": item.value}
    key = next((key for key in _LISTS if isinstance(record.get(key), list)), None)
    if key is None:
        message = f"no list of messages: expected one of {', '.join(_LISTS)}"
        raise Unreadable(message)
    fields = {field: _first(record, names) for field, names in _FIELDS.items()}
    created_at = moment_of(fields["created_at"], rules.zone)
    messages = _messages(record[key], created_at, end, rules)
    reward = record.get("reward")
    return SessionRecord(
        number=item.number,
        draft=SessionDraft(
            id=own_id(fields["id"], item.value),
            title=_text(fields["title"]),
            title_by="import" if _text(fields["title"]) else None,
            channel=_text(fields["channel"]) or rules.channel,
            app=_text(fields["app"]),
            agent=_text(fields["agent"]),
            model=_text(fields["model"]),
            user_id=_text(fields["user"]) or _user_of_task(record),
            resolution=_resolution(reward),
            intent=_intents(record)[-1] if _intents(record) else None,
            trail=[{"intent": intent} for intent in _intents(record)],
            tags=_tags(record),
            created_at=created_at
            if created_at is not None
            else messages[0].created_at
            if messages
            else end,
            metadata=_rest(record, key),
        ),
        messages=messages,
        ended_at=messages[-1].created_at if messages and _resolution(reward) != "open" else None,
    )


def _first(record: dict[str, Any], names: tuple[str, ...]) -> object:
    return next((record[key] for key in names if record.get(key) not in (None, "")), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _user_of_task(record: dict[str, Any]) -> str | None:
    """The simulated customer of a recorded task: ``info.task.user_id``."""
    at: object = record
    for key in ("info", "task", "user_id"):
        at = at.get(key) if isinstance(at, dict) else None
    return _text(at)


def _resolution(reward: object) -> Resolution:
    """A reward of exactly 1 or 0 is a verdict; anything between is none."""
    verdicts: dict[float, Resolution] = {1: "resolved", 0: "unresolved"}
    return verdicts.get(reward, "open") if isinstance(reward, int | float) else "open"


def _intents(record: dict[str, Any]) -> list[str]:
    intents = record.get("intents")
    return (
        [intent for intent in intents if isinstance(intent, str) and intent]
        if isinstance(intents, list)
        else []
    )


def _tags(record: dict[str, Any]) -> list[str]:
    tags = record.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


def _rest(record: dict[str, Any], key: str) -> dict[str, Any]:
    """What is left when all that has a place of its own was taken out."""
    placed = {key, "intents" if _intents(record) else "", "tags" if _tags(record) else ""}
    for field, names in _FIELDS.items():
        if isinstance(value := _first(record, names), str) or field in {"id", "created_at"}:
            placed.update(name for name in names if record.get(name) == value)
    rest = {field: value for field, value in record.items() if field not in placed}
    own = rest.pop("metadata", None)
    return (
        {**rest, **own}
        if isinstance(own, dict)
        else rest
        if own is None
        else {**rest, "metadata": own}
    )


def _messages(
    items: list[Any], created_at: int | None, end: int, rules: Rules
) -> list[MessageDraft]:
    known = [_time_of(item, rules) for item in items]
    at = filled(known, created_at, end)
    names = client_ids([item.get("id") if isinstance(item, dict) else None for item in items])
    return [
        _message(item, index, time, known)
        for index, (item, time, known) in enumerate(zip(items, at, names, strict=True))
    ]


def _time_of(item: object, rules: Rules) -> int | None:
    return moment_of(_first(item, _MESSAGE_TIMES), rules.zone) if isinstance(item, dict) else None


def _message(item: object, index: int, time: int, known_as: str) -> MessageDraft:
    where = f"messages[{index}]"
    if not isinstance(item, dict):
        message = f"{where} is not an object"
        raise Unreadable(message)
    role = _ROLES.get(str(item.get("role")).lower())
    if role is None:
        message = f"{where}.role is {item.get('role')!r}, expected one of {', '.join(_ROLES)}"
        raise Unreadable(message)
    parts, text = encoded(parts_of(item, role), where)
    usage = item["usage"] if isinstance(item.get("usage"), dict) else {}
    return MessageDraft(
        role=role,
        parts=parts,
        text=text,
        client_id=known_as,
        model=_text(item.get("model")),
        input_tokens=_count(usage, "prompt_tokens", "input_tokens"),
        output_tokens=_count(usage, "completion_tokens", "output_tokens"),
        created_at=time,
        metadata=raw_json(_message_rest(item, role), where),
    )


def _count(usage: dict[str, Any], *names: str) -> int:
    return counted(next((usage[key] for key in names if key in usage), 0))


def _message_rest(item: dict[str, Any], role: Role) -> dict[str, Any]:
    placed = _MESSAGE_FIELDS | set(_MESSAGE_TIMES) | ({"name"} if role == "tool" else set())
    rest = {key: value for key, value in item.items() if key not in placed and value is not None}
    own = item.get("metadata")
    return {**rest, **own} if isinstance(own, dict) else rest
