"""How a search may go on from what is typed: names of qualifiers, then their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard.model.session_filter import FILTERS
from hansard.service.search_qualifiers import NAMES, WORDS
from hansard.store.counts import FACETS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hansard.access import Principal
    from hansard.service.sessions import Sessions
    from hansard.service.users import Users

MOST = 8
_LEAST, _LEAST_USER = 2, 3
_LAST = re.compile(r"(?:^|(?<=\s))-?(?P<name>[\w.-]+)(?P<colon>:)?(?P<value>[^\s\"]*)$")
_PLAIN = re.compile(r"[^\s\"()]+")
_CHOICES = {each.name: each.choices for each in FILTERS if each.choices}
_FLAGS = {each.name: ("true", "false") for each in FILTERS if each.type == "flag"}


class Suggestion(Struct, frozen=True):
    """A way to go on: the whole ``text`` then, and what it adds, with the sessions that have it."""

    text: str
    label: str
    count: int | None = None


class Suggestions:
    def __init__(self, sessions: Sessions, users: Users) -> None:
        self._sessions = sessions
        self._users = users

    async def find(self, principal: Principal, text: str) -> list[Suggestion]:
        """At most ``MOST`` ways to go on from the qualifier that ``text`` ends in; often none.

        Values are those of the whole workspace, which a narrowed key is not told.
        """
        last = _LAST.search(text[-300:])
        if last is None:
            return []
        name, value = last["name"].lower(), last["value"].lower()
        if not last["colon"]:
            return _names(text, name)
        before = text[: len(text) - len(last["value"])]
        known = await self._values(principal, name, value)
        chosen = [item for item in known if item.lower().startswith(value) or name == "user"]
        return [
            Suggestion(f"{before}{_quoted(item)} ", f"{name}:{item}", known[item])
            for item in chosen[:MOST]
            if item.lower() != value
        ]

    async def _values(
        self, principal: Principal, name: str, begun: str
    ) -> Mapping[str, int | None]:
        is_whole = principal.user_id is None and principal.app is None
        if name in FACETS and is_whole:
            counts = await self._sessions.facet(principal, name, archived=False)
            return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        if name == "user" and is_whole and len(begun) >= _LEAST_USER:
            return dict.fromkeys(await self._users.containing(principal, begun, limit=MOST))
        return dict.fromkeys((_CHOICES | _FLAGS | WORDS).get(name, ()))


def _names(text: str, begun: str) -> list[Suggestion]:
    if len(begun) < _LEAST:
        return []
    before = text[: len(text) - len(begun)]
    known = (name.replace("_", "-") for name in _plain(NAMES))
    return [Suggestion(f"{before}{name}:", f"{name}:") for name in known if name.startswith(begun)][
        :MOST
    ]


def _plain(names: Iterable[str]) -> Iterable[str]:
    """Without the bounds of ranges, which ``created:`` and its like stand for."""
    return (name for name in names if not name.endswith(("_from", "_until", ".KEY")))


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else f'"{value.replace(chr(34), "")}"'
