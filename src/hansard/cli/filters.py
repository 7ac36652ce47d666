"""The filters of the session list as options, derived from the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import click

from hansard.cli.arguments import moment, one_of
from hansard.model.session_filter import FILTERS, Archived, FilterField, SharedFilters, archived_of
from hansard.model.times import Moment

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import SessionFilter
    from hansard.service import Service

_SUB_SESSIONS = {True: (1, 3), False: (0, 2), None: ()}


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that select sessions.

    Values separated by commas are alternatives; options add up.
    """
    function = click.option(
        "--sub-sessions/--no-sub-sessions",
        "sub_sessions",
        default=None,
        help="Only sub-sessions; --no-sub-sessions leaves them out.",
    )(function)
    for each in reversed(FILTERS):
        function = _option(each)(function)
    return function


def _option(each: FilterField) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    from hansard.http.descriptions import description_of

    text = (description_of(SharedFilters, each.field) or "").replace("`", "").replace("\n", " ")
    if each.choices and each.type == "values":
        text += f" One or more of {', '.join(each.choices)}."
    flag = f"--{each.name.replace('_', '-')}"
    text = text.replace("with false", f"with --no-{flag[2:]}")
    match each.type:
        case "values":
            return click.option(
                flag,
                each.field,
                metavar="A,B",
                multiple=True,
                help=text,
                shell_complete=one_of(lambda: each.choices),
            )
        case "text":
            return click.option(flag, each.field, metavar="TEXT", help=text)
        case "flag":
            return click.option(f"{flag}/--no-{flag[2:]}", each.field, default=None, help=text)
        case "choice":
            return click.option(
                flag,
                each.field,
                is_flag=False,
                flag_value="true",
                type=click.Choice(each.choices),
                help=f"{text} Alone it stands for true.",
            )
        case "number" | "amount":
            kind = click.IntRange(0) if each.type == "number" else click.FloatRange(0)
            return click.option(flag, each.field, type=kind, metavar="N", help=text)
        case "moment":
            text += " ISO 8601, or 24h for that long ago."
            return click.option(flag, each.field, type=moment, metavar="TIME", help=text)


async def filter_of(
    service: Service,
    principal: Principal,
    options: dict[str, object],
    archived: Archived = "any",
) -> SessionFilter:
    """The filter that the options describe; removes them from ``options``.

    ``archived`` is what holds without the option of this name.

    Raises BadParameter for a value that no session can have.
    """
    from hansard.model import SessionFilter

    values: dict[str, Any] = {each.field: _value(each, options) for each in FILTERS}
    parents = [await service.sessions.read(principal, name) for name in values["parent_id"]]
    values["parent_id"] = tuple(parent.id for parent in parents)
    values["archived"] = archived_of(values["archived"], archived)
    subs = cast("bool | None", options.pop("sub_sessions"))
    return SessionFilter(**values, branch=_SUB_SESSIONS[subs])


def _value(each: FilterField, options: dict[str, object]) -> Any:  # noqa: ANN401 - a filter's value
    value = options.pop(each.field)
    if each.type == "values":
        return _values(each, cast("tuple[str, ...]", value))
    if each.type == "moment" and value is not None:
        return Moment(cast("int", value))
    return value


def _values(each: FilterField, texts: tuple[str, ...]) -> tuple[str, ...]:
    from hansard.http.decoding import split

    values = tuple(part for text in texts for part in split(text))
    for value in values if each.choices else ():
        if value not in each.choices:
            choices = ", ".join(each.choices)
            raise click.BadParameter(
                f"{value!r} is not one of {choices}", param_hint=f"--{each.name}"
            )
    return values
