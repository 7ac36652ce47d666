"""Prompts that were taken back in an agent's transcript.

Entries are linked by ``uuid`` and ``parentUuid``.

A prompt beside the current line was taken back, and what follows it is a branch.  What hangs beside
the line without a prompt is a parallel tool call and stays; so does what hangs nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

Json = dict[str, Any]
Stretch = tuple[list["Entry"], str | None, int | None]
"""The entries of a branch, the key of the message that they follow, and the branch in which that
one is.
"""

_CURRENT, _LOOSE, _BESIDE = "current", "loose", "beside"


class Entry(Struct, frozen=True, kw_only=True):
    """One line of a transcript: what ties it to others, and its value, packed until it is needed.

    A long transcript has a hundred thousand of them, and as decoded JSON they would take four times
    the memory.
    """

    number: int
    key: str | None
    parent: str | None
    session: str
    is_message: bool
    is_prompt: bool
    packed: bytes | Json

    def value(self) -> Json:
        if isinstance(self.packed, dict):
            return self.packed
        value: Json = msgspec.json.decode(self.packed)
        return value


def packed(value: Json) -> bytes | Json:
    """The value as JSON; itself where it holds what JSON cannot carry."""
    try:
        return msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, RecursionError):
        return value


def parent_of(entry: Json) -> str | None:
    parent = entry.get("parentUuid") or entry.get("logicalParentUuid")
    return parent if isinstance(parent, str) else None


def goes_on(before: Sequence[Entry], new: Sequence[Entry]) -> bool:
    """Whether each new entry follows those before it, and none takes a prompt back."""
    keys = {entry.key for entry in before if entry.key is not None}
    ends: set[str | None] = set()
    for entry in before:
        _move_end(ends, entry)
    for entry in new:
        if entry.is_message and entry.parent not in (ends if entry.is_prompt else keys):
            return False
        keys.add(entry.key or "")
        _move_end(ends, entry)
    return True


def _move_end(ends: set[str | None], entry: Entry) -> None:
    """Keep the last message, and the entries behind it that are none."""
    if entry.key is not None:
        if entry.is_message:
            ends.clear()
        ends.add(entry.key)


class Rewinds(Struct, frozen=True):
    """The messages of the current line, and those of each branch."""

    line: list[Entry]
    branches: list[Stretch]


def rewound(entries: Sequence[Entry]) -> Rewinds:
    """Split a transcript into its current line and the branches that were taken back."""
    parents = {entry.key: entry.parent for entry in entries}
    line, waiting = _split(entries, None)
    owners: dict[str | None, int | None] = {entry.key: None for entry in line}
    branches: list[Stretch] = []
    for below in waiting:
        kept, further = _split(below, below[0].key)
        after = _message_above(below[0], parents, owners)
        if kept:
            branches.append((kept, after, owners.get(after) if after else None))
            owners.update({entry.key: len(branches) - 1 for entry in kept})
        waiting += further
    return Rewinds(line, branches)


def _message_above(
    entry: Entry, parents: dict[str | None, str | None], owners: dict[str | None, int | None]
) -> str | None:
    """The nearest message above that is in a line already."""
    above, seen = entry.parent, set[str]()
    while above is not None and above not in owners and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above if above in owners else None


def _split(entries: Sequence[Entry], root: str | None) -> tuple[list[Entry], list[list[Entry]]]:
    """The messages that stay, and the entries below each prompt that was taken back.

    ``root`` itself stays.
    """
    current = _ancestors(entries)
    states: dict[str | None, object] = {}
    kept: list[Entry] = []
    taken_back: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        above = states.get(entry.parent, _LOOSE) if entry.parent is not None else _LOOSE
        if entry.key is not None and (entry.key in current or entry.key == root):
            state: object = _CURRENT
        elif above == _LOOSE or isinstance(above, tuple):
            state = above
        else:
            state = (_BESIDE, entry.key) if entry.is_prompt else _BESIDE
        if entry.key is not None:
            states[entry.key] = state
        if isinstance(state, tuple):
            taken_back[state].append(entry)
        elif entry.is_message:
            kept.append(entry)
    return kept, list(taken_back.values())


def _ancestors(entries: Sequence[Entry]) -> set[str]:
    """The last message, and everything above it."""
    parents = {entry.key: entry.parent for entry in entries}
    last = next((entry.key for entry in reversed(entries) if entry.is_message), None)
    above: set[str] = set()
    while last is not None and last in parents and last not in above:
        above.add(last)
        last = parents[last]
    return above
