"""The request of statistics."""

from __future__ import annotations

from datetime import date
from typing import Literal

from hansard.client.params import Texts
from hansard.client.requests import Request
from hansard.client.structs import Stats

By = Literal["channel", "app", "agent", "model", "user", "state"]


def stats(  # noqa: PLR0913 - the parameters of the API
    *,
    first: date | str | None = None,
    last: date | str | None = None,
    tz: str | None = None,
    by: By | None = None,
    top: int | None = None,
    channel: Texts | None = None,
    app: Texts | None = None,
    agent: Texts | None = None,
    model: Texts | None = None,
    user: Texts | None = None,
    state: Texts | None = None,
) -> Request[Stats]:
    """Sessions, messages, tokens, cost and runs by day, from ``first`` to ``last``.

    Without them it is the last 30 days. Days are those of the IANA time zone ``tz``, UTC by
    default. Money counts on the day of its message. With ``by`` the ``top`` values have groups.
    """
    query = {
        "from": None if first is None else str(first),
        "until": None if last is None else str(last),
        "tz": tz,
        "by": by,
        "top": top,
        "channel": channel,
        "app": app,
        "agent": agent,
        "model": model,
        "user": user,
        "state": state,
    }
    return Request("GET", "/v1/stats", Stats.of, query=query, renamed=_RENAMED)


_RENAMED = {"from": "first", "until": "last"}
