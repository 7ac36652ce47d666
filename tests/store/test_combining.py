"""Statements that go to PostgreSQL as one answer what each would by itself."""

from __future__ import annotations

from hansard.app import opened
from hansard.settings import Settings
from hansard.store.postgres.combining import combined
from hansard.store.steps import Query, Row, Steps, composed, together
from tests.support.recorder import Recorder


def one_of(*parts: Query) -> tuple[str, list[object]]:
    statement = combined(parts, lambda part: part.sql or "")
    return statement.sql, statement.arguments(parts)


def test_each_part_is_an_expression_and_those_with_rows_a_column() -> None:
    sql, arguments = one_of(
        Query(sql="select a from t where workspace_id = :workspace_id and id = :id", values=X),
        Query(sql="update u set a = :id where workspace_id = :workspace_id", values=Y),
        Query(sql="delete from v where workspace_id = :workspace_id returning id", values=Y),
    )
    assert sql == (
        "with part_0 as (select a from t where workspace_id = $1 and id = $2),"
        " part_1 as (update u set a = $3 where workspace_id = $1),"
        " part_2 as (delete from v where workspace_id = $1 returning id)"
        " select array(select part_0 from part_0), array(select part_2 from part_2)"
    )
    assert arguments == ["w", "x", "y"]


X, Y = {"workspace_id": "w", "id": "x"}, {"workspace_id": "w", "id": "y"}


def test_of_many_rows_each_parameter_is_the_list_of_their_values() -> None:
    _, arguments = one_of(
        Query(sql="insert into t select * from unnest(:workspace_id, :id)", many=[X, Y]),
        Query(sql="select 1 from u where workspace_id = :workspace_id", values=X),
    )
    assert arguments == [["w", "w"], ["x", "y"], "w"]


def test_a_statement_may_stand_on_the_rows_of_one_before_it() -> None:
    sql, _ = one_of(
        Query("next", sql="-- why\nupdate t set n = n + 1 returning n"),
        Query("put", sql="insert into u select n, '{}' from {next}"),
    )
    assert sql == (
        "with part_0 as (update t set n = n + 1 returning n),"
        " part_1 as (insert into u select n, '{}' from part_0)"
        " select array(select part_0 from part_0)"
    )


def both() -> Steps[list[list[Row]]]:
    yield from composed("create table pair (workspace_id text, n bigint, t text)", {})
    pair = {"workspace_id": "w", "n": 2, "t": None}
    yield from together(
        "pair_put", [Query("", pair, sql="insert into pair values (:workspace_id, :n, :t)")]
    )
    return (
        yield from together(
            "pair_look",
            [
                Query("", {"n": 1}, sql="select n, t from pair where n > :n"),
                Query("", {"n": 2}, sql="select n from pair where n > :n"),
                Query("", pair, sql="update pair set t = 'x' where n = :n returning n, t"),
            ],
        )
    )


def refused() -> Steps[list[list[Row]]]:
    """Statements of which one may not stand in front of another, as Citus says of every insert."""
    yield from composed("create table pair (n bigint)", {})
    put = "with put as (insert into pair values (1) returning n) select n from put"
    look = Query("", sql="select 2")
    return (yield from together("pair_put", [Query("", sql=put), look]))


async def test_what_a_database_does_not_take_together_is_sent_one_by_one(postgres_url: str) -> None:
    recorder = Recorder()
    async with opened(Settings(store=postgres_url), recorder) as service:
        rows = await service.store.write(refused)
    assert [[tuple(row) for row in each] for each in rows] == [[(1,)], [(2,)]]
    assert recorder.retries == ["Uncombined"]


async def test_the_rows_of_each_part_are_its_own(store_url: str) -> None:
    """On both databases; PostgreSQL is asked once."""
    recorder = Recorder()
    async with opened(Settings(store=store_url), recorder) as service:
        recorder.statements.clear()
        rows = await service.store.write(both)
    assert [[tuple(row) for row in each] for each in rows] == [[(2, None)], [], [(2, "x")]]
    together_ = [name for name in recorder.statements if name == "pair_look"]
    assert len(together_) == (0 if store_url.startswith("sqlite") else 1)
    assert len(recorder.statements) == (5 if store_url.startswith("sqlite") else 3)
