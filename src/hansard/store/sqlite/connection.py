"""One connection to the file, and the translation of what its driver raises."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from hansard.errors import Conflict, DriverFailure, Error, Invalid
from hansard.store.message_ids import short_of
from hansard.store.packing import packer, unpacked
from hansard.store.rows import message_id
from hansard.store.sqlite.deadline import Deadline
from hansard.store.statements import spelled
from hansard.store.steps import GENERATION_TAKEN, Pause, Query, Together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hansard.observer import Observer
    from hansard.store.steps import Row, Steps, Values

T = TypeVar("T")
BUSY_MS = 10_000
# A page of 8 KiB holds a row of 2,000 bytes; one of 4 KiB sends what is longer than 1,000 to a page
# of its own. It counts when the file is made.
_PRAGMAS = """
pragma page_size = 8192;
pragma journal_mode = wal;
pragma synchronous = full;
pragma foreign_keys = on;
pragma temp_store = memory;
pragma wal_autocheckpoint = 0;
pragma cache_size = -16000;
pragma secure_delete = on;
"""
REFUSED = (apsw.Error, OverflowError, UnicodeEncodeError)
"""What the driver raises, the values that it cannot hold included."""
_STEPS_BETWEEN_CHECKS = 2_000
"""Of SQLite's machine: some 50 microseconds."""
_MOST_AHEAD = 256 * 1024
"""Bytes that a read within a budget may be about to handle: more takes longer than the budget, and
cannot be broken off.
"""


class Overrun(Exception):
    """A read used up its budget; nothing came of it, and it may be begun anew."""


class Connection:
    """Runs queries and whole verbs; every error that leaves it is of ``hansard.errors``.

    ``seconds`` is how long one read may take; 0 is for ever. ``before_read`` may raise what no read
    shall hide. ``observer`` sees each statement. ``generations`` are those that were taken since it
    was emptied, by workspace.
    """

    def __init__(
        self,
        path: Path,
        statements: dict[str, str],
        seconds: float = 0,
        *,
        before_read: Callable[[], None] = lambda: None,
        observer: Observer | None = None,
    ) -> None:
        if observer is not None:
            self.ask = _observed(self.ask, observer)  # type: ignore[assignment, method-assign]  # nobody else pays for it
        self.generations: dict[str, int] = {}
        self._statements = statements
        self._seconds = seconds or math.inf
        self._deadline = Deadline()
        self._before_read = before_read
        with translated(path):
            self.db = apsw.Connection(str(path), statementcachesize=300)
            self._control = self.db.cursor()
            self.db.set_busy_timeout(BUSY_MS)
            # Otherwise SQLite plans each join anew for each set of values.
            self.db.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
            add_functions(self.db)
            self.script(_PRAGMAS)
            if seconds:
                self.db.set_progress_handler(self._deadline.has_passed, _STEPS_BETWEEN_CHECKS)
        self.path = path

    def script(self, sql: str) -> None:
        for _ in self.db.execute(
            sql
        ):  # a statement that returns a row holds back the ones behind it until it is taken
            pass

    def execute(self, sql: str, values: Values | None = None) -> list[Row]:
        return list(self.db.execute(sql, values or {}))

    def ask(self, query: Query) -> list[Row]:
        """The rows of a query.

        Raises InterruptError when the time is up before it begins or while it runs.
        """
        deadline = self._deadline
        if time.monotonic() > deadline.at and deadline.has_passed():
            raise apsw.InterruptError
        if type(query) is not Query:
            return self._ask_special(query)
        sql = self._statements[query.name] if query.sql is None else spelled(query.sql, "sqlite")
        if query.many is not None:
            return list(self.db.executemany(sql, query.many))
        rows = list(self.db.execute(sql, query.values))
        if query.name == GENERATION_TAKEN and rows:
            self.generations[query.values["workspace_id"]] = rows[0][0]
        return rows

    def _ask_special(self, query: Query) -> list[Row]:
        """A query that is no statement by itself."""
        if isinstance(query, Together):
            return [self.ask(part) for part in query.parts]
        ahead = query.ahead if isinstance(query, Pause) else 0
        if ahead > _MOST_AHEAD and self._deadline.has_budget:
            raise apsw.InterruptError
        return []

    def drive(self, steps: Steps[T]) -> T:
        """Run a verb's queries in whatever transaction is open."""
        ask = self.ask
        try:
            query = next(steps)
            while True:
                query = steps.send(ask(query))
        except StopIteration as done:
            result: T = done.value
            return result

    def read(self, steps: Steps[T], budget: float = math.inf) -> T:
        """Run a verb that only reads, on one consistent state.

        Raises Overrun when ``budget`` seconds do not suffice.

        Statements count, and what the verb does between them; once the last one is done, the read
        comes to its end.
        """
        self._before_read()
        try:
            # Before the clock runs: SQLite may break off a begin that has taken effect.
            self._control.execute("begin")
            self._deadline.begin(self._seconds, budget)
            try:
                return self.drive(steps)
            finally:
                self._deadline.end()
                self._control.execute("commit")
        except apsw.InterruptError as problem:
            if budget < self._seconds:
                steps.close()
                raise Overrun from problem
            raise translate(problem, self.path) from problem
        except REFUSED as problem:
            raise translate(problem, self.path) from problem

    def read_one(self, query: Query) -> list[Row]:
        """Run a single statement that only reads: it is a transaction by itself."""
        self._before_read()
        try:
            self._deadline.begin(self._seconds)
            return self.ask(query)
        except REFUSED as problem:
            raise translate(problem, self.path) from problem
        finally:
            self._deadline.end()

    def close(self) -> None:
        self.db.close()


