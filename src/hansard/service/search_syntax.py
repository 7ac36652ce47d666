"""The syntax of the search box.

No input is an error: what has no meaning as syntax is searched as words, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from hansard.model import SessionFilter
from hansard.model.search import SearchNote
from hansard.service import search_qualifiers
from hansard.service.pasted_commands import is_command
from hansard.service.search_qualifiers import Leaf, Qualifier
from hansard.store.search_query import (
    FAILED,
    NEVER,
    ROLES,
    TOOL,
    TOOL_NAME,
    Either,
    Part,
    SearchTerms,
    Term,
    sought,
    terms_of,
    with_tools,
)

_PIECE = re.compile(
    r"(?P<open>(?<!\S)-?\(+)"
    r"|(?P<minus>-?)(?:(?P<name>[A-Za-z][\w.-]*):(?=\S))?"
    r'(?:"(?P<quoted>[^"]*)(?:"|\Z)(?P<after>\*?)|(?P<bare>[^\s"]+))'
    r"|\S"
)
_WORD = re.compile(r"[^\W_][\w.'’-]*\*?")
_SHORTEST_NEGATED = 3
_MOST_TERMS = 32
_MOST_NOTES = 20
_SYSTEM = Term((ROLES["system"],))
_ROLES = (*ROLES.values(), NEVER)
_OF_TOOLS = (ROLES["tool"], TOOL, FAILED, TOOL_NAME)


class ParsedSearch(Struct, frozen=True):
    """A parsed search.

    ``terms`` None: every session that ``filter`` selects. Both None: the search is empty. ``notes``
    say what was not understood.
    """

    terms: SearchTerms | None
    filter: SessionFilter | None
    notes: tuple[SearchNote, ...] = ()


class _Token(Struct, frozen=True):
    """A parenthesis, ``OR``, or a leaf with whether it is negated."""

    kind: str
    leaf: Leaf | None = None
    is_negated: bool = False
    typed: str = ""


class _All(Struct, frozen=True):
    """What must hold together, and what must not hold."""

    parts: tuple[Part, ...] = ()
    unwanted: tuple[Part, ...] = ()
    filters: tuple[SessionFilter, ...] = ()
    without: tuple[SessionFilter, ...] = ()


def read(text: str, *, system: bool = True, tools: bool = True, now: int = 0) -> ParsedSearch:
    """Parse words, ``"exact phrases"``, ``prefix*``, ``-not``, ``OR``, groups and qualifiers.

    Without ``system`` and without a role in the text, system messages are excluded: the words of a
    prompt are in every session and select none. Without ``tools`` and without a word of tools in
    the text, what tools were given and answered is not searched. ``now`` is what relative times
    count from.
    """
    notes: list[SearchNote] = []
    tokens = list(_tokens(text, now, notes))
    parsed = _Parser(tokens, notes).sequence()
    parts = tuple(dict.fromkeys(parsed.parts))
    unwanted = tuple(dict.fromkeys(parsed.unwanted))
    if tools or _names(parts, _OF_TOOLS):
        parts, unwanted = tuple(map(with_tools, parts)), tuple(map(with_tools, unwanted))
    if not system and (parts or unwanted) and not _names(parts, _ROLES):
        unwanted = (_SYSTEM, *(part for part in unwanted if part != _SYSTEM))
    terms = SearchTerms(parts[:_MOST_TERMS], unwanted[:_MOST_TERMS]) if parts or unwanted else None
    filters = _merged(parsed)
    known = tuple(dict.fromkeys(notes))[:_MOST_NOTES]
    return ParsedSearch(terms, filters or (SessionFilter() if terms else None), known)


def _names(parts: Sequence[Part], facts: tuple[str, ...]) -> bool:
    """Whether one of these facts, or of what begins so, is asked for."""
    return any(term.words[0].startswith(facts) for part in parts for term in terms_of(part))


def _tokens(text: str, now: int, notes: list[SearchNote]) -> Iterator[_Token]:
    groups = _has_groups(text)
    command = is_command(text)
    for piece in _PIECE.finditer(text):
        if piece["open"]:
            if groups:
                negated = piece["open"].startswith("-")
                yield from (
                    _Token("(", is_negated=negated and not index)
                    for index in range(piece["open"].count("("))
                )
        elif groups and piece[0] == "OR":
            yield _Token("OR", typed="OR")
        elif piece[0] == "AND" and piece.start() > 0 and piece.end() < len(text):
            continue  # everything holds together as it is
        else:
            bare, closing = piece["bare"], 0
            if groups and bare:
                closing = len(bare) - len(bare.rstrip(")"))
                closing = max(0, closing - bare.count("(")) if bare.strip(")") else closing
                bare = bare[: len(bare) - closing]
            yield from _leaf(piece, bare, now, notes, in_command=command)
            yield from (_Token(")") for _ in range(closing))


def _has_groups(text: str) -> bool:
    """Whether ``OR`` stands outside of quotes: only then are parentheses more than signs."""
    return any(piece[0] == "OR" for piece in _PIECE.finditer(text))


def _leaf(
    piece: re.Match[str], bare: str | None, now: int, notes: list[SearchNote], *, in_command: bool
) -> Iterator[_Token]:
    quoted, name = piece["quoted"], piece["name"]
    if quoted is None and not bare:
        return
    text = quoted if quoted is not None else bare or ""
    typed = (
        piece[0] if quoted is not None else f"{piece['minus']}{name + ':' if name else ''}{bare}"
    )
    is_negated = bool(piece["minus"])
    if name and (leaf := _qualified(name, text, now, notes, is_quoted=quoted is not None)):
        yield _Token("leaf", leaf, is_negated, typed)
        return
    if is_negated and quoted is None and not _may_negate(text, in_command=in_command):
        is_negated = False
    prefix = bool(piece["after"]) if quoted is not None else text.endswith("*")
    forms = quoted is None and not name
    term = sought(f"{name} {text}" if name else text, prefix=prefix, forms=forms)
    if term is not None:
        yield _Token("leaf", term, is_negated, typed)


def _may_negate(word: str, *, in_command: bool) -> bool:
    """Whether a dash before the word excludes it: it does not in options such as -x, -it, --rm."""
    if not word.isascii():
        return not in_command
    return (
        not in_command
        and len(word.rstrip("*")) >= _SHORTEST_NEGATED
        and not (word.isdigit() and len(word) <= _SHORTEST_NEGATED)
        and _WORD.fullmatch(word) is not None
    )


def _qualified(
    name: str, text: str, now: int, notes: list[SearchNote], *, is_quoted: bool
) -> Leaf | None:
    values = (text,) if is_quoted else tuple(filter(None, map(str.strip, text.split(","))))
    if not values or text.startswith(("/", "\\", ":")):
        return None
    return search_qualifiers.read(Qualifier(name, text, values), now, notes)


class _Parser:
    """``OR`` joins its two neighbours; everything else holds together."""

    def __init__(self, tokens: list[_Token], notes: list[SearchNote]) -> None:
        self._tokens = tokens
        self._notes = notes
        self._at = 0

    def sequence(self, depth: int = 0) -> _All:
        """Everything up to the closing parenthesis."""
        parsed = _All()
        while (token := self._next()) is not None:
            if token.kind == ")":
                if depth:
                    break
                self._at += 1
                continue
            parsed = _joined(parsed, self._alternatives(depth))
        return parsed

    def _alternatives(self, depth: int) -> _All:
        begin = self._at
        units = [self._unit(depth)]
        while (token := self._next()) is not None and token.kind == "OR":
            self._at += 1
            following = self._next()
            if following is not None and following.kind != ")":
                units.append(self._unit(depth))
        known = [unit for unit in units if unit != _All()]
        if len(known) <= 1:
            return known[0] if known else _All()
        typed = " ".join(token.typed for token in self._tokens[begin : self._at] if token.typed)
        return self._either(known, typed)

    def _unit(self, depth: int) -> _All:
        token = self._next()
        if token is None or token.kind == "OR":
            self._at += 1
            return _All()
        self._at += 1
        if token.kind == "(":
            inner = self.sequence(depth + 1)
            self._at += 1
            return _negated(inner) if token.is_negated else inner
        if isinstance(token.leaf, SessionFilter):
            filters = (token.leaf,)
            return _All(without=filters) if token.is_negated else _All(filters=filters)
        if token.leaf is None:
            return _All()
        return _All(unwanted=(token.leaf,)) if token.is_negated else _All(parts=(token.leaf,))

    def _either(self, units: Sequence[_All], typed: str) -> _All:
        if all(not (unit.filters or unit.without) for unit in units):
            return _All(parts=(Either(tuple(map(_part, units))),))
        if all(not (unit.parts or unit.unwanted) for unit in units):
            return _All(filters=(_either_filter(units),))
        self._notes.append(
            SearchNote(typed, "OR joins words with words and qualifiers with qualifiers, not both")
        )
        return _joined(*units)

    def _next(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _joined(first: _All, *others: _All) -> _All:
    fields = first.__struct_fields__
    return _All(*(sum((getattr(each, field) for each in (first, *others)), ()) for field in fields))


def _part(unit: _All) -> Part:
    if len(unit.parts) == 1 and not unit.unwanted:
        return unit.parts[0]
    return SearchTerms(unit.parts, unit.unwanted)


def _negated(unit: _All) -> _All:
    """A group with a dash before it: not all of it together."""
    unwanted = (_part(unit),) if unit.parts or unit.unwanted else ()
    filters = _merged(unit)
    return _All(unwanted=unwanted, without=(filters,) if filters is not None else ())


def _either_filter(units: Sequence[_All]) -> SessionFilter:
    return SessionFilter(either=(tuple(_merged(unit) or SessionFilter() for unit in units),))


def _merged(unit: _All) -> SessionFilter | None:
    """One filter for all; the values of a field that is named twice are alternatives."""
    if not unit.filters and not unit.without:
        return None
    merged = SessionFilter()
    for each in unit.filters:
        merged = _with(merged, each)
    without = tuple(dict.fromkeys((*merged.without, *unit.without)))
    return msgspec.structs.replace(merged, without=without)


def _with(merged: SessionFilter, more: SessionFilter) -> SessionFilter:
    changes: dict[str, Any] = {}
    for field in more.__struct_fields__:
        mine, new = getattr(merged, field), getattr(more, field)
        if new in ((), None) or new == mine:
            continue
        if isinstance(new, tuple):
            changes[field] = tuple(dict.fromkeys((*mine, *new)))
        elif mine is None:
            changes[field] = new
        elif field.endswith(("_from", "_until")):
            closer: Callable[[Any, Any], Any] = max if field.endswith("_from") else min
            changes[field] = closer(mine, new)
        else:
            single = msgspec.structs.replace(SessionFilter(), **{field: new})
            changes["either"] = (*merged.either, (single,))
    return msgspec.structs.replace(merged, **changes)


def within(first: SessionFilter, second: SessionFilter) -> SessionFilter | None:
    """The filter for the sessions that both filters select; None when there can be none."""
    both: dict[str, Any] = {}
    for field in first.__struct_fields__:
        mine, others = getattr(first, field), getattr(second, field)
        if field in {"either", "without"}:
            both[field] = tuple(dict.fromkeys((*mine, *others)))
        elif field == "metadata" and mine and others:
            return _apart(first, second)
        elif isinstance(mine, tuple):
            both[field] = (
                tuple(value for value in mine if value in others)
                if mine and others
                else mine or others
            )
            if mine and others and not both[field]:
                return None
        elif mine is not None and others is not None and mine != others:
            if not field.endswith(("_from", "_until")):
                return _apart(first, second)
            both[field] = (max if field.endswith("_from") else min)(mine, others)
        else:
            both[field] = others if mine is None else mine
    return msgspec.structs.replace(first, **both)


def _apart(first: SessionFilter, second: SessionFilter) -> SessionFilter:
    """Both filters where one field has two values that cannot be one."""
    return msgspec.structs.replace(second, either=(*second.either, (first,)))
