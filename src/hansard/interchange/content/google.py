"""Parts of Google's generateContent, and blocks of Bedrock's Converse.

Both have their type as their key.
"""

from __future__ import annotations

from collections.abc import Callable

from hansard.interchange.content.media import blob, by_address, modality_of
from hansard.interchange.content.text import (
    Json,
    reasoning_part,
    text_part,
    tool_call,
    tool_response,
    words,
)


def _text(part: Json) -> Json:
    if part.get("thought") is True or part.get("isThought") is True:
        return reasoning_part(part["text"])
    return text_part(part["text"])


def _call(part: Json) -> Json:
    call = _inner(part, "functionCall", "function_call")
    return tool_call(call.get("id"), call.get("name"), call.get("args"))


def response_of(answer: Json) -> object:
    """What a tool gave, without the wrapper ``{"output": …}`` that the API wants."""
    body = answer.get("response")
    if isinstance(body, dict) and len(body) == 1 and next(iter(body)) in {"output", "result"}:
        return next(iter(body.values()))
    return body


def _response(part: Json) -> Json:
    answer = _inner(part, "functionResponse", "function_response")
    return tool_response(answer.get("id"), response_of(answer), answer.get("name"))


def _inline(part: Json) -> Json:
    data = _inner(part, "inlineData", "inline_data")
    kind = data.get("mimeType") or data.get("mime_type")
    return blob(data.get("data"), kind, modality_of(kind))


def _file(part: Json) -> Json:
    file = _inner(part, "fileData", "file_data")
    kind = file.get("mimeType") or file.get("mime_type")
    return by_address(words(file.get("fileUri") or file.get("file_uri")), modality_of(kind), kind)


def _code(part: Json) -> Json:
    code = _inner(part, "executableCode", "executable_code")
    return tool_call(None, "code_execution", code)


def _code_result(part: Json) -> Json:
    result = _inner(part, "codeExecutionResult", "code_execution_result")
    return tool_response(
        None, result.get("output"), "code_execution", outcome=result.get("outcome")
    )


def _tool_use(part: Json) -> Json:
    use = _inner(part, "toolUse")
    return tool_call(use.get("toolUseId"), use.get("name"), use.get("input"))


def _tool_result(part: Json) -> Json:
    result = _inner(part, "toolResult")
    failed = {"is_error": True} if result.get("status") == "error" else {}
    return tool_response(result.get("toolUseId"), result.get("content")) | failed


def _reasoning(part: Json) -> Json:
    inner = _inner(part, "reasoningContent")
    return reasoning_part(inner.get("reasoningText") or inner)


def _inner(part: Json, *keys: str) -> Json:
    return next((part[key] for key in keys if isinstance(part.get(key), dict)), {})


KEYS: dict[str, Callable[[Json], Json]] = {
    "functionCall": _call,
    "function_call": _call,
    "functionResponse": _response,
    "function_response": _response,
    "inlineData": _inline,
    "inline_data": _inline,
    "fileData": _file,
    "file_data": _file,
    "executableCode": _code,
    "executable_code": _code,
    "codeExecutionResult": _code_result,
    "code_execution_result": _code_result,
    "toolUse": _tool_use,
    "toolResult": _tool_result,
    "reasoningContent": _reasoning,
    "text": _text,
}
