"""What is looked for, as both databases and Python understand it.

And what a message or a title gives to the index.

Each word in the index carries the code of its workspace in front, so that nobody's common words
slow down another's search. A fact (who speaks, whether tools are used) is a word that no text can
contain, because it begins with ``=``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from hansard.model.message import known_role
from hansard.store.tokenizer import (
    FILLER,
    LONGEST_TEXT,
    LONGEST_WORD,
    first_words,
    fold,
    is_paired,
    stretches,
    words,
)
from hansard.store.word_forms import stem_of, stems_of

if TYPE_CHECKING:
    from hansard.model.tool_calls import ToolCalls

ROLES = {"user": "=u", "assistant": "=a", "tool": "=o", "system": "=s", "title": "=t"}
TOOL, FAILED = "=x", "=f"
TOOL_NAME, TOOL_WORD, STEM, TITLE_PART = "=n", "=w", "=k", "=p"
"""What stands before the name of a tool, a word of a tool's call or answer, the stem of a word, and
the end of a word of a title. They keep each of these apart from the words of texts."""
MOST_TOOL_WORDS = 4_000
"""The most words of a message's tool calls and answers that are searched."""
SHORTEST_PART = 3
NEVER = "=0"
ANY = "="
_LONGEST = 64
_MOST_NAMES = 64


class Term(Struct, frozen=True):
    """Words that follow each other; with ``prefix`` the last one may go on.

    With ``stem`` a single word stands for all words of this stem.
    """

    words: tuple[str, ...]
    prefix: bool = False
    stem: str = ""

    def within(self, document: str) -> bool:
        """Whether a ``joined`` document has the term."""
        if self.stem:
            return any(f" {form} " in document for form in self._forms())
        return f" {' '.join(self.words)}{'' if self.prefix else ' '}" in document

    def fts5(self, code: str) -> str:
        if self.stem:
            forms = " OR ".join(f'"{code}{form}"' for form in self._forms())
            return f"({forms})"
        phrase = " ".join(code + word for word in self.words)
        return f'"{phrase}"' + ("*" if self.prefix else "")

    def tsquery(self, code: str) -> str:
        if self.stem:
            forms = " | ".join(f"'{code}{form}'" for form in self._forms())
            return f"({forms})"
        phrase = " <-> ".join(f"'{code}{word}'" for word in self.words)
        return phrase + (":*" if self.prefix else "")

    def _forms(self) -> tuple[str, ...]:
        """What the index has for the word, and for all others of its stem."""
        return tuple(dict.fromkeys((*self.words, self.stem, STEM + self.stem)))

    def positions(self, document: list[str]) -> Iterator[int]:
        """Where in the document the term begins."""
        *before, last = self.words
        for index in range(len(document) - len(before)):
            end = document[index + len(before)]
            if self._is_last(end, last) and document[index : index + len(before)] == before:
                yield index

    def _is_last(self, word: str, last: str) -> bool:
        if word == last or (self.prefix and word.startswith(last)):
            return True
        return bool(self.stem) and word[:1] == last[:1] and stem_of(word) == self.stem


def sought(text: str, *, prefix: bool = False, forms: bool = False) -> Term | None:
    """The term for what somebody typed as one piece; None when it has no words.

    With ``forms`` a single word stands for all its forms.

    Where a script is cut into pairs of characters the last of them may go on, as in the middle of a
    sentence.
    """
    typed = words(text)[:_LONGEST]
    if typed and is_paired(typed[-1]):
        inside = len(typed) > 1 and is_paired(typed[-2]) and typed[-2][1:] == typed[-1]
        return Term(tuple(typed[:-1])) if inside else Term(tuple(typed), prefix=True)
    if len(typed) == 1 and forms and not prefix and typed[0].isascii() and typed[0].isalpha():
        return Term(tuple(typed), stem=stem_of(typed[0]))
    return Term(tuple(typed), prefix=prefix) if typed else None


def with_tools(part: Part) -> Part:
    """The part, searched in arguments and answers of tools as well."""
    if isinstance(part, Term):
        return part if part.words[0].startswith(ANY) else Either((part, of_tools(part)))
    if isinstance(part, Either):
        return Either(tuple(map(with_tools, part.alternatives)))
    return SearchTerms(tuple(map(with_tools, part.wanted)), tuple(map(with_tools, part.unwanted)))


def of_tools(term: Term) -> Term:
    """The term as it stands in tool calls and their answers, where no other form of a word does."""
    return Term(tuple(TOOL_WORD + word for word in term.words), term.prefix)


def tool_name(name: str) -> str:
    """What the index has for a tool of this name.

    >>> tool_name("Search.Flights-2")
    '=nsearch_flights_2'
    """
    return TOOL_NAME + re.sub(r"\W", "_", fold(name))[:LONGEST_WORD]


class Either(Struct, frozen=True):
    """At least one of the alternatives must match."""

    alternatives: tuple[Part, ...]

    def within(self, document: str) -> bool:
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

    def within(self, document: str) -> bool:
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


def joined(document: Sequence[str]) -> str:
    """A document as one text, in which ``within`` finds a word between two blanks."""
    return f" {' '.join(document)} "


def message_words(role: str, text: str, calls: ToolCalls | None = None) -> list[str]:
    """A message's document: its facts, its words, those of its tools, the stems of its words.

    What a message of the role ``tool`` says is an answer of a tool.
    """
    document = [ROLES.get(role) or ROLES[known_role(role)], *(_facts(calls) if calls else ())]
    spoken = words(text)
    if role == "tool":
        document += _of_tools(spoken[:MOST_TOOL_WORDS])
    else:
        document += spoken
    if calls is not None:
        rest = min(MOST_TOOL_WORDS, LONGEST_TEXT - len(spoken))
        document += [FILLER, *_of_tools(first_words(calls.texts(), rest))]
    return document + ([STEM + stem for stem in stems_of(spoken)] if role != "tool" else [])


def _facts(calls: ToolCalls) -> list[str]:
    failed = [FAILED] if calls.failed else []
    return [TOOL, *failed, *dict.fromkeys(map(tool_name, calls.names[:_MOST_NAMES]))]


def _of_tools(spoken: list[str]) -> list[str]:
    return [word if word == FILLER else TOOL_WORD + word for word in spoken]


def title_words(title: str) -> list[str]:
    """A title's document: its words, their stems, and the ends of its words, for parts of it."""
    spoken = words(title)
    stems = (STEM + stem for stem in stems_of(spoken))
    parts = chain.from_iterable(map(_ends_of, stretches(title)))
    return [ROLES["title"], *spoken, *stems, *dict.fromkeys(parts)]


def part_of_title(text: str) -> SearchTerms | None:
    """What every title that contains the text has; None when it has no word of three letters.

    Its first word may be the end of one in the title, and its last the beginning.
    """
    typed = list(stretches(text))[:_LONGEST]
    terms: list[Part] = [
        Term(
            (TITLE_PART + word[:LONGEST_WORD],),
            prefix=index == len(typed) or len(word) > LONGEST_WORD,
        )
        for index, word in enumerate(typed, 1)
        if len(word) >= SHORTEST_PART
    ]
    paired = None if typed else sought(text)
    if paired is not None:
        terms.append(paired)
    return SearchTerms(tuple(terms)) if terms else None


def _ends_of(stretch: str) -> list[str]:
    """The stretch, and what is left of it behind each of its letters, down to ``SHORTEST_PART``.

    Each as the index has it.
    """
    return [
        TITLE_PART + stretch[start : start + LONGEST_WORD]
        for start in range(max(1, len(stretch) - SHORTEST_PART + 1))
    ]


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