def _observed(
    ask: Callable[[Query], list[Row]], observer: Observer
) -> Callable[[Query], list[Row]]:
    """``ask``, with each statement timed for the observer, a failed one included."""
    clock, seen = time.perf_counter, observer.statement

    def observed(query: Query) -> list[Row]:
        began = clock()
        try:
            return ask(query)
        finally:
            if type(query) is Query:
                seen(query.name, clock() - began)

    return observed


def add_functions(db: apsw.Connection) -> None:
    """The functions that ``sqlite.sql`` calls, for a connection used by one thread at a time."""
    pack = packer()
    db.create_scalar_function(
        "packed", lambda *args: pack(str(args[0]), bare=bool(args[1])), 2, deterministic=True
    )
    db.create_scalar_function("short_id", _short_id, 4, deterministic=True)
    db.create_scalar_function("message_id", _message_id, 3, deterministic=True)
    db.create_scalar_function("unpacked", lambda *args: _text(args[0]), 1, deterministic=True)


def _short_id(*args: Any) -> str | bytes:  # noqa: ANN401 - whatever stands in a column
    message_id, session_id, seq, is_short = args
    short = short_of(message_id, session_id, seq) if is_short else None
    return message_id if short is None else short


def _message_id(*args: Any) -> str:  # noqa: ANN401 - whatever stands in a column
    return message_id(*args)


def _text(stored: Any) -> str:  # noqa: ANN401 - whatever stands in a column
    text = unpacked(stored)
    return text.decode() if isinstance(text, bytes) else text


@contextmanager
def translated(path: Path) -> Iterator[None]:
    try:
        yield
    except REFUSED as problem:
        raise translate(problem, path) from problem


def translate(problem: Exception, path: Path) -> Error:
    """What the driver said, in the words of the house, with the driver's own as the cause."""
    error = _translated(problem, path)
    error.__cause__ = problem
    return error


def _translated(problem: Exception, path: Path) -> Error:  # noqa: PLR0911 - one line for each kind of failure
    match problem:
        case OverflowError() | UnicodeEncodeError():
            return Invalid(f"the store cannot hold a value: {problem}", code="bad_value")
        case apsw.ConstraintError():
            return Conflict("a row with this key exists already", code="exists")
        case apsw.InterruptError():
            return DriverFailure("the statement took longer than it may", code="statement_timeout")
        case apsw.BusyError() | apsw.LockedError():
            return DriverFailure(
                f"another process holds the store {path}: try again", code="store_busy"
            )
        case apsw.FullError():
            return DriverFailure(
                f"the disk of the store {path} is full: nothing was written",
                code="store_full",
                retry_after=5,
            )
        case apsw.CantOpenError() | apsw.PermissionsError() | apsw.ReadOnlyError():
            return DriverFailure(
                f"the store {path} cannot be opened for writing: {problem}",
                code="store_unwritable",
                retry_after=30,
            )
        case apsw.NotADBError() | apsw.CorruptError():
            return DriverFailure(
                f"{path} is not a sound store: {problem}; run 'hansard verify' and restore a "
                "backup",
                code="store_corrupt",
                retry_after=60,
            )
    return DriverFailure(f"the store {path} failed: {problem}", code="store_failed")
