"""Messages of OpenAI's Chat Completions API.

Also the content pieces of its Assistants and Responses APIs.
"""

from __future__ import annotations

from collections.abc import Callable

from hansard.interchange.content.anthropic import media
from hansard.interchange.content.media import blob, by_address, modality_of, stored
from hansard.interchange.content.sources import cited_text
from hansard.interchange.content.text import (
    Json,
    reasoning_part,
    text_part,
    tool_call,
    tool_response,
)

_REASONING = ("reasoning_content", "reasoning", "thinking", "thoughts")


def reasoning_of(item: Json) -> list[Json]:
    """The reasoning beside an answer, under any of the names that products use."""
    value = next((item[key] for key in _REASONING if item.get(key)), None)
    return [reasoning_part(value)] if isinstance(value, str | list | dict) else []


def calls_of(item: Json) -> list[Json]:
    """``tool_calls``, and the older ``function_call``."""
    listed = item["tool_calls"] if isinstance(item.get("tool_calls"), list) else []
    calls = [call_part(call) for call in listed if isinstance(call, dict)]
    if isinstance(item.get("function_call"), dict):
        calls.append(call_part({"function": item["function_call"]}))
    return calls


def call_part(call: Json) -> Json:
    """A tool call in one of three shapes.

    ``{function: {name, arguments}}``, ``{custom: {name, input}}`` or ``{name, args}``.
    """
    inner = next(
        (call[key] for key in ("function", "custom") if isinstance(call.get(key), dict)), call
    )
    passed = next((inner[key] for key in ("arguments", "args", "input") if key in inner), None)
    ident = call.get("id") or call.get("tool_call_id") or call.get("call_id")
    return tool_call(ident, inner.get("name"), passed)


def response_part(item: Json) -> Json:
    """The answer of a tool, from a message with the role ``tool`` or ``function``."""
    name = item.get("name") or item.get("tool_name")
    failed = (
        {"is_error": True} if item.get("is_error") is True or item.get("status") == "error" else {}
    )
    return tool_response(item.get("tool_call_id"), item.get("content"), name) | failed


def _image(item: Json) -> Json | list[Json]:
    """``image_url``, ``input_image``, or an ``image`` of Anthropic, LangChain or the AI SDK."""
    if isinstance(item.get("source"), dict):
        return media("image")(item)
    image = item.get("image_url", item.get("url", item.get("image")))
    address = image.get("url") if isinstance(image, dict) else image
    inner = image if isinstance(image, dict) else item
    detail = {"detail": inner["detail"]} if "detail" in inner else {}
    if isinstance(address, str) and address:
        return by_address(address, "image") | detail
    return _stored_or_data(item, "image")


def _stored_or_data(item: Json, modality: str) -> Json:
    data = item.get("data", item.get("base64"))
    kind = item.get("mime_type") or item.get("mediaType") or item.get("mimeType")
    if isinstance(data, str) and data:
        return blob(data, kind or f"{modality}/*", modality)
    if isinstance(item.get("file_id"), str):
        return stored(item["file_id"], modality, item.get("filename"))
    return item


def _audio(item: Json) -> Json:
    audio = item.get("input_audio", item.get("audio"))
    if not isinstance(audio, dict):
        return _stored_or_data(item, "audio")
    if isinstance(audio.get("data"), str):
        return blob(audio["data"], f"audio/{audio.get('format') or 'wav'}", "audio")
    return item


def _file(item: Json) -> Json:
    """``file``, ``input_file``, or the file of an AI SDK or opencode message."""
    file = item["file"] if isinstance(item.get("file"), dict) else item
    name = file.get("filename") or file.get("file_name") or file.get("name")
    kind = (
        file.get("mime_type") or file.get("mediaType") or file.get("mimeType") or file.get("mime")
    )
    modality = modality_of(kind)
    if isinstance(file.get("file_id"), str):
        return stored(file["file_id"], modality, name, kind)
    address = file.get("file_data") or file.get("file_url") or file.get("url")
    if isinstance(address, str) and address:
        part = by_address(address, modality, kind)
    elif isinstance(file.get("data"), str):
        data = file["data"]
        part = (
            by_address(data, modality, kind)
            if data.startswith(("data:", "http://", "https://"))
            else blob(data, kind, modality)
        )
    else:
        return item
    return part | ({"name": name} if isinstance(name, str) else {})


def _text(item: Json) -> list[Json]:
    text = item.get("text")
    annotations = item.get("annotations") or item.get("citations")
    if isinstance(text, dict):
        annotations = annotations or text.get("annotations")
    return cited_text(text if text is not None else item.get("content"), annotations)


def _image_file(item: Json) -> Json:
    image = item["image_file"] if isinstance(item.get("image_file"), dict) else item
    return stored(image.get("file_id"), "image")


CONTENT: dict[str, Callable[[Json], Json | list[Json]]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "refusal": lambda item: text_part(item.get("refusal")),
    "image_url": _image,
    "input_image": _image,
    "image": _image,
    "image_file": _image_file,
    "input_audio": _audio,
    "audio": _audio,
    "file": _file,
    "input_file": _file,
}
