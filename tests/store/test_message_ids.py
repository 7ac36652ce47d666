"""The id of a message comes back from the six bytes that are stored of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hansard.ids import IdSource
from hansard.store.message_ids import message_at, short_of


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**46 - 1))
def test_a_message_id_comes_back_from_six_bytes(seq: int, milliseconds: int) -> None:
    source = IdSource(lambda: milliseconds * 1000)
    session = source.uuid()
    message = source.message(session, seq)
    short = short_of(message, session, seq)
    assert short is not None
    assert len(short) == 6
    assert message_at(session, seq, short) == message


def test_an_id_that_is_not_ours_or_of_another_message_has_no_short_form() -> None:
    source = IdSource()
    session = source.uuid()
    message = source.message(session, 7)
    assert short_of(message, session, 8) is None
    assert short_of(message, source.uuid(), 7) is None
    assert short_of(message.upper(), session, 7) is None
    assert short_of("msg_01a204c5-f02c-4b3f-ae48-452600000007", session, 7) is None
    assert short_of("msg_g1a204c5-f02c-7b3f-ae48-452600000007", session, 7) is None
    assert short_of("theirs", session, 7) is None
    assert short_of(message, "not-a-uuid", 7) is None
