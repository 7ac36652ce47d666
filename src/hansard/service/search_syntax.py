"""The syntax of the search box.

No input is an error: what has no meaning as syntax is searched as words.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import Struct

from hansard.model import SessionFilter, times
from hansard.store.search_query import NEVER, ROLES, TOOL, SearchTerms, Term, sought

_PIECE = re.compile(
    r'(?P<minus>-?)(?:(?P<name>[A-Za-z]+):)?(?:"(?P<quoted>[^"]*)(?:"|\Z)(?P<after>\*?)|(?P<bare>[^\s"]+))|\S'
)
_FIELDS = {
    "state": "state",
    "channel": "channel",
    "app": "app",
    "agent": "agent",
    "user": "user_id",
    "kind": "kind",
    "tag": "tag",
    "model": "model",
}
_LOWER = {"state", "channel", "kind"}
_MOST_TERMS = 32


class ParsedSearch(Struct, frozen=True):
    """A parsed search.

    ``terms`` None: every session that ``filter`` selects. Both None: the search is empty.
    """

    terms: SearchTerms | None
    filter: SessionFilter | None


class _Reading(Struct):
    wanted: list[Term]
    unwanted: list[Term]
    fields: dict[str, Any]
    roles: list[str]


def read(text: str, *, system: bool = True) -> ParsedSearch:
    """Parse words, ``"exact phrases"``, ``prefix*``, ``-not`` and ``name:value`` qualifiers.

    Without ``system`` and without a role in the text, system messages are excluded: the words of a
    prompt are in every session and select none.
    """
    reading = _Reading([], [], {}, [])
    for piece in _PIECE.finditer(text):
        _take(reading, piece)
    if reading.roles:
        _speak(reading)
    elif not system and (reading.wanted or reading.unwanted):
        reading.unwanted.insert(0, Term((ROLES["system"],)))
    wanted, unwanted = tuple(dict.fromkeys(reading.wanted)), tuple(dict.fromkeys(reading.unwanted))
    terms = (
        SearchTerms(wanted[:_MOST_TERMS], unwanted[:_MOST_TERMS]) if wanted or unwanted else None
    )
    return ParsedSearch(terms, SessionFilter(**reading.fields) if reading.fields or terms else None)


def _take(reading: _Reading, piece: re.Match[str]) -> None:
    minus, name, quoted, bare = piece["minus"], piece["name"], piece["quoted"], piece["bare"]
    if quoted is None and bare is None:
        return
    value = quoted if quoted is not None else bare
    if name and not minus and _qualify(reading, name.lower(), value):
        return
    prefix = bool(piece["after"]) if quoted is not None else value.endswith("*")
    term = sought(f"{name} {value}" if name else value, prefix=prefix)
    if term is not None:
        (reading.unwanted if minus else reading.wanted).append(term)


def _qualify(reading: _Reading, name: str, text: str) -> bool:
    """Apply a qualifier; False when it is none, and its words are to be searched."""
    values = tuple(value.strip() for value in text.split(",") if value.strip())
    if not values:
        return False
    if name in _FIELDS:
        field = _FIELDS[name]
        reading.fields[field] = (
            *reading.fields.get(field, ()),
            *((value.lower() for value in values) if name in _LOWER else values),
        )
    elif name == "role":
        reading.roles += [value.lower() for value in values]
    elif name == "has" and values[0].lower() in {"tool", "tools"}:
        reading.wanted.append(Term((TOOL,)))
    elif name in {"before", "after"}:
        return _limit(reading, name, text)
    else:
        return False
    return True


def _limit(reading: _Reading, name: str, value: str) -> bool:
    try:
        at = times.Moment(times.parse(value))
    except ValueError:
        return False
    if name == "after":
        reading.fields["active_from"] = max(at, reading.fields.get("active_from", at))
    else:
        reading.fields["active_until"] = times.Moment(
            min(at - 1, reading.fields.get("active_until", at))
        )
    return True


def _speak(reading: _Reading) -> None:
    """Add the role conditions; of several roles, each other role is excluded."""
    facts = [ROLES.get(role, NEVER) for role in reading.roles]
    if len(facts) == 1:
        reading.wanted.append(Term((facts[0],)))
    elif NEVER in facts and set(facts) == {NEVER}:
        reading.wanted.append(Term((NEVER,)))
    else:
        reading.unwanted += [Term((fact,)) for fact in ROLES.values() if fact not in facts]


def within(first: SessionFilter, second: SessionFilter) -> SessionFilter | None:
    """The filter for the sessions that both filters select; None when there can be none."""
    both: dict[str, Any] = {}
    for field in first.__struct_fields__:
        mine, others = getattr(first, field), getattr(second, field)
        if isinstance(mine, tuple):
            both[field] = (
                tuple(value for value in mine if value in others)
                if mine and others
                else mine or others
            )
            if mine and others and not both[field]:
                return None
        else:
            both[field] = others if mine is None else mine
    return msgspec.structs.replace(first, **both)
