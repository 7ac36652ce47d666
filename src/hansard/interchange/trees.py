"""Trees of messages: the line that a person saw last, and the branches that left it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct


class Branch(Struct, frozen=True):
    """Messages beside the line, in order.

    ``after`` is the message that they follow, None for the beginning; it lies in the branch
    ``parent`` (a position in the list of branches), or on the line where that is None.
    """

    keys: list[str]
    after: str | None
    parent: int | None


class Tree:
    """Nodes by their key, each with its parent's key; the order of ``parents`` is that of the file.

    ``holds`` says whether a node is a message; the others only tie the tree together.  ``rank``
    orders leaves by age.  A parent that is not there counts as none; a circle is cut at its first
    node.
    """

    def __init__(
        self,
        parents: Mapping[str, str | None],
        holds: Callable[[str], bool],
        rank: Callable[[str], float],
    ) -> None:
        self._parents = parents
        self._holds = holds
        self._rank = rank
        self._children: dict[str | None, list[str]] = defaultdict(list)
        for key, parent in parents.items():
            self._children[parent if parent in parents else None].append(key)
        self._order = self._walked()
        self._newest = self._newest_leaves()
        self._message_above = self._nearest_messages()

    def split(self, current: object) -> tuple[list[str], list[Branch]]:
        """The messages from the root to ``current``, and all others as branches.

        A ``current`` that is not there is the newest leaf.
        """
        leaf = current if isinstance(current, str) and current in self._parents else self._last()
        line = self._up(leaf)
        owners: dict[str, int | None] = dict.fromkeys(filter(self._holds, line))
        branches: list[Branch] = []
        on_line = set(line)
        beside = self._beside([None, *line], on_line)
        for start in beside:
            path = self._down(start)
            keys = [key for key in path if self._holds(key)]
            if keys:
                after = self._message_above[self._parent(start)]
                parent = owners.get(after) if after is not None else None
                owners.update(dict.fromkeys(keys, len(branches)))
                branches.append(Branch(keys, after, parent))
            beside += self._beside(path, set(path))
        return [key for key in line if self._holds(key)], branches

    def _parent(self, key: str) -> str | None:
        parent = self._parents[key]
        return parent if parent in self._parents and key not in self._cut else None

    def _walked(self) -> list[str]:
        """Every node after its parent; circles are cut where the file first meets them."""
        self._cut: set[str] = set()
        seen: set[str] = set()
        order: list[str] = []
        for start in [*self._children[None], *self._parents]:
            if start in seen:
                continue
            if self._parents[start] in self._parents:
                self._cut.add(start)
                self._children[None].append(start)
            seen.add(start)
            reached = [start]
            for key in reached:
                below = [child for child in self._children.get(key, ()) if child not in seen]
                if len(below) != len(self._children.get(key, ())):
                    self._children[key] = below
                seen.update(below)
                reached += below
            order += reached
        return order

    def _newest_leaves(self) -> dict[str, tuple[float, int, str]]:
        """The newest leaf below each node; of leaves of one age the last in the file."""
        position = {key: index for index, key in enumerate(self._parents)}
        newest: dict[str, tuple[float, int, str]] = {}
        for key in reversed(self._order):
            children = self._children.get(key)
            newest[key] = (
                max(newest[child] for child in children)
                if children
                else (self._rank(key), position[key], key)
            )
        return newest

    def _nearest_messages(self) -> dict[str | None, str | None]:
        nearest: dict[str | None, str | None] = {None: None}
        for key in self._order:
            nearest[key] = key if self._holds(key) else nearest[self._parent(key)]
        return nearest

    def _last(self) -> str | None:
        return max((self._newest[root] for root in self._children[None]), default=(0, 0, None))[2]

    def _up(self, key: str | None) -> list[str]:
        path: list[str] = []
        while key is not None:
            path.append(key)
            key = self._parent(key)
        return path[::-1]

    def _down(self, key: str) -> list[str]:
        """From a node to the newest leaf below it."""
        path = [key]
        while children := self._children.get(path[-1]):
            path.append(max(children, key=self._newest.__getitem__))
        return path

    def _beside(self, path: Sequence[str | None], kept: set[str]) -> list[str]:
        return [child for key in path for child in self._children.get(key, ()) if child not in kept]
