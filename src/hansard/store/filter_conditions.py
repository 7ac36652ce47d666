"""The conditions that a filter of sessions is in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hansard.model.session_filter import NONE
from hansard.store.rows import fold
from hansard.store.tokenizer import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hansard.model import SessionFilter

NOTHING: frozenset[str] = frozenset()


class Condition(NamedTuple):
    """A filter in SQL; ``{}`` is its parameter, or the list of them.

    ``indexed`` lets the filter's index lead to the rows. ``loose`` says the same in a form that no
    index serves, so that the order's own index is walked instead, where that is shorter. It is
    never null, so that it can be negated.
    """

    indexed: str
    loose: str


def _among(column: str) -> Condition:
    return Condition(f"{column} in ({{}})", f"coalesce({column}, '') in ({{}})")


def _from(column: str) -> Condition:
    return Condition(f"{column} >= {{}}", f"{column} + 0 >= {{}}")


def _until(column: str) -> Condition:
    return Condition(f"{column} <= {{}}", f"{column} + 0 <= {{}}")


def _compared(expression: str, comparison: str) -> Condition:
    """What no index has."""
    condition = f"coalesce({expression}, 0) {comparison} {{}}"
    return Condition(condition, condition)


_METADATA = Condition(
    "id in (select session_id from session_metadata"
    " where session_metadata.workspace_id = :workspace_id and name = :{} and value in ({}))",
    "exists (select 1 from session_metadata as m where m.workspace_id = :workspace_id"
    " and m.session_id = sessions.id and m.name = :{} and m.value in ({}) limit 1)",
)
_NOTE = Condition(
    "id in (select session_id from note_words"
    " where note_words.workspace_id = :workspace_id and word >= :{0} and word < :{1})",
    "exists (select 1 from note_words as n where n.workspace_id = :workspace_id"
    " and n.session_id = sessions.id and n.word >= :{0} and n.word < :{1} limit 1)",
)
_LAST = "\U0010ffff"
_TOKENS, _COST, _DURATION = (
    "{{spent_tokens}}",
    "{{spent_nanos}}",
    "last_message_at - first_message_at",
)
_UNITS = {"cost": 1_000_000_000, "duration": 1_000_000}
"""What filters have one of, in the units of the columns."""
# The only place where a filter meets a column.
CONDITIONS = {
    "state": _among("state"),
    "channel": _among("channel"),
    "kind": _among("kind"),
    "app": _among("app"),
    "agent": _among("agent"),
    "model": _among("model"),
    "user_id": _among("user_id"),
    "workflow_id": _among("workflow_id"),
    "parent_id": _among("parent_id"),
    "resolution": _among("resolution"),
    "intent": _among("intent"),
    "trigger": _among("trigger_type"),
    "branch": Condition("branch in ({})", "branch + 0 in ({})"),
    "tag": Condition(
        "id in (select session_id from session_tags"
        " where session_tags.workspace_id = :workspace_id and tag in ({}))",
        "exists (select 1 from session_tags as t where t.workspace_id = :workspace_id"
        " and t.session_id = sessions.id and t.tag in ({}) limit 1)",
    ),
    "tool": Condition(
        "id in (select session_id from session_tools"
        " where session_tools.workspace_id = :workspace_id and name in ({}))",
        "exists (select 1 from session_tools as t where t.workspace_id = :workspace_id"
        " and t.session_id = sessions.id and t.name in ({}) limit 1)",
    ),
    "assignee": _among("assignee"),
    "score": Condition(
        "id in (select session_id from scores"
        " where scores.workspace_id = :workspace_id and name in ({}))",
        "exists (select 1 from scores as s where s.workspace_id = :workspace_id"
        " and s.session_id = sessions.id and s.name in ({}) limit 1)",
    ),
    "title": Condition(
        "id in (select id from sessions as titled where titled.workspace_id = :workspace_id"
        " and titled.title_folded like {} escape '\\')",
        "title_folded like {} escape '\\'",
    ),
    "failed_calls_from": Condition(  # the index of those with failed calls serves it
        "failed_calls > 0 and failed_calls >= {}", "failed_calls + 0 >= {}"
    ),
    "failed_calls_until": _until("failed_calls"),
    "messages_from": _from("message_count"),
    "messages_until": _until("message_count"),
    "tokens_from": _compared(_TOKENS, ">="),
    "tokens_until": _compared(_TOKENS, "<="),
    "cost_from": _compared(_COST, ">="),
    "cost_until": _compared(_COST, "<="),
    "duration_from": _compared(_DURATION, ">="),
    "duration_until": _compared(_DURATION, "<="),
    "created_from": _from("created_at"),
    "created_until": _until("created_at"),
    "updated_from": _from("updated_at"),
    "updated_until": _until("updated_at"),
    "active_from": _from("active_at"),
    "active_until": _until("active_at"),
}


def _with(table: str) -> tuple[str, str]:
    """Without and with a row of another table."""
    rows = (
        f"exists (select 1 from {table} where {table}.workspace_id = :workspace_id"  # noqa: S608 - names from below
        f" and {table}.session_id = sessions.id)"
    )
    return f"not {rows}", rows


# Filter -> its condition where it is false, and where it is true.
FACTS = {
    "archived": ("archived_at is null", "archived_at is not null"),
    "ended": ("ended_at is null", "ended_at is not null"),
    "assigned": ("assignee is null", "coalesce(assignee, '') <> ''"),  # not by the index of names
    "failed_calls": ("failed_calls = 0", "failed_calls > 0"),
    "noted": _with("notes"),
    "scored": _with("scores"),
    "has_messages": ("message_count = 0", "message_count > 0"),
    "unread": (
        "(last_message_at is null or (read_at is not null and read_at >= last_message_at))",
        "(last_message_at is not null and (read_at is null or read_at < last_message_at))",
    ),
}
# A partial index leaves out the common value; saying so lets the database take the index for the
# others.
UNCOMMON = {"kind": "session", "state": "completed", "resolution": "open"}
UNBOUNDED = {("failed_calls_from", 0)}
"""Filters that let every session pass."""
Values = dict[str, Any]


def where(filters: SessionFilter, loose: frozenset[str] = NOTHING) -> tuple[list[str], Values]:
    """The conditions of the sessions that pass, and their parameters."""
    conditions, values = _conditions(filters, loose, "")
    return ["workspace_id = :workspace_id", *conditions], values


def _conditions(
    filters: SessionFilter, loose: frozenset[str], prefix: str
) -> tuple[list[str], Values]:
    """``prefix`` keeps the parameters of a filter within another apart."""
    conditions: list[str] = []
    values: Values = {}
    lacking = {NONE[name] for name in filters.none}
    for field, condition in CONDITIONS.items():
        named = {
            prefix + name: value for name, value in named_values(field, getattr(filters, field))
        }
        if field in lacking:  # an empty text stands for null in the loose form
            alternatives = ["''", *(f":{name}" for name in named)]
            conditions.append(condition.loose.format(", ".join(alternatives)))
            values |= named
        elif named:
            template = condition.loose if field in loose else condition.indexed
            conditions.append(template.format(", ".join(f":{name}" for name in named)))
            values |= named
            if field in UNCOMMON and field not in loose and UNCOMMON[field] not in named.values():
                conditions.append(f"{field} <> '{UNCOMMON[field]}'")
    for labelled, named in (
        *_metadata(filters.metadata, prefix, is_loose="metadata" in loose),
        *_noted(filters.note, prefix, is_loose="note" in loose),
    ):
        conditions.append(labelled)
        values |= named
    for field, (absent, present) in FACTS.items():
        value = getattr(filters, field)
        if value is not None:
            conditions.append(present if value else absent)
    for nested, named in _nested(filters, prefix):
        conditions.append(nested)
        values |= named
    return conditions, values


LOOSE = frozenset({*CONDITIONS, "metadata", "note"})
"""Every filter: none leads to the rows."""


def leads(filters: SessionFilter, loose: frozenset[str]) -> bool:
    """Whether one of the filters may lead to the sessions by an index of its own.

    The index of ``active_at`` is no such one: lists are walked by it.
    """
    walked = loose | {NONE[name] for name in filters.none}
    return any(
        field not in walked and getattr(filters, field) not in ((), None, "") for field in _LEADING
    )


_WALKED = ("active_", "messages_", "failed_", "tokens_", "cost_", "duration_")
"""How the filters begin that have no index of their own, but for one of times."""
_LEADING = (*(field for field in CONDITIONS if not field.startswith(_WALKED)), "metadata", "note")


def _nested(filters: SessionFilter, prefix: str) -> Iterator[tuple[str, Values]]:
    """The conditions of ``either`` and ``without``; no index leads by them."""
    for number, group in enumerate(filters.either):
        alternatives: list[str] = []
        values: Values = {}
        for index, alternative in enumerate(group):
            conditions, named = _conditions(alternative, LOOSE, f"{prefix}e{number}_{index}_")
            alternatives.append(f"({' and '.join(conditions or ['1 = 1'])})")
            values |= named
        yield f"({' or '.join(alternatives)})", values
    for number, unwanted in enumerate(filters.without):
        conditions, values = _conditions(unwanted, LOOSE, f"{prefix}w{number}_")
        yield f"not ({' and '.join(conditions or ['1 = 1'])})", values


def _metadata(
    pairs: tuple[str, ...], prefix: str, *, is_loose: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """A condition for each key of ``KEY=VALUE`` pairs, and its parameters."""
    by_name: dict[str, list[str]] = {}
    for name, _, value in (pair.partition("=") for pair in pairs):
        by_name.setdefault(name, []).append(value)
    condition = _METADATA.loose if is_loose else _METADATA.indexed
    for index, (name, values) in enumerate(by_name.items()):
        key = f"{prefix}metadata_{index}"
        named = dict(named_values(f"{key}_value", tuple(values)))
        yield condition.format(key, ", ".join(f":{each}" for each in named)), {key: name, **named}


def _noted(
    text: str | None, prefix: str, *, is_loose: bool
) -> Iterator[tuple[str, dict[str, str]]]:
    """A condition for each word that the notes of a session shall have, and its parameters."""
    condition = _NOTE.loose if is_loose else _NOTE.indexed
    wanted = dict.fromkeys(words(text or ""))
    if text and not wanted:
        yield "1 = 0", {}
    for index, word in enumerate(wanted):
        first, last = (f"{prefix}note_{index}_{end}" for end in ("from", "until"))
        yield condition.format(first, last), {first: word, last: word + _LAST}


def named_values(field: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - a filter's value
    """The parameters that stand for the value of a filter."""
    if isinstance(value, tuple):
        yield from ((f"{field}_{index}", item) for index, item in enumerate(value))
    elif field == "title" and value:
        escaped = fold(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        yield field, f"%{escaped}%"
    elif value is not None and field != "title" and (field, value) not in UNBOUNDED:
        unit = _UNITS.get(field.partition("_")[0])
        yield field, round(value * unit) if unit else value
