"""The menus above the list: values that the other filters leave, ranges, and days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hansard.model.run import STATES
from hansard.model.times import Moment
from hansard.web.filters import RANGES, ListParams, filter_of, pairs, query
from hansard.web.local_times import local_day, midnight

if TYPE_CHECKING:
    from datetime import tzinfo

    from hansard.access import Principal
    from hansard.service import Service

MENUS = (
    ("state", "State"),
    ("channel", "Channel"),
    ("app", "App"),
    ("agent", "Agent"),
    ("resolution", "Resolution"),
    ("kind", "Kind"),
)
MINOR = ("resolution", "kind")
_MENU = 40
BOUNDS = tuple(f"{name}_{end}" for name in RANGES for end in ("from", "until"))
"""The ends of the ranges that the form asks for."""


class Menu(Struct):
    """One filter's choices with how many sessions have each, and whether it is chosen."""

    name: str
    label: str
    choices: list[tuple[str, int | None, bool]]
    is_offered: bool
    more: str
    """``+`` where the counts are those of some sessions only."""
    none: int
    """How many sessions have none of them."""
    is_none: bool

    @property
    def chosen(self) -> int:
        return sum(on for _, _, on in self.choices) + self.is_none


async def menus(service: Service, principal: Principal, params: ListParams) -> list[Menu]:
    """The filters with the values that all other filters leave, and how many sessions have each.

    Where words are searched, which the counts would not follow, there are none.
    """
    names = [name for name, _ in MENUS]
    facets = await service.facets.find(principal, filter_of(params), names, _MENU)
    narrowed = principal.user_id is not None or principal.app is not None
    shown = []
    for name, label in MENUS:
        facet, chosen = facets[name], getattr(params, name)
        known = {} if narrowed else await service.sessions.facet(principal, name)
        counts: dict[str, int | None] = {**dict.fromkeys(chosen, 0), **dict(facet.values)}
        if not facet.is_exact:
            counts = {**dict.fromkeys([*chosen, *known]), **dict(facet.values)}
        values = sorted(counts, key=lambda value: -(counts[value] or 0))
        if name == "state":
            values = [value for value in STATES if value in counts]
        shown.append(
            Menu(
                name,
                label,
                [
                    (value, None if params.q else counts[value], value in chosen)
                    for value in values[:_MENU]
                ],
                is_offered=max(len(values) + (facet.none > 0), len(known)) > 1
                or bool(chosen)
                or name in params.none,
                more="" if facet.is_exact else "+",
                none=facet.none,
                is_none=name in params.none,
            )
        )
    return shown


def ranges(params: ListParams) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The ranges of the form: a label, and the end, the filter and the value of both fields."""
    known = dict(pairs(params))
    return [
        (
            label,
            [(end, f"{name}_{end}", known.get(f"{name}_{end}", "")) for end in ("from", "until")],
        )
        for name, (label, _) in RANGES.items()
    ]


def spans(params: ListParams, now: int, zone: tzinfo) -> list[tuple[str, str]]:
    """The same list of the sessions that began lately, by the reader's whole days."""
    today = local_day(now, zone)
    return [
        (
            label,
            query(
                pairs(
                    replace(
                        params,
                        created_from=Moment(midnight(today, zone, -days)),
                        created_until=None,
                    )
                )
            ),
        )
        for label, days in (("Today", 0), ("Last 7 days", 6), ("Last 30 days", 29))
    ]
