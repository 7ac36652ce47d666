"""The requests about many sessions: the values of filters, and what needs attention."""

from __future__ import annotations

from typing import Any, Unpack

from hansard.client.overview_structs import Attention, Facet
from hansard.client.params import SessionFilter, Texts, filter_query
from hansard.client.requests import Request


def facets(
    by: Texts | None = None, *, most: int | None = None, **where: Unpack[SessionFilter]
) -> Request[list[Facet]]:
    """The values that the filters ``by`` can take among the sessions that match.

    Each with how many sessions have it. A filter's own values do not limit what it is offered, all
    others do. Without ``by`` the filters are those of the page's menus.
    """
    query = {**filter_query(where), "by": by, "most": most}
    return Request("GET", "/v1/facets", _facets, query=query)


def _facets(answer: dict[str, Any]) -> list[Facet]:
    return [Facet.of(item) for item in answer["data"]]


def attention() -> Request[list[Attention]]:
    """The sessions that somebody should look at, by the reason, the most urgent first."""
    return Request("GET", "/v1/attention", _groups)


def _groups(answer: dict[str, Any]) -> list[Attention]:
    return [Attention.of(item) for item in answer["data"]]
