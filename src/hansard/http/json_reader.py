"""JSON as SQLite reads it: other threads run meanwhile, unlike beside Python's own parsers."""

from __future__ import annotations

import contextlib

import apsw

_NAME_TWICE = """
select key from json_tree(cast(? as text))
 where typeof(key) = 'text' group by parent, key having count(*) > 1 limit 1
"""
_INFINITE = """
select 1 from json_tree(cast(? as text))
 where type in ('integer', 'real') and abs(value) > 1.7976931348623157e308 limit 1
"""


class JsonReader:
    """For one thread. What is no JSON has nothing of what is looked for."""

    def __init__(self) -> None:
        self._db = apsw.Connection(":memory:")
        self._db.pragma("temp_store", "memory")
        self._db.pragma("cache_size", -8000)

    def name_twice(self, data: bytes) -> str | None:
        """The first name that stands twice in an object."""
        name = self._first(_NAME_TWICE, data)
        return None if name is None else str(name)

    def has_infinite(self, data: bytes) -> bool:
        """Whether a number is larger than a double can be."""
        return self._first(_INFINITE, data) is not None

    def close(self) -> None:
        self._db.close()

    def _first(self, sql: str, data: bytes) -> object:
        with contextlib.suppress(apsw.SQLError):
            for (value,) in self._db.execute(sql, (data,)):
                return value
        return None
