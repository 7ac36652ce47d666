"""The stem that the forms of an English word share: ``refund`` for refunds and refunded.

Snowball's rules, by PyStemmer: in C, some 0.3 microseconds a word, a hundredth of the same rules
in Python. Only words of ASCII letters have a stem: others are found as they stand.
"""

from __future__ import annotations

import threading

import Stemmer  # type: ignore[import-not-found]  # it is written in C, and comes without types

_SHORTEST = 3
_local = threading.local()


def stem_of(word: str) -> str:
    """The stem of a folded word; the word itself where it has no other.

    >>> stem_of("refunded"), stem_of("refusal"), stem_of("a17"), stem_of("東京")
    ('refund', 'refus', 'a17', '東京')
    """
    if not _has_forms(word):
        return word
    stem: str = _stemmer().stemWord(word)
    return stem


def stems_of(words: list[str]) -> list[str]:
    """The stems that differ from their words, each once."""
    plain = list(filter(str.isalpha, filter(str.isascii, dict.fromkeys(words))))
    stems: list[str] = _stemmer().stemWords(plain)
    return list(
        dict.fromkeys(stem for word, stem in zip(plain, stems, strict=True) if stem != word)
    )


def _has_forms(word: str) -> bool:
    return len(word) >= _SHORTEST and word.isascii() and word.isalpha()


def _stemmer() -> Stemmer.Stemmer:
    """The stemmer of this thread: one is not to be used by two at once.

    It keeps no words, which would outlive the erasure of their text.
    """
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        stemmer = _local.stemmer = Stemmer.Stemmer("english", 0)
    return stemmer
