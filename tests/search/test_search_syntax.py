"""What somebody typed, and what it means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.model import SessionFilter
from hansard.model.times import Moment
from hansard.service.search_syntax import read, within
from hansard.store.search_query import SearchTerms, Term

SYSTEM = Term(("=s",))
DAY = 1_767_225_600_000_000


@pytest.mark.parametrize(
    ("text", "terms", "filters"),
    [
        (
            "hello world",
            SearchTerms((Term(("hello",)), Term(("world",))), (SYSTEM,)),
            SessionFilter(),
        ),
        ('"hello world"', SearchTerms((Term(("hello", "world")),), (SYSTEM,)), SessionFilter()),
        (
            '"hello wor"*',
            SearchTerms((Term(("hello", "wor"), prefix=True),), (SYSTEM,)),
            SessionFilter(),
        ),
        ("hel*", SearchTerms((Term(("hel",), prefix=True),), (SYSTEM,)), SessionFilter()),
        ("a -b", SearchTerms((Term(("a",)),), (SYSTEM, Term(("b",)))), SessionFilter()),
        ('a -"b c"', SearchTerms((Term(("a",)),), (SYSTEM, Term(("b", "c")))), SessionFilter()),
        ("state:failed,running", None, SessionFilter(state=("failed", "running"))),
        ("Channel:WEB x", SearchTerms((Term(("x",)),), (SYSTEM,)), SessionFilter(channel=("web",))),
        ('user:"a b"', None, SessionFilter(user_id=("a b",))),
        ("tag:x tag:y", None, SessionFilter(tag=("x", "y"))),
        ("role:user", SearchTerms((Term(("=u",)),)), SessionFilter()),
        ("role:system x", SearchTerms((Term(("x",)), SYSTEM)), SessionFilter()),
        ("has:tool", SearchTerms((Term(("=x",)),), (SYSTEM,)), SessionFilter()),
        ("after:2026-01-01", None, SessionFilter(active_from=Moment(DAY))),
        ("before:2026-01-01", None, SessionFilter(active_until=Moment(DAY - 1))),
        (
            "before:yesterday",
            SearchTerms((Term(("before", "yesterday")),), (SYSTEM,)),
            SessionFilter(),
        ),
        ("foo:bar", SearchTerms((Term(("foo", "bar")),), (SYSTEM,)), SessionFilter()),
        ("-state:failed", SearchTerms((), (SYSTEM, Term(("state", "failed")))), SessionFilter()),
        (
            "https://x.org/y",
            SearchTerms((Term(("https", "x", "org", "y")),), (SYSTEM,)),
            SessionFilter(),
        ),
        ('"open end', SearchTerms((Term(("open", "end")),), (SYSTEM,)), SessionFilter()),
    ],
)
def test_words_phrases_prefixes_and_qualifiers_are_read(
    text: str, terms: SearchTerms | None, filters: SessionFilter
) -> None:
    parsed = read(text, system=False)
    assert parsed.terms == terms
    assert parsed.filter == filters


@pytest.mark.parametrize("text", ["", "   ", "🙂", '"', '""', "-", "*", "- -", ":", '"*', "-:"])
def test_nothing_asked_is_nothing_found(text: str) -> None:
    assert read(text).filter is None


@given(st.text(max_size=256))
def test_nothing_that_can_be_typed_is_an_error(text: str) -> None:
    parsed = read(text)
    if parsed.terms is not None:
        assert parsed.terms.spelled("1_")["match"]
        parsed.terms.match(["=u", "hello"])


def test_two_filters_let_through_what_both_do() -> None:
    assert within(
        SessionFilter(state=("a", "b")), SessionFilter(state=("b", "c"), app=("x",))
    ) == SessionFilter(state=("b",), app=("x",))
    assert within(SessionFilter(state=("a",)), SessionFilter(state=("b",))) is None
