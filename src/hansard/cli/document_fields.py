"""Some of the fields of a JSON document: of each item where it is a list of them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click
import msgspec


def narrowed(document: object, names: tuple[str, ...]) -> Any:  # noqa: ANN401 - any JSON
    """The fields of these names; ``usage.cost_usd`` is a field within a field.

    Where the document has its items in ``data``, the fields are those of the items. UsageError for
    a name that none of them has.
    """
    whole = msgspec.json.decode(msgspec.json.encode(document))
    items = whole.get("data") if isinstance(whole, dict) else None
    rows: list[Any] = items if isinstance(items, list) else [whole]
    for name in names if rows else ():
        if not any(_has(row, name) for row in rows):
            raise click.UsageError(f"no field is called {name!r}{_meant(name, rows)}")
    chosen = [{name: _at(row, name) for name in names} for row in rows]
    return {**whole, "data": chosen} if items is rows else chosen[0]


def _has(row: object, name: str) -> bool:
    first, _, rest = name.partition(".")
    return isinstance(row, dict) and first in row and (not rest or _has(row[first], rest))


def _at(row: object, name: str) -> object:
    for key in name.split("."):
        row = row.get(key) if isinstance(row, dict) else None
    return row


def _meant(name: str, rows: list[Any]) -> str:
    known = sorted({path for row in rows for path in _paths(row)})
    close = get_close_matches(name, known, 1)
    return f": did you mean {close[0]}?" if close else f": choose from {', '.join(known)}"


def _paths(row: object, within: str = "") -> list[str]:
    """The names of the fields, and of those within them."""
    if not isinstance(row, dict):
        return []
    return [
        path
        for key, value in row.items()
        for path in (f"{within}{key}", *_paths(value, f"{within}{key}."))
    ]
