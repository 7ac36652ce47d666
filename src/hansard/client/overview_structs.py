"""The answers about many sessions: the values of filters, and what needs attention."""

from __future__ import annotations

from typing import Any, Self

from msgspec import field

from hansard.client.structs import Record, Session


class Facet(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The values of the filter ``by`` among the sessions that all other filters leave.

    ``values`` has the number of sessions of each, most first; ``none`` have no value. Where it is
    not ``exact``, only the latest sessions were looked at: there may be more of each.
    """

    by: str
    values: dict[str, int] = field(default_factory=dict)
    none: int = 0
    total: int = 0
    exact: bool = True

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        values = {item["value"]: item["count"] for item in document.get("values", [])}
        return super().of({**document, "values": values})


class Attention(Record, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The sessions that need attention for one ``reason``, at most 20.

    ``query`` is the query string of the list that has them all.
    """

    reason: str
    sessions: list[Session] = field(default_factory=list)
    has_more: bool = False
    query: str = ""

    @classmethod
    def of(cls, document: dict[str, Any]) -> Self:
        sessions = [Session.of(item) for item in document.get("data", [])]
        rest = {name: value for name, value in document.items() if name != "data"}
        return super().of({**rest, "sessions": sessions})
