"""One server, and three on one database: nothing lost, nothing doubled, chains whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansard.app import opened
from hansard.settings import Settings
from tests.reliability import scenarios, soundness
from tests.reliability.conftest import Figure
from tests.reliability.routes import mixed_routes
from tests.support.postgres import postgres

THREE = 3


@pytest.mark.parametrize("servers", [2, THREE])
async def test_many_writers_on_one_session(
    postgres_url: str, tmp_path: Path, servers: int, figure: Figure
) -> None:
    figures, refused = await scenarios.one_session(
        postgres_url, tmp_path, seconds=1.0, writers=24, servers=servers
    )
    figure(f"{figures}; answers 5xx {refused}")
    assert figures.is_clean
    assert refused == 0


async def test_every_way_of_appending_to_one_session(
    store_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, ways = await mixed_routes(store_url, tmp_path, seconds=1.0)
    figure(f"{figures}; {ways}")
    assert figures.is_clean
    assert min(ways.values()) > 0


async def test_every_way_of_appending_through_three_servers(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, ways = await mixed_routes(postgres_url, tmp_path, seconds=1.0, servers=THREE)
    figure(f"{figures}; {ways}")
    assert figures.is_clean
    assert min(ways.values()) > 0


@pytest.mark.damages_its_store("its servers begin chains again")
@pytest.mark.parametrize("mixed", [False, True])
async def test_chains_that_begin_again_are_seen_and_mended(
    postgres_url: str, tmp_path: Path, mixed: bool, figure: Figure
) -> None:
    scenario = mixed_routes if mixed else scenarios.one_session
    figures, _ = await scenario(
        postgres_url, tmp_path, seconds=1.0, servers=1 if mixed else 2, fault="restart-chains"
    )
    faults = await soundness.faults_of(postgres_url)
    async with opened(Settings(store=postgres_url)) as service:
        mended = await service.chain_repair.mend(await service.verification.verify())
        left = (await service.verification.verify()).faults
    figure(f"{figures}; {len(faults)} faults, {len(left)} after the repair")
    assert (figures.lost, figures.doubled) == (0, 0)
    assert len(faults) > 0
    assert [len(repair.breaks) for repair in mended] == [len(faults)]
    assert left == ()


async def test_kill_9_of_one_of_three(postgres_url: str, tmp_path: Path, figure: Figure) -> None:
    figures = await scenarios.kills(postgres_url, tmp_path, times=1, pause=0.6, servers=THREE)
    figure(figures)
    assert figures.acknowledged > 0
    assert figures.is_clean


async def test_sigterm_of_one_of_three(postgres_url: str, tmp_path: Path, figure: Figure) -> None:
    figures, longest, codes = await scenarios.shutdown(
        postgres_url, tmp_path, times=1, pause=0.5, servers=THREE
    )
    figure(f"{figures}; longest stop {longest:.1f} s, exit codes {codes}")
    assert figures.is_clean
    assert codes == {0}


async def test_an_answer_that_is_cut_off_is_given_by_another(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, cuts = await scenarios.cut_answers(
        postgres_url, tmp_path, acknowledged=60, servers=THREE
    )
    figure(f"{figures}; cuts {cuts}")
    assert cuts > 0
    assert figures.is_clean


async def test_commits_of_unknown_outcome_of_three(
    postgres_url: str, tmp_path: Path, figure: Figure
) -> None:
    figures, cuts = await scenarios.cut_commits(
        postgres_url, tmp_path, acknowledged=150, servers=THREE
    )
    figure(f"{figures}; commits without an answer {cuts}")
    assert cuts > 0
    assert figures.is_clean


async def test_kill_9_of_the_database_of_three(tmp_path: Path, figure: Figure) -> None:
    with postgres(private=True) as server:
        figures, longest = await scenarios.database_kills(
            server, tmp_path, times=1, pause=0.7, servers=THREE
        )
    figure(f"{figures}; longest without a write {longest:.1f} s")
    assert figures.is_clean
