"""What tools that trace calls of models keep."""

from __future__ import annotations

import json

from tests.interchange.samples.sample import (
    AT,
    CALL,
    ISO,
    PLAIN,
    WITH_TOOL,
    Sample,
    of_json,
    of_lines,
)

SAMPLES: dict[str, Sample] = {
    "langfuse": of_lines(
        "traces.jsonl",
        [
            {
                "id": "t1",
                "sessionId": "lf-1",
                "userId": "ann",
                "timestamp": ISO,
                "name": "guide",
                "input": {"q": 1},
                "output": None,
                "observations": [
                    {
                        "id": "o1",
                        "type": "GENERATION",
                        "startTime": "2025-06-15T15:06:40Z",
                        "endTime": "2025-06-15T15:06:41Z",
                        "model": "gpt-5",
                        "input": [{"role": "user", "content": "How far is Oslo?"}],
                        "output": {"role": "assistant", "content": None, "tool_calls": [CALL]},
                    },
                    {
                        "id": "o2",
                        "type": "GENERATION",
                        "startTime": "2025-06-15T15:06:42Z",
                        "endTime": "2025-06-15T15:06:43Z",
                        "model": "gpt-5",
                        "input": [
                            {"role": "user", "content": "How far is Oslo?"},
                            {"role": "assistant", "content": None, "tool_calls": [CALL]},
                            {"role": "tool", "tool_call_id": "c1", "content": "12 km"},
                        ],
                        "output": {"role": "assistant", "content": "Twelve kilometres."},
                    },
                ],
            },
        ],
        {"lf-1": WITH_TOOL},
    ),
    "langsmith": of_lines(
        "runs.jsonl",
        [
            {
                "id": "r0",
                "name": "guide",
                "run_type": "chain",
                "trace_id": "ls-1",
                "start_time": "2025-06-15T15:06:40",
                "inputs": {"input": "x"},
                "outputs": {},
            },
            {
                "id": "r1",
                "name": "ChatOpenAI",
                "run_type": "llm",
                "trace_id": "ls-1",
                "parent_run_id": "r0",
                "start_time": "2025-06-15T15:06:41",
                "inputs": {
                    "messages": [
                        [
                            {
                                "lc": 1,
                                "type": "constructor",
                                "id": ["langchain", "HumanMessage"],
                                "kwargs": {"content": "How far is Oslo?"},
                            }
                        ]
                    ]
                },
                "outputs": {
                    "generations": [
                        [
                            {
                                "text": "Twelve kilometres.",
                                "message": {
                                    "lc": 1,
                                    "type": "constructor",
                                    "id": ["langchain", "AIMessage"],
                                    "kwargs": {"content": "Twelve kilometres."},
                                },
                            }
                        ]
                    ]
                },
            },
        ],
        {"ls-1": PLAIN},
    ),
    "opentelemetry": of_json(
        "spans.json",
        {
            "resourceSpans": [
                {
                    "scopeSpans": [
                        {
                            "spans": [
                                {
                                    "traceId": "aa",
                                    "spanId": "01",
                                    "name": "chat gpt-5",
                                    "startTimeUnixNano": str(AT * 10**9),
                                    "endTimeUnixNano": str((AT + 1) * 10**9),
                                    "attributes": [
                                        {
                                            "key": "gen_ai.conversation.id",
                                            "value": {"stringValue": "ot-1"},
                                        },
                                        {
                                            "key": "gen_ai.operation.name",
                                            "value": {"stringValue": "chat"},
                                        },
                                        {
                                            "key": "gen_ai.request.model",
                                            "value": {"stringValue": "gpt-5"},
                                        },
                                        {
                                            "key": "gen_ai.usage.input_tokens",
                                            "value": {"intValue": "5"},
                                        },
                                        {
                                            "key": "gen_ai.input.messages",
                                            "value": {
                                                "stringValue": json.dumps(
                                                    [
                                                        {
                                                            "role": "user",
                                                            "parts": [
                                                                {
                                                                    "type": "text",
                                                                    "content": "How far is Oslo?",
                                                                }
                                                            ],
                                                        }
                                                    ]
                                                )
                                            },
                                        },
                                        {
                                            "key": "gen_ai.output.messages",
                                            "value": {
                                                "stringValue": json.dumps(
                                                    [
                                                        {
                                                            "role": "assistant",
                                                            "parts": [
                                                                {
                                                                    "type": "tool_call",
                                                                    "id": "c1",
                                                                    "name": "route",
                                                                    "arguments": {"to": "Oslo"},
                                                                }
                                                            ],
                                                        }
                                                    ]
                                                )
                                            },
                                        },
                                    ],
                                },
                                {
                                    "traceId": "aa",
                                    "spanId": "02",
                                    "name": "chat gpt-5",
                                    "startTimeUnixNano": str((AT + 2) * 10**9),
                                    "endTimeUnixNano": str((AT + 3) * 10**9),
                                    "attributes": [
                                        {
                                            "key": "gen_ai.operation.name",
                                            "value": {"stringValue": "chat"},
                                        },
                                        {
                                            "key": "gen_ai.input.messages",
                                            "value": {
                                                "stringValue": json.dumps(
                                                    [
                                                        {
                                                            "role": "user",
                                                            "parts": [
                                                                {
                                                                    "type": "text",
                                                                    "content": "How far is Oslo?",
                                                                }
                                                            ],
                                                        },
                                                        {
                                                            "role": "assistant",
                                                            "parts": [
                                                                {
                                                                    "type": "tool_call",
                                                                    "id": "c1",
                                                                    "name": "route",
                                                                    "arguments": {"to": "Oslo"},
                                                                }
                                                            ],
                                                        },
                                                        {
                                                            "role": "tool",
                                                            "parts": [
                                                                {
                                                                    "type": "tool_call_response",
                                                                    "id": "c1",
                                                                    "response": "12 km",
                                                                }
                                                            ],
                                                        },
                                                    ]
                                                )
                                            },
                                        },
                                        {
                                            "key": "gen_ai.output.messages",
                                            "value": {
                                                "stringValue": json.dumps(
                                                    [
                                                        {
                                                            "role": "assistant",
                                                            "parts": [
                                                                {
                                                                    "type": "text",
                                                                    "content": "Twelve kilometres.",
                                                                }
                                                            ],
                                                        }
                                                    ]
                                                )
                                            },
                                        },
                                    ],
                                },
                            ]
                        }
                    ]
                }
            ]
        },
        {"ot-1": WITH_TOOL},
    ),
}
