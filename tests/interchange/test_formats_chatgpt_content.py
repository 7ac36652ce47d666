"""What ChatGPT's messages hold beside plain text is kept.

Sources, files, hidden words, shapes of other programs.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.interchange.reading import check_record, only_session, parts, read_json, spoken
from tests.interchange.test_formats_chatgpt import conversation, line, message, node


def parts_of_message(content: object, role: str = "assistant", **more: Any) -> list[dict[str, Any]]:
    outcomes = read_json(line(message("a", role, content, **more)), format_name="chatgpt")
    return parts(only_session(outcomes).messages[0])


PAGE = {
    "content_type": "tether_quote",
    "url": "https://example.org/t",
    "domain": "example.org",
    "title": "Tea page",
    "text": "Tea is old",
}


def test_a_page_that_a_tool_read_keeps_its_address_title_and_domain() -> None:
    [part] = parts_of_message(PAGE, "tool", author={"role": "tool", "name": "browser"})
    assert (part["type"], part["response"], part["name"]) == (
        "tool_call_response",
        "Tea is old",
        "browser",
    )
    assert part["sources"] == [
        {"uri": "https://example.org/t", "name": "Tea page", "domain": "example.org"}
    ]


def test_a_page_in_an_answer_is_text_and_a_source() -> None:
    content = PAGE | {"content_type": "sonic_webpage"}
    assert parts_of_message(content) == [
        {"type": "text", "content": "Tea is old"},
        {
            "type": "uri",
            "modality": "source",
            "uri": "https://example.org/t",
            "name": "Tea page",
            "domain": "example.org",
        },
    ]


def test_citation_marks_leave_the_text_and_what_they_cite_is_kept_once() -> None:
    cite = "\ue200cite\ue202turn0search0\ue202turn0search1\ue201"
    entity = '\ue200entity\ue202["people","Ada","mathematician"]\ue201'
    link = "\ue200url\ue202the page\ue202https://x\ue201"
    items = [{"title": "Tea", "url": "https://example.org/t"}]
    references = [
        {"type": "grouped_webpages", "items": items},
        {"type": "sources_footnote", "sources": items},
        {"type": "hidden"},
    ]
    metadata = {
        "content_references": references,
        "citations": [{"metadata": {"title": "Old", "url": "https://example.org/o"}}],
    }
    assert parts_of_message(f"By {entity}, see {link}.{cite}\ue206", metadata=metadata) == [
        {"type": "text", "content": "By Ada, see the page."},
        {"type": "uri", "modality": "source", "uri": "https://example.org/t", "name": "Tea"},
        {"type": "uri", "modality": "source", "uri": "https://example.org/o", "name": "Old"},
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"parts": ["hi"]}, [{"type": "text", "content": "hi"}]),
        ({"text": "hi"}, [{"type": "text", "content": "hi"}]),
        ("hi", [{"type": "text", "content": "hi"}]),
        (
            ["hi", {"type": "text", "text": "yo"}],
            [{"type": "text", "content": "hi"}, {"type": "text", "content": "yo"}],
        ),
        ({"content_type": "text", "parts": [{"text": "hi"}]}, [{"type": "text", "content": "hi"}]),
        (
            {"content_type": "text", "parts": [{"content_type": "text", "text": "hi"}]},
            [{"type": "text", "content": "hi"}],
        ),
        ({"content_type": "text", "parts": "hi"}, [{"type": "text", "content": "hi"}]),
        ({"content_type": "text", "text": "hi"}, [{"type": "text", "content": "hi"}]),
        (
            {"thoughts": [{"summary": ["a", "b"], "content": ["c"]}]},
            [{"type": "reasoning", "content": "a\nb\nc"}],
        ),
        (
            {"content_type": "thoughts", "thoughts": [{"summary": "a", "chunks": []}]},
            [{"type": "reasoning", "content": "a"}],
        ),
    ],
)
def test_content_without_a_type_and_pieces_of_other_shapes_are_read(
    content: object, expected: list[dict[str, Any]]
) -> None:
    assistant = message("a", "assistant", "")
    assistant["content"] = content
    outcomes = read_json(line(assistant), format_name="chatgpt")
    assert parts(only_session(outcomes).messages[0]) == expected


def test_what_the_person_did_not_see_is_the_systems() -> None:
    memory = {"content_type": "model_editable_context", "model_set_context": "1. likes tea"}
    hidden = {"is_visually_hidden_from_conversation": True}
    outcomes = read_json(
        line(
            message("a", "assistant", memory),
            message("b", "user", "a hidden word", metadata=hidden),
            message("c", "user", "hello"),
        )
    )
    assert spoken(only_session(outcomes)) == [
        ("system", "1. likes tea"),
        ("system", "a hidden word"),
        ("user", "hello"),
    ]


def test_attachments_that_no_piece_points_to_are_files() -> None:
    content = {
        "content_type": "multimodal_text",
        "parts": [
            {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1"},
            "what is it?",
        ],
    }
    metadata = {
        "attachments": [
            {"id": "file_1", "name": "a.png", "mime_type": "image/png"},
            {"id": "file_2", "name": "b.pdf", "mime_type": "application/pdf"},
            {"name": "c.txt"},
        ]
    }
    assert parts_of_message(content, "user", metadata=metadata) == [
        {"type": "file", "modality": "image", "file_id": "sediment://file_1"},
        {"type": "text", "content": "what is it?"},
        {
            "type": "file",
            "modality": "document",
            "file_id": "file_2",
            "name": "b.pdf",
            "mime_type": "application/pdf",
        },
        {"type": "file", "modality": "document", "file_id": "c.txt", "name": "c.txt"},
    ]


def test_spoken_words_keep_their_sound_and_their_pictures() -> None:
    video = {
        "content_type": "real_time_user_audio_video_asset_pointer",
        "audio_asset_pointer": {"asset_pointer": "sediment://file_a", "format": "wav"},
        "frames_asset_pointers": [{"asset_pointer": "sediment://file_f"}],
    }
    heard = {"content_type": "audio_transcription", "text": "hello there", "direction": "in"}
    content = {"content_type": "multimodal_text", "parts": [heard, video]}
    assert parts_of_message(content, "user") == [
        {"type": "text", "content": "hello there"},
        {
            "type": "file",
            "modality": "audio",
            "file_id": "sediment://file_a",
            "mime_type": "audio/wav",
        },
        {"type": "file", "modality": "image", "file_id": "sediment://file_f"},
    ]


def test_a_tool_that_failed_says_so_and_what_code_drew_is_kept() -> None:
    error = {"content_type": "system_error", "name": "ToolError", "text": "it broke"}
    assert parts_of_message(error, "tool")[0] == {
        "type": "tool_call_response",
        "id": None,
        "response": "it broke",
        "is_error": True,
    }
    result = {
        "aggregate_result": {"messages": [{"message_type": "image", "image_url": "file://9"}]}
    }
    output = {"content_type": "execution_output", "text": "1"}
    assert parts_of_message(output, "tool", metadata=result)[1:] == [
        {"type": "file", "modality": "image", "file_id": "file://9"}
    ]


def test_the_model_is_that_of_the_last_answer_where_the_conversation_names_none() -> None:
    assistant = message("a", "assistant", "x", metadata={"model_slug": "gpt-4"})
    assert (
        only_session(read_json(line(message("q", "user", "?"), assistant))).draft.model == "gpt-4"
    )


def test_a_tools_answer_on_a_branch_belongs_to_the_call_above_it() -> None:
    call = message("call", "assistant", {"content_type": "code", "text": "1"}, recipient="python")
    output = {"content_type": "execution_output", "text": "1"}
    tree = conversation(
        node("call", None, call, ["old", "new"]),
        node("old", "call", message("old", "tool", output)),
        node("new", "call", message("new", "tool", output)),
        current="new",
    )
    _, branch = map(check_record, read_json([tree]))
    assert parts(branch.messages[0])[0]["id"] == "call"


def test_a_message_without_content_keeps_its_original_and_is_counted() -> None:
    empty = message("b", "assistant", {"content_type": "text"})
    session = only_session(read_json(line(message("a", "user", "x"), empty)))
    assert session.remarks == {"messages without content": 1}
    assert b'"original":{"id":"b"' in bytes(session.messages[1].metadata)


def test_content_of_an_unknown_type_is_counted() -> None:
    novel = {"content_type": "brand_new", "data": 1}
    session = only_session(
        read_json(line(message("a", "user", "x"), message("b", "assistant", novel)))
    )
    assert session.remarks == {"unknown content: brand_new": 1}
