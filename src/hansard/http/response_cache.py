"""Whole answers, kept while what they were made of does not change."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from hansard.byte_cache import MIB, WorkspaceCache
from hansard.http.answers import is_known
from hansard.http.route import CacheValidator

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.http.call import Call

_BESIDE = 200
GENERATION = "hansard.generation"
"""Under which a scope says the generation that was read since its request began."""
Kept = tuple[Any, bytes]
"""The state that an answer was made of, and its body."""


def _at(principal: Principal, generation: int) -> CacheValidator:
    """The mark of every answer to this principal at the workspace's generation."""
    narrowing = principal.narrowing
    return CacheValidator(
        generation, f'W/"g{generation}-{narrowing}"' if narrowing else f'W/"g{generation}"'
    )


class ResponseCache:
    """Request → (state, body), for each encoding.

    Exact, because the state is read every time, before the data.
    """

    def __init__(self, limit: int = 24 * MIB) -> None:
        self._cache = WorkspaceCache[Hashable, Kept](limit, "responses")

    @property
    def clearings(self) -> int:
        """To be read before the data is, and given to ``keep`` as ``since``."""
        return self._cache.clearings

    def kept(self, call: Call[Any, Any]) -> Kept | None:
        """The last answer to this request, whatever has happened since."""
        return self._cache.get(_key(call, ""), group=call.principal.workspace_id)

    def get(self, call: Call[Any, Any], state: object, encoding: str = "") -> bytes | None:
        kept = self._cache.get(_key(call, encoding), group=call.principal.workspace_id)
        return kept[1] if kept is not None and kept[0] == state else None

    async def validator(self, call: Call[Any, Any], kept: Kept | None) -> CacheValidator:
        """The mark of an answer that depends on the workspace's data alone.

        Where this very process has written since the ``kept`` answer was made, nobody asks how far
        the workspace is: what is read now is as of that write, or later.
        """
        sessions, principal = call.service.sessions, call.principal
        if kept is not None:
            reached = sessions.reached(principal)
            if reached is not None and kept[0] < reached:
                mark = _at(principal, reached)
                if not is_known(mark.tag, call.headers.get("if-none-match")):
                    return mark
        known = call.scope.get(GENERATION)
        return _at(principal, await sessions.generation(principal) if known is None else known)

    def keep(
        self, call: Call[Any, Any], state: object, body: bytes, since: int, encoding: str = ""
    ) -> bytes:
        """Remember the body, and give it back."""
        self._cache.put(
            _key(call, encoding),
            (state, body),
            call.principal.workspace_id,
            size=len(body) + _BESIDE,
            since=since,
        )
        return body


def _key(call: Call[Any, Any], encoding: str) -> Hashable:
    """What the answer depends on beside the workspace.

    Parameters that the route does not declare are not read.
    """
    principal = call.principal
    params = call.params if call.route.params is not None else None
    return call.scope["path"], params, principal.user_id, principal.app, encoding
