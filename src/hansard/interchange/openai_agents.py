"""Spans of ``opentelemetry-instrumentation-openai-agents-v2``, whose calls of tools are odd.

A call is Python's text of an object, ``ResponseFunctionToolCall(arguments=…, name=…)``. Its answer
is only on the span of the tool, which does not name the call. Both say the tool and the arguments,
and the id that is made of these joins them.
"""

from __future__ import annotations

import ast
import hashlib
from typing import Any

import msgspec

from hansard.interchange.content.text import Json, tool_call
from hansard.interchange.turns import Turn

SCOPE = "opentelemetry.instrumentation.openai_agents"
RESULT = "gen_ai.tool.call.result"
_LONGEST = 64 * 1024


def answer(attributes: dict[str, Any]) -> Turn:
    """The message of a tool, from its span."""
    name, passed = attributes.get("gen_ai.tool.name"), attributes.get("gen_ai.tool.call.arguments")
    ident = _call_id(name, passed)
    response = {"type": "tool_call_response", "id": ident, "response": attributes[RESULT]}
    return Turn(role="tool", parts=[response])


def with_calls(turns: list[Turn]) -> list[Turn]:
    """The turns with a call of a tool for each text that is one."""
    return [
        msgspec.structs.replace(turn, parts=[_part(part) for part in turn.parts]) for turn in turns
    ]


def _part(part: Json) -> Json:
    fields = _fields(part["content"]) if part.get("type") == "text" else None
    if fields is None:
        return part
    name, passed = fields.get("name"), fields.get("arguments")
    call = tool_call(_call_id(name, passed), name, passed)
    return {**call, "call_id": fields.get("call_id")}


def _fields(text: object) -> Json | None:
    """The fields of the object that Python's text stands for; None for any other text."""
    if not isinstance(text, str) or not text.startswith("ResponseFunctionToolCall("):
        return None
    if len(text) > _LONGEST:
        return None
    try:
        node = ast.parse(text, mode="eval").body
        if not isinstance(node, ast.Call):
            return None
        return {
            keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg
        }
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _call_id(name: object, passed: object) -> str:
    digest = hashlib.blake2b(f"{name}\n{passed}".encode("utf-8", "replace"), digest_size=12)
    return f"call_{digest.hexdigest()}"
