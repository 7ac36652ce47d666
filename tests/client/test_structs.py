"""What the server tells is read by a client that knows more or less than it says."""

from __future__ import annotations

import msgspec
import pytest

import hansard.client
from hansard.client import Message, Run, Session
from hansard.native.message_bodies import MessageOut
from hansard.native.runs import RunOut
from hansard.native.session_bodies import SessionOut


@pytest.mark.parametrize(
    ("served", "known"), [(SessionOut, Session), (MessageOut, Message), (RunOut, Run)]
)
def test_every_field_of_the_api_has_its_name_in_the_client(
    served: type[msgspec.Struct], known: type[msgspec.Struct]
) -> None:
    assert set(served.__struct_fields__) <= set(known.__struct_fields__)


def test_unknown_fields_are_kept() -> None:
    session = Session.of({"id": "s", "mood": "fine", "extra": 1})
    assert session.extra == {"mood": "fine", "extra": 1}
    message = Message.of(
        {
            "id": "m",
            "session_id": "s",
            "seq": 1,
            "role": "user",
            "usage": {"input_tokens": 1, "cached_tokens": 2},
        }
    )
    assert (message.usage.input_tokens, message.usage.extra) == (1, {"cached_tokens": 2})


def test_missing_fields_have_their_default() -> None:
    assert Session.of({"id": "s"}).metadata == {}


def test_the_text_of_a_message_is_its_words_alone() -> None:
    parts = [
        {"type": "reasoning", "content": "hm"},
        {"type": "text", "content": "a"},
        {"type": "text", "content": "b"},
        {"type": "text"},
    ]
    assert (
        Message.of({"id": "m", "session_id": "s", "seq": 1, "role": "user", "parts": parts}).text
        == "a\nb"
    )


def test_what_is_public_is_what_is_said_to_be() -> None:
    assert sorted(hansard.client.__all__) == hansard.client.__all__
    assert all(hasattr(hansard.client, name) for name in hansard.client.__all__)
