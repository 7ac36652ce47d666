"""Encoded sessions and messages, kept while their version is current: what is read again is neither read whole nor encoded again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.model import Message, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_BESIDE = 200
"""What the interpreter takes beside the JSON: the bytes' and Raw's own heads, a tuple, a version."""
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
    """(projection, workspace, id) → (version, JSON). Exact, because the version is read every time."""

    def __init__(self, limit: int = 32 * MIB) -> None:
        self._cache = WorkspaceCache[tuple[str, str], tuple[Hashable, Raw]](limit)

    @property
    def clearings(self) -> int:
        """To be read before the rows are, and given to ``keep`` as ``since``."""
        return self._cache.clearings

    def look_up(
        self, projection: str, workspace_id: str, versions: Iterable[Sequence[Any]]
    ) -> tuple[dict[str, Raw], list[str]]:
        """The JSON by id, and the ids that must be read; each row begins with an id and its version."""
        found: dict[str, Raw] = {}
        missing: list[str] = []
        for row in versions:
            ident = row[0]
            kept = self._cache.get((projection, ident), group=workspace_id)
            if kept is not None and kept[0] == row[1]:
                found[ident] = kept[1]
            else:
                missing.append(ident)
        return found, missing

    def keep(
        self, projection: Projection, workspace_id: str, sessions: Iterable[Session], since: int
    ) -> dict[str, Raw]:
        """Encode and remember; the new JSON by session id."""
        return self._keep(
            projection.name,
            workspace_id,
            ((session.id, session.version, projection.show(session)) for session in sessions),
            since,
        )

    def keep_messages(
        self,
        projection: MessageProjection,
        workspace_id: str,
        session: str,
        messages: Iterable[Message],
        since: int,
    ) -> dict[str, Raw]:
        """The same for messages, which never change: their version is the name of their session."""
        return self._keep(
            projection.name,
            workspace_id,
            ((message.id, session, projection.show(session, message)) for message in messages),
            since,
        )

    def _keep(
        self,
        projection: str,
        workspace_id: str,
        shown: Iterable[tuple[str, Hashable, Any]],
        since: int,
    ) -> dict[str, Raw]:
        rendered: dict[str, Raw] = {}
        for ident, version, output in shown:
            text = _encode(output)
            rendered[ident] = raw = Raw(text)
            self._cache.put(
                (projection, ident),
                (version, raw),
                workspace_id,
                size=len(text) + _BESIDE,
                since=since,
            )
        return rendered


def fitting(
    order: Sequence[str], rendered: Mapping[str, Raw], unread: Collection[str], most_bytes: int
) -> int:
    """How many of the ids, in the order of reading, go into an answer: one in any case, and none behind the first that is unread.

    What is neither rendered nor unread was deleted meanwhile.
    """
    if not unread and sum(map(len, rendered.values())) <= most_bytes:
        return len(order)
    size = 0
    for count, ident in enumerate(order):
        more = len(rendered.get(ident, b""))
        if ident in unread or (size and size + more > most_bytes):
            return count
        size += more
    return len(order)


class Stretch(Struct, frozen=True):
    """Messages as an API shows them, whether more follow, and the ``seq`` of that which was read last, None for none."""

    messages: Sequence[Raw]
    more: bool
    last: int | None
