"""Sessions of coding agents."""

from __future__ import annotations

from typing import Any

from tests.interchange.samples.sample import (
    ANSWERED,
    AT_MS,
    CALLED,
    GOOGLE_CALL,
    GOOGLE_RESPONSE,
    ISO,
    PLAIN,
    QUESTION,
    REPLY,
    TEXT_CONTENT,
    WITH_TOOL,
    Sample,
    of_json,
    of_lines,
)


def _claude(
    uuid: str, parent: str | None, kind: str, content: object, second: int
) -> dict[str, Any]:
    return {
        "parentUuid": parent,
        "isSidechain": False,
        "sessionId": "cc-1",
        "version": "2.1.0",
        "cwd": "/p",
        "type": kind,
        "uuid": uuid,
        "timestamp": f"2025-06-15T15:06:{second}Z",
        "message": {"role": kind, "content": content},
    }


def _codex(kind: str, **payload: Any) -> dict[str, Any]:
    return {"timestamp": ISO, "type": kind, "payload": payload}


def _qwen(uuid: str, parent: str | None, kind: str, role: str, *parts: Any) -> dict[str, Any]:
    return {
        "uuid": uuid,
        "parentUuid": parent,
        "sessionId": "qw-1",
        "timestamp": ISO,
        "type": kind,
        "cwd": "/p",
        "message": {"role": role, "parts": list(parts)},
    }


