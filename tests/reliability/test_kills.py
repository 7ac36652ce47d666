"""Real servers are killed, stopped and cut off under load.

Nothing acknowledged is lost, nothing is doubled.
"""

from __future__ import annotations

from pathlib import Path

from tests.reliability import scenarios
from tests.reliability.conftest import Figure
from tests.support.postgres import postgres


def sqlite_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'hansard.db'}"


async def test_kill_9_of_the_server(store_url: str, tmp_path: Path, figure: Figure) -> None:
    figures = await scenarios.kills(store_url, tmp_path, times=2, pause=0.6)
    figure(figures)
    assert figures.acknowledged > 0
    assert figures.is_clean


async def test_kill_9_of_a_server_that_acknowledges_early_is_seen(
    tmp_path: Path, figure: Figure
) -> None:
    figures = await scenarios.kills(
        sqlite_in(tmp_path), tmp_path, times=2, pause=1.2, fault="acknowledge-early"
    )
    figure(figures)
    assert figures.lost > 0


async def test_sigterm_lets_requests_end(tmp_path: Path, figure: Figure) -> None:
    figures, longest, codes = await scenarios.shutdown(
        sqlite_in(tmp_path), tmp_path, times=1, pause=0.7
    )
    figure(f"{figures}; longest stop {longest:.1f} s, exit codes {codes}")
    assert figures.is_clean
    assert codes == {0}


async def test_sixteen_writers_on_one_session(
    store_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, refused = await scenarios.one_session(store_url, tmp_path, seconds=0.8)
    figure(f"{figures}; answers 5xx {refused}")
    assert figures.is_clean
    assert refused == 0


async def test_an_answer_that_is_cut_off_is_given_again(
    store_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, cuts = await scenarios.cut_answers(store_url, tmp_path, acknowledged=60)
    figure(f"{figures}; cuts {cuts}")
    assert cuts > 0
    assert figures.is_clean


async def test_a_server_that_forgets_keys_is_seen(tmp_path: Path, figure: Figure) -> None:
    figures, cuts = await scenarios.cut_answers(
        sqlite_in(tmp_path), tmp_path, acknowledged=60, fault="forget-keys"
    )
    figure(f"{figures}; cuts {cuts}")
    assert figures.doubled > 0


async def test_a_commit_of_unknown_outcome_has_one_effect(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, cuts = await scenarios.cut_commits(postgres_url, tmp_path, acknowledged=150)
    figure(f"{figures}; commits without an answer {cuts}")
    assert cuts > 0
    assert figures.is_clean


async def test_kill_9_of_the_database(tmp_path: Path, figure: Figure) -> None:
    with postgres(private=True) as server:
        figures, longest = await scenarios.database_kills(server, tmp_path, times=1, pause=0.7)
    figure(f"{figures}; longest without a write {longest:.1f} s")
    assert figures.is_clean
