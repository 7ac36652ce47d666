"""The one cache: bounded in bytes whatever comes, and empty of what was deleted."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator

import pytest
from msgspec import Raw, Struct

from hansard import byte_cache
from hansard.byte_cache import (
    MIB,
    ByteCache,
    TextCache,
    WordCache,
    WorkspaceCache,
    footprint,
    remembered,
)


class Params(Struct, frozen=True):
    state: tuple[str, ...] = ()
    limit: int = 50


@pytest.mark.parametrize("key_size", [10, 2000, 60_000])
@pytest.mark.parametrize("value_size", [0, 5000])
def test_what_is_counted_is_what_is_taken(key_size: int, value_size: int) -> None:
    cache = ByteCache[tuple[str, Params], bytes](2 * MIB)
    tracemalloc.start()
    try:
        for number in range(20_000 if key_size < 100 else 1000):
            key = f"{number:06}" + "k" * key_size
            cache.put((key, Params((key[:50],))), b"v" * value_size)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert cache.size <= 2 * MIB
    assert 0.4 * cache.size <= taken <= 1.2 * cache.size
    assert cache.items()


def test_a_word_cache_makes_each_word_once_within_its_bound() -> None:
    computed: list[str] = []

    def shouted(word: str) -> str:
        computed.append(word)
        return word.upper()

    cache = WordCache(shouted, MIB)
    assert [cache[word] for word in ["a", "b", "a"]] == ["A", "B", "A"]
    assert [cache[word] for word in ["b"]] == ["B"]
    assert computed == ["a", "b"]
    many = [f"{number:06}" for number in range(20_000)]
    tracemalloc.start()
    try:
        assert [cache[word] for word in many] == many
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert cache.size <= MIB
    assert taken <= 1.5 * MIB


def test_a_word_cache_forgets_the_words_of_what_was_deleted() -> None:
    computed: list[str] = []
    cache = WordCache[None](computed.append, MIB)
    assert [cache[word] for word in ["secret"]] == [None]
    byte_cache.forget("anybody's")
    assert not cache.items()
    assert [cache[word] for word in ["secret"]] == [None]
    cache.turn()
    cache.turn()
    assert not cache.items()
    byte_cache.suspend()
    try:
        assert [cache[word] for word in ["secret", "secret"]] == [None, None]
    finally:
        byte_cache.resume()
    assert computed == ["secret"] * 4


def test_an_entry_goes_when_it_was_not_used_for_two_turns() -> None:
    cache = ByteCache[str, int](MIB)
    cache.put("used", 1)
    cache.put("unused", 2)
    for _ in range(3):
        cache.turn()
        assert cache.get("used") == 1
    assert cache.get("unused") is None
    assert cache.size == byte_cache._ENTRY + footprint("used") + footprint(1)


def test_an_entry_that_would_push_out_many_others_is_not_kept() -> None:
    cache = ByteCache[str, bytes](MIB)
    cache.put("small", b"x")
    cache.put("large", b"x" * (MIB // 10))
    assert [key for key, _ in cache.items()] == ["small"]


def test_a_value_that_is_put_again_counts_once() -> None:
    cache = ByteCache[str, bytes](MIB)
    for size in (100, 10_000, 10):
        cache.put("key", b"x" * size)
    cache.turn()
    cache.put("key", b"x")
    assert cache.size == byte_cache._ENTRY + footprint("key") + footprint(b"x")
    cache.pop("key")
    assert (cache.size, cache.items(), cache.get("key", b"none")) == (0, [], b"none")


def test_a_deletion_empties_its_workspace_and_every_cache_of_texts() -> None:
    pages, words, filters = (
        WorkspaceCache[str, str](MIB),
        TextCache[str, str](MIB),
        ByteCache[str, str](MIB),
    )
    for cache in (pages, words, filters):
        for group in ("one", "two"):
            cache.put("old", "text", group)
            cache.turn()
            cache.put("young", "text", group)
    since = pages.clearings
    byte_cache.forget("one")
    assert [pages.get("young", group=group) for group in ("one", "two")] == [None, "text"]
    assert [pages.get("old", group=group) for group in ("one", "two")] == [None, "text"]
    assert (words.size, words.items()) == (0, [])
    assert filters.get("young", group="one") == "text"
    pages.put("late", "text", "one", since=since)
    assert pages.get("late", group="one") is None, "it was read before the deletion"
    byte_cache.clear()
    assert [cache.size for cache in (pages, words, filters)] == [0, 0, 0]


def test_nothing_with_texts_is_kept_while_caches_are_suspended(resumed: None) -> None:
    pages, filters = WorkspaceCache[str, str](MIB), ByteCache[str, str](MIB)
    pages.put("before", "text", "one")
    byte_cache.suspend()
    pages.put("during", "text", "one")
    filters.put("during", "filter")
    assert (pages.items(), filters.items()) == ([], [("during", "filter")])
    byte_cache.resume()
    pages.put("after", "text", "one")
    assert pages.items() == [("after", "text")]


def test_what_ages_are_texts_alone() -> None:
    pages, filters = WorkspaceCache[str, str](MIB), ByteCache[str, str](MIB)
    for cache in (pages, filters):
        cache.put("key", "text")
    for _ in range(2):
        byte_cache.age()
    assert (pages.items(), filters.get("key")) == ([], "text")


def test_a_function_is_called_once_for_the_same_arguments() -> None:
    calls = []

    @remembered(MIB)
    def half(number: int, *, name: str = "") -> float | None:
        """Half of it."""
        calls.append((number, name))
        return number / 2 if number else None

    assert [half(0), half(0), half(3), half(3), half(3, name="x"), half(3, name="x")] == [
        None,
        None,
        1.5,
        1.5,
        1.5,
        1.5,
    ]
    assert calls == [(0, ""), (3, ""), (3, "x")]
    assert half.__doc__ == "Half of it."


def test_threads_may_share_one() -> None:
    cache = ByteCache[int, bytes](256 * 1024)

    def use(first: int) -> None:
        for number in range(first, first + 20_000):
            cache.put(number % 3000, b"x" * (number % 500))
            cache.get((number * 7) % 3000)

    threads = [threading.Thread(target=use, args=(first,)) for first in range(0, 4000, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.size == sum(
        size
        for part in (cache._young, cache._old)
        for group in part.values()
        for _, size, _ in group.values()
    )
    assert 0 < cache.size <= 256 * 1024


def test_a_footprint_has_what_is_inside() -> None:
    text = "x" * 1000
    for value in (
        Raw(text.encode()),
        (text,),
        [text],
        {text: 1},
        {1: text},
        frozenset((text,)),
        Params((text,)),
    ):
        assert 1000 < footprint(value) < 1600


@pytest.fixture
def resumed() -> Iterator[None]:
    yield
    byte_cache.resume()
