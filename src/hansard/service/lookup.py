"""Find sessions by an id, or by the beginning of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Invalid
from hansard.ids import MAX_LENGTH
from hansard.service.rules import ref
from hansard.store.verbs import lookup as verbs

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.model import Session
    from hansard.store import Store

SHORTEST = 4
"""Fewer characters than this begin no id that is worth a look."""
LONGEST_LIST = 20


class Lookup:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(
        self, principal: Principal, text: str, *, limit: int = LONGEST_LIST
    ) -> list[Session]:
        """The session of exactly this name, else those whose id begins with it.

        Raises Invalid for fewer than ``SHORTEST`` characters and for more than an id has.
        """
        if not SHORTEST <= len(text) <= MAX_LENGTH or "\x00" in text:
            raise Invalid(
                f"id: give {SHORTEST} to {MAX_LENGTH} characters of a session's id", param="id"
            )
        exact = await self._store.read(verbs.named, ref(principal, text))
        return exact or await self._store.read(verbs.beginning, ref(principal, text), limit)
