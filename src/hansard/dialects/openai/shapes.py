"""Conversations and items, as OpenAI's clients read them, and the other way round.

An item that came in as one is shown as it came, with what OpenAI's server adds: an id, a status, a
content that is a list. A message of another API is shown as the items that say the same.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import Raw, Struct

from hansard.errors import Invalid
from hansard.ids import MESSAGE, is_own_id
from hansard.interchange.content.responses import ITEMS
from hansard.interchange.response_items import turn_of_item
from hansard.model import Message, MessageDraft, Session, parts
from hansard.model.item import Item
from hansard.model.message import is_role
from hansard.model.parts import Part

CONVERSATION = "conv_"
FORMAT = "openai.item"
TEXT, PAIRS, KEY = 512, 16, 64
Json = dict[str, Any]
_SECOND = 1_000_000
_ROLES = {"unknown", "user", "assistant", "system", "critic", "discriminator", "developer", "tool"}
_PREFIXES = {
    "message": "msg", "reasoning": "rs", "function_call": "fc", "function_call_output": "fco",
    "web_search_call": "ws", "file_search_call": "fs", "computer_call": "cu",
    "code_interpreter_call": "ci", "image_generation_call": "ig", "mcp_call": "mcp",
    "mcp_list_tools": "mcpl", "mcp_approval_request": "mcpr", "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco", "local_shell_call": "lsh", "compaction": "cmp",
}  # fmt: skip
_STATUS = {"message", "function_call", "function_call_output", "custom_tool_call"}
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class ConversationOut(Struct, kw_only=True):
    """A conversation."""

    example: ClassVar[Json] = {
        "id": "conv_0190163d8694739baea5966c26f8ad91",
        "object": "conversation",
        "created_at": 1769851800,
        "metadata": {"topic": "parcel"},
    }

    id: str
    """The id that the session was created with in another API, else `conv_` and its UUID."""
    object: str = "conversation"
    """Always `conversation`."""
    created_at: int
    """When it began, in seconds since 1970."""
    metadata: dict[str, str]
    """Up to 16 texts of the application, each under a key."""


def conversation_out(session: Session) -> ConversationOut:
    return ConversationOut(
        id=session.own_id or CONVERSATION + session.id.replace("-", ""),
        created_at=session.created_at // _SECOND,
        metadata=texts_of(session.metadata),
    )


def texts_of(metadata: Raw) -> dict[str, str]:
    """The texts in a session's metadata; what else another API has put there is not shown."""
    shown = {
        key: value
        for key, value in _decode(metadata).items()
        if isinstance(value, str) and len(value) <= TEXT and len(key) <= KEY
    }
    return dict([*shown.items()][:PAIRS])


def checked(metadata: dict[str, str] | None) -> dict[str, str]:
    """Metadata as OpenAI takes it; Invalid says what is too much."""
    pairs = metadata or {}
    if len(pairs) > PAIRS:
        raise Invalid(f"metadata has {len(pairs)} pairs: at most {PAIRS}", param="metadata")
    for key, value in pairs.items():
        if len(key) > KEY or len(value) > TEXT:
            raise Invalid(
                f"metadata: a key has at most {KEY} characters, a value at most {TEXT}",
                param="metadata",
            )
    return pairs


def draft_of(raw: Raw, index: int, new_id: str) -> MessageDraft:
    """The message that stands for an item; Invalid for what is none.

    Its ``client_id`` is the item's own id; ``new_id`` is what an id of ours would end with.
    """
    where = f"items[{index}]"
    item = _decode(raw)
    if not isinstance(item, dict) or not isinstance(item.get("type", "message"), str):
        raise Invalid(f"{where} must be an object with a type", param=where)
    kind = item.get("type") or "message"
    if kind == "message" and ("content" not in item or item.get("role") not in _ROLES):
        raise Invalid(f"{where} needs a role and a content", param=f"{where}.role")
    turn = turn_of_item({**item, "type": kind})
    pieces = turn.parts if kind in ITEMS or kind == "message" else [{"type": kind}]
    written = Raw(_encode(pieces or [{"type": "text", "content": ""}]))
    name = item.get("id")
    if name is not None and not (isinstance(name, str) and is_own_id(name)):
        raise Invalid(f"{where}.id cannot be an id", param=f"{where}.id")
    role = str(turn.role)
    return MessageDraft(
        role=role if is_role(role) else "assistant",
        parts=written,
        text=parts.check(written, where),
        client_id=name or (None if kind == "message" else f"{_prefix(kind)}_{new_id}"),
        model=item.get("model") if isinstance(item.get("model"), str) else None,
        item=Item(FORMAT, "json", bytes(raw)),
    )


