"""Exports of chat products."""

from __future__ import annotations

from tests.interchange.samples.sample import (
    ANSWERED,
    AT,
    AT_MS,
    CALLED,
    ISO,
    PLAIN,
    QUESTION,
    REPLY,
    WITH_TOOL,
    Sample,
    of_json,
    of_lines,
)

CHATGPT_TREE = {
    "root": {"id": "root", "message": None, "parent": None, "children": ["q"]},
    "q": {
        "id": "q",
        "parent": "root",
        "children": ["old", "new"],
        "message": {
            "id": "q",
            "author": {"role": "user"},
            "create_time": AT,
            "content": {"content_type": "text", "parts": ["How far is Oslo?"]},
        },
    },
    "old": {
        "id": "old",
        "parent": "q",
        "children": [],
        "message": {
            "id": "old",
            "author": {"role": "assistant"},
            "create_time": AT + 1,
            "content": {"content_type": "text", "parts": ["Far."]},
        },
    },
    "new": {
        "id": "new",
        "parent": "q",
        "children": [],
        "message": {
            "id": "new",
            "author": {"role": "assistant"},
            "create_time": AT + 9,
            "content": {"content_type": "text", "parts": ["Twelve kilometres."]},
            "metadata": {"model_slug": "gpt-5"},
        },
    },
}


