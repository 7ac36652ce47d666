"""What a deletion takes."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

SubSessions = Literal["keep", "delete"]


class Deletion(Struct, frozen=True):
    """How much a deletion takes.

    ``detached`` are the sub-sessions and forks that stay, without a parent.
    """

    sessions: int = 0
    messages: int = 0
    runs: int = 0
    detached: int = 0

    def plus(self, other: Deletion) -> Deletion:
        return Deletion(
            **{name: getattr(self, name) + getattr(other, name) for name in self.counts}
        )

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__struct_fields__}
