"""Records that hold a list of messages with a role and a content.

Many products and data sets share this shape.

A record is ``{…, "messages": [{role, content, tool_calls, tool_call_id, name}], …}``; the list may
have another name, the record may lie inside wrappers, and a list may stand alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from msgspec import Struct

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import blob
from hansard.interchange.content.openai import calls_of, reasoning_of, response_part
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.moments import CREATED, UPDATED, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id
from hansard.interchange.token_usage import details_of, whole_input, whole_output
from hansard.interchange.turns import Lines, Span, Turn, role_of, sessions
from hansard.model import SessionDraft
from hansard.model.session import Resolution

LISTS = (
    "messages",
    "traj",
    "trajectory",
    "conversation",
    "conversations",
    "history",
    "transcript",
    "dialogue",
    "dialog",
    "turns",
)
"""Names under which records hold their messages."""

_WRAPPERS = (
    "data", "conversations", "sessions", "chats", "threads", "items", "results", "records",
    "response", "body",
)  # fmt: skip
_DEEPEST = 3
_ENVELOPE = ("custom_id", "id")
_FIELDS = {
    "id": ("id", "session_id", "sessionId", "conversation_id", "thread_id", "custom_id", "chat_id"),
    "title": ("title", "chatTitle", "chat_title"),
    "user": ("user_id", "userId", "user", "external_user_id"),
    "model": ("model",),
    "agent": ("agent",),
    "app": ("app",),
    "channel": ("channel", "source_channel"),
}
_MESSAGE_FIELDS = {
    "role", "content", "tool_calls", "function_call", "tool_call_id", "reasoning_content",
    "reasoning", "thinking", "images", "id", "model", "usage", "metadata",
}  # fmt: skip
_RESULTS = {"tool-result", "tool_result", "tool_call_response", "function_call_output"}
_REST = {*CREATED, *UPDATED}


class MessageLists(Struct, frozen=True, kw_only=True):
    """The messages of a record.

    ``line``, and other answers that follow its first ``forked`` messages.

    ``keys`` are the fields of the record that hold them.
    """

    line: list[Any]
    keys: tuple[str, ...] = ()
    others: list[list[Any]] = []
    forked: int = 0


def lists_of(value: object) -> MessageLists | None:
    """The messages of a record or of a bare list; None where there is no list of objects."""
    if isinstance(value, list):
        return MessageLists(line=value) if value and _are_objects(value) else None
    if not isinstance(value, dict):
        return None
    key = next((key for key in LISTS if _are_objects(value.get(key))), None)
    if key is not None:
        return MessageLists(line=value[key], keys=(key,))
    return _preference(value) or _completion(value)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _preference(record: Json) -> MessageLists | None:
    """A prompt with the answer that was chosen, and with the one that was rejected."""
    prompt, chosen = record.get("prompt"), record.get("chosen", record.get("completion"))
    if chosen is None or not (first := _spoken(prompt, "user")):
        return None
    line, other = _spoken(chosen, "assistant"), _spoken(record.get("rejected"), "assistant")
    others = [_behind(other, first)] if other else []
    return MessageLists(
        line=[*first, *_behind(line, first)],
        keys=("prompt", "chosen", "completion", "rejected"),
        others=others,
        forked=len(first),
    )


def _spoken(value: object, role: str) -> list[Any]:
    if isinstance(value, str) and value:
        return [{"role": role, "content": value}]
    return value if isinstance(value, list) and _are_objects(value) else []


def _behind(items: list[Any], first: list[Any]) -> list[Any]:
    """An answer without the prompt that some data sets repeat in it."""
    return items[len(first) :] if items[: len(first)] == first else items


def _completion(record: Json) -> MessageLists | None:
    """The answer of the Chat Completions API; further choices are other answers."""
    choices = record.get("choices")
    if not isinstance(choices, list):
        return None
    answers = [
        [choice["message"]]
        for choice in choices
        if isinstance(choice, dict) and isinstance(choice.get("message"), dict)
    ]
    if not answers:
        return None
    return MessageLists(line=answers[0], keys=("choices",), others=answers[1:])


def is_message(value: object) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("role"), str) and lists_of(value) is None
    )


def unwrapped(value: object, depth: int = 0) -> list[Any]:
    """The records inside wrappers such as ``{"data": {"chats": […]}}``, else the value itself."""
    if depth >= _DEEPEST or not isinstance(value, dict) or _has_messages(value):
        return [value]
    for key in _WRAPPERS:
        inner = value.get(key)
        items = inner if isinstance(inner, list) else [inner] if isinstance(inner, dict) else []
        records = [record for item in items for record in unwrapped(item, depth + 1)]
        if any(_has_messages(record) for record in records):
            return records if isinstance(inner, list) else _named(records, value)
    return [value]


def _has_messages(value: object) -> bool:
    lists = lists_of(value)
    return lists is not None and any("role" in item for item in lists.line[:1])


def _named(records: list[Any], envelope: Json) -> list[Any]:
    """Give a single record the ids that only its envelope has, as in a request of the Batch API."""
    ids = {key: envelope[key] for key in _ENVELOPE if isinstance(envelope.get(key), str)}
    return [ids | records[0]] if len(records) == 1 and isinstance(records[0], dict) else records


def session(
    number: int,
    value: object,
    rules: Rules,
    end: int,
    read: Callable[[Json, Rules], Turn] | None = None,
) -> Iterator[SessionRecord]:
    """The session of a record.

    ``end`` is the time of its last message where there is no time at all.
    """
    record: Json = value if isinstance(value, dict) else {}
    lists = lists_of(value)
    if lists is None:
        message = f"no list of messages: expected one of {', '.join(LISTS)}"
        raise Unreadable(message)
    started, updated = (first_time(record, names, rules.zone) for names in (CREATED, UPDATED))
    resolution = _resolution(record.get("reward"))
    span = Span(started=started, updated=updated, end=end, settled=resolution != "open")
    whole = _lines(lists, rules, read or turn_of)
    keys = lists.keys
    if system := parts_of(record.get("system")) if "system" in record else []:
        first = Turn(role="system", parts=system, key="system")
        whole = Lines(turns=chain([first], whole.turns), branches=whole.branches)
        keys = (*keys, "system")
    yield from sessions(number, _draft(record, keys, value, rules), whole, rules, span)


def _lines(lists: MessageLists, rules: Rules, read: Callable[[Json, Rules], Turn]) -> Lines:
    if not lists.others:
        return Lines(turns=(read(item, rules) for item in lists.line))
    turns = [read(item, rules) for item in lists.line]
    fork = lists.forked - 1
    if fork >= 0 and turns[fork].key is None:
        turns[fork].key = f"import:{fork}"
    after = str(turns[fork].key) if fork >= 0 else None
    branches = []
    for number, other in enumerate(lists.others, 1):
        own = [read(item, rules) for item in other]
        own[0].key = own[0].key or f"other:{number}"
        branches.append((own, after, None))
    return Lines(turns=turns, branches=branches)


def _draft(record: Json, keys: tuple[str, ...], value: object, rules: Rules) -> SessionDraft:
    fields = {field: _first(record, names) for field, names in _FIELDS.items()}
    intents = _texts(record.get("intents"))
    return SessionDraft(
        id=own_id(fields["id"], value),
        title=text_or_none(fields["title"]),
        channel=text_or_none(fields["channel"]) or rules.channel,
        app=text_or_none(fields["app"]),
        agent=text_or_none(fields["agent"]),
        model=text_or_none(fields["model"]),
        user_id=text_or_none(fields["user"]) or _user_of_task(record),
        resolution=_resolution(record.get("reward")),
        intent=intents[-1] if intents else None,
        trail=[{"intent": intent} for intent in intents],
        tags=_texts(record.get("tags")),
        metadata=_rest(record, keys),
    )


def _first(record: Json, names: tuple[str, ...]) -> object:
    return next((record[key] for key in names if record.get(key) not in (None, "")), None)


def _user_of_task(record: Json) -> str | None:
    """The simulated customer of a recorded task: ``info.task.user_id``."""
    at: object = record
    for key in ("info", "task", "user_id"):
        at = at.get(key) if isinstance(at, dict) else None
    return text_or_none(at)


def _resolution(reward: object) -> Resolution:
    """A reward of exactly 1 or 0 is a verdict; anything between is none."""
    verdicts: dict[float, Resolution] = {1: "resolved", 0: "unresolved"}
    return verdicts.get(reward, "open") if isinstance(reward, int | float) else "open"


def _texts(value: object) -> list[str]:
    return (
        [text for text in value if isinstance(text, str) and text]
        if isinstance(value, list)
        else []
    )


def _rest(record: Json, keys: tuple[str, ...]) -> Json:
    """What is left when all that has a field of its own was taken out."""
    placed = {*keys, *(name for name in ("intents", "tags") if _texts(record.get(name)))}
    for field, names in _FIELDS.items():
        value = _first(record, names)
        if isinstance(value, str) or field == "id":
            placed.update(name for name in names if record.get(name) == value)
    placed.update(name for name in _REST if first_time(record, (name,)) is not None)
    rest = {field: value for field, value in record.items() if field not in placed}
    own = rest.pop("metadata", None)
    if isinstance(own, dict):
        return {**rest, **own}
    return rest if own is None else {**rest, "metadata": own}


def turn_of(item: Json, rules: Rules) -> Turn:
    """One message as a turn; what has no field of its own goes to the metadata."""
    role = role_of(item.get("role"))
    usage = item["usage"] if isinstance(item.get("usage"), dict) else {}
    return Turn(
        role=item.get("role"),
        parts=message_parts(item, tool=role == "tool"),
        key=item.get("id"),
        at=first_time(item, CREATED, rules.zone),
        model=item.get("model"),
        input_tokens=whole_input(usage, "prompt_tokens", "input_tokens"),
        output_tokens=whole_output(usage, "completion_tokens", "output_tokens"),
        **details_of(usage),
        metadata=_message_rest(item, tool=role == "tool"),
        original=item,
    )


def message_parts(item: Json, *, tool: bool) -> list[Json]:
    """Reasoning, content, images and tool calls in this order; the answer of a tool is one part."""
    if tool and item.get("content") is not None and not _has_results(item["content"]):
        return [response_part(item)]
    content = item["content"] if item.get("content") is not None else item.get("parts")
    images = item["images"] if isinstance(item.get("images"), list) else []
    return [
        *reasoning_of(item),
        *parts_of(content),
        *(blob(image, "image/png", "image") for image in images if isinstance(image, str)),
        *calls_of(item),
    ]


def _has_results(content: object) -> bool:
    """Whether the content is blocks that are tool results themselves."""
    return isinstance(content, list) and any(
        isinstance(block, dict) and str(block.get("type")) in _RESULTS for block in content
    )


def _message_rest(item: Json, *, tool: bool) -> Json:
    placed = _MESSAGE_FIELDS | ({"name", "tool_name"} if tool else set())
    if item.get("content") is None:
        placed |= {"parts"}  # they are the content
    rest = {
        key: value
        for key, value in item.items()
        if key not in placed
        and value is not None
        and not (key in _REST and first_time(item, (key,)))
    }
    own = item.get("metadata")
    return {**rest, **own} if isinstance(own, dict) else rest
