"""Items of OpenAI's Responses and Conversations APIs.

These are messages, reasoning, calls and their outputs.
"""

from __future__ import annotations

from collections.abc import Callable

from hansard.interchange.content.text import (
    Json,
    joined,
    kind_of,
    reasoning_part,
    tool_call,
    tool_response,
)

_PLACED = {"id", "type", "status", "call_id", "name", "arguments", "input", "output"}


def reasoning(item: Json) -> Json:
    """Reasoning as summaries or as text; what is encrypted is kept as it is."""
    body = item.get("summary") or item.get("content") or item.get("text") or item.get("reasoning")
    sealed = {
        key: item[key] for key in ("encrypted_content", "signature") if item.get(key) is not None
    }
    return reasoning_part(body or "") | sealed


def _call(item: Json) -> Json:
    passed = item["arguments"] if "arguments" in item else item.get("input")
    return tool_call(item.get("call_id") or item.get("id"), item.get("name"), passed)


def _output(item: Json) -> Json:
    failed = {"is_error": True} if kind_of(item, "status") in {"failed", "incomplete"} else {}
    output = item.get("output")
    return (
        tool_response(item.get("call_id") or item.get("id"), _output_text(output), item.get("name"))
        | failed
    )


def _output_text(output: object) -> object:
    """Outputs that are lists of text pieces read as text; what else there is stays as it is."""
    if isinstance(output, list) and all(
        isinstance(piece, dict) and isinstance(piece.get("text"), str) for piece in output
    ):
        return joined(output)
    return output


def _hosted(item: Json) -> list[Json]:
    """A tool that ran at the provider: the call and, where the item holds it, what came of it."""
    name = str(item["type"]).removesuffix("_call")
    ident = item.get("call_id") or item.get("id")
    passed = {
        key: value for key, value in item.items() if key not in _PLACED and key not in _RESULTS
    }
    call = tool_call(ident, item.get("name") or name, item.get("arguments") or passed)
    results = {key: item[key] for key in _RESULTS if item.get(key) is not None}
    if not results:
        return [call]
    response = next(iter(results.values())) if len(results) == 1 else results
    return [call, tool_response(ident, response, name)]


_RESULTS = ("output", "outputs", "result", "results", "error")

ITEMS: dict[str, Callable[[Json], Json | list[Json]]] = {
    "reasoning": reasoning,
    "summary_text": lambda item: reasoning_part(item.get("text")),
    "reasoning_text": lambda item: reasoning_part(item.get("text")),
    "function_call": _call,
    "custom_tool_call": _call,
    "function_call_output": _output,
    "custom_tool_call_output": _output,
    "local_shell_call_output": _output,
    "computer_call_output": _output,
    "shell_call_output": _output,
    "apply_patch_call_output": _output,
    "tool_search_output": _output,
} | dict.fromkeys(
    (
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "local_shell_call",
        "computer_call",
        "mcp_call",
        "shell_call",
        "apply_patch_call",
        "tool_search_call",
    ),
    _hosted,
)
