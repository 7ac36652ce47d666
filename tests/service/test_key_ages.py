"""How long a checked key is trusted, whatever the wall clock does."""

from __future__ import annotations

import pytest

from hansard.access import Principal
from hansard.errors import Unauthenticated
from hansard.service import Service

HOUR_US = 3_600_000_000


class Clocks:
    """A wall clock that can be set, and a monotonic one that only goes on."""

    def __init__(self, wall: int) -> None:
        self.wall = wall
        self.monotonic = 1000.0

    def set_wall(self, by: int) -> None:
        self.wall += by

    def go_on(self, seconds: float) -> None:
        self.wall += round(seconds * 1_000_000)
        self.monotonic += seconds


@pytest.fixture
def clocks(service: Service) -> Clocks:
    return Clocks(service.clock())


@pytest.fixture
def watched(service: Service, clocks: Clocks) -> Service:
    """The service of another process over the same store, by clocks that the test sets."""
    return Service(
        service.store,
        service.secret,
        clock=lambda: clocks.wall,
        monotonic=lambda: clocks.monotonic,
    )


@pytest.mark.parametrize("set_by", [-HOUR_US, 0, HOUR_US])
async def test_a_revoked_key_is_refused_within_two_seconds(
    service: Service, principal: Principal, watched: Service, clocks: Clocks, set_by: int
) -> None:
    text, key = await service.keys.create(principal, "elsewhere")
    await watched.keys.authenticate(text)
    await service.keys.revoke(principal, key.id)
    clocks.set_wall(set_by)
    clocks.go_on(0.9)
    assert (await watched.keys.authenticate(text)).key_id == key.id, "it is remembered for a second"
    clocks.go_on(1)
    with pytest.raises(Unauthenticated, match="was revoked"):
        await watched.keys.authenticate(text)


async def test_a_key_ends_at_its_time_also_while_it_is_remembered(
    service: Service, principal: Principal, watched: Service, clocks: Clocks
) -> None:
    text, _ = await service.keys.create(principal, "short", expires_at=clocks.wall + 5_000_000)
    clocks.go_on(4.8)
    await watched.keys.authenticate(text)
    clocks.go_on(0.3)
    with pytest.raises(Unauthenticated, match="expired"):
        await watched.keys.authenticate(text)


async def test_the_last_use_is_noted_once_a_minute_whatever_the_wall_clock_does(
    service: Service, principal: Principal, watched: Service, clocks: Clocks
) -> None:
    text, key = await service.keys.create(principal, "used")

    async def noted() -> int | None:
        return next(
            item for item in await service.keys.list(principal) if item.id == key.id
        ).last_used_at

    await watched.keys.authenticate(text)
    first = await noted()
    assert first == clocks.wall
    clocks.set_wall(-HOUR_US)
    clocks.go_on(30)
    await watched.keys.authenticate(text)
    assert await noted() == first
    clocks.go_on(31)
    await watched.keys.authenticate(text)
    assert await noted() == clocks.wall
