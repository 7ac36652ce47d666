"""Ids carry their time, messages their seq, and a session answers to every form of its name."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from hansard.ids import (
    IdSource,
    file_safe,
    is_own_id,
    is_workspace,
    message_in,
    percent_spelling,
    seq_of,
    session_tail_of,
    uuid_in,
)


def test_a_workspace_has_a_short_id_that_rises() -> None:
    at = 1_767_225_600_000_000 + 4_000_000 * 32**3
    source = IdSource(lambda: at)
    ids = [source.workspace() for _ in range(100)]
    assert ids[:2] == ["001000", "001001"]
    assert ids == sorted(set(ids))
    assert all(map(is_workspace, ids))
    assert IdSource(lambda: at + 4_000_000 * 200).workspace() > ids[-1]
    assert IdSource(lambda: at, lambda bits: (1 << bits) - 1).workspace(10) == "0010zz"
    assert IdSource(lambda: 0).workspace() == "000000"


def test_ids_are_uuid7_in_the_order_of_their_clock() -> None:
    now = 1_700_000_000_000_000
    early, late = IdSource(lambda: now).uuid(), IdSource(lambda: now + 1000).uuid()
    assert early < late
    assert uuid.UUID(early).version == 7
    assert uuid.UUID(early).variant == uuid.RFC_4122


@given(st.integers(0, 2**32 - 1))
def test_a_message_id_carries_its_seq(seq: int) -> None:
    assert seq_of(IdSource().message(IdSource().uuid(), seq)) == seq


@given(st.uuids(), st.integers(0, 2**32 - 1))
def test_a_message_id_carries_the_end_of_its_sessions(session: uuid.UUID, seq: int) -> None:
    message = IdSource().message(str(session), seq)
    assert session_tail_of(message) == str(session)[26:]
    value = uuid.UUID(message.removeprefix("msg_"))
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    for form in (message, str(value), value.hex.upper(), f"{message}.3"):
        assert message_in(form) == message
    assert message_in(f"ses_{session}") is None


def test_what_is_not_ours_carries_none() -> None:
    assert seq_of("msg_short") is None
    assert seq_of("m" * 40) is None
    assert seq_of("msg_01a204c5-f02c-7b3f-ae48-4526zzzzzzzz") is None


@given(st.uuids(), st.sampled_from(["", "ses_", "asset_", "session_", "websocket_"]))
def test_every_form_names_the_same_uuid(value: uuid.UUID, prefix: str) -> None:
    assert uuid_in(f"{prefix}{value}") == uuid_in(f"{prefix}{value.hex.upper()}") == str(value)


def test_other_names_hold_no_uuid() -> None:
    assert uuid_in("session_1234567890_abc") is None
    assert uuid_in("chat_01a204c5-f02c-7b3f-ae48-452600000001") is None


def test_own_ids_fit_into_a_path() -> None:
    assert all(is_own_id(name) for name in ("a", "telegram:1", "日本", "x" * 256, "a b"))
    assert not any(is_own_id(name) for name in ("", "a/b", "x" * 257, "a\n", ".", "..", "\ud800"))
    assert file_safe("telegram:1/2") == "telegram_1_2"
    assert percent_spelling("telegram:1/2") == "telegram%3A1%2F2"
    assert percent_spelling("telegram%3A1%2F2") == "telegram:1%2F2"
