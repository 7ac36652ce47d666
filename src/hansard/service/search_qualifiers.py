"""The qualifiers of a search: each is a filter of sessions, or a fact of messages."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from msgspec import Struct

from hansard.model import SessionFilter
from hansard.model.search import SearchNote
from hansard.model.session_filter import FILTERS, FilterField
from hansard.model.times import Moment
from hansard.service import search_values
from hansard.store.search_query import FAILED, NEVER, ROLES, TOOL, Either, Part, Term, tool_name

Leaf = SessionFilter | Part
_FIELDS = {each.name: each for each in FILTERS}
_MOST_LISTED = 12
_ALIKE = 0.7
"""How much of an unknown qualifier must be that of a known one, so that it may be meant."""
_LOWER = {"state", "channel", "kind", "resolution", "none"}
_FLAGS = {
    "archived": {"archived": True},
    "ended": {"ended": True},
    "unread": {"unread": True},
    "read": {"unread": False},
    "empty": {"has_messages": False},
}
_HAS: dict[str, Leaf] = {
    "tool": Term((TOOL,)),
    "failed-call": Term((FAILED,)),
    "messages": SessionFilter(has_messages=True),
}
_PLURALS = {
    "tools": "tool",
    "failed-calls": "failed-call",
    "failed_call": "failed-call",
    "failed_calls": "failed-call",
    "message": "messages",
}
_TIMES = ("created", "updated", "active")
_NUMBERS = {"messages": "messages", "failed": "failed_calls", "tokens": "tokens"}
"""Qualifiers of ranges of numbers, and the filters that have their ends."""
_AMOUNTS = {"cost": search_values.COST, "duration": search_values.DURATION}
"""Qualifiers of ranges of money and time, whose filters have the same names."""
_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}


class Qualifier(Struct, frozen=True):
    """``name:text`` as it was typed; ``values`` are its alternatives."""

    name: str
    text: str
    values: tuple[str, ...]

    @property
    def typed(self) -> str:
        return f"{self.name}:{self.text}"


def read(qualifier: Qualifier, now: int, notes: list[SearchNote]) -> Leaf | None:
    """What the qualifier means; None, with a note, when it is not understood."""
    name = qualifier.name.lower()
    if name.startswith("metadata."):
        key = qualifier.name.partition(".")[2]
        return SessionFilter(metadata=tuple(f"{key}={value}" for value in qualifier.values))
    if (special := _SPECIAL.get(name)) is not None:
        return special(qualifier, now, notes)
    field = _FIELDS.get(name.replace("-", "_"))
    if field is None:
        notes.append(_unknown_name(qualifier))
        return None
    return _field(qualifier, field, now, notes)


def _unknown_name(qualifier: Qualifier) -> SearchNote:
    name = qualifier.name.lower()
    close = _close(name, NAMES, _ALIKE)
    if name in WORDS["is"] or close is not None:
        meant = f"is:{name}" if name in WORDS["is"] else f"{close}:{qualifier.text}"
        return SearchNote(
            qualifier.typed,
            f"unknown qualifier {qualifier.name!r}: did you mean {meant}?",
            meant,
        )
    return SearchNote(
        qualifier.typed,
        f"unknown qualifier {qualifier.name!r}, so its words are searched:"
        f" the qualifiers are {', '.join(NAMES)}",
    )


def _unknown_values(qualifier: Qualifier, known: Sequence[str], notes: list[SearchNote]) -> None:
    values = [value for value in qualifier.values if value.lower() not in known]
    notes += unknown_values(qualifier.name, values, known)


def unknown_values(name: str, values: Sequence[str], known: Sequence[str]) -> list[SearchNote]:
    """A note for each value that is not among those ``known``."""
    return [_unknown_value(name, value, known) for value in values if value not in known]


def _unknown_value(name: str, value: str, known: Sequence[str]) -> SearchNote:
    close = _close(value.lower(), known)
    meant = f"{name}:{close}" if close else None
    listed = ", ".join(known[:_MOST_LISTED]) + (", …" if len(known) > _MOST_LISTED else "")
    choice = f"choose from {listed}" if listed else f"no session has any {name}"
    advice = f"did you mean {meant}?" if meant else choice
    return SearchNote(f"{name}:{value}", f"unknown value {value!r} of {name}: {advice}", meant)


def _close(text: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    known = list(known)
    begun = [word for word in known if len(text) > 2 and word.startswith(text)]  # noqa: PLR2004 - enough to tell
    return next(iter(begun or difflib.get_close_matches(text, known, 1, alike)), None)


def _field(
    qualifier: Qualifier, field: FilterField, now: int, notes: list[SearchNote]
) -> Leaf | None:
    match field.type:
        case "values":
            values = qualifier.values
            if field.name in _LOWER:
                values = tuple(value.lower() for value in values)
            if field.choices:
                _unknown_values(qualifier, field.choices, notes)
            return _filter(field.field, values)
        case "text":
            return _filter(field.field, qualifier.text)
        case "flag" | "choice":
            return _flag(qualifier, field, notes)
        case "moment":
            edge = search_values.since if field.name.endswith("_from") else _end_of
            return _filter_or_note(
                qualifier, lambda text: _filter(field.field, Moment(edge(text, now))), notes
            )
        case "number":
            return _filter_or_note(
                qualifier,
                lambda text: _filter(field.field, search_values.number_span(text)[0]),
                notes,
            )
        case "amount":
            amount = _AMOUNTS[field.name.partition("_")[0]]
            return _filter_or_note(
                qualifier,
                lambda text: _filter(field.field, amount.span(text)[0] / amount.unit),
                notes,
            )


def _end_of(text: str, now: int) -> int:
    return search_values.time_span(text, now)[1]


def _filter(field: str, value: Any) -> SessionFilter:  # noqa: ANN401 - a filter's value
    return SessionFilter(**{field: value})


def _flag(qualifier: Qualifier, field: FilterField, notes: list[SearchNote]) -> Leaf | None:
    text = qualifier.text.lower()
    if field.type == "choice" and text == "any":
        return SessionFilter()
    if text not in _BOOLEANS:
        _unknown_values(qualifier, field.choices or ("true", "false"), notes)
        return None
    return _filter(field.field, _BOOLEANS[text])


def _filter_or_note(
    qualifier: Qualifier, make: Callable[[str], SessionFilter], notes: list[SearchNote]
) -> SessionFilter | None:
    try:
        return make(qualifier.text)
    except (ValueError, OverflowError):
        notes.append(_misread(qualifier))
        return None


def _misread(qualifier: Qualifier) -> SearchNote:
    name = qualifier.name.lower()
    is_time = (
        name in {*_TIMES, "after", "before"}
        or name.removesuffix("_from").removesuffix("_until") in _TIMES
    )
    amount = _AMOUNTS.get(name.removesuffix("_from").removesuffix("_until"))
    advice = search_values.TIMES if is_time else amount.advice if amount else search_values.NUMBERS
    meant = _close(qualifier.text.lower(), ("today", "yesterday")) if is_time else None
    kind = "time" if is_time else "number"
    return SearchNote(
        qualifier.typed,
        f"{qualifier.name}: {qualifier.text!r} is not a {kind}: {advice}",
        f"{qualifier.name}:{meant}" if meant else None,
    )


def _limit(qualifier: Qualifier, now: int, notes: list[SearchNote]) -> SessionFilter | None:
    if qualifier.name.lower() == "after":
        return _filter_or_note(
            qualifier,
            lambda text: SessionFilter(active_from=Moment(search_values.since(text, now))),
            notes,
        )
    return _filter_or_note(
        qualifier,
        lambda text: SessionFilter(active_until=Moment(search_values.until(text, now))),
        notes,
    )


def _ranged(qualifier: Qualifier, now: int, notes: list[SearchNote]) -> SessionFilter | None:
    name = qualifier.name.lower()
    ends = _NUMBERS.get(name, name)
    kind: Callable[[int], float] = int
    span = search_values.number_span
    if name in _TIMES:
        kind, span = Moment, partial(search_values.time_span, now=now)
    elif amount := _AMOUNTS.get(name):
        kind, span = amount.of, amount.span

    def make(text: str) -> SessionFilter:
        first, last = search_values.range_of(text, span)
        bounds = {f"{ends}_from": first or None, f"{ends}_until": last}
        values: dict[str, Any] = {
            field: kind(value) for field, value in bounds.items() if value is not None
        }
        return SessionFilter(**values)

    return _filter_or_note(qualifier, make, notes)


def _failed(qualifier: Qualifier, now: int, notes: list[SearchNote]) -> SessionFilter | None:
    """Sessions with failed calls, or with a number of them."""
    if (flag := _BOOLEANS.get(qualifier.text.lower())) is not None:
        return SessionFilter(failed_calls=flag)
    return _ranged(qualifier, now, notes)


def _role(qualifier: Qualifier, _now: int, notes: list[SearchNote]) -> Part:
    _unknown_values(qualifier, WORDS["role"], notes)
    facts = tuple(Term((ROLES.get(value.lower(), NEVER),)) for value in qualifier.values)
    return facts[0] if len(facts) == 1 else Either(facts)


def _tool(qualifier: Qualifier, _now: int, _notes: list[SearchNote]) -> Part:
    """Messages that call the tool, and answers that carry its name."""
    names = tuple(
        Term((tool_name(value.rstrip("*")),), prefix=value.endswith("*"))
        for value in qualifier.values
    )
    return names[0] if len(names) == 1 else Either(names)


def _has(qualifier: Qualifier, _now: int, notes: list[SearchNote]) -> Leaf | None:
    value = qualifier.text.lower()
    leaf = _HAS.get(_PLURALS.get(value, value))
    if leaf is None:
        _unknown_values(qualifier, WORDS["has"], notes)
    return leaf


def _is(qualifier: Qualifier, _now: int, notes: list[SearchNote]) -> Leaf | None:
    value = qualifier.text.lower()
    if value in _FLAGS:
        return SessionFilter(**_FLAGS[value])  # type: ignore[arg-type]  # flags
    if value in _FIELDS["state"].choices:
        return SessionFilter(state=(value,))
    if value in _FIELDS["resolution"].choices:
        return SessionFilter(resolution=(value,))
    _unknown_values(qualifier, WORDS["is"], notes)
    return None


def _no(qualifier: Qualifier, _now: int, notes: list[SearchNote]) -> Leaf | None:
    """Sessions that lack one of these."""
    values = tuple(value.lower() for value in qualifier.values)
    _unknown_values(qualifier, WORDS["no"], notes)
    known = tuple(SessionFilter(none=(value,)) for value in values if value in WORDS["no"])
    return SessionFilter(either=(known,)) if known else None


_SPECIAL: dict[str, Callable[[Qualifier, int, list[SearchNote]], Leaf | None]] = {
    "after": _limit,
    "before": _limit,
    "role": _role,
    "tool": _tool,
    "has": _has,
    "is": _is,
    **dict.fromkeys(("no", "none"), _no),
    **dict.fromkeys((*_TIMES, "messages", "tokens", *_AMOUNTS), _ranged),
    "failed": _failed,
}
"""Qualifiers that are no filter of the list by the same name."""
WORDS = {
    "role": tuple(ROLES),
    "has": tuple(_HAS),
    "is": (*_FLAGS, *_FIELDS["state"].choices, *_FIELDS["resolution"].choices),
    "no": _FIELDS["none"].choices,
}
"""The words that some of them take."""
NAMES = tuple(dict.fromkeys((*_FIELDS, "metadata.KEY", *_SPECIAL)))
"""Every qualifier."""
