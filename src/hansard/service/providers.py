"""A context as OpenAI, Anthropic and Gemini take it; each function gives the fields of a request that hold the conversation."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from hansard.model.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hansard.model.context import Context, Turn

_Block = Callable[[Part, dict[str | None, str | None]], dict[str, Any] | None]
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")
_ID_LENGTH, _OPENAI_ID_LENGTH, _NAME_LENGTH = 64, 40, 64


def openai(context: Context) -> dict[str, Any]:
    """``messages`` of Chat Completions: each assistant message with tool calls is followed by their results."""
    made: list[dict[str, Any]] = []
    for turn in (*context.system, *context.turns):
        made += _openai(turn)
    return {"messages": made}


def _openai(turn: Turn) -> Iterable[dict[str, Any]]:
    answers = [part for part in turn.parts if part.type == "tool_call_response"]
    if answers:
        yield from (
            {
                "role": "tool",
                "tool_call_id": _short(part.id or "call", _OPENAI_ID_LENGTH),
                "content": _text(part.response),
            }
            for part in answers
        )
        return
    calls = [_openai_call(part) for part in turn.parts if part.type == "tool_call"]
    role = turn.message.role if turn.message.role != "tool" else "user"
    blocks = [block for part in turn.parts if (block := _openai_block(part)) is not None]
    plain = "\n".join(block["text"] for block in blocks if block["type"] == "text")
    has_media = role == "user" and any(block["type"] != "text" for block in blocks)
    if calls:
        yield {"role": "assistant", "content": plain or None, "tool_calls": calls}
    elif has_media:
        yield {"role": role, "content": blocks}
    elif plain:
        yield {"role": role, "content": plain}


def _openai_call(part: Part) -> dict[str, Any]:
    arguments = _text(part.arguments if part.arguments is not None else {})
    return {
        "id": _short(part.id or "call", _OPENAI_ID_LENGTH),
        "type": "function",
        "function": {"name": _tool(part.name), "arguments": arguments},
    }


def _openai_block(part: Part) -> dict[str, Any] | None:
    if part.type == "text" and part.content:
        return {"type": "text", "text": part.content}
    if _is_image(part) and part.type == "uri":
        return {"type": "image_url", "image_url": {"url": part.uri}}
    if _is_image(part) and part.type == "blob":
        return {
            "type": "image_url",
            "image_url": {"url": f"data:{part.mime_type or 'image/png'};base64,{part.content}"},
        }
    return _named(part, lambda text: {"type": "text", "text": text})


def anthropic(context: Context) -> dict[str, Any]:
    """``system`` and ``messages`` of the Messages API: roles alternate, a user speaks first, results come first in their message."""
    system = "\n\n".join(text for turn in _system(context) if (text := _words(turn)))
    messages = _alternating(context, "assistant", "content", _anthropic_block)
    if (
        messages
        and messages[-1]["role"] == "assistant"
        and messages[-1]["content"][-1]["type"] == "text"
    ):
        messages[-1]["content"][-1]["text"] = messages[-1]["content"][-1]["text"].rstrip()
    return ({"system": system} if system else {}) | {"messages": messages}


def _anthropic_block(part: Part, _names: dict[str | None, str | None]) -> dict[str, Any] | None:
    match part.type:
        case "text" if isinstance(part.content, str) and part.content.strip():
            return {"type": "text", "text": part.content}
        case "tool_call":
            return {
                "type": "tool_use",
                "id": _plain_id(part.id),
                "name": _tool(part.name),
                "input": _object(part.arguments, "value"),
            }
        case "tool_call_response":
            return {
                "type": "tool_result",
                "tool_use_id": _plain_id(part.id),
                "content": _text(part.response),
            }
        case "uri" if _is_image(part):
            return {"type": "image", "source": {"type": "url", "url": part.uri}}
        case "blob" if _is_image(part):
            return {
                "type": "image",
                "source": {
                    "type": "base64",
                    "media_type": part.mime_type or "image/png",
                    "data": part.content,
                },
            }
    return _named(part, lambda text: {"type": "text", "text": text})


def gemini(context: Context) -> dict[str, Any]:
    """``systemInstruction`` and ``contents`` of generateContent: roles alternate, a user speaks first, results carry their call's name."""
    system = [{"text": text} for turn in _system(context) if (text := _words(turn))]
    contents = _alternating(context, "model", "parts", _gemini_part)
    return ({"systemInstruction": {"parts": system}} if system else {}) | {"contents": contents}


