"""The filters of the session list, by the names that the API gives them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import click

from hansard.cli.arguments import moment, one_of

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import SessionFilter
    from hansard.service import Service

_MANY = {
    "state": "queued, running, waiting, completed, partial, failed, cancelled or interrupted.",
    "channel": "Where it came from, such as web.",
    "kind": "session, workflow, task, video_session, desktop_session or mobile_session.",
    "app": "The application that owns it.",
    "agent": "Who answers.",
    "model": "The model that answers.",
    "user": "The person at the other end.",
    "workflow": "The workflow.",
    "resolution": "open, resolved or unresolved.",
    "intent": "What it is about.",
    "trigger": "What set it off.",
    "tag": "A tag that it has.",
}
_FLAGS = {
    "archived": "Only archived ones, or none of them.",
    "ended": "Only ended ones, or none of them.",
    "unread": "Only unread ones, or none of them.",
    "sub-sessions": "Only those that branched from another, or none of them.",
}
_TIMES = ("created_from", "created_until", "updated_from", "updated_until")
_NAMES = {"user": "user_id", "workflow": "workflow_id", "title": "query"}


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose sessions; values separated by commas are alternatives, options add up."""
    for name in reversed(_TIMES):
        edge = "at or after" if name.endswith("from") else "at or before"
        what = f"{name.partition('_')[0].capitalize()} {edge} this time (ISO 8601, or 24h for that long ago)."
        function = click.option(
            f"--{name.replace('_', '-')}", name, type=moment, metavar="TIME", help=what
        )(function)
    for name, what in reversed(_FLAGS.items()):
        function = click.option(
            f"--{name}/--no-{name}", name.replace("-", "_"), default=None, help=what
        )(function)
    function = click.option(
        "--parent", metavar="ID", help="Those that branched from this session."
    )(function)
    function = click.option("--title", metavar="TEXT", help="A part of the title, in any case.")(
        function
    )
    for name, what in reversed(_MANY.items()):
        function = click.option(
            f"--{name}",
            metavar="A,B",
            multiple=True,
            help=what,
            shell_complete=one_of(partial(_allowed, name)),
        )(function)
    return function


async def filter_of(
    service: Service, principal: Principal, given: dict[str, object]
) -> SessionFilter:
    """The filter that the options ask for; takes them out of ``given``. UsageError names a value that cannot be."""
    from hansard.model import SessionFilter

    parent, subs = (
        cast("str | None", given.pop("parent")),
        cast("bool | None", given.pop("sub_sessions")),
    )
    wanted: dict[str, Any] = {
        name: given.pop(name) for name in ("title", "archived", "ended", "unread", *_TIMES)
    }
    wanted |= {name: _values(name, cast("tuple[str, ...]", given.pop(name))) for name in _MANY}
    wanted["branch"] = {True: (1, 3), False: (0, 2), None: ()}[subs]
    wanted["parent_id"] = ((await service.sessions.read(principal, parent)).id,) if parent else ()
    return SessionFilter(**{_NAMES.get(name, name): value for name, value in wanted.items()})


def _values(name: str, given: tuple[str, ...]) -> tuple[str, ...]:
    from hansard.http.decoding import split

    values = tuple(part for one in given for part in split(one))
    allowed = _allowed(name)
    for value in values if allowed else ():
        if value not in allowed:
            raise click.BadParameter(
                f"{value!r} is not one of {', '.join(allowed)}", param_hint=f"--{name}"
            )
    return tuple(value.lower() for value in values) if name == "channel" else values


def _allowed(name: str) -> tuple[str, ...]:
    """The values that a filter has; none where any text will do."""
    from hansard.model.run import STATES
    from hansard.model.session import KINDS, RESOLUTIONS

    return {"state": STATES, "kind": KINDS, "resolution": RESOLUTIONS}.get(name, ())
