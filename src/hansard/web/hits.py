"""Search for the list: the sessions that match, each with what was found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

from hansard.model import Session, SessionQuery
from hansard.web.filters import filter_of

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.service import Service
    from hansard.web.filters import ListParams


class Hit(Struct):
    """The best place in a session: who said it, the words with marks, and the message to jump to."""

    role: str
    html: Markup
    seq: int | None


class Found(Struct):
    sessions: list[Session]
    by_session: dict[str, Hit]
    has_more: bool
    total: int | None
    at_least: bool
    problem: str = ""


async def hits(service: Service, principal: Principal, asked: ListParams, offset: int, limit: int) -> Found:
    wanted = replace(filter_of(asked), query=asked.q)
    page = await service.sessions.list(principal, SessionQuery(filter=wanted, limit=limit, offset=offset, with_total=True))
    return Found(page.items, {}, page.has_more, page.total, at_least=False)
