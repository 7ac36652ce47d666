"""One OpenAI-format message as parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def parts_of(item: Json, role: str) -> list[Json]:
    """Reasoning, content and tool calls in this order; an empty text when there is nothing."""
    if role == "tool":
        return [_response(item)]
    reasoning = item.get("reasoning_content")
    found = (
        [{"type": "reasoning", "content": reasoning}]
        if isinstance(reasoning, str) and reasoning
        else []
    )
    found += _content(item.get("content"))
    found += [_call(call) for call in item.get("tool_calls") or [] if isinstance(call, dict)]
    if isinstance(item.get("function_call"), dict):
        found.append(_call({"function": item["function_call"]}))
    return found or [{"type": "text", "content": ""}]


def _response(item: Json) -> Json:
    part = {
        "type": "tool_call_response",
        "id": item.get("tool_call_id"),
        "response": item.get("content"),
    }
    return part | ({"name": item["name"]} if isinstance(item.get("name"), str) else {})


def _call(call: Json) -> Json:
    function = call["function"] if isinstance(call.get("function"), dict) else call
    return {
        "type": "tool_call",
        "id": call.get("id"),
        "name": str(function.get("name") or ""),
        "arguments": _arguments(function.get("arguments")),
    }


def _arguments(value: object) -> object:
    """What the model asked for; text that is no JSON object stays text."""
    if not isinstance(value, str):
        return value
    try:
        decoded = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return decoded if isinstance(decoded, dict) else value


def _content(content: object) -> list[Json]:
    if content is None or content == "":
        return []
    items = content if isinstance(content, list) else [content]
    return [_content_part(item) for item in items]


def _content_part(item: object) -> Json:
    if not isinstance(item, dict):
        return {
            "type": "text",
            "content": item if isinstance(item, str) else json.dumps(item, ensure_ascii=False),
        }
    convert = _CONTENT.get(str(item.get("type")))
    return convert(item) if convert else {**item, "type": str(item.get("type") or "unknown")}


def _image(item: Json) -> Json:
    image = item.get("image_url")
    address = image.get("url") if isinstance(image, dict) else image
    detail = {"detail": image["detail"]} if isinstance(image, dict) and "detail" in image else {}
    return _by_address(str(address or ""), "image") | detail


def _by_address(address: str, modality: str) -> Json:
    """A ``data:`` address is its own content, any other a place to find it."""
    if address.startswith("data:") and ";base64," in address:
        mime_type, _, content = address.removeprefix("data:").partition(";base64,")
        return {"type": "blob", "modality": modality, "mime_type": mime_type, "content": content}
    return {"type": "uri", "modality": modality, "uri": address}


def _audio(item: Json) -> Json:
    audio = item.get("input_audio") or {}
    return {
        "type": "blob",
        "modality": "audio",
        "mime_type": f"audio/{audio.get('format', 'wav')}",
        "content": str(audio.get("data") or ""),
    }


def _file(item: Json) -> Json:
    file = item.get("file") or {}
    if isinstance(file.get("file_id"), str):
        return {"type": "file", "modality": "document", "file_id": file["file_id"]}
    return _by_address(str(file.get("file_data") or ""), "document") | (
        {"name": file["filename"]} if isinstance(file.get("filename"), str) else {}
    )


_CONTENT: dict[str, Callable[[Json], Json]] = {
    "text": lambda item: {"type": "text", "content": str(item.get("text") or "")},
    "input_text": lambda item: {"type": "text", "content": str(item.get("text") or "")},
    "output_text": lambda item: {"type": "text", "content": str(item.get("text") or "")},
    "refusal": lambda item: {"type": "text", "content": str(item.get("refusal") or "")},
    "image_url": _image,
    "input_audio": _audio,
    "file": _file,
}
