"""What to show of a message that was found: the piece with the words in it, and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.model import Snippet, parts
from hansard.store.tokenizer import is_paired, located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message
    from hansard.store.search_query import SearchTerms, Term

LENGTH, _LEAD = 200, 60
_LOOKED_AT = 20_000
_FACT = "="


class Marked(Struct, frozen=True):
    """A snippet with how well its message answers, for an order among several."""

    snippet: Snippet
    score: float


def marks(text: str, terms: SearchTerms) -> list[tuple[int, int]]:
    """The stretches of a text, in characters, that the terms find in it; in order and apart from each other."""
    places = list(located(text[:_LOOKED_AT]))
    document = [word for word, _, _ in places]
    found = sorted(
        (places[at][1], _end(term, places[at + len(term.words) - 1]))
        for term in terms.wanted
        if not term.words[0].startswith(_FACT)
        for at in term.places(document)
    )
    apart: list[tuple[int, int]] = []
    for start, end in found:
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _end(term: Term, place: tuple[str, int, int]) -> int:
    """Where a term ends whose last word is at ``place``: a single character of a pair ends after itself."""
    word, start, end = place
    return start + 1 if term.prefix and len(term.words[-1]) == 1 and is_paired(word) else end


def marked(message: Message, terms: SearchTerms) -> Marked:
    """The piece of the message around its first highlight."""
    text = parts.text_of(parts.decode(message.parts))
    found = marks(text, terms)
    piece, highlights = cut(text, found)
    return Marked(
        Snippet(message.id, message.seq, message.role, message.created_at, piece, highlights),
        _score(len(found), len(text)),
    )


def cut(text: str, found: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """A piece of at most ``LENGTH`` characters with the first stretch in it, on one line, and the stretches within the piece."""
    if len(text) <= LENGTH:
        return _line(text), list(found)
    start = max(0, found[0][0] - _LEAD) if found else 0
    if start:
        blank = text.find(" ", start, found[0][0])
        start = blank + 1 if blank >= 0 else start
    before, after = "…" if start else "", "…" if start + LENGTH < len(text) else ""
    end = min(len(text), start + LENGTH - len(before) - len(after))
    shift = len(before) - start
    inside = [
        (max(first, start) + shift, min(last, end) + shift)
        for first, last in found
        if first < end and last > start
    ]
    return before + _line(text[start:end]) + after, inside


def _line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").replace("\t", " ")


def _score(hits: int, length: int) -> float:
    """More hits are better, each less than the one before; a short text that is about it beats a long one that mentions it."""
    return hits / (hits + 1.2 * (0.25 + 0.75 * length / 300)) if hits else 0.0
