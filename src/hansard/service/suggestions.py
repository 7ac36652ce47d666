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
METADATA = "metadata."
MOST_KEYS = 100
"""The most metadata keys that are remembered, and the most values of each."""
_LAST = re.compile(r"(?:^|(?<=\s))-?(?P<name>[\w.-]+)(?P<colon>:)?(?P<value>[^\s\"]*)$")
_KEY = re.compile(r"[\w.-]+")
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

    async def find(self, principal: Principal, text: str, most: int = MOST) -> list[Suggestion]:
        """At most ``most`` ways to go on from the qualifier that ``text`` ends in; often none.

        Values are those of the whole workspace, which a narrowed key is not told.
        """
        last = _LAST.search(text[-300:])
        if last is None:
            return []
        name, value = last["name"].lower(), last["value"].lower()
        if name.startswith(METADATA):  # whose keys tell upper case from lower
            name = METADATA + last["name"][len(METADATA) :]
        if not last["colon"]:
            names = [*_plain(NAMES), *await self._keys(principal, name)]
            return _names(text, name, names)[:most]
        before = text[: len(text) - len(last["value"])]
        known = await self._values(principal, name, value)
        chosen = [item for item in known if item.lower().startswith(value) or name == "user"]
        return [
            Suggestion(f"{before}{_quoted(item)} ", f"{name}:{item}", known[item])
            for item in chosen[:most]
            if item.lower() != value
        ]

    async def _values(
        self, principal: Principal, name: str, begun: str
    ) -> Mapping[str, int | None]:
        is_whole = principal.user_id is None and principal.app is None
        if name in FACETS and is_whole:
            counts = await self._sessions.facet(principal, name, archived=False)
            return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        if name.startswith(METADATA) and is_whole:
            key = name.removeprefix(METADATA)
            return dict.fromkeys(await self._sessions.metadata_values(principal, key, MOST_KEYS))
        if name == "user" and is_whole and len(begun) >= _LEAST_USER:
            return dict.fromkeys(await self._users.containing(principal, begun, limit=MOST))
        return dict.fromkeys((_CHOICES | _FLAGS | WORDS).get(name, ()))

    async def _keys(self, principal: Principal, begun: str) -> list[str]:
        """The qualifiers of the metadata, once that is what is typed."""
        if not METADATA.startswith(begun) and not begun.startswith(METADATA):
            return []
        if principal.user_id is not None or principal.app is not None:
            return []
        names = await self._sessions.metadata_names(principal, MOST_KEYS)
        return [f"{METADATA}{name}" for name in sorted(names) if _KEY.fullmatch(name)]


def _names(text: str, begun: str, names: Iterable[str]) -> list[Suggestion]:
    if len(begun) < _LEAST:
        return []
    before = text[: len(text) - len(begun)]
    known = (name if name.startswith(METADATA) else name.replace("_", "-") for name in names)
    return [Suggestion(f"{before}{name}:", f"{name}:") for name in known if name.startswith(begun)]


def _plain(names: Iterable[str]) -> Iterable[str]:
    """Without the bounds of ranges, which ``created:`` and its like stand for.

    And without the metadata, whose keys are qualifiers of their own.
    """
    return (
        name
        for name in names
        if not name.endswith(("_from", "_until")) and not name.startswith("metadata")
    )


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else f'"{value.replace(chr(34), "")}"'
