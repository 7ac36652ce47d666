"""How two sessions differ that share their beginning, as forks do."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from hansard.model.message import Message
from hansard.model.session import Session

Side = Literal["here", "there"]


class Difference(Struct, frozen=True):
    """A message that only one of the two sessions has."""

    side: Side
    message: Message


class Diff(Struct, frozen=True, kw_only=True):
    """A page of the differences between the session ``here`` and the one ``there``.

    A message is shared when both have one of the same role, parts and time, which a fork copies.
    ``shared`` counts them; the last one is at ``here_seq`` and ``there_seq``. ``only_here`` and
    ``only_there`` count the others.
    """

    here: Session
    there: Session
    shared: int
    here_seq: int | None
    there_seq: int | None
    only_here: int
    only_there: int
    items: list[Difference]
    has_more: bool
    next_cursor: str | None = None
