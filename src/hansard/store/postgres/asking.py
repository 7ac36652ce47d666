"""Statements on their way to the server: one, one for many rows, several as one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import asyncpg

from hansard.store import statements
from hansard.store.postgres.combining import column, combined
from hansard.store.postgres.failures import Uncombined
from hansard.store.steps import GENERATIONS_TAKEN, Together

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from hansard.observer import Observer
    from hansard.store.postgres.connecting import ServerConnection
    from hansard.store.steps import Query, Row, Values

    Ask = Callable[[ServerConnection, Query], Coroutine[Any, Any, list[Row]]]


class Asking:
    """Sends queries over a connection; ``combines`` says whether several may go as one."""

    def __init__(self) -> None:
        self.combines = True
        self._named = statements.load("postgres")
        self._pieces = statements.pieces("postgres")
        self._statements = {name: statements.numbered(sql) for name, sql in self._named.items()}

    async def ask(self, connection: ServerConnection, query: Query) -> list[Row]:
        if query.many is not None:
            return await self._ask_many(connection, query.name, query.many)
        if isinstance(query, Together):
            return await self._ask_together(connection, query.parts)
        sql, names = (
            statements.numbered(statements.spelled(query.sql, "postgres"))
            if query.sql is not None
            else self._statements[query.name]
        )
        values = query.values
        arguments = [values[name] for name in names]
        rows: list[Any] = await connection.answer(connection.fetch(sql, *arguments))
        _note_generation(connection, query, rows)
        return rows

    async def _ask_many(
        self, connection: ServerConnection, name: str, many: Sequence[Values]
    ) -> list[Row]:
        """Run one statement for all rows where there is one.

        Each parameter is then a list of values.
        """
        rows: list[Any]
        if (of_rows := self._statements.get(name + "_rows")) is not None:
            sql, names = of_rows
            columns = [column(many, each) for each in names]
            rows = await connection.answer(connection.fetch(sql, *columns))
        else:
            sql, names = self._statements[name]
            arguments = [[values[each] for each in names] for values in many]
            rows = await connection.answer(connection.fetchmany(sql, arguments))
        return rows

    async def _ask_together(
        self, connection: ServerConnection, parts: Sequence[Query]
    ) -> list[Any]:
        """Run all as one statement: the way there and back is taken once."""
        if not self.combines or not all(map(self._is_combinable, parts)):
            return [await self.ask(connection, part) for part in parts]
        statement = combined(parts, self._spelled)
        arguments = statement.arguments(parts)
        try:
            rows: list[Any] = await connection.answer(connection.fetch(statement.sql, *arguments))
        except asyncpg.FeatureNotSupportedError as problem:
            self.combines = False
            raise Uncombined from problem
        brought = statement.rows(len(parts), rows[0])
        for part, of_part in zip(parts, brought, strict=True):
            _note_generation(connection, part, of_part)
        return brought

    def _is_combinable(self, query: Query) -> bool:
        """Whether one execution of a statement does what the query asks."""
        name = query.name + "_rows"
        return query.many is None or name in self._named or name in self._pieces

    def _spelled(self, query: Query) -> str:
        if query.sql is not None:
            return statements.spelled(query.sql, "postgres")
        name = query.name if query.many is None else query.name + "_rows"
        return self._pieces.get(name) or self._named[name]


def _note_generation(connection: ServerConnection, query: Query, rows: Sequence[Row]) -> None:
    if query.name in GENERATIONS_TAKEN and rows:
        connection.generations[query.values["workspace_id"]] = rows[0][0]


def observed(ask: Ask, observer: Observer) -> Ask:
    """``ask``, with each statement timed for the observer, a failed one included."""
    clock, seen = time.perf_counter, observer.statement

    async def timed(connection: ServerConnection, query: Query) -> list[Row]:
        began = clock()
        try:
            return await ask(connection, query)
        finally:
            seen(query.name, clock() - began)

    return timed
