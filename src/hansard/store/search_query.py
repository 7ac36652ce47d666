"""What is looked for, as both databases and Python understand it.

And what a message or a title gives to the index.

Each word in the index carries the code of its workspace in front, so that nobody's common words
slow down another's search. A fact (who speaks, whether tools are used) is a word that no text can
contain, because it begins with ``=``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from hansard.store.tokenizer import is_paired, words

ROLES = {"user": "=u", "assistant": "=a", "tool": "=o", "system": "=s", "title": "=t"}
TOOL = "=x"
NEVER = "=0"
ANY = "="
_LONGEST = 64


class Term(Struct, frozen=True):
    """Words that follow each other; with ``prefix`` the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False

    def within(self, document: list[str]) -> bool:
        """Whether a document of these words has the term."""
        return next(self.positions(document), None) is not None

    def positions(self, document: list[str]) -> Iterator[int]:
        """Where in the document the term begins."""
        *before, last = self.words
        for index in range(len(document) - len(before)):
            end = document[index + len(before)]
            if (end == last or (self.prefix and end.startswith(last))) and document[
                index : index + len(before)
            ] == before:
                yield index


def sought(text: str, *, prefix: bool = False) -> Term | None:
    """The term for what somebody typed as one piece; None when it has no words.

    Where a script is cut into pairs of characters the last of them may go on, as in the middle of a
    sentence.
    """
    typed = words(text)[:_LONGEST]
    if typed and is_paired(typed[-1]):
        inside = len(typed) > 1 and is_paired(typed[-2]) and typed[-2][1:] == typed[-1]
        return Term(tuple(typed[:-1])) if inside else Term(tuple(typed), prefix=True)
    return Term(tuple(typed), prefix=prefix) if typed else None


class SearchTerms(Struct, frozen=True):
    """A message or title is found when it has all of ``wanted`` and none of ``unwanted``."""

    wanted: tuple[Term, ...]
    unwanted: tuple[Term, ...] = ()

    def match(self, document: list[str]) -> bool:
        return all(term.within(document) for term in self._positive()) and not any(
            term.within(document) for term in self.unwanted
        )

    def spelled(self, code: str) -> dict[str, str]:
        """The question as FTS5 (``match``) and as PostgreSQL (``tsquery``) read it."""
        wanted, unwanted = self._positive(), self.unwanted
        return {
            "match": " NOT ".join(
                (
                    f"({' AND '.join(_fts5(term, code) for term in wanted)})",
                    *(_fts5(term, code) for term in unwanted),
                )
            ),
            "tsquery": " & ".join(
                (
                    *(_tsquery(term, code) for term in wanted),
                    *(f"!({_tsquery(term, code)})" for term in unwanted),
                )
            ),
        }

    def _positive(self) -> tuple[Term, ...]:
        return self.wanted or (Term((ANY,), prefix=True),)


def _fts5(term: Term, code: str) -> str:
    return '"' + " ".join(code + word for word in term.words) + '"' + ("*" if term.prefix else "")


def _tsquery(term: Term, code: str) -> str:
    return " <-> ".join(f"'{code}{word}'" for word in term.words) + (":*" if term.prefix else "")


def message_words(role: str, text: str, *, tools: bool) -> list[str]:
    """A message's document: its facts, then its words."""
    facts = [ROLES.get(role, NEVER), TOOL] if tools else [ROLES.get(role, NEVER)]
    return facts + words(text)


def title_words(title: str) -> list[str]:
    return [ROLES["title"], *words(title)]


class Entry(Mapping[str, Any]):
    """One document on its way into the index or out of it.

    Each database takes the spelling that it understands.
    """

    __slots__ = ("_code", "_document", "_here")

    def __init__(self, here: dict[str, Any], code: str, document: list[str]) -> None:
        self._here = here
        self._code = code
        self._document = document

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a parameter
        if name == "words":
            return self._code + f" {self._code}".join(self._document)
        if name == "vector":
            return _vector(self._document, self._code)
        return self._here[name]

    def __iter__(self) -> Iterator[str]:
        yield from (*self._here, "words", "vector")

    def __len__(self) -> int:
        return len(self._here) + 2


def _vector(document: list[str], code: str) -> str:
    """A tsvector literal with the places given."""
    positions: dict[str, list[str]] = {}
    for position, word in enumerate(document, 1):
        positions.setdefault(word, []).append(str(position))
    return " ".join(f"'{code}{word}':{','.join(at)}" for word, at in positions.items())
