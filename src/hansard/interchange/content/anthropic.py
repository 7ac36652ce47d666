"""Content blocks of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Callable

from hansard.interchange.content.media import blob, by_address, stored
from hansard.interchange.content.sources import cited_text
from hansard.interchange.content.text import Json, reasoning_part, tool_call, tool_response, words


def _text(block: Json) -> list[Json]:
    return cited_text(block.get("text"), block.get("citations") or block.get("annotations"))


def _thinking(block: Json) -> Json:
    signature = {"signature": block["signature"]} if block.get("signature") else {}
    return reasoning_part(block.get("thinking") or block.get("text")) | signature


def _redacted(block: Json) -> Json:
    return {"type": "reasoning", "content": "", "redacted": words(block.get("data"))}


def _tool_use(block: Json) -> Json:
    return tool_call(block.get("id"), block.get("name"), block.get("input"))


def _tool_result(block: Json) -> Json:
    failed = {"is_error": True} if block.get("is_error") is True else {}
    response = block["content"] if "content" in block else block.get("output")
    return tool_response(block.get("tool_use_id"), response, block.get("name")) | failed


def media(modality: str) -> Callable[[Json], Json]:
    """An image or a document by its source; any other shape stays as it is."""

    def convert(block: Json) -> Json:
        match block.get("source"):
            case {"type": "base64", "media_type": mime_type, "data": str(data)}:
                return blob(data, mime_type, modality)
            case {"type": "url", "url": str(url)}:
                return by_address(url, modality)
            case {"type": "file", "file_id": str(file_id)}:
                return stored(file_id, modality, block.get("title"))
            case {"type": "text", "data": str(data)}:
                return {"type": "text", "content": data}
            case _:
                return block

    return convert


BLOCKS: dict[str, Callable[[Json], Json | list[Json]]] = {
    "text": _text,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
    "tool_use": _tool_use,
    "server_tool_use": _tool_use,
    "mcp_tool_use": _tool_use,
    "tool_result": _tool_result,
    "mcp_tool_result": _tool_result,
    "web_search_tool_result": _tool_result,
    "web_fetch_tool_result": _tool_result,
    "code_execution_tool_result": _tool_result,
    "bash_code_execution_tool_result": _tool_result,
    "text_editor_code_execution_tool_result": _tool_result,
    "document": media("document"),
}
