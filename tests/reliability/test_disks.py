"""What the embedded store acknowledged survives bad disks; a disk that does not sync loses it, and this would be seen."""

from __future__ import annotations

from pathlib import Path

from tests.reliability.conftest import Figure
from tests.reliability.disks import bad_disk, power_loss, pragma


async def test_power_loss_loses_nothing_acknowledged(tmp_path: Path, figure: Figure) -> None:
    found = await power_loss(tmp_path, points=12)
    figure(found)
    assert found.acknowledged > 0
    assert found.is_clean


async def test_power_loss_without_syncs_is_seen(tmp_path: Path, figure: Figure) -> None:
    with pragma("synchronous = full", "synchronous = normal"):
        found = await power_loss(tmp_path, points=6)
    figure(found)
    assert found.lost > 0


async def test_a_full_disk_refuses_writes_and_goes_on_reading(tmp_path: Path, figure: Figure) -> None:
    found, refusals = await bad_disk(tmp_path, "full", rounds=3)
    figure(f"{found}; refused {refusals.codes}, reads meanwhile {refusals.reads}")
    assert refusals.codes.keys() == {"store_full"}
    assert found.is_clean


async def test_a_failing_fsync_is_not_acknowledged(tmp_path: Path, figure: Figure) -> None:
    found, refusals = await bad_disk(tmp_path, "broken_syncs", rounds=2)
    figure(f"{found}; refused {refusals.codes}, reads meanwhile {refusals.reads}")
    assert sum(refusals.codes.values()) == 80
    assert found.is_clean


async def test_a_failing_fsync_that_is_ignored_is_seen(tmp_path: Path, figure: Figure) -> None:
    with pragma("synchronous = full", "synchronous = off"):
        _, refusals = await bad_disk(tmp_path, "broken_syncs", rounds=1)
    figure(f"refused {refusals.codes} of 40")
    assert not refusals.codes
