"""Parts of the Vercel AI SDK: those of its UI messages, and those of its model messages."""

from __future__ import annotations

from collections.abc import Callable

from hansard.interchange.content.sources import source
from hansard.interchange.content.text import Json, kind_of, tool_call, tool_response, words

_FAILED = ("output-error", "error")


def tool_parts(part: Json) -> list[Json]:
    """``tool-NAME`` and ``dynamic-tool``: the call, and its output once there is one."""
    name = part.get("toolName") or str(part.get("type")).removeprefix("tool-")
    ident = part.get("toolCallId")
    call = tool_call(ident, name, part["input"] if "input" in part else part.get("rawInput"))
    if kind_of(part, "state") in _FAILED:
        error = tool_response(ident, words(part.get("errorText")), name, is_error=True)
        return [call, error]
    return [call, tool_response(ident, part["output"], name)] if "output" in part else [call]


def _invocation(part: Json) -> list[Json]:
    """The older ``{type: tool-invocation, toolInvocation: {…}}``."""
    inner = part["toolInvocation"] if isinstance(part.get("toolInvocation"), dict) else part
    ident, name = inner.get("toolCallId"), inner.get("toolName")
    call = tool_call(ident, name, inner.get("args"))
    return [call, tool_response(ident, inner["result"], name)] if "result" in inner else [call]


def _call(part: Json) -> Json | list[Json]:
    """A call; assistant-ui's parts have its result as well."""
    passed = part["input"] if "input" in part else part.get("args", part.get("argsText"))
    call = tool_call(part.get("toolCallId"), part.get("toolName"), passed)
    return [call, _result(part)] if "result" in part else call


def _result(part: Json) -> Json:
    output = part["output"] if "output" in part else part.get("result")
    failed = part.get("isError") is True
    if isinstance(output, dict) and "value" in output and str(output.get("type")) in _OUTPUTS:
        failed = failed or str(output["type"]).startswith("error")
        output = output["value"]
    answer = tool_response(part.get("toolCallId"), output, part.get("toolName"))
    return answer | ({"is_error": True} if failed else {})


def _source_url(part: Json) -> Json:
    return source(words(part.get("url")), part.get("title"))


_OUTPUTS = {"text", "json", "content", "error-text", "error-json"}

PARTS: dict[str, Callable[[Json], Json | list[Json]]] = {
    "dynamic-tool": tool_parts,
    "tool-invocation": _invocation,
    "tool-call": _call,
    "tool-result": _result,
    "source-url": _source_url,
    "step-start": lambda _: [],
    "step-finish": lambda _: [],
}
