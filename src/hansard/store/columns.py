"""The columns of the tables that hold the model's nouns, made from the fields of its structs.

A new field of ``Session`` needs a migration and nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from msgspec.structs import fields

from hansard.model import Message, Run, Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from msgspec import Struct

_RENAMED = {"trigger": "trigger_type"}
"""Fields whose word the databases keep for themselves."""
_DERIVED = {"safe_id": "text", "branch": "bigint", "title_folded": "text", "untitled": "bigint"}
"""Columns of a session that are computed from its fields, and their types."""
_FIXED = {"workspace_id", "id", "own_id", "forked_seq", "created_by", "created_at"}
_FIXED |= {"safe_id"}
"""Columns of a session that never change."""


def _column(name: str) -> str:
    return _RENAMED.get(name, name)


def _types(noun: type[Struct]) -> dict[str, str]:
    """The columns' types by field: numbers are bigint, all else is text."""
    return {
        field.name: "bigint" if int in (field.type, *get_args(field.type)) else "text"
        for field in fields(noun)
    }


def _listed(noun: type[Struct]) -> str:
    return ", ".join(map(_column, noun.__struct_fields__))


def _arrays(types: Mapping[str, str]) -> str:
    """The parameters of many rows: each is the list of a column's values."""
    return ", ".join(f":{name}::{type_}[]" for name, type_ in types.items())


def _assignments(names: Iterable[str]) -> str:
    return ", ".join(f"{_column(name)} = :{name}" for name in names if name not in _FIXED)


def _from_rows(names: Iterable[str]) -> str:
    """The assignments of ``names`` out of the rows ``given``."""
    columns = [_column(name) for name in names if name not in _FIXED]
    return ", ".join(f"{column} = given.{column}" for column in columns)


_SESSION = _types(Session) | _DERIVED
COLUMNS = {"session": _listed(Session), "message": _listed(Message), "run": _listed(Run)}
"""The columns of each noun, in the order of its fields: rows are read by position."""
APPEND_HEAD = ", ".join(
    (
        *("id", "own_id", "user_id", "app", "last_seq", "updated_at", "active_at"),
        *("title_folded", "tools"),
        "case when hash_seq = last_seq then last_hash end",
        "version",
    )
)
"""The columns of ``session_lookup.AppendHead``, in the order of its fields."""
FRAGMENTS = COLUMNS | {
    "append_head": APPEND_HEAD,
    "session_columns": ", ".join(map(_column, _SESSION)),
    "session_parameters": ", ".join(f":{name}" for name in _SESSION),
    "session_arrays": _arrays(_SESSION),
    "session_assignments": _assignments(_SESSION),
    "session_given": _from_rows(_SESSION),
}
"""What stands in the SQL files for the columns of the model."""
