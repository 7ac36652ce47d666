"""A connection to PostgreSQL is given up where an answer is lost, and not where none is due."""

from __future__ import annotations

import time

from hansard.app import opened
from hansard.settings import Settings
from hansard.store.postgres.watchdog import LATE_SECONDS
from hansard.store.steps import Steps, composed, pause


async def test_a_verb_that_computes_for_long_keeps_its_connection(postgres_url: str) -> None:
    """Between two statements its process of the server is idle, as one is that lost a statement."""
    begun: list[int] = []

    def computing() -> Steps[list[int]]:
        first = yield from composed("select pg_backend_pid()", {})
        begun.append(first[0][0])
        until = time.monotonic() + LATE_SECONDS + 1.0  # two looks of the watchdog, and more
        while time.monotonic() < until:
            time.sleep(0.005)
            yield from pause()
        second = yield from composed("select pg_backend_pid()", {})
        return [first[0][0], second[0][0]]

    async with opened(Settings(store=postgres_url)) as service:
        first, second = await service.store.snapshot(computing)
        assert begun == [first] == [second], "it is not begun again on another connection"
        begun.clear()
        first, second = await service.store.write(computing)
        assert begun == [first] == [second]
