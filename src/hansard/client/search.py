"""The request of a search."""

from __future__ import annotations

from typing import Unpack

from hansard.client.pages import listed
from hansard.client.params import SearchSort, SessionFilter, filter_query
from hansard.client.requests import Request
from hansard.client.structs import Page, SearchHit


def search(  # noqa: PLR0913 - the parameters of the API, by name
    q: str,
    *,
    system: bool = True,
    tools: bool = True,
    sort: SearchSort | None = None,
    page_size: int | None = None,
    total: bool = False,
    **where: Unpack[SessionFilter],
) -> Request[Page[SearchHit]]:
    """The sessions whose messages or titles match, with the best passages of each.

    Iterating fetches page after page. ``q`` takes words, ``"exact phrases"``, ``prefix*`` and
    ``-not``, ``OR`` and qualifiers; the filters of the list narrow it. Without ``system`` system
    messages are left out, unless ``q`` has a ``role:``; without ``tools`` what tools were given and
    answered, unless ``q`` has ``role:tool``, ``tool:`` or ``has:``.
    """
    return listed(
        SearchHit,
        "/v1/search",
        page_size,
        {
            **filter_query(where),
            "q": q,
            "system": None if system else False,
            "tools": None if tools else False,
            "sort": sort,
            "total": total or None,
        },
    )
