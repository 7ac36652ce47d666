from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hansard.interchange.documents import documents
from hansard.interchange.formats.pocketpaw import channel_of
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.values import Bad
from tests.interchange.reading import (
    NOW,
    SECOND,
    format_of,
    metadata,
    only_session,
    read,
    read_folder,
    read_json,
    spoken,
)

BERLIN_SUMMER = timezone(timedelta(hours=2))


def entry(role: str, content: str, second: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"e{second}",
        "role": role,
        "content": content,
        "timestamp": f"2026-02-10T14:30:{second:02d}.250000",
        "metadata": {},
    } | more


TALK = [entry("user", "  Hello  ", 5), entry("assistant", "Hi.", 7, metadata={"mood": "good"})]


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    folder = tmp_path / "memory" / "sessions"
    folder.mkdir(parents=True)
    files = {
        "websocket_0b5c1d2e": TALK,
        "google_chat_spaces_AAA": TALK,
        "telegram_42": TALK,
        "_index": {
            "telegram_42": {"title": "Old", "user_title": "Mine", "channel": "telegram"},
            "websocket_0b5c1d2e": {"title": "Cached"},
        },
        "_aliases": {"telegram:42": "telegram:42:abc"},
        "telegram_42_compaction": {"watermark": 2, "summary": "They met."},
        "telegram_43": {"not": "a list"},
    }
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value, indent=2), "utf-8")
    (folder / "telegram_44.tmp").write_text("[", "utf-8")
    return folder


def test_a_folder_gives_its_sessions_and_nothing_else(sessions: Path) -> None:
    shown = {}
    for document in documents(sessions.parent.parent):
        if (
            format_of(Path(document.name).read_bytes(), name=document.name) == "pocketpaw"
        ):  # which takes the index for its own in a folder only
            session = only_session(read(document))
            shown[session.draft.id] = (
                session.draft.channel,
                session.draft.title,
                session.draft.title_by,
            )
    assert shown == {
        "google_chat_spaces_AAA": ("google_chat", None, None),
        "telegram_42": ("telegram", "Mine", "user"),
        "websocket_0b5c1d2e": ("websocket", None, None),
    }


def test_named_as_the_format_the_neighbours_are_passed_over_without_a_word(sessions: Path) -> None:
    outcomes = read_folder(sessions, format_name="pocketpaw")
    assert [type(item) for item in outcomes] == [SessionRecord] * 3


def test_naive_times_are_local_to_the_zone_that_was_given(sessions: Path) -> None:
    session = only_session(
        read_folder(sessions / "telegram_42.json", rules=Rules(now=NOW, zone=BERLIN_SUMMER))
    )
    assert session.messages[0].created_at == int(
        datetime(2026, 2, 10, 12, 30, 5, 250_000, tzinfo=UTC).timestamp() * SECOND
    )
    assert session.draft.created_at == session.messages[0].created_at


def test_naive_times_are_local_to_this_machine_by_themselves(sessions: Path) -> None:
    session = only_session(read_folder(sessions / "telegram_42.json"))
    here = datetime(2026, 2, 10, 14, 30, 5, 250_000).astimezone()
    assert session.messages[0].created_at == int(here.timestamp() * SECOND)


def test_a_time_with_an_offset_means_what_it_says() -> None:
    talk = [entry("user", "x", 1, timestamp="2026-02-10T14:30:00+00:00")]
    session = only_session(read_json(talk, name="telegram_1.json"))
    assert session.messages[0].created_at == 1_770_733_800 * SECOND


def test_messages_keep_their_ids_words_and_metadata(sessions: Path) -> None:
    session = only_session(read_folder(sessions / "websocket_0b5c1d2e.json"))
    assert spoken(session) == [("user", "  Hello  "), ("assistant", "Hi.")]
    assert [message.client_id for message in session.messages] == ["e5", "e7"]
    assert metadata(session.messages[1]) == {"mood": "good"}


@pytest.mark.parametrize(
    "index", [b"", b"[", b"[]", b'{"telegram_42": 7}', b'{"telegram_42": {"user_title": "  "}}']
)
def test_a_broken_index_is_no_harm(sessions: Path, index: bytes) -> None:
    (sessions / "_index.json").write_bytes(index)
    assert only_session(read_folder(sessions / "telegram_42.json")).draft.title is None


@pytest.mark.parametrize(
    ("key", "channel"),
    [
        ("google_chat_spaces_X", "google_chat"),
        ("google_x", None),
        ("websocket_1", "websocket"),
        ("cli_1", "cli"),
        ("agent_jarvis_main", "agent"),
        ("telegram", None),
    ],
)
def test_the_channel_is_the_longest_known_beginning(key: str, channel: str | None) -> None:
    assert channel_of(key) == channel


def test_an_empty_session_file_is_no_session() -> None:
    assert read_json([], name="telegram_1.json", format_name="pocketpaw") == []


def test_a_broken_session_file_is_set_aside() -> None:
    outcomes = read_json(
        [entry("user", "x", 1), 7], name="telegram_1.json", format_name="pocketpaw"
    )
    assert outcomes == [Bad(1, "message 2 is not an object")]


def test_an_unknown_role_is_the_systems_and_kept_in_the_metadata() -> None:
    session = only_session(read_json([entry("ghost", "x", 1)], name="telegram_1.json"))
    assert spoken(session) == [("system", "x")]
    assert metadata(session.messages[0]) == {"role": "ghost"}
    assert session.remarks == {"unknown role: ghost": 1}


def test_content_that_is_no_text_is_kept_as_json() -> None:
    session = only_session(
        read_json(
            [
                entry("user", "x", 1) | {"content": {"a": 1}},
                entry("user", "x", 2) | {"content": None},
            ],
            name="telegram_1.json",
        )
    )
    assert spoken(session) == [("user", '{"a": 1}'), ("user", "")]


def test_the_products_own_export_of_a_session_is_read() -> None:
    export = {
        "export_version": "1.0",
        "exported_at": "2026-02-10T15:00:00+00:00",
        "session_id": "discord:9",
        "message_count": 2,
        "messages": TALK,
    }
    session = only_session(read_json(export, name="pocketpaw-session-discord_9.json"))
    assert (session.draft.id, session.draft.channel, len(session.messages)) == (
        "discord_9",
        "discord",
        2,
    )
