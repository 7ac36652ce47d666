"""A cache of encoded sessions and messages, keyed by version."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.model import Message, SearchHit, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

_BESIDE = 200
"""Bytes of Python objects per entry beside the JSON: bytes, Raw, a tuple and a version."""
_encode = msgspec.json.Encoder().encode


class Projection(Struct, frozen=True):
    """How one API shows a session; ``name`` is unique among projections, ``show`` is pure."""

    name: str
    show: Callable[[Session], object]


class MessageProjection(Struct, frozen=True):
    """How one API shows a message of the session with this name; ``show`` is pure."""

    name: str
    show: Callable[[str, Message], object]


class HitProjection(Struct, frozen=True):
    """How one API shows what a search found in a session; ``show`` is pure."""

    name: str
    show: Callable[[SearchHit], object]

    def encoded(self, hit: SearchHit) -> Raw:
        return Raw(_encode(self.show(hit)))


class RenderCache:
    """(projection, workspace, id) → (version, JSON).

    Exact, since every read compares the version.
    """

    def __init__(self, name: str, limit: int = 32 * MIB) -> None:
        self._cache = WorkspaceCache[tuple[str, str], tuple[Hashable, Raw]](limit, name)

    @property
    def clearings(self) -> int:
        """Read this before the rows, and pass it to ``keep`` as ``since``."""
        return self._cache.clearings

    def look_up(
        self, projection: str, workspace_id: str, versions: Iterable[Sequence[Any]]
    ) -> tuple[dict[str, Raw], list[str]]:
        """The cached JSON by id, and the ids to read; each row begins with an id and a version."""
        rendered: dict[str, Raw] = {}
        missing: list[str] = []
        rows = list(versions)
        cached = self._cache.get_many([(projection, row[0]) for row in rows], workspace_id)
        for row, kept in zip(rows, cached, strict=True):
            id_ = row[0]
            if kept is not None and kept[0] == row[1]:
                rendered[id_] = kept[1]
            else:
                missing.append(id_)
        return rendered, missing

    def keep(
        self, projection: Projection, workspace_id: str, sessions: Iterable[Session], since: int
    ) -> dict[str, Raw]:
        """Encode sessions and cache them; the new JSON by session id."""
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
        """Encode messages and cache them.

        Their version is the name of their session, which the JSON contains, and their last edit.
        """
        return self._keep(
            projection.name,
            workspace_id,
            (
                (message.id, (session, message.edited_at), projection.show(session, message))
                for message in messages
            ),
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
        for id_, version, output in shown:
            text = _encode(output)
            rendered[id_] = raw = Raw(text)
            self._cache.put(
                (projection, id_),
                (version, raw),
                workspace_id,
                size=len(text) + _BESIDE,
                since=since,
            )
        return rendered


def fitting(
    order: Sequence[str], rendered: Mapping[str, Raw], unread: Collection[str], most_bytes: int
) -> int:
    """How many ids, in reading order, fit into an answer.

    At least one, and none after the first unread one. An id that is neither rendered nor unread was
    deleted meanwhile.
    """
    if not unread and sum(map(len, rendered.values())) <= most_bytes:
        return len(order)
    size = 0
    for count, id_ in enumerate(order):
        more = len(rendered.get(id_, b""))
        if id_ in unread or (size and size + more > most_bytes):
            return count
        size += more
    return len(order)


class Stretch(Struct, frozen=True):
    """Encoded messages, whether more follow, and the ``seq`` read last (None: no messages)."""

    messages: Sequence[Raw]
    more: bool
    last: int | None