SAMPLES: dict[str, Sample] = {
    "chatgpt": of_json(
        "conversations.json",
        [
            {
                "conversation_id": "gpt-1",
                "title": "Oslo",
                "create_time": AT,
                "current_node": "new",
                "mapping": CHATGPT_TREE,
            }
        ],
        {"gpt-1": PLAIN, "gpt-1:old": [("assistant", ["Far."])]},
    ),
    "claude-ai": of_json(
        "conversations.json",
        [
            {
                "uuid": "cl-1",
                "name": "Oslo",
                "created_at": ISO,
                "updated_at": ISO,
                "account": {"uuid": "a"},
                "chat_messages": [
                    {
                        "uuid": "m1",
                        "sender": "human",
                        "text": "How far is Oslo?",
                        "created_at": ISO,
                        "content": [{"type": "text", "text": "How far is Oslo?"}],
                        "attachments": [
                            {
                                "file_name": "map.txt",
                                "file_type": "text/plain",
                                "extracted_content": "north",
                            }
                        ],
                        "files": [{"file_name": "map.png"}],
                    },
                    {
                        "uuid": "m2",
                        "sender": "assistant",
                        "text": "Twelve kilometres.",
                        "created_at": ISO,
                        "content": [
                            {"type": "tool_use", "name": "route", "input": {"to": "Oslo"}},
                            {
                                "type": "tool_result",
                                "name": "route",
                                "content": "12 km",
                                "is_error": False,
                            },
                            {"type": "text", "text": "Twelve kilometres.", "citations": []},
                        ],
                    },
                ],
            }
        ],
        {
            "cl-1": [
                ("user", ["How far is Oslo?", "[map.txt]", "[map.png]"]),
                CALLED,
                ANSWERED,
                REPLY,
            ]
        },
    ),
    "gemini-takeout": of_json(
        "MyActivity.json",
        [
            {
                "header": "Gemini Apps",
                "title": "Prompted How far is Oslo?",
                "titleUrl": "https://gemini.google.com/app",
                "time": ISO,
                "products": ["Gemini Apps"],
                "safeHtmlItem": [{"html": "<p>Twelve <b>kilometres</b>.</p>"}],
            }
        ],
        {"": PLAIN},
    ),
    "ai-studio": of_json(
        "Trip.json",
        {
            "runSettings": {"model": "models/gemini-2.5-pro"},
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "chunkedPrompt": {
                "chunks": [
                    {"role": "user", "text": "How far is Oslo?"},
                    {"role": "model", "text": "A map helps.", "isThought": True},
                    {"role": "model", "text": "Twelve kilometres.", "tokenCount": 3},
                ]
            },
        },
        {"": [("system", ["Be brief."]), QUESTION, ("assistant", ["~A map helps."]), REPLY]},
    ),
    "grok": of_json(
        "prod-grok-backend.json",
        {
            "conversations": [
                {
                    "conversation": {
                        "id": "gk-1",
                        "title": "Oslo",
                        "create_time": ISO,
                        "modify_time": ISO,
                    },
                    "responses": [
                        {
                            "response": {
                                "_id": "r1",
                                "sender": "human",
                                "message": "How far is Oslo?",
                                "create_time": {"$date": {"$numberLong": str(AT_MS)}},
                            }
                        },
                        {
                            "response": {
                                "_id": "r2",
                                "parent_response_id": "r1",
                                "sender": "ASSISTANT",
                                "message": "Far.",
                                "create_time": {"$date": {"$numberLong": str(AT_MS + 1000)}},
                            }
                        },
                        {
                            "response": {
                                "_id": "r3",
                                "parent_response_id": "r1",
                                "sender": "ASSISTANT",
                                "message": "Twelve kilometres.",
                                "model": "grok-4",
                                "create_time": {"$date": {"$numberLong": str(AT_MS + 2000)}},
                            }
                        },
                    ],
                }
            ]
        },
        {"gk-1": PLAIN, "gk-1:r2": [("assistant", ["Far."])]},
    ),
    "open-webui": of_json(
        "chat-export.json",
        [
            {
                "id": "ow-1",
                "title": "Oslo",
                "user_id": "ann",
                "created_at": AT,
                "updated_at": AT + 9,
                "archived": True,
                "meta": {"tags": ["trip"]},
                "chat": {
                    "title": "Oslo",
                    "models": ["qwen3"],
                    "history": {
                        "currentId": "c",
                        "messages": {
                            "a": {
                                "id": "a",
                                "parentId": None,
                                "childrenIds": ["b", "c"],
                                "role": "user",
                                "content": "How far is Oslo?",
                                "timestamp": AT,
                            },
                            "b": {
                                "id": "b",
                                "parentId": "a",
                                "childrenIds": [],
                                "role": "assistant",
                                "content": "Far.",
                                "timestamp": AT + 1,
                            },
                            "c": {
                                "id": "c",
                                "parentId": "a",
                                "childrenIds": [],
                                "role": "assistant",
                                "model": "qwen3",
                                "timestamp": AT + 2,
                                "content": (
                                    '<details type="reasoning" '
                                    'done="true">\n<summary>Thought</summary>\n> A map '
                                    "helps.\n</details>\nTwelve kilometres."
                                ),
                            },
                        },
                    },
                },
            }
        ],
        {
            "ow-1": [QUESTION, ("assistant", ["~A map helps.", "Twelve kilometres."])],
            "ow-1:b": [("assistant", ["Far."])],
        },
    ),
    "librechat": of_json(
        "oslo.json",
        {
            "conversationId": "li-1",
            "title": "Oslo",
            "endpoint": "openAI",
            "options": {"model": "gpt-5"},
            "recursive": True,
            "messages": [
                {
                    "messageId": "m1",
                    "parentMessageId": "00000000-0000-0000-0000-000000000000",
                    "isCreatedByUser": True,
                    "sender": "User",
                    "text": "How far is Oslo?",
                    "createdAt": ISO,
                    "children": [
                        {
                            "messageId": "m2",
                            "parentMessageId": "m1",
                            "isCreatedByUser": False,
                            "sender": "GPT",
                            "text": "Far.",
                            "createdAt": "2025-06-15T15:06:41Z",
                            "children": [],
                        },
                        {
                            "messageId": "m3",
                            "parentMessageId": "m1",
                            "isCreatedByUser": False,
                            "sender": "GPT",
                            "createdAt": "2025-06-15T15:06:45Z",
                            "children": [],
                            "text": "",
                            "content": [
                                {
                                    "type": "tool_call",
                                    "tool_call": {
                                        "id": "c1",
                                        "name": "route",
                                        "args": '{"to": "Oslo"}',
                                        "output": "12 km",
                                    },
                                },
                                {"type": "text", "text": {"value": "Twelve kilometres."}},
                            ],
                        },
                    ],
                }
            ],
        },
        {"li-1": WITH_TOOL, "li-1:m2": [("assistant", ["Far."])]},
    ),
    "sillytavern": of_lines(
        "Guide - 2025-6-15.jsonl",
        [
            {
                "user_name": "Ann",
                "character_name": "Guide",
                "create_date": "2025-6-15@15h06m40s",
                "chat_metadata": {"integrity": "st-1"},
            },
            {
                "name": "Ann",
                "is_user": True,
                "is_system": False,
                "send_date": "June 15, 2025 3:06pm",
                "mes": "How far is Oslo?",
                "extra": {},
            },
            {
                "name": "Guide",
                "is_user": False,
                "is_system": False,
                "send_date": "June 15, 2025 3:07pm",
                "mes": "Twelve kilometres.",
                "swipes": ["Far.", "Twelve kilometres."],
                "swipe_id": 1,
                "extra": {"reasoning": "A map helps."},
            },
            {
                "name": "System",
                "is_user": False,
                "is_system": True,
                "send_date": "June 15, 2025 3:08pm",
                "mes": "A note.",
                "extra": {},
            },
        ],
        {
            "st-1": [
                QUESTION,
                ("assistant", ["~A map helps.", "Twelve kilometres."]),
                ("system", ["A note."]),
            ]
        },
    ),
}
