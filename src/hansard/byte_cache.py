"""The one cache of this program: bounded in bytes, with its keys and its own overhead counted.

What is kept came from outside in the end, so neither the number nor the size of the entries may
decide how large a cache grows; and what is deleted leaves every cache that could hold its text.

    ByteCache           what was worked out from requests: filters, statements, credentials
    ├── TextCache       what was worked out from texts, whosever they are
    │   └── WordCache   the same from single words
    └── WorkspaceCache  what a workspace's sessions look like; its name is the group
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable
from functools import update_wrapper
from sys import getsizeof
from typing import Any, ClassVar, Generic, ParamSpec, TypeAlias, TypeVar, cast
from weakref import WeakSet

from msgspec import Raw, Struct

from hansard.observer import Usage

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")
R = TypeVar("R")
MIB = 1024 * 1024
_ENTRY = 250
"""What an entry takes beside its key and its value: its slot in a table, a tuple, a number."""
_SLOT = 100
"""What an entry takes in one more table of the same keys and values."""
_SHARE = 16
_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})
_MISSING: Any = object()
_Kept: TypeAlias = tuple[V, int, int]
"""A value, its size with its key, and what of that does not depend on the value."""
_caches: WeakSet[ByteCache[Any, Any]] = WeakSet()


class ByteCache(Generic[K, V]):
    """Keeps what was used last, within ``limit`` bytes, in two generations.

    What is new or used again is in the young one. When that is full it becomes the old one, and
    what the old one still had is dropped. So a look-up costs what a dictionary's costs, and an
    entry goes after at most two turns without use. An entry over a sixteenth of the limit is not
    kept: it would push out many others. Several threads may use one cache.
    """

    holds_texts: ClassVar[bool] = False
    suspended: ClassVar[bool] = False
    """Whether no cache may hold texts now; see ``suspend``."""

    def __init__(self, limit: int, name: str = "") -> None:
        self.name, self.limit = name, limit
        self._half = limit // 2
        self._largest = limit // _SHARE
        self._young: dict[str, dict[K, _Kept[V]]] = {}
        self._old: dict[str, dict[K, _Kept[V]]] = {}
        self._young_size = self._old_size = 0
        self._lock = threading.Lock()
        self.clearings = 0
        """How often something was forgotten; ``put`` compares it."""
        _caches.add(self)

    @property
    def size(self) -> int:
        """Bytes that are taken now."""
        return self._young_size + self._old_size

    def items(self) -> list[tuple[K, V]]:
        return [
            (key, kept[0])
            for part in (self._old, self._young)
            for group in part.values()
            for key, kept in group.items()
        ]

    def get(self, key: K, default: V | None = None, group: str = "") -> V | None:
        kept = self._young.get(group, {}).get(key)
        if kept is None:
            with self._lock:
                kept = self._old.get(group, {}).pop(key, None)
                if kept is None:
                    return default
                self._old_size -= kept[1]
                self._add(group, key, kept)
        return kept[0]

    def get_many(self, keys: Iterable[K], group: str = "") -> list[V | None]:
        """What ``get`` gives for each key."""
        young, get = self._young.get(group, {}), self.get
        return [
            kept[0] if (kept := young.get(key)) is not None else get(key, group=group)
            for key in keys
        ]

    def put(
        self,
        key: K,
        value: V,
        group: str = "",
        *,
        size: int | None = None,
        since: int | None = None,
    ) -> None:
        """Keep a value; ``size`` is that of the value in bytes, measured where it is None.

        ``since`` is what ``clearings`` was before the value was read: what was read before
        something was forgotten may be the very thing, and is not kept.
        """
        known = self._young.get(group, {}).get(key)
        beside = _ENTRY + footprint(key) if known is None else known[2]
        size = beside + (footprint(value) if size is None else size)
        if size > self._largest or (self.holds_texts and self.suspended):
            return
        with self._lock:
            if since is None or since == self.clearings:
                self._remove(group, key)
                self._add(group, key, (value, size, beside))

    def pop(self, key: K, group: str = "") -> None:
        with self._lock:
            self._remove(group, key)

    def clear(self) -> None:
        with self._lock:
            self.clearings += 1
            self._young, self._old = {}, {}
            self._young_size = self._old_size = 0

    def forget(self, workspace_id: str) -> None:
        """Let go of what the sessions of a workspace say."""

    def turn(self) -> None:
        """Begin a young generation, and drop what was not used since the last turn."""
        with self._lock:
            self._turn()

    def _turn(self) -> None:
        self._old, self._old_size = self._young, self._young_size
        self._young, self._young_size = {}, 0

    def _add(self, group: str, key: K, kept: _Kept[V]) -> None:
        if self._young_size + kept[1] > self._half:
            self._turn()
        self._young.setdefault(group, {})[key] = kept
        self._young_size += kept[1]

    def _remove(self, group: str, key: K) -> None:
        if (kept := self._young.get(group, {}).pop(key, None)) is not None:
            self._young_size -= kept[1]
        if (kept := self._old.get(group, {}).pop(key, None)) is not None:
            self._old_size -= kept[1]


class TextCache(ByteCache[K, V]):
    """Does not know whose texts it holds, and forgets all of them when one is deleted."""

    holds_texts = True

    def forget(self, workspace_id: str) -> None:
        del workspace_id
        self.clear()


class WordCache(TextCache[str, V]):
    """What a pure function makes of words, each known one at the cost of a dictionary's look-up."""

    def __init__(self, function: Callable[[str], V], limit: int) -> None:
        super().__init__(limit, f"{function.__module__}.{function.__qualname__}")
        self._function = function
        self._values = _Values(self._value)
        """Those of the young generation, without their sizes."""

    def __getitem__(self, word: str) -> V:
        return self._values[word]

    def _value(self, word: str) -> V:
        value = self.get(word, _MISSING)
        if value is _MISSING:
            value = self._function(word)
            self.put(word, value, size=_SLOT + footprint(value))
        return cast("V", value)

    def _add(self, group: str, key: str, kept: _Kept[V]) -> None:
        super()._add(group, key, kept)
        self._values[key] = kept[0]

    def _remove(self, group: str, key: str) -> None:
        super()._remove(group, key)
        self._values.pop(key, None)

    def _turn(self) -> None:
        super()._turn()
        self._values = _Values(self._value)

    def clear(self) -> None:
        super().clear()
        self._values = _Values(self._value)


