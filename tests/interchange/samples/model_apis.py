"""Messages of models' APIs."""

from __future__ import annotations

from tests.interchange.samples.sample import (
    ANSWERED,
    AT,
    CALL,
    CALLED,
    GOOGLE_CALL,
    GOOGLE_RESPONSE,
    QUESTION,
    REPLY,
    TEXT_CONTENT,
    WITH_TOOL,
    Sample,
    of_json,
    of_lines,
)

SAMPLES: dict[str, Sample] = {
    "openai": of_json(
        "talk.json",
        [
            {
                "id": "oa-1",
                "model": "gpt-5",
                "messages": [
                    {"role": "user", "content": "How far is Oslo?"},
                    {"role": "assistant", "content": None, "tool_calls": [CALL]},
                    {"role": "tool", "tool_call_id": "c1", "content": "12 km"},
                    {"role": "assistant", "content": "Twelve kilometres."},
                ],
            }
        ],
        {"oa-1": WITH_TOOL},
    ),
    "anthropic": of_json(
        "request.json",
        {
            "id": "an-1",
            "model": "claude-x",
            "system": "Be brief.",
            "messages": [
                {"role": "user", "content": "How far is Oslo?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "A map helps.", "signature": "s"},
                        {"type": "tool_use", "id": "c1", "name": "route", "input": {"to": "Oslo"}},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "12 km"}],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "Twelve kilometres."}]},
            ],
        },
        {
            "an-1": [
                ("system", ["Be brief."]),
                QUESTION,
                ("assistant", ["~A map helps.", CALLED[1][0]]),
                ANSWERED,
                REPLY,
            ]
        },
    ),
    "openai-responses": of_json(
        "response.json",
        {
            "id": "rs-1",
            "object": "response",
            "created_at": AT,
            "model": "gpt-5",
            "instructions": "Be brief.",
            "usage": {"input_tokens": 5, "output_tokens": 2},
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "How far is Oslo?"}]}
            ],
            "output": [
                {
                    "id": "i1",
                    "type": "reasoning",
                    "summary": [{"type": "summary_text", "text": "A map helps."}],
                },
                {
                    "id": "i2",
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "route",
                    "arguments": '{"to": "Oslo"}',
                },
                {"id": "i3", "type": "function_call_output", "call_id": "c1", "output": "12 km"},
                {
                    "id": "i4",
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "Twelve kilometres."}],
                },
            ],
        },
        {
            "rs-1": [
                ("system", ["Be brief."]),
                QUESTION,
                ("assistant", ["~A map helps."]),
                CALLED,
                ANSWERED,
                REPLY,
            ]
        },
    ),
    "openai-assistants": of_json(
        "messages.json",
        {
            "object": "list",
            "data": [
                {
                    "id": "msg_2",
                    "object": "thread.message",
                    "created_at": AT + 9,
                    "thread_id": "th-1",
                    "role": "assistant",
                    "assistant_id": "asst_1",
                    "content": [
                        {"type": "text", "text": {"value": "Twelve kilometres.", "annotations": []}}
                    ],
                },
                {
                    "id": "msg_1",
                    "object": "thread.message",
                    "created_at": AT,
                    "thread_id": "th-1",
                    "role": "user",
                    "content": [
                        {"type": "text", "text": {"value": "How far is Oslo?", "annotations": []}},
                        {"type": "image_file", "image_file": {"file_id": "file-1"}},
                    ],
                },
            ],
        },
        {"th-1": [("user", ["How far is Oslo?", "[file-1]"]), REPLY]},
    ),
    "gemini-api": of_json(
        "request.json",
        {
            "model": "gemini-2.5-pro",
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [TEXT_CONTENT]},
                {
                    "role": "model",
                    "parts": [{"text": "A map helps.", "thought": True}, GOOGLE_CALL],
                },
                {"role": "user", "parts": [GOOGLE_RESPONSE]},
                {"role": "model", "parts": [{"text": "Twelve kilometres."}]},
            ],
        },
        {
            "": [
                ("system", ["Be brief."]),
                QUESTION,
                ("assistant", ["~A map helps.", CALLED[1][0]]),
                ANSWERED,
                REPLY,
            ]
        },
    ),
    "ai-sdk": of_json(
        "chat.json",
        {
            "id": "ui-1",
            "messages": [
                {
                    "id": "m1",
                    "role": "user",
                    "parts": [{"type": "text", "text": "How far is Oslo?"}],
                },
                {
                    "id": "m2",
                    "role": "assistant",
                    "parts": [
                        {"type": "step-start"},
                        {
                            "type": "tool-route",
                            "toolCallId": "c1",
                            "state": "output-available",
                            "input": {"to": "Oslo"},
                            "output": "12 km",
                        },
                        {"type": "text", "text": "Twelve kilometres."},
                    ],
                },
            ],
        },
        {"ui-1": WITH_TOOL},
    ),
    "sharegpt": of_lines(
        "train.jsonl",
        [
            {
                "id": "sg-1",
                "system": "Be brief.",
                "tools": "[]",
                "conversations": [
                    {"from": "human", "value": "How far is Oslo?"},
                    {
                        "from": "function_call",
                        "value": '{"name": "route", "arguments": {"to": "Oslo"}}',
                    },
                    {"from": "observation", "value": "12 km"},
                    {"from": "gpt", "value": "Twelve kilometres."},
                ],
            }
        ],
        {"sg-1": [("system", ["Be brief."]), *WITH_TOOL]},
    ),
}
