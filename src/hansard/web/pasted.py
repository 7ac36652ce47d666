"""An id in the search box: which session it names, and which end users."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from hansard import ids
from hansard.errors import NotFound
from hansard.service.lookup import SHORTEST

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import Jump, Session
    from hansard.service import Service

_BEGUN = re.compile(
    rf"(?:{ids.SESSION}|{'|'.join(ids.FOREIGN)})[0-9a-f-]{{4,36}}|[0-9a-f]{{8}}-[0-9a-f-]{{0,27}}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\s:\"\x00]+")
SHORTEST_USER, USERS = 3, 5
_ADDRESS = re.compile(r"(?:/[^/]+)*?/(?:ui|v1)/sessions/([^/]+)")
"""A link to a session, on a server below any path."""


async def sessions_named(service: Service, principal: Principal, text: str) -> list[Session]:
    """The sessions that a pasted id, own id, beginning of an id or link names; at most 20."""
    typed = text.strip().strip("\"'")
    name = _named_by(typed)
    if name != typed:
        with contextlib.suppress(NotFound):
            return [await service.sessions.read(principal, name)]
        return []
    if not SHORTEST <= len(name) <= ids.MAX_LENGTH or any(map(str.isspace, name)):
        return []
    sessions = await service.lookup.find(principal, name)
    if is_id(name):
        return sessions
    return [session for session in sessions if session.own_id == name]


async def users_named(service: Service, principal: Principal, text: str) -> list[str]:
    """A few end users whose id contains a single word that was typed; none for a narrowed key."""
    is_whole = principal.user_id is None and principal.app is None
    if (
        not is_whole
        or not SHORTEST_USER <= len(text) <= ids.MAX_LENGTH
        or not _WORD.fullmatch(text)
    ):
        return []
    return await service.users.containing(principal, text, limit=USERS)


def is_id(text: str) -> bool:
    """Whether this can be nothing but one of our ids, or the beginning of one."""
    return _BEGUN.fullmatch(text) is not None or ids.uuid_in(text) is not None


def jump(text: str, sessions: list[Session], target: Jump | None) -> str:
    """The address to open at once, empty without one.

    It is that of the only session that an unmistakable id or a link names, or of a message whose id
    the text is.
    """
    typed = text.strip()
    name = _named_by(typed)
    if len(sessions) == 1 and (is_id(name) or name != typed):
        return f"/ui/sessions/{sessions[0].id}"
    if target and target.session and target.message and ids.message_in(typed):
        return f"/ui/sessions/{target.session.id}?at={target.message.seq}#m{target.message.seq}"
    return ""


def _named_by(text: str) -> str:
    """The session's name within a link to it; any other text as it is."""
    if not text.startswith(("http://", "https://", "/")):
        return text
    try:
        address = _ADDRESS.match(urlsplit(text).path)
    except ValueError:
        return text
    return unquote(address[1]) if address else text
