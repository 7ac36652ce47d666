"""Any id of a framework names a session, and no two ids the same."""

from __future__ import annotations

import pytest

from hansard.adapters.naming import framework_id, session_name


@pytest.mark.parametrize("id", ["a", "a/b", "100%", "a%2Fb", ".", "..", "a\nb", "\ud800", "žluť"])
def test_a_name_leads_back_to_its_id(id: str) -> None:
    assert framework_id(session_name(id)) == id
    assert "/" not in session_name(id)


def test_names_differ_where_ids_do() -> None:
    ids = ["a/b", "a%2Fb", "a%252Fb", "x" * 256, "x" * 257, "x" * 258, "/" * 100, "/" * 101]
    assert len({session_name(id) for id in ids}) == len(ids)
    assert max(len(session_name(id)) for id in ids) <= 256
    assert session_name("x" * 256) == "x" * 256


def test_an_empty_id_is_refused() -> None:
    with pytest.raises(ValueError, match="is empty"):
        session_name("")
