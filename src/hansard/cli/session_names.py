"""Sessions by the beginning of their id, as git names commits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import Session
    from hansard.service import Service

_SHORTEST = 12
_SHOWN = 5


async def session_named(service: Service, principal: Principal, text: str) -> Session:
    """The session with this id, else the only one whose id begins with it.

    Raises NotFound for none, and Invalid for several, of which it names the first.
    """
    from hansard.errors import Invalid, NotFound
    from hansard.service.lookup import SHORTEST

    try:
        return await service.sessions.read(principal, text)
    except NotFound:
        if len(text) < SHORTEST:
            raise
        sessions = await service.lookup.find(principal, text)
        if not sessions:
            raise
    if len(sessions) > 1:
        shown = ", ".join(session.name for session in sessions[:_SHOWN])
        raise Invalid(f"{len(sessions)} sessions begin with {text!r}: {shown}", param="id")
    return sessions[0]


def shortened(names: Sequence[str]) -> list[str]:
    """Our own long ids cut to what tells them apart here; a caller's own ids stay whole."""
    return [_shortened(name, names) if name.startswith("ses_") else name for name in names]


def _shortened(name: str, names: Sequence[str]) -> str:
    others = [other for other in names if other != name]
    for length in range(_SHORTEST, len(name)):
        if not any(other.startswith(name[:length]) for other in others):
            return name[:length]
    return name
