"""Migrations and statements as they are loaded from their files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from hansard.store import statements
from hansard.store.sqlite.connection import Connection
from hansard.store.verbs.keys import PURGED


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_migrations_are_in_the_order_of_their_numbers(backend: str) -> None:
    numbers = [number for number, _, _ in statements.migrations(backend)]
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 1


def test_both_backends_have_the_same_migrations() -> None:
    sqlite, postgres = (
        [name for _, name, _ in statements.migrations(backend)]
        for backend in ("sqlite", "postgres")
    )
    assert sqlite == postgres


def test_two_migrations_of_one_number_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations" / "sqlite"
    folder.mkdir(parents=True)
    for name in ("0001_core.sql", "0002_calls.sql", "0002_views.sql"):
        (folder / name).write_text("")
    monkeypatch.setattr(statements, "_HERE", tmp_path)
    with pytest.raises(ValueError, match=r"0002_calls\.sql and 0002_views\.sql have one number"):
        statements.migrations("sqlite")


def test_a_deleted_workspace_leaves_no_row_but_its_log_and_receipts() -> None:
    created = "".join(sql for _, _, sql in statements.migrations("postgres"))
    tables = set(re.findall(r"create table (\w+) \(\s+workspace_id", created))
    assert tables - set(PURGED) == {"audit_heads", "audit_log", "receipts"}


def test_sqlite_plans_a_statement_once_whatever_its_values_are(tmp_path: Path) -> None:
    connection = Connection(tmp_path / "hansard.db", {})
    connection.script("create table item (id text primary key); create table shelf (item text)")
    planned: list[int] = []

    def noted(action: int, *_: object) -> int:
        planned.append(action)
        return apsw.SQLITE_OK

    sql = "select 1 from item join shelf on shelf.item = item.id where item.id = :id"
    connection.db.set_authorizer(noted)
    connection.execute(sql, {"id": "one"})
    assert planned != []
    planned.clear()
    connection.execute(sql, {"id": "two"})
    assert planned == []
    connection.close()


PACKAGE = Path(statements.__file__).parents[1]


def composed_names(module: ast.Module) -> Iterator[re.Pattern[str]]:
    """What the f-strings of a module can spell; five letters of each are written out at least."""
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            written = [
                str(part.value) if isinstance(part, ast.Constant) else None for part in node.values
            ]
            if sum(len(text) for text in written if text) >= 5:
                yield re.compile("".join(r"\w+" if t is None else re.escape(t) for t in written))


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_every_statement_is_used(backend: str) -> None:
    sources = [path.read_text() for path in PACKAGE.rglob("*.py")]
    words = {word for source in sources for word in re.findall(r"\w+", source)}
    spelled = {pattern for source in sources for pattern in composed_names(ast.parse(source))}
    # PostgreSQL finds the form of a statement for many rows behind its name.
    names = {name.removesuffix("_rows") for name in statements.load(backend)}
    unused = [
        name
        for name in sorted(names - words)
        if not any(pattern.fullmatch(name) for pattern in spelled)
    ]
    assert unused == []