def _gemini_part(part: Part, names: dict[str | None, str | None]) -> dict[str, Any] | None:
    match part.type:
        case "text" if part.content:
            return {"text": part.content}
        case "tool_call":
            return {
                "functionCall": {"name": _tool(part.name), "args": _object(part.arguments, "value")}
            }
        case "tool_call_response":
            return {
                "functionResponse": {
                    "name": _tool(names.get(part.id)),
                    "response": _object(part.response, "result"),
                }
            }
        case "uri" if part.mime_type:
            return {"fileData": {"mimeType": part.mime_type, "fileUri": part.uri}}
        case "blob" if part.mime_type:
            return {"inlineData": {"mimeType": part.mime_type, "data": part.content}}
    return _named(part, lambda text: {"text": text})


def _alternating(
    context: Context, assistant: str, field: str, block: _Block
) -> list[dict[str, Any]]:
    """Messages whose roles alternate: what follows in the same role is put together, and what says nothing is left out."""
    made: list[dict[str, Any]] = []
    names: dict[str | None, str | None] = {}
    for turn in context.turns:
        if turn.message.role == "system":
            continue
        names |= {part.id: part.name for part in turn.parts if part.type == "tool_call"}
        role = assistant if turn.message.role == "assistant" else "user"
        blocks = [one for part in turn.parts if (one := block(part, names)) is not None]
        if not blocks or (not made and not _opens(turn)):
            continue
        if made and made[-1]["role"] == role:
            made[-1][field] += blocks
        else:
            made.append({"role": role, field: blocks})
    return made


def _opens(turn: Turn) -> bool:
    """Whether a conversation may begin with it: not with an assistant, nor with an answer to what an assistant called for."""
    return turn.message.role != "assistant" and all(
        part.type != "tool_call_response" for part in turn.parts
    )


def _system(context: Context) -> list[Turn]:
    return [*context.system, *(turn for turn in context.turns if turn.message.role == "system")]


def _words(turn: Turn) -> str:
    return "\n".join(
        part.content for part in turn.parts if part.type == "text" and isinstance(part.content, str)
    )


def _named(part: Part, tell: Callable[[str], dict[str, Any]]) -> dict[str, Any] | None:
    """What a provider cannot take as it is, in a word; reasoning belongs to the model that had it."""
    if part.type in {"uri", "blob", "file"}:
        return tell(
            f"[{part.modality or part.type}: {part.uri or part.file_id or part.mime_type or 'attached'}]"
        )
    return None


def _is_image(part: Part) -> bool:
    return part.modality == "image" or (part.mime_type or "").startswith("image/")


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _object(value: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """An object, which ``value`` may be as JSON text, or be wrapped into."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return {name: value}
    if value is None:
        return {}
    return value if isinstance(value, dict) else {name: value}


def _plain_id(ident: str | None) -> str:
    return _short(_FOREIGN.sub("_", ident or "call"), _ID_LENGTH)


def _tool(name: str | None) -> str:
    """A tool's name in the letters that every provider takes."""
    return _short(_FOREIGN.sub("_", name or "tool"), _NAME_LENGTH)


def _short(text: str, length: int) -> str:
    """The text, its end replaced by a digest of the whole where it is too long: what differs stays different."""
    return (
        text
        if len(text) <= length
        else f"{text[: length - 9]}_{blake2b(text.encode(), digest_size=4).hexdigest()}"
    )
