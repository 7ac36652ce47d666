"""Prompts that were taken back in an agent's transcript: lines tied by ``uuid`` and ``parentUuid``.

A prompt beside the current line was taken back, and what follows it is a branch.  What hangs beside
the line without a prompt is a parallel tool call and stays; so does what hangs nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from hansard.interchange.values import Value

Json = dict[str, Any]
Judge = Callable[[Json], bool]

_CURRENT, _LOOSE, _BESIDE = "current", "loose", "beside"


class Rewinds(Struct, frozen=True):
    """The lines of the current line, and those of each branch, as ``Branch`` has them."""

    line: list[Value]
    branches: list[tuple[list[Value], str | None, int | None]]


def parent_of(entry: Json) -> str | None:
    parent = entry.get("parentUuid") or entry.get("logicalParentUuid")
    return parent if isinstance(parent, str) else None


def rewound(lines: list[Value], is_message: Judge, is_prompt: Judge) -> Rewinds:
    """Split a transcript into its current line and the branches that were taken back."""
    parents = {item.value.get("uuid"): parent_of(item.value) for item in lines}
    line, waiting = _split(lines, is_message, is_prompt, None)
    owners = dict.fromkeys(_keys(line))
    branches: list[tuple[list[Value], str | None, int | None]] = []
    for below in waiting:
        kept, further = _split(below, is_message, is_prompt, below[0].value.get("uuid"))
        after = _message_above(below[0].value, parents, owners)
        if kept:
            branches.append((kept, after, owners.get(after) if after else None))
            owners.update(dict.fromkeys(_keys(kept), len(branches) - 1))
        waiting += further
    return Rewinds(line, branches)


def _keys(lines: list[Value]) -> list[Any]:
    return [item.value.get("uuid") for item in lines]


def _message_above(
    entry: Json, parents: dict[Any, str | None], owners: dict[Any, int | None]
) -> str | None:
    """The nearest message above that is in a line already."""
    above, seen = parent_of(entry), set[str]()
    while above is not None and above not in owners and above not in seen:
        seen.add(above)
        above = parents.get(above)
    return above if above in owners else None


def _split(
    lines: list[Value], is_message: Judge, is_prompt: Judge, root: object
) -> tuple[list[Value], list[list[Value]]]:
    """The messages that stay, and the lines below each prompt that was taken back; ``root`` itself stays."""
    current = _ancestors(lines, is_message)
    states: dict[object, object] = {}
    kept: list[Value] = []
    taken_back: dict[object, list[Value]] = defaultdict(list)
    for item in lines:
        entry = item.value
        key = entry.get("uuid")
        above = states.get(parent_of(entry), _LOOSE)
        if key in current or key == root:
            state: object = _CURRENT
        elif above == _LOOSE or above in taken_back:
            state = above
        else:
            state = (_BESIDE, key) if is_prompt(entry) else _BESIDE
        if isinstance(key, str):
            states[key] = state
        if isinstance(state, tuple):
            taken_back[state].append(item)
        elif is_message(entry):
            kept.append(item)
    return kept, list(taken_back.values())


def _ancestors(lines: list[Value], is_message: Judge) -> set[object]:
    """The last message, and everything above it."""
    parents = {item.value.get("uuid"): parent_of(item.value) for item in lines}
    last = next(
        (item.value.get("uuid") for item in reversed(lines) if is_message(item.value)), None
    )
    found: set[object] = set()
    while last in parents and last not in found:
        found.add(last)
        last = parents[last]
    return found
