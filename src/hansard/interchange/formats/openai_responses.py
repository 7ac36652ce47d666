"""OpenAI's Responses and Conversations APIs.

Responses with their input and output, or lists of items.

- ``{object: response, input, output, instructions, model, usage}`` is one session, the instructions
  first;
- ``{object: list, data: [items]}``, ``{id, items | messages: [items]}`` and bare lists of items are
  one each;
- each item is a message of its own: reasoning and calls the assistant's, outputs the tool's.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import CREATED, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_with_loose
from hansard.interchange.response_items import is_item, turns_of_items
from hansard.interchange.streams import Stream
from hansard.interchange.token_usage import details_of
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("output", "input", "object", "call_id", "type")

_LISTS = ("items", "messages", "data", "input_items")
_PLACED = {"id", "conversation", "input", "output", "instructions", "model", "created_at", *_LISTS}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(record.get("object") == "response" and "output" in record for record in shape.objects):
        return None
    lists = [record.get(key) for record in shape.objects for key in _LISTS]
    lists += [record for record in shape.records if isinstance(record, list)]
    lists.append(shape.objects)
    if any(_are_items(items) for items in lists):
        return None
    return "no object 'response', and no list of items such as function_call or output_text"


def _are_items(items: object) -> bool:
    """Whether there is an item among them that no other format has."""
    return isinstance(items, list) and any(is_item(item) and _is_telling(item) for item in items)


def _is_telling(item: Json) -> bool:
    if item["type"] != "message":
        return "content" not in item or "summary" in item
    content = item.get("content")
    kinds = (
        {block.get("type") for block in content if isinstance(block, dict)}
        if isinstance(content, list)
        else set()
    )
    return bool(kinds & {"input_text", "output_text", "input_image", "input_file"})


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    yield from read_with_loose(values(stream), _is_loose, lambda item, _: _session(item, rules))


def _is_loose(value: object) -> bool:
    return is_item(value) or (isinstance(value, dict) and "role" in value and "content" in value)


def _session(item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record: Json = item.value if isinstance(item.value, dict) else {"items": item.value}
    key = next((key for key in _LISTS if isinstance(record.get(key), list)), None)
    response = record.get("object") == "response" or "output" in record
    if key is None and not response:
        message = "neither a response nor a list of items"
        raise Unreadable(message)
    turns = _of_response(record) if response else turns_of_items(record[key or "items"])
    conversation = record.get("conversation")
    name_ = conversation.get("id") if isinstance(conversation, dict) else record.get("id")
    draft = SessionDraft(
        id=own_id(name_, item.value),
        channel=rules.channel,
        model=text_or_none(record.get("model")),
        metadata={
            field: value
            for field, value in record.items()
            if field not in _PLACED and value is not None
        },
    )
    span = Span(started=first_time(record, CREATED, rules.zone))
    yield from sessions(item.number, draft, turns, rules, span)


def _of_response(record: Json) -> list[Turn]:
    """Instructions, what went in, what came out; the usage is the last message's."""
    input_, output = record.get("input"), record.get("output")
    turns = (
        [Turn(role="user", parts=parts_of(input_))]
        if isinstance(input_, str)
        else turns_of_items(input_ or [])
    )
    if instructions := parts_of(record.get("instructions")):
        turns.insert(0, Turn(role="system", parts=instructions, key="instructions"))
    answers = turns_of_items(output if isinstance(output, list) else [])
    usage = record["usage"] if isinstance(record.get("usage"), dict) else {}
    if answers:
        answers[-1].model = record.get("model")
        answers[-1].input_tokens = usage.get("input_tokens")
        answers[-1].output_tokens = usage.get("output_tokens")
        for field, number in details_of(usage).items():
            setattr(answers[-1], field, number)
    return turns + answers