def _prefix(kind: str) -> str:
    return _PREFIXES.get(kind, "item")


def items_out(message: Message, item: Item | None) -> list[Json]:
    """The items that a message is shown as: one for each that came in as an item."""
    ident = message.client_id or message.id
    if item is not None and item.format == FORMAT and item.encoding == "json":
        return [_complete(_decode(item.data), ident)]
    shown = list(_items_of(message))
    return [each | {"id": ident if not at else f"{ident}.{at}"} for at, each in enumerate(shown)]


def _complete(item: Json, ident: str) -> Json:
    """An item as it came, with what the server adds."""
    kind = item.get("type") or "message"
    whole = {**item, "type": kind, "id": item.get("id") or ident}
    if kind in _STATUS:
        whole.setdefault("status", "completed")
    if kind == "message":
        whole["content"] = _content(item.get("content"), str(item.get("role")))
    return whole


def _content(content: object, role: str) -> list[Any]:
    pieces = content if isinstance(content, list) else [content]
    return [_text(piece, role) if isinstance(piece, str) else piece for piece in pieces]


def _text(text: str, role: str) -> Json:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "input_text", "text": text}


def _items_of(message: Message) -> list[Json]:
    """The items that say what a message of another API says."""
    role = message.role if message.role in _ROLES else "assistant"
    content: list[Json] = []
    items: list[Json] = []
    for part in parts.decode(message.parts):
        if part.type == "reasoning":
            summary = [{"type": "summary_text", "text": str(part.content or "")}]
            items.append({"type": "reasoning", "summary": summary})
        elif part.type == "tool_call":
            items.append(_call(part))
        elif part.type == "tool_call_response":
            items.append(_output(part))
        else:
            content.append(_block(part, role))
    if content or not items:
        whole = {"type": "message", "role": role, "status": "completed", "content": content}
        items.insert(0, whole)
    return items


def _call(part: Part) -> Json:
    passed = part.arguments
    text = (
        passed
        if isinstance(passed, str)
        else _encode(passed if passed is not None else {}).decode()
    )
    return {
        "type": "function_call",
        "call_id": part.id or "",
        "name": part.name or "",
        "arguments": text,
        "status": "completed",
    }


def _output(part: Part) -> Json:
    answer = part.response
    return {
        "type": "function_call_output",
        "call_id": part.id or "",
        "output": answer if isinstance(answer, str) else _encode(answer).decode(),
        "status": "completed",
    }


def _block(part: Part, role: str) -> Json:
    if part.type == "text":
        return _text(str(part.content or ""), role)
    if part.type == "refusal":
        return {"type": "refusal", "refusal": str(part.refusal or part.content or "")}
    is_image = part.modality == "image" or (part.mime_type or "").startswith("image/")
    if part.type == "uri" and is_image:
        return {"type": "input_image", "detail": "auto", "image_url": part.uri}
    if part.type == "blob" and is_image:
        url = f"data:{part.mime_type or 'image/png'};base64,{part.content}"
        return {"type": "input_image", "detail": "auto", "image_url": url}
    if part.type == "file":
        return {"type": "input_file", "file_id": part.file_id}
    return _text(f"[{part.type}]", role)


def split_id(ident: str) -> tuple[str, int]:
    """The message that an item is of, and which of its items: one of ours may end with ``.1``."""
    name, dot, number = ident.rpartition(".")
    if dot and name.startswith(MESSAGE) and number.isdigit() and len(number) < 4:  # noqa: PLR2004 - no message has a thousand
        return name, int(number)
    return ident, 0
