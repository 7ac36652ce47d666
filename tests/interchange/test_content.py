"""Content blocks of every product become parts, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from hansard.interchange.content import parts_of
from hansard.interchange.content.langchain import as_message

TEXT = {"type": "text", "content": "x"}
CALL = {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}


def answer(response: object, **more: Any) -> dict[str, Any]:
    return {"type": "tool_call_response", "id": "c1", "response": response} | more


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("x", [TEXT]),
        ("", []),
        (None, []),
        (5, [{"type": "text", "content": "5"}]),
        ({"type": "text", "text": {"value": "x", "annotations": []}}, [TEXT]),
        ({"type": "input_text", "text": "x"}, [TEXT]),
        ({"type": "output_text", "text": "x"}, [TEXT]),
        ({"type": "refusal", "refusal": "no"}, [{"type": "text", "content": "no"}]),
        ({"text": "x"}, [TEXT]),
        ({"text": "x", "thought": True}, [{"type": "reasoning", "content": "x"}]),
        ({"type": "thinking", "thinking": "x"}, [{"type": "reasoning", "content": "x"}]),
        (
            {"type": "redacted_thinking", "data": "zz"},
            [{"type": "reasoning", "content": "", "redacted": "zz"}],
        ),
        (
            {
                "type": "reasoning",
                "summary": [{"text": "x"}, {"text": "y"}],
                "encrypted_content": "e",
            },
            [{"type": "reasoning", "content": "x\ny", "encrypted_content": "e"}],
        ),
        ({"type": "reasoning", "reasoning": "x"}, [{"type": "reasoning", "content": "x"}]),
        (
            {"reasoningContent": {"reasoningText": {"text": "x"}}},
            [{"type": "reasoning", "content": "x"}],
        ),
        ({"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}, [CALL]),
        ({"type": "server_tool_use", "id": "c1", "name": "f", "input": {"a": 1}}, [CALL]),
        ({"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'}, [CALL]),
        (
            {"type": "custom_tool_call", "call_id": "c1", "name": "f", "input": "raw"},
            [CALL | {"arguments": "raw"}],
        ),
        ({"type": "tool_call", "id": "c1", "name": "f", "args": {"a": 1}}, [CALL]),
        ({"type": "tool-call", "toolCallId": "c1", "toolName": "f", "input": {"a": 1}}, [CALL]),
        (
            {
                "type": "tool-call",
                "toolCallId": "c1",
                "toolName": "f",
                "argsText": '{"a": 1}',
                "result": "r",
                "isError": True,
            },
            [CALL, answer("r", name="f", is_error=True)],
        ),
        ({"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}}, [CALL]),
        ({"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": 1}}}, [CALL]),
        ({"type": "tool_result", "tool_use_id": "c1", "content": "r"}, [answer("r")]),
        (
            {"type": "tool_result", "tool_use_id": "c1", "content": "r", "is_error": True},
            [answer("r", is_error=True)],
        ),
        ({"type": "function_call_output", "call_id": "c1", "output": "r"}, [answer("r")]),
        (
            {
                "type": "function_call_output",
                "call_id": "c1",
                "output": [{"type": "input_text", "text": "r"}],
            },
            [answer("r")],
        ),
        ({"type": "custom_tool_call_output", "call_id": "c1", "output": "r"}, [answer("r")]),
        (
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "f",
                "output": {"type": "text", "value": "r"},
            },
            [answer("r", name="f")],
        ),
        (
            {
                "type": "tool-result",
                "toolCallId": "c1",
                "toolName": "f",
                "output": {"type": "error-text", "value": "r"},
            },
            [answer("r", name="f", is_error=True)],
        ),
        (
            {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "r"}}},
            [answer("r", name="f")],
        ),
        (
            {"toolResult": {"toolUseId": "c1", "content": "r", "status": "error"}},
            [answer("r", is_error=True)],
        ),
        (
            {
                "type": "tool-f",
                "toolCallId": "c1",
                "state": "output-available",
                "input": {"a": 1},
                "output": "r",
            },
            [CALL, answer("r", name="f")],
        ),
        (
            {
                "type": "tool-f",
                "toolCallId": "c1",
                "state": "output-error",
                "input": {"a": 1},
                "errorText": "r",
            },
            [CALL, answer("r", name="f", is_error=True)],
        ),
        (
            {
                "type": "dynamic-tool",
                "toolName": "f",
                "toolCallId": "c1",
                "state": "input-available",
                "input": {"a": 1},
            },
            [CALL],
        ),
        (
            {
                "type": "tool-invocation",
                "toolInvocation": {
                    "toolCallId": "c1",
                    "toolName": "f",
                    "args": {"a": 1},
                    "result": "r",
                },
            },
            [CALL, answer("r", name="f")],
        ),
        (
            {
                "type": "web_search_call",
                "id": "c1",
                "status": "completed",
                "action": {"query": "x"},
            },
            [
                {
                    "type": "tool_call",
                    "id": "c1",
                    "name": "web_search",
                    "arguments": {"action": {"query": "x"}},
                }
            ],
        ),
        (
            {"type": "mcp_call", "id": "c1", "name": "f", "arguments": '{"a": 1}', "output": "r"},
            [CALL, answer("r", name="mcp")],
        ),
        (
            {"executableCode": {"code": "1"}},
            [
                {
                    "type": "tool_call",
                    "id": None,
                    "name": "code_execution",
                    "arguments": {"code": "1"},
                }
            ],
        ),
        ({"type": "step-start"}, []),
        (
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
            },
            [{"type": "blob", "modality": "image", "mime_type": "image/png", "content": "AA"}],
        ),
        (
            {"type": "image", "image": "https://x/y.png"},
            [{"type": "uri", "modality": "image", "uri": "https://x/y.png"}],
        ),
        (
            {"type": "image_file", "image_file": {"file_id": "f1"}},
            [{"type": "file", "modality": "image", "file_id": "f1"}],
        ),
        (
            {"type": "input_image", "image_url": "https://x/y.png"},
            [{"type": "uri", "modality": "image", "uri": "https://x/y.png"}],
        ),
        (
            {
                "type": "file",
                "mediaType": "application/pdf",
                "url": "https://x/y.pdf",
                "filename": "y.pdf",
            },
            [
                {
                    "type": "uri",
                    "modality": "document",
                    "uri": "https://x/y.pdf",
                    "mime_type": "application/pdf",
                    "name": "y.pdf",
                }
            ],
        ),
        (
            {"inlineData": {"mimeType": "audio/wav", "data": "AA"}},
            [{"type": "blob", "modality": "audio", "mime_type": "audio/wav", "content": "AA"}],
        ),
        (
            {"fileData": {"mimeType": "video/mp4", "fileUri": "https://x"}},
            [{"type": "uri", "modality": "video", "uri": "https://x", "mime_type": "video/mp4"}],
        ),
        (
            {
                "type": "text",
                "text": "x",
                "citations": [{"url": "https://x", "title": "T"}, {"cited_text": "y"}],
            },
            [
                TEXT | {"citations": [{"cited_text": "y"}]},
                {"type": "uri", "modality": "source", "uri": "https://x", "name": "T"},
            ],
        ),
        (
            {
                "type": "output_text",
                "text": "x",
                "annotations": [{"type": "url_citation", "url_citation": {"url": "https://x"}}],
            },
            [TEXT, {"type": "uri", "modality": "source", "uri": "https://x"}],
        ),
        (
            {"type": "source-url", "url": "https://x", "title": "T"},
            [{"type": "uri", "modality": "source", "uri": "https://x", "name": "T"}],
        ),
        ({"type": "novel", "depth": [1, None]}, [{"type": "novel", "depth": [1, None]}]),
        ({"depth": 1}, [{"type": "unknown", "depth": 1}]),
    ],
)
def test_a_block_becomes_its_parts(block: object, expected: list[dict[str, Any]]) -> None:
    assert parts_of(block) == expected
    assert parts_of([block, "x"]) == [*expected, TEXT]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ai", "content": "x", "id": "m"},
        {"type": "ai", "data": {"content": "x", "id": "m", "type": "ai"}},
        {
            "lc": 1,
            "type": "constructor",
            "id": ["langchain", "AIMessage"],
            "kwargs": {"content": "x", "id": "m"},
        },
    ],
)
def test_langchains_spellings_say_the_same(message: dict[str, Any]) -> None:
    assert as_message(message) == {"role": "assistant", "content": "x", "id": "m"}


@pytest.mark.parametrize(
    "value",
    [None, 5, {"type": "ai"}, {"type": "text", "content": "x"}, {"lc": 1, "kwargs": {}, "id": []}],
)
def test_what_is_no_message_of_langchain_is_none(value: object) -> None:
    assert as_message(value) is None
