"""Load the named SQL statements of one backend, and its migrations.

In the files ``:name`` is a parameter, and ``{session}``, ``{message}``, ``{run}`` and their like
stand for the columns of the model, as ``store/columns.py`` makes them. ``{row_of(a, b)}`` and its
like are expressions of ``store/search_rows.py``. What two backends have other words for in one
place is a name in braces too, and stands in ``sql/pieces``.
"""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from hansard import __version__
from hansard.byte_cache import MIB, remembered
from hansard.errors import StoreUnavailable
from hansard.store.columns import FRAGMENTS
from hansard.store.search_rows import ANY_STORE, macros

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable

_HERE = files("hansard.store")
_BACKENDS = ("sqlite", "postgres")
_NAME = re.compile(r"^-- name: (\w+)\n((?:--.*\n)*)", re.MULTILINE)
PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_MACRO = re.compile(r"\{(\w+)\(([^{}]*)\)\}")


def load(backend: str, first_handle: str = ANY_STORE) -> dict[str, str]:
    """The shared statements by name, replaced by the backend's own where it has one.

    ``first_handle`` is for the expressions of ``store/search_rows.py``.
    """
    expressions = macros(first_handle)
    shared: dict[str, str] = {}
    own: dict[str, str] = {}
    for entry in sorted((_HERE / "sql").iterdir(), key=lambda path: path.name):
        named = entry.name.startswith(_BACKENDS)
        if not entry.name.endswith(".sql") or (named and not entry.name.startswith(backend)):
            continue
        statements, parsed = (own if named else shared), _parse(entry, expressions)
        if twice := statements.keys() & parsed.keys():
            message = (
                f"{entry.name} names {', '.join(sorted(twice))} again: only a backend's file may"
            )
            raise ValueError(message)
        statements |= parsed
    return {name: spelled(sql, backend) for name, sql in (shared | own).items()}


def pieces(backend: str) -> dict[str, str]:
    """By name what a backend puts into statements, or in the place of whole ones."""
    return _parse(_HERE / "sql" / "pieces" / f"{backend}.sql", macros(ANY_STORE))


@remembered(4 * MIB)
def spelled(sql: str, backend: str) -> str:
    """A statement with the backend's own words in the place of ``{name}``."""
    for name, piece in pieces(backend).items():
        sql = sql.replace("{" + name + "}", piece)
    return sql


def migrations(backend: str) -> list[tuple[int, str, str]]:
    """The backend's migrations as (number, name, SQL), in order; ValueError for a number twice."""
    return _numbered_files(_HERE / "migrations" / backend)


def _numbered_files(folder: Traversable) -> list[tuple[int, str, str]]:
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    for name, following in pairwise(names):
        if name[:4] == following[:4]:
            message = f"{name} and {following} have one number: give the later one the next"
            raise ValueError(message)
    return [
        (int(name[:4]), name.removesuffix(".sql"), (folder / name).read_text(encoding="utf-8"))
        for name in names
    ]


def missing_migrations(backend: str, applied: Mapping[int, str]) -> list[tuple[int, str, str]]:
    """The migrations that are not among those ``applied`` (number to name), in order.

    Raises StoreUnavailable when one was applied that this program does not know: a newer one made
    the store.
    """
    known = migrations(backend)
    if unknown := sorted(applied.keys() - {number for number, _, _ in known}):
        names = ", ".join(applied[number] for number in unknown)
        raise StoreUnavailable(
            f"the store is newer than this program, Hansard {__version__}: it has {names}; "
            "install the version that made it, or restore a backup from before",
            code="store_newer",
            retry_after=60,
        )
    return [migration for migration in known if migration[0] not in applied]


@remembered(4 * MIB)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """Turn ``:name`` into ``$1`` and say which name each number stands for."""
    order = tuple(dict.fromkeys(PARAMETER.findall(sql)))
    return PARAMETER.sub(lambda match: f"${order.index(match[1]) + 1}", sql), order


def _parse(path: Traversable, expressions: Mapping[str, str]) -> dict[str, str]:
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    names, bodies = parts[::3], parts[2::3]
    return {
        name: _fill(body.strip(), expressions) for name, body in zip(names, bodies, strict=True)
    }


def _fill(sql: str, expressions: Mapping[str, str]) -> str:
    for name, fragment in FRAGMENTS.items():
        sql = sql.replace("{" + name + "}", fragment)
    return _MACRO.sub(lambda macro: f"({expressions[macro[1]].format(*macro[2].split(', '))})", sql)
