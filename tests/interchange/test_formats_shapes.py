"""Shapes of single products that their samples do not have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hansard.interchange.documents import documents
from hansard.interchange.records import SessionRecord
from hansard.interchange.values import Bad
from tests.interchange.homes import at, write_cursor_database, write_document
from tests.interchange.reading import read, read_json
from tests.interchange.samples import Spoken, summed


def spoken(record: SessionRecord | Bad) -> Spoken:
    assert isinstance(record, SessionRecord), record
    return [
        (message.role, [summed(part) for part in json.loads(bytes(message.parts))])
        for message in record.messages
    ]


def session(value: object, **more: Any) -> SessionRecord:
    (record,) = read_json(value, **more)
    assert isinstance(record, SessionRecord)
    return record


def span(*events: tuple[str, dict[str, Any]], **attributes: Any) -> object:
    def listed(values: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"key": key, "value": _any(value)} for key, value in values.items()]

    own = {
        "traceId": "t1",
        "spanId": "s1",
        "name": "chat",
        "startTimeUnixNano": "1767225601000000000",
        "endTimeUnixNano": "1767225602000000000",
        "attributes": listed({key.replace("__", "."): value for key, value in attributes.items()}),
        "events": [{"name": name, "attributes": listed(values)} for name, values in events],
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [own]}]}]}


def _any(value: object) -> dict[str, Any]:
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def test_messages_are_read_from_the_events_of_a_span() -> None:
    record = session(
        span(
            ("gen_ai.system.message", {"content": "Be brief."}),
            ("gen_ai.user.message", {"content": "hi"}),
            ("gen_ai.choice", {"message": json.dumps({"role": "assistant", "content": "yo"})}),
            gen_ai__conversation__id="c1",
        )
    )
    assert record.draft.id == "c1"
    assert spoken(record) == [("system", ["Be brief."]), ("user", ["hi"]), ("assistant", ["yo"])]


def test_the_calls_and_answers_of_tools_are_read_from_the_events_of_a_span() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "route", "arguments": "{}"}}
    blocks = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    record = session(
        span(
            ("gen_ai.user.message", {"content": json.dumps(blocks)}),
            ("gen_ai.assistant.message", {"tool_calls": json.dumps([call])}),
            ("gen_ai.tool.message", {"content": '{"km": 12}', "id": "c1"}),
            ("gen_ai.user.message", {"content": "[sic] {not} JSON"}),
            ("gen_ai.choice", {"content": "Twelve."}),
            gen_ai__conversation__id="c1",
        )
    )
    assert [role for role, _ in spoken(record)] == [
        "user",
        "assistant",
        "tool",
        "user",
        "assistant",
    ]
    assert spoken(record)[:2] == [("user", ["a", "b"]), ("assistant", ["route({})"])]
    assert [parts for _, parts in spoken(record)[3:]] == [["[sic] {not} JSON"], ["Twelve."]]
    (answer,) = json.loads(bytes(record.messages[2].parts))
    assert (answer["id"], answer["type"]) == ("c1", "tool_call_response")


def test_messages_are_read_from_the_one_event_that_holds_all_of_a_call() -> None:
    messages = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    answer = [{"role": "assistant", "parts": [{"type": "text", "content": "yo"}]}]
    record = session(
        span(
            (
                "gen_ai.client.inference.operation.details",
                {
                    "gen_ai.input.messages": json.dumps(messages),
                    "gen_ai.output.messages": json.dumps(answer),
                },
            )
        )
    )
    assert spoken(record) == [("user", ["hi"]), ("assistant", ["yo"])]


def test_messages_are_read_that_are_spread_over_attributes() -> None:
    """OpenInference numbers messages, their contents and their calls."""
    prefix = "llm.input_messages."
    record = session(
        span(
            **{
                "openinference.span.kind": "LLM",
                f"{prefix}0.message.role": "user",
                f"{prefix}0.message.contents.0.message_content.text": "How far is Oslo?",
                f"{prefix}1.message.role": "assistant",
                f"{prefix}1.message.tool_calls.0.tool_call.id": "c1",
                f"{prefix}1.message.tool_calls.0.tool_call.function.name": "route",
                f"{prefix}1.message.tool_calls.0.tool_call.function.arguments": '{"to": "Oslo"}',
                f"{prefix}2.message.role": "tool",
                f"{prefix}2.message.tool_call_id": "c1",
                f"{prefix}2.message.content": "12 km",
                "llm.output_messages.0.message.content": "Twelve kilometres.",
                "llm.token_count.prompt": 5,
            }
        )
    )
    assert spoken(record) == [
        ("user", ["How far is Oslo?"]),
        ("assistant", ['route({"to": "Oslo"})']),
        ("tool", ['-> "12 km"']),
        ("assistant", ["Twelve kilometres."]),
    ]
    assert sum(message.input_tokens for message in record.messages) == 5


def test_values_of_a_span_are_messages_where_nothing_else_is() -> None:
    """OpenLLMetry's and Langfuse's: JSON, or words."""
    record = session(
        span(
            **{
                "langfuse.observation.type": "generation",
                "langfuse.observation.input": '[{"role": "user", "content": "hi"}]',
                "langfuse.observation.output": "[not JSON",
                "langfuse.session.id": "c1",
            }
        )
    )
    assert spoken(record) == [("user", ["hi"]), ("assistant", ["[not JSON"])]


def chat(*messages: dict[str, Any]) -> object:
    history = {message["id"]: message for message in messages}
    return [
        {
            "id": "ow1",
            "title": "T",
            "chat": {"history": {"currentId": messages[-1]["id"], "messages": history}},
        }
    ]


def test_the_details_in_an_open_webui_answer_are_reasoning_and_tools() -> None:
    content = (
        '<details type="reasoning" done="true">\n&gt; Look at the map.\n</details>\n'
        '<details type="tool_calls" id="c1" name="route" arguments="&quot;{\\&quot;to\\&quot;: '
        '\\&quot;Oslo\\&quot;}&quot;" result="&quot;12 km&quot;"></details>\n'
        'Twelve kilometres.<details type="other">x</details>'
    )
    record = session(
        chat(
            {"id": "a", "role": "user", "content": "How far is Oslo?", "timestamp": 1_700_000_000},
            {"id": "b", "parentId": "a", "role": "assistant", "content": content},
        )
    )
    texts = [text for _, words in spoken(record) for text in words]
    assert texts[:4] == [
        "How far is Oslo?", "~Look at the map.", 'route({"to": "Oslo"})', '-> "12 km"',
    ]  # fmt: skip
    assert texts[-1].startswith("Twelve kilometres.")


def test_output_files_and_sources_of_an_open_webui_message_are_kept() -> None:
    files = [
        {"type": "image", "url": "data:image/png;base64,AAAA"},
        {"type": "file", "id": "f1", "file": {"filename": "a.pdf"}},
        "?",
    ]
    pages = [{"source": "https://e.org/a", "title": "A"}, {"source": "a.pdf"}]
    output = [
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "yo"}]}
    ]
    record = session(
        chat(
            {"id": "a", "role": "user", "content": "hi", "files": files},
            {
                "id": "b",
                "parentId": "a",
                "role": "assistant",
                "content": "again",
                "output": output,
                "sources": [{"metadata": pages}, "?"],
                "usage": {"prompt_eval_count": 3, "eval_count": 4},
            },
        )
    )
    user, answer = spoken(record)
    assert [kind[:1] for kind in user[1]] == ["h", "[", "["]
    assert answer == ("assistant", ["yo", "<https://e.org/a>"])
    assert (record.messages[1].input_tokens, record.messages[1].output_tokens) == (3, 4)


def in_database(tmp_path: Path, values: dict[str, object]) -> list[SessionRecord | Bad]:
    (document,) = documents(write_cursor_database(tmp_path / "state.vscdb", values))
    return read(document)


def test_a_composer_of_cursor_has_its_tools_its_thoughts_and_its_tokens(tmp_path: Path) -> None:
    tool = {"toolCallId": "c1", "name": "route", "rawArgs": '{"to": "Oslo"}', "result": "12 km"}
    bubbles: dict[str, dict[str, Any]] = {
        "b1": {"type": 1, "text": "How far is Oslo?", "createdAt": at(1)},
        "b2": {"type": 2, "thinking": {"text": "A map."}, "toolFormerData": tool},
        "b3": {"type": 2, "text": "Twelve.", "tokenCount": {"inputTokens": 5, "outputTokens": 2}},
        "b4": {"type": 2},
    }
    composer = {
        "name": "Named",
        "createdAt": 1_767_225_600_000,
        "modelConfig": {"modelName": "m-1"},
        "fullConversationHeadersOnly": [
            *({"bubbleId": key, "type": bubble["type"]} for key, bubble in bubbles.items()),
            {"bubbleId": "gone", "type": 2},
        ],
    }
    (record,) = in_database(
        tmp_path,
        {"composerData:d1": composer}
        | {f"bubbleId:d1:{key}": value for key, value in bubbles.items()},
    )
    assert isinstance(record, SessionRecord)
    assert (record.draft.id, record.draft.title, record.draft.model) == ("d1", "Named", "m-1")
    texts = [text for _, words in spoken(record) for text in words]
    assert texts[0] == "How far is Oslo?"
    assert texts[-4:-1] == ['route({"to": "Oslo"})', '-> "12 km"', "Twelve."]
    assert "cursor_bubble" in texts[-1], "the one that is gone is named"
    assert (record.messages[-2].input_tokens, record.messages[-2].output_tokens) == (5, 2)


def test_older_composers_hold_their_bubbles_themselves_and_a_failed_tool_says_so(
    tmp_path: Path,
) -> None:
    failed = {"toolCallId": "c1", "name": "route", "params": "{}", "status": "error"}
    running = {"toolCallId": "c2", "name": "route", "params": "{}", "status": "loading"}
    conversation = [
        {"bubbleId": "b1", "type": 1, "text": "go"},
        {"bubbleId": "b2", "type": 2, "toolFormerData": failed},
        {"bubbleId": "b3", "type": 2, "toolFormerData": running},
    ]
    records = in_database(
        tmp_path,
        {
            "composerData:d1": {"composerId": "d1", "conversation": conversation},
            "composerData:d2": "{broken",
            "composerData:d3": {"composerId": "d3"},
        },
    )
    assert isinstance(records[1], Bad)
    assert len(records) == 2
    first = records[0]
    assert isinstance(first, SessionRecord)
    assert [role for role, _ in spoken(first)] == ["user", "assistant", "tool", "assistant"]
    assert json.loads(bytes(first.messages[2].parts))[0]["is_error"] is True


def test_the_oldest_folder_of_opencode_is_read(tmp_path: Path) -> None:
    storage = tmp_path / "project/p/storage/session"
    info = {"id": "ses_1", "title": "Old", "time": {"created": 1_767_225_600_000}}
    file = write_document(storage / "info/ses_1.json", info)
    write_document(storage / "message/ses_1/msg_1.json", {"id": "msg_1", "role": "user"})
    write_document(
        storage / "part/ses_1/msg_1/prt_1.json", {"id": "prt_1", "type": "text", "text": "hi"}
    )
    (storage / "part/ses_1/msg_1/prt_2.json").write_text("{half")
    (document,) = documents(file)
    (record,) = read(document)
    assert spoken(record) == [("user", ["hi"])]


@pytest.mark.parametrize("name", ["a.vscdb", "opencode.db"])
def test_a_database_of_something_else_is_no_conversation(tmp_path: Path, name: str) -> None:
    file = write_cursor_database(tmp_path / name, {})
    (document,) = documents(file)
    assert document.is_database
    (problem,) = read(document, format_name="opencode")
    assert isinstance(problem, Bad)
    assert "the database lacks session" in problem.reason


def agno_run(*texts: str, **more: object) -> dict[str, Any]:
    roles = ("user", "assistant")
    turns = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
    return {"messages": turns, **more}


def test_runs_of_agno_without_a_time_are_of_no_made_up_time() -> None:
    runs = [agno_run("one", "1"), agno_run("two", "2"), agno_run("three", "3")]
    record = session({"session_id": "a", "runs": runs})
    assert record.draft.metadata["time_unknown"] is True
    assert record.messages[0].created_at == record.draft.created_at != 0
    assert [text for _, [text] in spoken(record)] == ["one", "1", "two", "2", "three", "3"]


def test_a_run_of_agno_without_a_time_stays_behind_the_one_before() -> None:
    runs = [
        agno_run("late", "l", created_at=1_767_225_700),
        agno_run("after late", "a"),
        agno_run("early", "e", created_at=1_767_225_600),
    ]
    record = session({"session_id": "a", "runs": runs})
    texts = [text for _, [text] in spoken(record)]
    assert texts == ["early", "e", "late", "l", "after late", "a"]
    assert "time_unknown" not in record.draft.metadata


def test_turns_of_sharegpt_may_spell_roles_and_content() -> None:
    turns = [{"from": "human", "value": "q"}, {"role": "assistant", "content": "a"}]
    renamed = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    first, second = read_json([{"conversations": turns}, {"conversations": renamed}])
    assert spoken(first) == spoken(second) == [("user", ["q"]), ("assistant", ["a"])]


def test_a_branch_of_a_session_without_a_time_has_none_either() -> None:
    def node(key: str, parent: str | None, role: str | None, at: int | None = None) -> object:
        message = role and {
            "id": key,
            "author": {"role": role},
            "content": {"content_type": "text", "parts": [key]},
            "create_time": at,
        }
        return {"id": key, "parent": parent, "children": [], "message": message}

    def chat(at: int | None) -> object:
        nodes = [
            node("root", None, None),
            node("q", "root", "user"),
            node("old", "q", "assistant", at),
            node("new", "q", "assistant"),
        ]
        return {
            "id": "c",
            "current_node": "new",
            "mapping": {each["id"]: each for each in nodes if isinstance(each, dict)},
        }

    def unknown(at: int | None) -> list[bool]:
        records = [each for each in read_json([chat(at)]) if isinstance(each, SessionRecord)]
        return ["time_unknown" in record.draft.metadata for record in records]

    assert unknown(None) == [True, True]
    assert unknown(1_767_225_600) == [True, False]