SAMPLES: dict[str, Sample] = {
    "claude-code": of_lines(
        "cc-1.jsonl",
        [
            _claude("u1", None, "user", "How far is Oslo?", 41),
            _claude(
                "a2",
                "u1",
                "assistant",
                [{"type": "tool_use", "id": "c1", "name": "route", "input": {"to": "Oslo"}}],
                42,
            ),
            _claude(
                "u3",
                "a2",
                "user",
                [{"type": "tool_result", "tool_use_id": "c1", "content": "12 km"}],
                43,
            ),
            _claude("a4", "u3", "assistant", [{"type": "text", "text": "Twelve kilometres."}], 44),
        ],
        {"cc-1": WITH_TOOL},
    ),
    "codex": of_lines(
        "rollout-2025-06-15T15-06-40-0199c0de-0000-7000-8000-000000000001.jsonl",
        [
            _codex(
                "session_meta",
                id="cx-1",
                timestamp=ISO,
                cwd="/p",
                cli_version="0.60.0",
                originator="codex_cli_rs",
            ),
            _codex("turn_context", model="gpt-5-codex", cwd="/p"),
            _codex(
                "response_item",
                type="message",
                role="user",
                content=[
                    {"type": "input_text", "text": "<environment_context>x</environment_context>"}
                ],
            ),
            _codex(
                "response_item",
                type="message",
                role="user",
                content=[{"type": "input_text", "text": "How far is Oslo?"}],
            ),
            _codex("event_msg", type="user_message", message="How far is Oslo?"),
            _codex(
                "response_item",
                type="reasoning",
                summary=[{"type": "summary_text", "text": "A map helps."}],
                encrypted_content="xx",
            ),
            _codex(
                "response_item",
                type="function_call",
                name="route",
                arguments='{"to": "Oslo"}',
                call_id="c1",
            ),
            _codex("response_item", type="function_call_output", call_id="c1", output="12 km"),
            _codex(
                "response_item",
                type="message",
                role="assistant",
                content=[{"type": "output_text", "text": "Twelve kilometres."}],
            ),
            _codex(
                "event_msg",
                type="token_count",
                info={"last_token_usage": {"input_tokens": 50, "output_tokens": 7}},
            ),
        ],
        {
            "cx-1": [
                ("system", ["<environment_context>x</environment_context>"]),
                QUESTION,
                ("assistant", ["~A map helps."]),
                CALLED,
                ANSWERED,
                REPLY,
            ]
        },
    ),
    "gemini-cli": of_lines(
        "session-2025-06-15T15-06-gm1.jsonl",
        [
            {
                "sessionId": "gm-1",
                "projectHash": "h",
                "startTime": ISO,
                "lastUpdated": ISO,
                "kind": "main",
            },
            {
                "id": "g1",
                "timestamp": ISO,
                "type": "user",
                "content": [{"text": "How far is Oslo?"}],
            },
            {"id": "g2", "timestamp": ISO, "type": "gemini", "content": "Far."},
            {"$set": {"lastUpdated": "2025-06-15T15:07:40Z"}},
            {
                "id": "g2",
                "timestamp": ISO,
                "type": "gemini",
                "content": "Twelve kilometres.",
                "model": "gemini-2.5-pro",
                "thoughts": [{"subject": "Map", "description": "A map helps."}],
                "tokens": {"input": 9, "output": 2, "thoughts": 1},
                "toolCalls": [
                    {
                        "id": "c1",
                        "name": "route",
                        "args": {"to": "Oslo"},
                        "status": "success",
                        "result": [GOOGLE_RESPONSE],
                    }
                ],
            },
        ],
        {
            "gm-1": [
                QUESTION,
                ("assistant", ["~Map: A map helps.", "Twelve kilometres.", CALLED[1][0]]),
                ANSWERED,
            ]
        },
    ),
    "qwen-code": of_lines(
        "qw-1.jsonl",
        [
            _qwen("q1", None, "user", "user", TEXT_CONTENT),
            _qwen(
                "q2",
                "q1",
                "assistant",
                "model",
                {"text": "A map helps.", "thought": True},
                GOOGLE_CALL,
            ),
            _qwen("q3", "q2", "tool_result", "user", GOOGLE_RESPONSE),
            _qwen("q4", "q3", "assistant", "model", {"text": "Twelve kilometres."}),
        ],
        {"qw-1": [QUESTION, ("assistant", ["~A map helps.", CALLED[1][0]]), ANSWERED, REPLY]},
    ),
    "copilot-cli": of_lines(
        "events.jsonl",
        [
            {
                "type": "session.start",
                "id": "e0",
                "timestamp": ISO,
                "parentId": None,
                "data": {"sessionId": "cp-1", "startTime": ISO, "context": {"cwd": "/p"}},
            },
            {
                "type": "user.message",
                "id": "e1",
                "timestamp": ISO,
                "parentId": "e0",
                "data": {"content": "How far is Oslo?"},
            },
            {
                "type": "assistant.message",
                "id": "e2",
                "timestamp": ISO,
                "parentId": "e1",
                "data": {
                    "content": "",
                    "toolRequests": [
                        {"toolCallId": "c1", "name": "route", "arguments": {"to": "Oslo"}}
                    ],
                },
            },
            {
                "type": "tool.execution_start",
                "id": "e3",
                "timestamp": ISO,
                "parentId": "e2",
                "data": {"toolCallId": "c1", "toolName": "route", "arguments": {"to": "Oslo"}},
            },
            {
                "type": "tool.execution_complete",
                "id": "e4",
                "timestamp": ISO,
                "parentId": "e3",
                "data": {"toolCallId": "c1", "success": True, "result": {"content": "12 km"}},
            },
            {
                "type": "assistant.message",
                "id": "e5",
                "timestamp": ISO,
                "parentId": "e4",
                "data": {"content": "Twelve kilometres.", "toolRequests": []},
            },
        ],
        {"cp-1": WITH_TOOL},
    ),
    "opencode": of_json(
        "export.json",
        {
            "info": {
                "id": "ses_oc1",
                "title": "Oslo",
                "directory": "/p",
                "time": {"created": AT_MS, "updated": AT_MS + 9000},
            },
            "messages": [
                {
                    "info": {"id": "msg_1", "role": "user", "time": {"created": AT_MS}},
                    "parts": [{"type": "text", "text": "How far is Oslo?"}],
                },
                {
                    "info": {
                        "id": "msg_2",
                        "role": "assistant",
                        "modelID": "gpt-5",
                        "time": {"created": AT_MS + 1000},
                        "cost": 0.25,
                        "tokens": {
                            "input": 5,
                            "output": 2,
                            "reasoning": 1,
                            "cache": {"read": 3, "write": 0},
                        },
                    },
                    "parts": [
                        {"type": "step-start"},
                        {
                            "type": "tool",
                            "tool": "route",
                            "callID": "c1",
                            "state": {
                                "status": "completed",
                                "input": {"to": "Oslo"},
                                "output": "12 km",
                            },
                        },
                        {"type": "text", "text": "Twelve kilometres."},
                        {"type": "step-finish"},
                    ],
                },
            ],
        },
        {"ses_oc1": WITH_TOOL},
    ),
    "cursor": of_lines(
        "cu-1.jsonl",
        [
            {
                "role": "user",
                "message": {"content": [{"type": "text", "text": "How far is Oslo?"}]},
            },
            {
                "role": "assistant",
                "message": {
                    "content": [
                        {"type": "tool_use", "id": "c1", "name": "route", "input": {"to": "Oslo"}}
                    ]
                },
            },
            {
                "role": "assistant",
                "message": {"content": [{"type": "text", "text": "Twelve kilometres."}]},
            },
        ],
        {"cu-1": [QUESTION, CALLED, REPLY]},
    ),
    "pocketpaw": of_json(
        "telegram_77.json",
        [
            {
                "id": "e1",
                "role": "user",
                "content": "How far is Oslo?",
                "timestamp": "2025-06-15T15:06:40.250000",
                "metadata": {},
            },
            {
                "id": "e2",
                "role": "assistant",
                "content": "Twelve kilometres.",
                "timestamp": "2025-06-15T15:06:44.250000",
                "metadata": {},
            },
        ],
        {"telegram_77": PLAIN},
    ),
}
