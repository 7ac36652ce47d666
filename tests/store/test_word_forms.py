"""The stemmer, which is in C and out of the reach of what counts and empties caches."""

from __future__ import annotations

from hansard.store import word_forms


def test_the_stemmer_keeps_no_words() -> None:
    assert word_forms.stem_of("refunded") == "refund"
    assert word_forms._stemmer().maxCacheSize == 0
