"""Words as search sees them.

Case, accents and width are folded; languages without spaces are cut into pairs of characters.

One tokenizer for both databases, for what is not indexed yet, and for highlights: whatever finds a
word, finds the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from hansard.byte_cache import MIB, WordCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_TEXT = 16_000
"""The most words of a message that are searched; PostgreSQL stores no later positions."""
MOST_PLACES = 255
"""The most positions of a word in a message; PostgreSQL stores no more."""
LONGEST_WORD = 80
"""A longer one is cut into several, as a phrase."""
_CHARACTERS = LONGEST_TEXT * (LONGEST_WORD + 1)
"""Where that many words of the greatest length end; text behind it is not read."""
_LONG = 1 << 16
FILLER = "_"
"""Stands where a word is that no longer counts, so that phrases keep their distances."""

# Marks that belong to a letter: the accents that are folded away, and the vowel signs of scripts
# that write vowels as marks.
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_SIGNS = (
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09d7\u0a01-\u0a03"
    "\u0a3c-\u0a51\u0a70-\u0a75\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0b82"
    "\u0bbe-\u0bd7\u0c00-\u0c04\u0c3c-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d57"
    "\u0d81-\u0d83\u0dca-\u0df3"
)
# Scripts written without blanks (Korean has them, but glues its particles to the word).
_PAIRED = (
    "\u0e00-\u0eff\u0f00-\u109f\u1100-\u11ff\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\u2e80-\u2fdf"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b\u303c\u3041-\u30ff\u3100-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\ua9e0-\ua9ff\uaa60-\uaa7f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_PUNCTUATION = "\u0e2f\u0e46\u0e4f\u0e5a\u0e5b\u0f04-\u0f14\u104a-\u104f\u17d4-\u17db\u30a0\u30fb"
# Signs that are a word each; a flag is two of them. Skin tones and joiners are none.
_EMOJI = (
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[\u231a-\u23ff\u2600-\u27bf\u2b05-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_RUN = re.compile(rf"(?:[^\W_]|[{_ACCENTS}{_SIGNS}]|(?![{_PUNCTUATION}])[{_PAIRED}])+|{_EMOJI}")
_SPLIT = re.compile(rf"([{_PAIRED}]+)|[^{_PAIRED}]+")
_PLAIN = re.compile(r"[^\W_]+")
_FANCY = re.compile("[\u0300-\U0010ffff]")
_ASCII = re.compile(rf"[a-z0-9]{{1,{LONGEST_WORD}}}")
_STRIPPED = re.compile(f"[{_ACCENTS}]+")
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ł": "l",
        "ħ": "h",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
    }
)


def words(text: str) -> list[str]:
    """The words of a text as they are indexed, in order; each is a place."""
    tokens = _tokens(text[:_CHARACTERS])
    return tokens if len(tokens) <= MOST_PLACES else _bounded(tokens)


def first_words(texts: Iterable[str], most: int) -> list[str]:
    """The first of the words of many texts, as if these were lines of one; no more are read."""
    tokens: list[str] = []
    rest = _CHARACTERS
    for text in texts:
        tokens += _tokens(text[:rest])
        rest -= len(text) + 1
        if len(tokens) >= most or rest <= 0:
            break
    return _bounded(tokens[:most])


def _tokens(text: str) -> list[str]:
    """The words of a text, without a bound on how often one counts."""
    if text.isascii():
        return _all_or_first(_ASCII, text.lower())
    tokens: list[str] = []
    for run in _all_or_first(_RUN if _FANCY.search(text) else _PLAIN, text):
        if run.isascii() and len(run) <= LONGEST_WORD:
            tokens.append(run.lower())
        else:
            tokens += _cuts[run]
    return tokens


def _all_or_first(pattern: re.Pattern[str], text: str) -> list[str]:
    """Every match; of a long text those that count, one by one, so that other threads may run."""
    if len(text) <= _LONG:
        return pattern.findall(text)
    return [match[0] for match in islice(pattern.finditer(text), LONGEST_TEXT)]


def stretches(text: str) -> Iterator[str]:
    """The folded runs of letters and digits, as long as they are, of scripts with blanks."""
    for run in _RUN.findall(text[:_CHARACTERS]):
        if run.isascii():
            yield run.lower()
        else:
            for piece in _RUN.findall(fold(run)):
                yield from (match[0] for match in _SPLIT.finditer(piece) if not match[1])


def located(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word with the stretch of the text (start and end, in characters) that it came from."""
    if text.isascii():
        yield from (
            (match[0], match.start(), match.end()) for match in _ASCII.finditer(text.lower())
        )
        return
    for match in _RUN.finditer(text):
        yield from _located(match[0], match.start())


def is_paired(word: str) -> bool:
    """Whether the word is of a script that is cut into pairs.

    Such a word may begin or end inside what was typed.
    """
    return not word.isascii() and _SPLIT.match(word)[1] is not None  # type: ignore[index]  # any word matches


def fold(run: str) -> str:
    """A run without case, accents and width.

    >>> fold("Café"), fold("STRASSE") == fold("Straße")
    ('cafe', True)
    """
    if run.isascii():
        return run.lower()
    bare = _STRIPPED.sub("", unicodedata.normalize("NFKD", run.casefold()).casefold())
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def _cut(run: str) -> tuple[str, ...]:
    """The words of one run of letters.

    The last character of a paired stretch stands alone, so that a single one can be looked for as a
    prefix.
    """
    folded = fold(run)
    if folded.isascii():
        return tuple(_ASCII.findall(folded))
    tokens: list[str] = []
    for piece in _RUN.findall(folded):
        for match in _SPLIT.finditer(piece):
            stretch = match[0]
            if match[1]:
                tokens.extend(stretch[start : start + 2] for start in range(len(stretch)))
            else:
                tokens.extend(
                    stretch[start : start + LONGEST_WORD]
                    for start in range(0, len(stretch), LONGEST_WORD)
                )
    return tuple(tokens)


_cuts = WordCache(_cut, 4 * MIB)


def _located(run: str, start: int) -> Iterator[tuple[str, int, int]]:
    tokens = _cut(run)
    if len(tokens) == 1:
        yield tokens[0], start, start + len(run)
        return
    # Folding may change lengths: fold growing beginnings until each word is complete.
    ends = _ends(run)
    folded = fold(run)
    behind = 0
    for word in tokens:
        at = folded.find(word, behind)
        at = behind if at < 0 else at
        yield (
            word,
            start + ends[min(at, len(ends) - 1)],
            start + ends[min(at + len(word) - 1, len(ends) - 1)] + 1,
        )
        behind = at + 1


def _ends(run: str) -> list[int]:
    """For each character of the folded run, which character of the run it came from."""
    ends: list[int] = []
    for index, character in enumerate(run):
        ends.extend([index] * len(fold(character)))
    return ends or [0]


def _bounded(tokens: list[str]) -> list[str]:
    if len(tokens) <= MOST_PLACES or (
        len(tokens) <= LONGEST_TEXT and max(Counter(tokens).values()) <= MOST_PLACES
    ):
        return tokens
    seen: dict[str, int] = {}
    kept = []
    for word in tokens[:LONGEST_TEXT]:
        count = seen[word] = seen.get(word, 0) + 1
        kept.append(word if count <= MOST_PLACES else FILLER)
    return kept
