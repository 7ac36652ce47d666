"""Snippets of matching messages, and the positions of the matches in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.model import Snippet, parts, tool_calls
from hansard.store.search_query import TOOL_WORD, SearchTerms, Term
from hansard.store.tokenizer import is_paired, located, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message

LENGTH, _LEAD = 200, 60
_LOOKED_AT = 20_000
_FACT = "="
_EXACT = 1.0
"""What an exact word adds to a score: more than other forms of it ever come to."""


class Marked(Struct, frozen=True):
    """A snippet with its score, for ordering."""

    snippet: Snippet
    score: float


def marks(text: str, terms: SearchTerms) -> list[tuple[int, int]]:
    """The ranges of a text, in characters, that the terms match; ordered, without overlaps."""
    spans = list(located(text[:_LOOKED_AT]))
    document = [word for word, _, _ in spans]
    matches = sorted(
        (spans[at][1], _end(term, spans[at + len(term.words) - 1]))
        for term in terms.terms
        if not term.words[0].startswith(_FACT)
        for at in term.positions(document)
    )
    apart: list[tuple[int, int]] = []
    for start, end in matches:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _end(term: Term, last: tuple[str, int, int]) -> int:
    """The end of a term whose last word is ``last``.

    A term of one character that matches half of a pair ends after that character.
    """
    word, start, end = last
    return start + 1 if term.prefix and len(term.words[-1]) == 1 and is_paired(word) else end


def marked(message: Message, terms: SearchTerms) -> Marked:
    """The part of the message around its first highlight."""
    text, matches = _best(message, terms)
    piece, highlights = cut(text, matches)
    return Marked(
        Snippet(message.id, message.seq, message.role, message.created_at, piece, highlights),
        _score(len(matches), len(text)) + (_EXACT if is_exact(text, terms) else 0.0),
    )


def _best(message: Message, terms: SearchTerms) -> tuple[str, list[tuple[int, int]]]:
    """The text of the message, or of its tools where only that has a match, and the matches."""
    text = parts.text(message.parts)
    of_tools = [term for term in terms.terms if term.words[0].startswith(TOOL_WORD)]
    if message.role == "tool" and text:
        return text, marks(text, _plain(of_tools)) if of_tools else []
    matches = marks(text, terms)
    if matches or (text and not of_tools):
        return text, matches
    calls = tool_calls.read(message.parts)
    if calls is None:
        return text, matches
    given_and_answered = calls.beginning(_LOOKED_AT)
    return given_and_answered, marks(given_and_answered, _plain(of_tools))


def _plain(terms: Sequence[Term]) -> SearchTerms:
    """Terms of tool calls, as they stand in the text."""
    plain = (
        Term(tuple(word.removeprefix(TOOL_WORD) for word in term.words), term.prefix)
        for term in terms
    )
    return SearchTerms(tuple(plain))


def is_exact(text: str, terms: SearchTerms) -> bool:
    """Whether the text has a word as it was typed, and not only another form of it."""
    typed = {term.words[0] for term in terms.terms if term.stem}
    return bool(typed) and not typed.isdisjoint(words(text[:_LOOKED_AT]))


def cut(text: str, matches: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """At most ``LENGTH`` characters around the first range, on one line, and the ranges within."""
    if len(text) <= LENGTH:
        return _line(text), list(matches)
    start = max(0, matches[0][0] - _LEAD) if matches else 0
    if start:
        blank = text.find(" ", start, matches[0][0])
        start = blank + 1 if blank >= 0 else start
    before, after = "…" if start else "", "…" if start + LENGTH < len(text) else ""
    end = min(len(text), start + LENGTH - len(before) - len(after))
    shift = len(before) - start
    inside = [
        (max(first, start) + shift, min(last, end) + shift)
        for first, last in matches
        if first < end and last > start
    ]
    return before + _line(text[start:end]) + after, inside


def _line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").replace("\t", " ")


def _score(hits: int, length: int) -> float:
    """A score: more matches raise it, each less than the one before; shorter texts score higher."""
    return hits / (hits + 1.2 * (0.25 + 0.75 * length / 300)) if hits else 0.0
