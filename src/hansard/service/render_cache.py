"""Encoded sessions and messages, kept while their version is current: what is read again is neither read whole nor encoded again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from hansard.model import Message, Session

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

_BYTES = 32 * 1024 * 1024
_BESIDE = 400
"""What the interpreter takes beside the text of a fragment: its key, its place, its objects."""
_encode = msgspec.json.Encoder().encode


class Projection(Struct, frozen=True):
    """How one API shows a session; ``name`` is unique among projections, ``show`` is pure."""

    name: str
    show: Callable[[Session], object]


class MessageProjection(Struct, frozen=True):
    """How one API shows a message of the session that it calls by this name; ``show`` is pure."""

    name: str
    show: Callable[[str, Message], object]


class RenderCache:
    """A bounded cache of (projection, workspace, id) → (version, JSON). Exact, because the version is read every time."""

    def __init__(self, limit: int = _BYTES) -> None:
        self._limit = limit
        self._size = 0
        self._kept: dict[tuple[str, str, str], tuple[Hashable, Raw, int]] = {}

    def look_up(
        self, projection: str, workspace_id: str, places: Iterable[Sequence[Any]]
    ) -> tuple[dict[str, Raw], list[str]]:
        """The fragments by id, and the ids that must be read; each place begins with an id and its version."""
        found: dict[str, Raw] = {}
        missing: list[str] = []
        get = self._kept.get
        for place in places:
            ident = place[0]
            kept = get((projection, workspace_id, ident))
            if kept is not None and kept[0] == place[1]:
                found[ident] = kept[1]
            else:
                missing.append(ident)
        return found, missing

    def keep(
        self, projection: Projection, workspace_id: str, sessions: Iterable[Session]
    ) -> dict[str, Raw]:
        """Encode and remember; the new fragments by session id."""
        return self._keep(
            projection.name,
            workspace_id,
            ((one.id, one.version, projection.show(one)) for one in sessions),
        )

    def keep_messages(
        self,
        projection: MessageProjection,
        workspace_id: str,
        session: str,
        messages: Iterable[Message],
    ) -> dict[str, Raw]:
        """The same for messages, which never change: their version is the name of their session."""
        return self._keep(
            projection.name,
            workspace_id,
            ((one.id, session, projection.show(session, one)) for one in messages),
        )

    def _keep(
        self, projection: str, workspace_id: str, shown: Iterable[tuple[str, Hashable, Any]]
    ) -> dict[str, Raw]:
        made: dict[str, Raw] = {}
        for ident, version, what in shown:
            text = _encode(what)
            made[ident] = raw = Raw(text)
            key = (projection, workspace_id, ident)
            old = self._kept.pop(key, None)
            size = len(text) + _BESIDE
            self._size += size - (old[2] if old else 0)
            self._kept[key] = (version, raw, size)
        while self._size > self._limit and self._kept:
            _, _, size = self._kept.pop(next(iter(self._kept)))
            self._size -= size
        return made


class Stretch(Struct, frozen=True):
    """Messages as an API shows them, whether more follow, and the ``seq`` of that which was read last, None for none."""

    messages: Sequence[Raw]
    more: bool
    last: int | None
