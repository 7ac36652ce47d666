"""The tokenizer: what counts as one word, and where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.store.search_query import Term, joined, sought
from hansard.store.tokenizer import (
    FILLER,
    LONGEST_TEXT,
    MOST_PLACES,
    first_words,
    fold,
    is_paired,
    located,
    words,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("snake_case e-mail it's", ["snake", "case", "e", "mail", "it", "s"]),
        ("Café CAFE\u0301 Größe STRASSE Straße", ["cafe", "cafe", "grosse", "strasse", "strasse"]),
        ("Ørsted İstanbul Łódź Ёлка", ["orsted", "istanbul", "lodz", "елка"]),
        ("ＡＢＣ ﬁne Ⅷ", ["abc", "fine", "viii"]),  # noqa: RUF001 - full width on purpose
        ("東京都", ["東京", "京都", "都"]),
        ("我们 iPhone手机", ["我们", "们", "iphone", "手机", "机"]),
        ("ありがとう。", ["あり", "りが", "がと", "とう", "う"]),
        ("환불 요청", ["환불", "불", "요청", "청"]),
        ("हिन्दी में खोज", ["हिन्दी", "में", "खोज"]),
        ("مرحبا بِكَ", ["مرحبا", "بك"]),
        ("🙂 !? …", ["🙂"]),
        ("\ud800 lone", ["lone"]),
        ("a\x00b", ["a", "b"]),
    ],
)
def test_words_are_folded_and_languages_without_blanks_cut_in_pairs(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


def test_a_very_long_word_is_several_and_a_very_long_text_ends() -> None:
    assert words("x" * 200) == ["x" * 80, "x" * 80, "x" * 40]
    assert len(words("a b c d " * LONGEST_TEXT)) == LONGEST_TEXT


def test_a_word_counts_at_so_many_places() -> None:
    counted = words("again " * (MOST_PLACES + 3) + "end")
    assert counted.count("again") == MOST_PLACES
    assert counted[MOST_PLACES : MOST_PLACES + 3] == [FILLER] * 3
    assert counted[-1] == "end"


@given(st.text(max_size=200))
def test_located_words_are_the_words(text: str) -> None:
    spans = list(located(text))
    assert [word for word, _, _ in spans] == words(text)
    assert all(0 <= start < end <= len(text) for _, start, end in spans)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    alone = [word for word in words(text) if not is_paired(word)]
    assert words(" ".join(alone)) == alone


@pytest.mark.parametrize(
    ("typed", "text", "is_found"),
    [
        ("refund", "a refund, please", True),
        ("refun", "a refund, please", False),
        ("京都", "東京都に行く", True),
        ("京", "東京都に行く", True),
        ("都に行", "東京都に行く", True),
        ("京に", "東京都に行く", False),
        ("iphone東京", "iPhone東京", True),
        ("e-mail", "by e mail", True),
        ("e-mail", "mail e", False),
        ("ทย", "ภาษาไทย", True),
    ],
)
def test_what_is_typed_is_found_as_a_reader_expects(typed: str, text: str, is_found: bool) -> None:
    term = sought(typed)
    assert term is not None
    assert term.within(joined(words(text))) is is_found


def test_a_phrase_may_end_in_a_prefix() -> None:
    assert Term(("quick", "bro"), prefix=True).within(joined(words("the quick brown fox")))
    assert not Term(("quick", "bro")).within(joined(words("the quick brown fox")))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.integers(0, 30))
def test_the_first_words_of_texts_are_those_of_their_lines(texts: list[str], most: int) -> None:
    assert first_words(texts, most) == words("\n".join(texts))[:most]


def test_a_word_counts_as_often_in_many_texts_as_in_one() -> None:
    assert first_words(["again"] * 300, 4000) == words("again " * 300)


def test_no_text_is_read_behind_the_first_words() -> None:
    texts = iter(["one two", "three four", "five"])
    assert first_words(texts, 3) == ["one", "two", "three"]
    assert next(texts) == "five"


def test_a_long_text_gives_as_many_words_as_count() -> None:
    text = "Größe der Dinge " * 10_000
    assert words(text) == words(text[: LONGEST_TEXT * 10])
    assert len(words(text)) == LONGEST_TEXT
