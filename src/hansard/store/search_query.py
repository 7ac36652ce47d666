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

    def fts5(self, code: str) -> str:
        phrase = " ".join(code + word for word in self.words)
        return f'"{phrase}"' + ("*" if self.prefix else "")

    def tsquery(self, code: str) -> str:
        phrase = " <-> ".join(f"'{code}{word}'" for word in self.words)
        return phrase + (":*" if self.prefix else "")

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


class Either(Struct, frozen=True):
    """At least one of the alternatives must match."""

    alternatives: tuple[Part, ...]

    def within(self, document: list[str]) -> bool:
        return any(part.within(document) for part in self.alternatives)

    @property
    def terms(self) -> Iterator[Term]:
        """The terms that make a document match, each of them where it is found."""
        for part in self.alternatives:
            yield from terms_of(part)

    def fts5(self, code: str) -> str:
        return f"({' OR '.join(part.fts5(code) for part in self.alternatives)})"

    def tsquery(self, code: str) -> str:
        return f"({' | '.join(part.tsquery(code) for part in self.alternatives)})"


class SearchTerms(Struct, frozen=True):
    """A message or title is found when it has all of ``wanted`` and none of ``unwanted``."""

    wanted: tuple[Part, ...]
    unwanted: tuple[Part, ...] = ()

    def within(self, document: list[str]) -> bool:
        return all(part.within(document) for part in self._positive()) and not any(
            part.within(document) for part in self.unwanted
        )

    @property
    def terms(self) -> Iterator[Term]:
        """The terms that make a document match."""
        for part in self.wanted:
            yield from terms_of(part)

    def spelled(self, code: str) -> dict[str, str]:
        """The query as FTS5 (``match``) and as PostgreSQL (``tsquery``) read it."""
        return {"match": self.fts5(code), "tsquery": self.tsquery(code)}

    def fts5(self, code: str) -> str:
        wanted = " AND ".join(part.fts5(code) for part in self._positive())
        return f"({' NOT '.join((f'({wanted})', *(part.fts5(code) for part in self.unwanted)))})"

    def tsquery(self, code: str) -> str:
        wanted = [part.tsquery(code) for part in self._positive()]
        return f"({' & '.join((*wanted, *(f'!({part.tsquery(code)})' for part in self.unwanted)))})"

    def _positive(self) -> tuple[Part, ...]:
        return self.wanted or (Term((ANY,), prefix=True),)


Part = Term | Either | SearchTerms


def terms_of(part: Part) -> Iterator[Term]:
    """The terms of a part that may be highlighted."""
    if isinstance(part, Term):
        yield part
    else:
        yield from part.terms


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
