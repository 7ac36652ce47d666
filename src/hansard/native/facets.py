"""``/v1/facets``: the values that the filters of sessions can take, with how many have each."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model.facet import Facet
from hansard.native.filters import FilterParams, check_words, filter_of
from hansard.native.schemas import Json
from hansard.service.facets import BY, MOST

_USUAL = ("state", "channel", "app", "agent", "resolution", "kind")


class FacetParams(FilterParams, frozen=True, kw_only=True, cache_hash=True):
    """The filters of sessions, and whose values are asked for."""

    by: tuple[Annotated[str, Meta(extra_json_schema={"enum": list(BY)})], ...] = _USUAL
    """The filters whose values are counted."""
    most: Annotated[int, Meta(ge=1, le=100)] = MOST
    """The most values of each."""


class FacetValue(Struct, frozen=True, kw_only=True):
    """A value that the filter can take."""

    example: ClassVar[Json] = {"value": "support", "count": 45}

    value: str
    """The value, as the filter takes it."""
    count: int
    """How many sessions have it; a lower bound where `exact` is false."""


class FacetOut(Struct, frozen=True, kw_only=True):
    """The values of one filter among the sessions that all other filters leave."""

    example: ClassVar[Json] = {
        "by": "agent",
        "values": [FacetValue.example],
        "none": 3,
        "total": 48,
        "exact": True,
    }

    by: str
    """The filter."""
    values: list[FacetValue]
    """Its values, those with most sessions first."""
    none: int
    """How many sessions have no value."""
    total: int
    """How many sessions the other filters leave."""
    exact: bool
    """False where only the latest 4,000 sessions were looked at, or so many that pass one
    of the filters: the counts are then those of these sessions."""


class FacetList(Struct, frozen=True, kw_only=True):
    """The facets, in the order in which they were asked for."""

    data: list[FacetOut]
    """The values of each filter that was asked for."""


async def list_facets(call: Call[FacetParams, None]) -> FacetList:
    """Count the values that the filters can take

    A filter's own values do not limit what it is offered, all others do. Archived sessions are left
    out unless asked for, as in the list.
    """
    params = call.params
    check_words("by", params.by, tuple(BY))
    facets = await call.service.facets.find(
        call.principal, filter_of(params, "false"), [*dict.fromkeys(params.by)], params.most
    )
    return FacetList(data=[facet_out(name, facet) for name, facet in facets.items()])


def facet_out(name: str, facet: Facet) -> FacetOut:
    return FacetOut(
        by=name,
        values=[FacetValue(value=value, count=count) for value, count in facet.values],
        none=facet.none,
        total=facet.total,
        exact=facet.is_exact,
    )


routes = (
    Route(
        "GET /v1/facets",
        list_facets,
        scope="sessions:read",
        params=FacetParams,
        returns=FacetList,
    ),
)
