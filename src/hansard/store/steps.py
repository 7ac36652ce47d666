"""Transactions without a database in them.

A verb of the store is a generator: it yields queries, receives rows and returns its result.
A backend runs it, so that the order of statements is written once and only the driving differs.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

Row = Sequence[Any]
Values = Mapping[str, Any]


class Query(Struct, frozen=True):
    """One statement on its way to a backend: a name from the SQL files, or composed ``sql``.

    The name of a composed one says for whom it is: an observer sees it.
    ``many`` runs the statement once for each of its mappings and gives the rows of all.
    """

    name: str = ""
    values: Values = {}
    many: Sequence[Values] | None = None
    sql: str | None = None


class Pause(Query, frozen=True):
    """A point without a statement in a verb that computes for long.

    A backend may move the verb there, or let others go first.

    ``ahead`` is how many bytes the verb is about to read or to work on, where that is known.
    """

    ahead: int = 0


class Together(Query, frozen=True):
    """Statements of which none needs what another brings: the answer holds the rows of each.

    None reads what another one writes, and no two write to one row, so that their order does not
    matter: a backend may send them as one. ``event_put`` alone follows another, which takes the
    generation for it; a backend that sends both at once has a piece for that.
    """

    parts: Sequence[Query] = ()


_PAUSE = Pause()
GENERATION_TAKEN = "generation_next"
"""The statement by which a transaction takes a workspace's next generation."""
GENERATION_TAKEN_KNOWN = "generation_next_known"
"""The same for the sessions that were as they were known."""
GENERATIONS_TAKEN = (GENERATION_TAKEN, GENERATION_TAKEN_KNOWN)
T = TypeVar("T")
Steps = Generator[Query, list[Row], T]


def rows(name: str, /, **values: Any) -> Steps[list[Row]]:  # noqa: ANN401 - whatever a column holds
    return (yield Query(name, values))


def row(name: str, /, **values: Any) -> Steps[Row | None]:  # noqa: ANN401 - whatever a column holds
    rows = yield Query(name, values)
    return rows[0] if rows else None


def value(name: str, /, **values: Any) -> Steps[Any]:  # noqa: ANN401 - whatever a column holds
    """The first column of the first row, None without one."""
    rows = yield Query(name, values)
    return rows[0][0] if rows else None


def run(name: str, /, **values: Any) -> Steps[None]:  # noqa: ANN401 - whatever a column holds
    yield Query(name, values)


def pause(ahead: int = 0) -> Steps[None]:
    """Call this between two pieces of long work without statements, such as decompression."""
    yield Pause(ahead=ahead) if ahead else _PAUSE


def many(name: str, /, values: Sequence[Values]) -> Steps[list[Row]]:
    """Run the statement once for each of the values; the rows of all, in their order."""
    if not values:
        return []
    return (yield Query(name, values[0]) if len(values) == 1 else Query(name, many=values))


def together(name: str, parts: Sequence[Query]) -> Steps[list[Any]]:
    """The rows of each of ``parts``, of which none needs another: see ``Together``.

    ``name`` is for observers, where the backend sends them as one.
    """
    if len(parts) == 1:
        return [(yield parts[0])]
    return [] if not parts else (yield Together(name, parts[0].values, parts=parts))


def each_of(name: str, values: Sequence[Values]) -> list[Query]:
    """The part that runs a statement once for each of the values; nothing for none."""
    if len(values) > 1:
        return [Query(name, values[0], values)]
    return [Query(name, each) for each in values]


def composed(sql: str, values: Values, name: str = "composed") -> Steps[list[Row]]:
    return (yield Query(name, values, sql=sql))
