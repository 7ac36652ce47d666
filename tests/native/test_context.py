"""``GET /v1/sessions/{id}/context``."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

CALL = {"type": "tool_call", "id": "c1", "name": "look", "arguments": {"q": "x"}, "unknown": 1}
ANSWER = {"type": "tool_call_response", "id": "c1", "response": "found"}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "text": "be kind"},
    {"role": "user", "text": "look it up"},
    {"role": "assistant", "parts": [CALL]},
    {"role": "tool", "parts": [ANSWER]},
    {"role": "assistant", "text": "here it is"},
]


@pytest.fixture
async def filled(client: httpx.AsyncClient) -> httpx.AsyncClient:
    await client.post("/v1/sessions", json={"id": "one"})
    await client.post("/v1/sessions/one/messages", json={"messages": MESSAGES})
    return client


async def test_natively_it_is_the_end_of_the_transcript(filled: httpx.AsyncClient) -> None:
    answer = (await filled.get("/v1/sessions/one/context", params={"messages": 3})).json()
    assert [(item["role"], item["seq"]) for item in answer["request"]["messages"]] == [
        ("system", 1),
        ("assistant", 3),
        ("tool", 4),
        ("assistant", 5),
    ]
    assert answer["request"]["messages"][1]["parts"] == [CALL]
    manifest = answer["manifest"]
    assert (
        manifest["messages"],
        manifest["older"],
        manifest["first_seq"],
        manifest["last_seq"],
        manifest["dropped"],
    ) == (4, 1, 3, 5, [])


async def test_openai_takes_it(filled: httpx.AsyncClient) -> None:
    answer = (await filled.get("/v1/sessions/one/context", params={"format": "openai"})).json()
    assert answer["request"]["messages"] == [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "look it up"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"q":"x"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "assistant", "content": "here it is"},
    ]


async def test_anthropic_takes_it(filled: httpx.AsyncClient) -> None:
    answer = (await filled.get("/v1/sessions/one/context", params={"format": "anthropic"})).json()
    assert answer["request"] == {
        "system": "be kind",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "look it up"}]},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "c1", "name": "look", "input": {"q": "x"}}],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "found"}],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "here it is"}]},
        ],
    }


async def test_gemini_takes_it(filled: httpx.AsyncClient) -> None:
    answer = (await filled.get("/v1/sessions/one/context", params={"format": "gemini"})).json()
    assert answer["request"] == {
        "systemInstruction": {"parts": [{"text": "be kind"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "look it up"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {"q": "x"}}}]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "look", "response": {"result": "found"}}}],
            },
            {"role": "model", "parts": [{"text": "here it is"}]},
        ],
    }


async def test_a_context_that_begins_inside_a_turn_begins_with_its_task(
    filled: httpx.AsyncClient,
) -> None:
    answer = (
        await filled.get("/v1/sessions/one/context", params={"format": "anthropic", "messages": 1})
    ).json()
    texts = [message["content"][0]["text"] for message in answer["request"]["messages"]]
    assert texts == ["look it up", "here it is"]
    manifest = answer["manifest"]
    assert (manifest["task_seq"], manifest["first_seq"], manifest["older"]) == (2, 5, 2)
    assert (manifest["placeholder"], manifest["dropped"]) == (False, [])


async def test_the_task_is_found_however_long_the_tool_turn_is(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "long"})
    await client.post(
        "/v1/sessions/long/messages", json={"messages": [{"role": "user", "text": "go"}]}
    )
    for batch in range(5):
        turns = []
        for number in range(40):
            name = f"c{batch}-{number}"
            turns += [
                {"role": "assistant", "parts": [{**CALL, "id": name}]},
                {"role": "user", "parts": [{**ANSWER, "id": name}]},
            ]
        await client.post("/v1/sessions/long/messages", json={"messages": turns})
    for name in ("anthropic", "gemini"):
        answer = (await client.get(f"/v1/sessions/long/context?format={name}")).json()
        assert answer["manifest"]["task_seq"] == 1
        assert answer["manifest"]["messages"] + answer["manifest"]["older"] == 401


async def test_a_shortened_part_keeps_what_is_not_known_of_it(client: httpx.AsyncClient) -> None:
    part = {"type": "text", "content": "x" * 10_000, "annotations": ["a"]}
    messages = [{"role": "user", "parts": [part, {"type": "text", "content": "?"}]}]
    await client.post("/v1/sessions", json={"id": "s"})
    await client.post("/v1/sessions/s/messages", json={"messages": messages})
    answer = (await client.get("/v1/sessions/s/context?tokens=200")).json()
    cut, whole = answer["request"]["messages"][0]["parts"]
    assert (cut["annotations"], whole) == (["a"], {"type": "text", "content": "?"})
    assert "characters left out" in cut["content"]
    assert answer["manifest"]["tokens"] <= 200
    assert answer["manifest"]["dropped"][0]["reason"] == "shortened"


async def test_names_and_ids_are_put_into_the_letters_and_lengths_that_providers_take(
    client: httpx.AsyncClient,
) -> None:
    long = ["c" * 70 + end for end in "12"]
    calls = [
        {"type": "tool_call", "id": ident, "name": "web.search", "arguments": {}} for ident in long
    ]
    answers = [{"type": "tool_call_response", "id": ident, "response": "ok"} for ident in long]
    messages = [
        {"role": "user", "text": "look"},
        {"role": "assistant", "parts": calls},
        {"role": "tool", "parts": answers},
    ]
    await client.post("/v1/sessions", json={"id": "s"})
    await client.post("/v1/sessions/s/messages", json={"messages": messages})
    requests = {
        name: (await client.get(f"/v1/sessions/s/context?format={name}")).json()["request"]
        for name in ("openai", "anthropic", "gemini")
    }
    _, assistant, *results = requests["openai"]["messages"]
    call_ids = [call["id"] for call in assistant["tool_calls"]]
    assert [result["tool_call_id"] for result in results] == call_ids
    assert (len(set(call_ids)), max(map(len, call_ids))) == (2, 40)
    uses = requests["anthropic"]["messages"][1]["content"]
    assert [block["tool_use_id"] for block in requests["anthropic"]["messages"][2]["content"]] == [
        use["id"] for use in uses
    ]
    assert (len({use["id"] for use in uses}), max(len(use["id"]) for use in uses)) == (2, 64)
    named = [
        assistant["tool_calls"][0]["function"]["name"],
        uses[0]["name"],
        requests["gemini"]["contents"][1]["parts"][0]["functionCall"]["name"],
    ]
    named.append(requests["gemini"]["contents"][2]["parts"][0]["functionResponse"]["name"])
    assert named == ["web_search"] * 4


async def test_the_manifest_counts_each_message_once(client: httpx.AsyncClient) -> None:
    """A message that is dropped in part counts once.

    Its answers went with the calls before the first user, and its words stay.
    """
    calls = [{"type": "tool_call", "id": ident, "name": "look", "arguments": {}} for ident in "ab"]
    late = [
        {"type": "tool_call_response", "id": "a", "response": "1"},
        {"type": "text", "content": "and now?"},
    ]
    messages = [
        {"role": "assistant", "parts": calls[:1]},
        {"role": "assistant", "parts": calls[1:]},
        {"role": "user", "text": "well?"},
        {"role": "user", "parts": late},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "b", "response": "2"}]},
    ]
    await client.post("/v1/sessions", json={"id": "s"})
    await client.post("/v1/sessions/s/messages", json={"messages": messages})
    manifest = (await client.get("/v1/sessions/s/context?format=anthropic")).json()["manifest"]
    assert [(dropped["seq"], dropped["whole"]) for dropped in manifest["dropped"]] == [
        (1, True),
        (2, True),
        (4, False),
        (5, True),
    ]
    assert (manifest["messages"], manifest["older"]) == (2, 0)


async def test_limits_out_of_range_and_unknown_sessions_are_refused(
    filled: httpx.AsyncClient,
) -> None:
    assert (await filled.get("/v1/sessions/one/context", params={"messages": 0})).status_code == 400
    assert (
        await filled.get("/v1/sessions/one/context", params={"format": "cobol"})
    ).status_code == 400
    assert (await filled.get("/v1/sessions/none/context")).status_code == 404