class _Values(dict[str, V]):
    """Asks for what it lacks."""

    def __init__(self, lacking: Callable[[str], V]) -> None:
        self._lacking = lacking

    def __missing__(self, word: str) -> V:
        return self._lacking(word)


class WorkspaceCache(ByteCache[K, V]):
    """Each group holds what the sessions of the workspace of this id say."""

    holds_texts = True

    def forget(self, workspace_id: str) -> None:
        with self._lock:
            self.clearings += 1
            self._young_size -= _size_of(self._young.pop(workspace_id, {}))
            self._old_size -= _size_of(self._old.pop(workspace_id, {}))


def _size_of(group: dict[Any, _Kept[Any]]) -> int:
    return sum(size for _, size, _ in group.values())


def remembered(
    limit: int, kind: type[ByteCache[Any, Any]] = ByteCache
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Call a pure function once for the same arguments, which must be hashable."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        cache = kind(limit, f"{function.__module__}.{function.__qualname__}")

        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            key = (args, *kwargs.items()) if kwargs else args
            result = cache.get(key, _MISSING)
            if result is _MISSING:
                result = function(*args, **kwargs)
                cache.put(key, result)
            return cast("R", result)

        return update_wrapper(call, function)

    return decorated


def forget(workspace_id: str) -> None:
    """Let go of what the sessions of a workspace say, in every cache of this process."""
    for cache in caches():
        cache.forget(workspace_id)


def age() -> None:
    """Let go of texts that nobody used since the last call but one."""
    for cache in caches():
        if cache.holds_texts:
            cache.turn()


def clear() -> None:
    """Empty every cache of this process."""
    for cache in caches():
        cache.clear()


def suspend() -> None:
    """Keep no text any more until ``resume``."""
    ByteCache.suspended = True
    clear()


def resume() -> None:
    ByteCache.suspended = False


def caches() -> list[ByteCache[Any, Any]]:
    """Every cache of this process."""
    return list(_caches)


def usage() -> list[Usage]:
    """The bytes of every cache of this process that has a name."""
    return [Usage("cache", cache.name, cache.size, cache.limit) for cache in caches() if cache.name]


def footprint(value: object) -> int:
    """Bytes that a value takes with what it holds; what it holds twice counts twice."""
    if type(value) in _PLAIN:
        return getsizeof(value)
    if isinstance(value, Raw):  # it gives a wrong size of itself
        return _ENTRY + memoryview(value).nbytes
    size = getsizeof(value)
    if isinstance(value, Struct):
        return size + sum(footprint(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, dict):
        return size + sum(footprint(key) + footprint(item) for key, item in value.items())
    if isinstance(value, (tuple, list, set, frozenset)):
        return size + sum(map(footprint, value))
    return size
