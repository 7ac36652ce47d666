"""Spans of ``opentelemetry-instrumentation-openai-agents-v2``, which have Python's text of objects.

A call of a tool is ``ResponseFunctionToolCall(arguments=…, name=…)``. Its answer is only on the
span of the tool, which does not name the call. Both say the tool and the arguments, and the id that
is made of these joins them. What a history holds of the assistant, and of a user who sent more than
a text, is ``{'text': 'Hello', 'type': 'output_text'}``.
"""

from __future__ import annotations

import ast
import hashlib
import re
from typing import Any

import msgspec

from hansard.interchange.content.text import Json, tool_call
from hansard.interchange.turns import Turn

SCOPE = "opentelemetry.instrumentation.openai_agents"
RESULT = "gen_ai.tool.call.result"
_LONGEST = 64 * 1024
_IS_TEXT = re.compile(r"\{'.*'type': '(?:input|output)_text'", re.DOTALL)
_TEXT = re.compile(r"""'text': ('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""", re.DOTALL)


def answer(attributes: dict[str, Any]) -> Turn:
    """The message of a tool, from its span."""
    name, passed = attributes.get("gen_ai.tool.name"), attributes.get("gen_ai.tool.call.arguments")
    ident = _call_id(name, passed)
    response = {"type": "tool_call_response", "id": ident, "response": attributes[RESULT]}
    return Turn(role="tool", parts=[response])


def restored(turns: list[Turn]) -> list[Turn]:
    """The turns with the text, or the call of a tool, for each text of Python's that is one."""
    return [
        msgspec.structs.replace(turn, parts=[_part(part) for part in turn.parts]) for turn in turns
    ]


def _part(part: Json) -> Json:
    if part.get("type") != "text":
        return part
    fields = _fields(part["content"])
    if fields is None:
        text = _text(part["content"])
        return part if text is None else {**part, "content": text}
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


def _text(spelled: object) -> str | None:
    """The text in Python's text of a block of content; None for any other text."""
    if not isinstance(spelled, str) or not _IS_TEXT.match(spelled):
        return None
    match = _TEXT.search(spelled)
    try:
        return str(ast.literal_eval(match[1])) if match else None
    except (SyntaxError, ValueError, MemoryError):
        return None


def _call_id(name: object, passed: object) -> str:
    digest = hashlib.blake2b(f"{name}\n{passed}".encode("utf-8", "replace"), digest_size=12)
    return f"call_{digest.hexdigest()}"
