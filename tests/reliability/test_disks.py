"""What the embedded store acknowledged survives bad disks.

A disk that does not sync loses it, and this would be seen.
"""

from __future__ import annotations

from pathlib import Path

from hansard.access import ALL_SCOPES
from hansard.app import opened
from hansard.settings import Settings
from tests.conftest import client_of
from tests.reliability.conftest import Figure
from tests.reliability.disk import disk
from tests.reliability.disks import bad_disk, begin, power_loss, pragma, url


async def test_power_loss_loses_nothing_acknowledged(tmp_path: Path, figure: Figure) -> None:
    figures = await power_loss(tmp_path, points=12)
    figure(figures)
    assert figures.acknowledged > 0
    assert figures.is_clean


async def test_power_loss_without_syncs_is_seen(tmp_path: Path, figure: Figure) -> None:
    with pragma("synchronous = full", "synchronous = normal"):
        figures = await power_loss(tmp_path, points=6)
    figure(figures)
    assert figures.lost > 0


async def test_a_full_disk_refuses_writes_and_goes_on_reading(
    tmp_path: Path, figure: Figure
) -> None:
    figures, refusals = await bad_disk(tmp_path, "full", rounds=3)
    figure(f"{figures}; refused {refusals.codes}, reads meanwhile {refusals.reads}")
    assert refusals.codes.keys() == {"store_full"}
    assert figures.is_clean


async def test_a_full_disk_is_507_and_tells_no_path(tmp_path: Path, figure: Figure) -> None:
    with disk(tmp_path) as failing_disk:
        async with opened(Settings(store=url(tmp_path))) as service:
            principal = await begin(service)
            key, _ = await service.keys.create(principal, "tests", ALL_SCOPES)
            async with client_of(service, key) as client:
                await client.get("/v1/sessions")
                failing_disk.quota = 0
                refused = await client.post(
                    "/v1/sessions/one/messages", json={"messages": [{"role": "user", "text": "x"}]}
                )
                read = await client.get("/v1/sessions/one/messages")
                service.keys.forget()
                fresh = await client.get("/v1/sessions/two")
                failing_disk.quota = None
                again = await client.post(
                    "/v1/sessions/one/messages", json={"messages": [{"role": "user", "text": "x"}]}
                )
    figure(
        f"write {refused.status_code}, Retry-After {refused.headers['retry-after']}; read "
        f"{read.status_code}, with a key checked anew {fresh.status_code}"
    )
    assert (refused.status_code, refused.json()["code"]) == (507, "store_full")
    assert str(tmp_path) not in refused.text
    assert (read.status_code, fresh.status_code, again.status_code) == (200, 200, 201)


async def test_a_failing_fsync_is_not_acknowledged(tmp_path: Path, figure: Figure) -> None:
    figures, refusals = await bad_disk(tmp_path, "broken_syncs", rounds=2)
    figure(f"{figures}; refused {refusals.codes}, reads meanwhile {refusals.reads}")
    assert sum(refusals.codes.values()) == 80
    assert figures.is_clean


async def test_a_failing_fsync_that_is_ignored_is_seen(tmp_path: Path, figure: Figure) -> None:
    with pragma("synchronous = full", "synchronous = off"):
        _, refusals = await bad_disk(tmp_path, "broken_syncs", rounds=1)
    figure(f"refused {refusals.codes} of 40")
    assert not refusals.codes
