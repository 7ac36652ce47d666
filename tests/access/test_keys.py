"""Keys have a checksum, and are kept as an HMAC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.access.keys import KeyMint, masked, read


def test_a_made_key_reads_back_and_matches_its_digest_only() -> None:
    mint = KeyMint(b"pepper")
    text, key, digest = mint.make()
    assert len(text) == 51
    assert read(text) == key
    assert mint.matches(key, digest)
    assert not KeyMint(b"other").matches(key, digest)
    assert key.secret not in digest


@given(st.integers(0, 50), st.characters())
def test_every_typo_is_found_without_a_database(index: int, letter: str) -> None:
    text = KeyMint(b"pepper").make()[0]
    typo = text[:index] + letter + text[index + 1 :]
    assert (read(typo) is None) == (typo != text)


@pytest.mark.parametrize("text", ["", "hsd_", "x" * 51, "hsd_" + "a" * 47])
def test_what_is_no_key_is_none(text: str) -> None:
    assert read(text) is None


def test_a_masked_key_keeps_its_id_only() -> None:
    text, key, _ = KeyMint(b"pepper").make()
    assert key.id in masked(text)
    assert key.secret not in masked(text)
    assert masked("something else") == "…"
