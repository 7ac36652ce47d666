"""`hansard sessions facets` and `hansard sessions attention`: many sessions at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from hansard.cli import output
from hansard.cli.arguments import names
from hansard.cli.context import CommandContext, store_command
from hansard.cli.filters import filter_of, filters

if TYPE_CHECKING:
    from hansard.model.facet import Facet

_MOST = 100


@click.command()
@click.option(
    "--by",
    type=names,
    default="state,channel,agent",
    show_default=True,
    metavar="A,B",
    help="Whose values: any filter of the list that takes values, such as user, tag or tool.",
)
@click.option(
    "--most",
    type=click.IntRange(1, _MOST),
    default=20,
    show_default=True,
    metavar="N",
    help="The most values of each.",
)
@filters
@store_command(workspace=True)
async def facets(
    context: CommandContext, by: tuple[str, ...], most: int, **options: object
) -> None:
    """Count the values of filters among the matching sessions.

    A filter's own values do not limit what it is offered, all others do. Archived sessions are left
    out unless asked for.
    """
    from hansard.native.facets import facet_out
    from hansard.service.facets import BY

    for name in by:
        if name not in BY:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(BY)}", param_hint="--by")
    async with context.opened() as service:
        principal = await context.principal(service)
        wanted = await filter_of(service, principal, options, "false")
        counted = await service.facets.find(principal, wanted, list(dict.fromkeys(by)), most)
    if context.json:
        context.document({"data": [facet_out(name, facet) for name, facet in counted.items()]})
        return
    output.table(
        ("filter", "value", "sessions"),
        [(name, *row) for name, facet in counted.items() for row in _rows(facet)],
        right=("sessions",),
        flexible="value",
        empty="No session matches.",
    )


def _rows(facet: Facet) -> list[tuple[str, str]]:
    more = "" if facet.is_exact else "+"
    none = [("(none)", f"{facet.none:,}{more}")] if facet.none else []
    return [*((value, f"{count:,}{more}") for value, count in facet.values), *none]


@click.command()
@store_command(workspace=True)
async def attention(context: CommandContext) -> None:
    """List the sessions that need attention, the most urgent first.

    At most 20 for each reason; --json has the query that lists them all.
    """
    from hansard.cli.session_names import shortened
    from hansard.native.attention import group_out

    async with context.opened() as service:
        groups = await service.attention.find(await context.principal(service))
        now = service.clock()
    if context.json:
        context.document({"data": [group_out(group) for group in groups]})
        return
    rows = [(group.reason, session) for group in groups for session in group.sessions]
    ids = [session.name for _, session in rows]
    output.table(
        ("reason", "id", "title", "user", "assignee", "active"),
        [
            (
                reason.replace("_", " "),
                ident,
                session.title or session.preview or "",
                session.user_id or "",
                session.assignee or "",
                output.ago(session.active_at, now),
            )
            for ident, (reason, session) in zip(
                shortened(ids) if output.is_terminal() else ids, rows, strict=True
            )
        ],
        flexible="title",
        spare=("assignee", "user"),
        empty="Nothing needs attention.",
    )
