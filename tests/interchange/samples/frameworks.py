"""What agent frameworks keep."""

from __future__ import annotations

from tests.interchange.samples.sample import (
    AT,
    CALL,
    GOOGLE_CALL,
    GOOGLE_RESPONSE,
    TEXT_CONTENT,
    WITH_TOOL,
    Sample,
    of_json,
)

SAMPLES: dict[str, Sample] = {
    "langchain": of_json(
        "state.json",
        {
            "config": {"configurable": {"thread_id": "lc-1"}},
            "values": {
                "messages": [
                    {"type": "human", "content": "How far is Oslo?", "id": "h1"},
                    {
                        "lc": 1,
                        "type": "constructor",
                        "id": ["langchain", "schema", "messages", "AIMessage"],
                        "kwargs": {
                            "content": "",
                            "tool_calls": [
                                {
                                    "name": "route",
                                    "args": {"to": "Oslo"},
                                    "id": "c1",
                                    "type": "tool_call",
                                }
                            ],
                        },
                    },
                    {
                        "type": "tool",
                        "data": {"content": "12 km", "tool_call_id": "c1", "name": "route"},
                    },
                    {
                        "type": "ai",
                        "content": "Twelve kilometres.",
                        "usage_metadata": {"input_tokens": 5, "output_tokens": 2},
                        "response_metadata": {"model_name": "gpt-5"},
                    },
                ]
            },
        },
        {"lc-1": WITH_TOOL},
    ),
    "adk": of_json(
        "session.json",
        {
            "id": "adk-1",
            "appName": "trips",
            "userId": "ann",
            "state": {"lang": "en"},
            "events": [
                {
                    "id": "e1",
                    "author": "user",
                    "timestamp": AT + 0.5,
                    "content": {"role": "user", "parts": [TEXT_CONTENT]},
                },
                {
                    "id": "e2",
                    "author": "guide",
                    "timestamp": AT + 1.5,
                    "content": {"role": "model", "parts": [GOOGLE_CALL]},
                },
                {
                    "id": "e3",
                    "author": "guide",
                    "timestamp": AT + 2.5,
                    "content": {"role": "user", "parts": [GOOGLE_RESPONSE]},
                },
                {
                    "id": "e4",
                    "author": "guide",
                    "timestamp": AT + 2.7,
                    "content": None,
                    "actions": {"stateDelta": {"a": 1}},
                },
                {
                    "id": "e5",
                    "author": "guide",
                    "timestamp": AT + 3.5,
                    "content": {"role": "model", "parts": [{"text": "Twelve kilometres."}]},
                },
            ],
        },
        {"adk-1": WITH_TOOL},
    ),
    "agno": of_json(
        "agno.json",
        {
            "session_id": "ag-1",
            "agent_id": "guide",
            "user_id": "ann",
            "created_at": AT,
            "runs": [
                {
                    "run_id": "r1",
                    "messages": [
                        {"role": "system", "content": "Be brief.", "created_at": AT},
                        {"role": "user", "content": "How far is Oslo?", "created_at": AT + 1},
                        {"role": "assistant", "tool_calls": [CALL], "created_at": AT + 2},
                        {
                            "role": "tool",
                            "tool_call_id": "c1",
                            "content": "12 km",
                            "created_at": AT + 3,
                        },
                        {
                            "role": "assistant",
                            "content": "Twelve kilometres.",
                            "created_at": AT + 4,
                        },
                    ],
                },
                {
                    "run_id": "r2",
                    "messages": [
                        {"role": "system", "content": "Be brief.", "created_at": AT},
                        {"role": "user", "content": "How far is Oslo?", "from_history": True},
                        {"role": "user", "content": "Thanks", "created_at": AT + 9},
                    ],
                },
            ],
        },
        {"ag-1": [("system", ["Be brief."]), *WITH_TOOL, ("user", ["Thanks"])]},
    ),
    "autogen": of_json(
        "team.json",
        {
            "type": "TeamState",
            "agent_states": {
                "RoundRobinGroupChatManager": {
                    "type": "RoundRobinManagerState",
                    "message_thread": [
                        {"source": "user", "type": "TextMessage", "content": "How far is Oslo?"},
                        {
                            "source": "guide",
                            "type": "ToolCallRequestEvent",
                            "content": [
                                {"id": "c1", "name": "route", "arguments": '{"to": "Oslo"}'}
                            ],
                        },
                        {
                            "source": "guide",
                            "type": "ToolCallExecutionEvent",
                            "content": [
                                {
                                    "call_id": "c1",
                                    "name": "route",
                                    "content": "12 km",
                                    "is_error": False,
                                }
                            ],
                        },
                        {
                            "source": "guide",
                            "type": "TextMessage",
                            "content": "Twelve kilometres.",
                            "models_usage": {"prompt_tokens": 5, "completion_tokens": 2},
                        },
                    ],
                },
                "guide": {
                    "agent_state": {
                        "llm_context": {
                            "messages": [
                                {
                                    "type": "UserMessage",
                                    "source": "user",
                                    "content": "How far is Oslo?",
                                }
                            ]
                        }
                    }
                },
            },
        },
        {"": WITH_TOOL},
    ),
}
