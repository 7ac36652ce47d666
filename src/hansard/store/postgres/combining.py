"""Several statements as one: each is a common table expression, and the rows of each a list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hansard.byte_cache import MIB, remembered
from hansard.store.statements import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hansard.store.steps import Query, Row, Values

_SHARED = "workspace_id"
"""The parameter that is the same in all statements of a transaction."""
_ONE_SHARED = re.compile(rf":{_SHARED}::text(?!\[)")
"""So a statement for many rows takes one value of it."""
_COMMENT = re.compile(r"--.*")
_BRINGS_ROWS = re.compile(r"^(?:select|with)\b|\breturning\b", re.IGNORECASE)
_Part = tuple[str, str, bool]
"""The name of a statement, its text, and whether it is for many rows."""


class Combined(NamedTuple):
    """``sql`` with numbered parameters.

    ``takes`` says of which part each is, its name, and whether it is the list of many rows' values.

    ``gives`` are the numbers of the parts that bring rows, in the order of the columns.
    """

    sql: str
    takes: tuple[tuple[int, str, bool], ...]
    gives: tuple[int, ...]

    def arguments(self, parts: Sequence[Query]) -> list[Any]:
        return [
            column(parts[number].many or (), name) if is_list else parts[number].values[name]
            for number, name, is_list in self.takes
        ]

    def rows(self, count: int, row: Sequence[list[Row]]) -> list[list[Row]]:
        """The rows of each of the ``count`` parts, out of the only row of the answer."""
        rows: list[list[Row]] = [[] for _ in range(count)]
        for number, brought in zip(self.gives, row, strict=True):
            rows[number] = brought
        return rows


def combined(parts: Sequence[Query], sql_of: Callable[[Query], str]) -> Combined:
    """The statement that does what these do, each spelled by ``sql_of``.

    In one that names another before it, such as ``{generation_next}``, the rows of that stand.
    """
    return _combined(tuple((part.name, sql_of(part), part.many is not None) for part in parts))


def column(many: Sequence[Values], name: str) -> list[Any]:
    """The list of a parameter's values.

    An empty one for nothing but nulls: ``unnest`` fills a shorter list up with them, and a driver
    looks at each element of what it sends.
    """
    values = [each[name] for each in many]
    return [] if values.count(None) == len(values) else values


@remembered(MIB)
def _combined(parts: tuple[_Part, ...]) -> Combined:
    takes: dict[tuple[int, str, bool], int] = {}
    expressions: list[str] = []
    gives: list[int] = []
    for number, (_, sql, _) in enumerate(parts):
        bare = _COMMENT.sub("", sql).strip()
        for before, (name, _, _) in enumerate(parts[:number]):
            bare = bare.replace("{" + name + "}", f"part_{before}")
        names = {name: _taken(name, number, parts, bare) for name in PARAMETER.findall(bare)}
        for taken in names.values():
            takes.setdefault(taken, len(takes) + 1)
        main = _numbered(bare, {name: takes[names[name]] for name in names})
        expressions.append(f"part_{number} as ({main})")
        if _BRINGS_ROWS.search(main):
            gives.append(number)
    columns = ", ".join(f"array(select part_{each} from part_{each})" for each in gives)  # noqa: S608 - statements of our own
    sql = f"with {', '.join(expressions)} select {columns}"
    return Combined(sql, tuple(takes), tuple(gives))


def _numbered(sql: str, numbers: Mapping[str, int]) -> str:
    return PARAMETER.sub(lambda match: f"${numbers[match[1]]}", sql)


def _taken(name: str, number: int, parts: tuple[_Part, ...], sql: str) -> tuple[int, str, bool]:
    """The part whose value a parameter of the part ``number`` takes, the name, and if it is a list.

    What all statements share is taken from the first that has it as one value.
    """
    if name == _SHARED and not _is_list(parts[number], sql):
        number = next(index for index, part in enumerate(parts) if not _is_list(part, part[1]))
        return number, name, False
    return number, name, parts[number][2]


def _is_list(part: _Part, sql: str) -> bool:
    """Whether a part takes what all statements share once for each of its rows."""
    return part[2] and _ONE_SHARED.search(sql) is None
