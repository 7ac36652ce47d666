"""Rows of what fails around a server: its database, the network to it, its clock, its file."""

from __future__ import annotations

from pathlib import Path

from tests.reliability.clock_faults import clock_set_back
from tests.reliability.failover import hung_primary
from tests.reliability.files import file_replaced
from tests.reliability.load import Figures
from tests.reliability.outages import hung_database, stalled_connections, stalled_network
from tests.support.postgres import Server
from tests.torture.rows import Record, Row, file_in


def outages(server: Server) -> list[Row]:
    """A database that says nothing.

    Each against one that is dead, which the server notices at once.
    """

    async def primary(folder: Path) -> Record:
        return await hung_primary(folder)

    async def primary_unwatched(folder: Path) -> Record:
        return await hung_primary(folder, fault="no-watchdog")

    async def hung(folder: Path) -> Record:
        return await hung_database(server, folder)

    async def connections(folder: Path) -> Record:
        return await stalled_connections(server, folder)

    async def connections_unwatched(folder: Path) -> Record:
        return await stalled_connections(server, folder, fault="no-watchdog")

    async def network(folder: Path) -> Record:
        return await stalled_network(server, folder)

    async def network_unwatched(folder: Path) -> Record:
        return await stalled_network(server, folder, fault="no-watchdog")

    return [
        Row("the primary hangs, its standby takes over", "postgres", primary),
        Row("seeded: the primary hangs, unwatched", "postgres", primary_unwatched, seeded=True),
        Row("the database hangs, and goes on", "postgres", hung),
        Row("connections to the database stall", "postgres", connections),
        Row("seeded: connections stall, unwatched", "postgres", connections_unwatched, seeded=True),
        Row("the network stalls, and goes on", "postgres", network),
        Row("seeded: the network stalls, unwatched", "postgres", network_unwatched, seeded=True),
    ]


def clocks(server: Server) -> list[Row]:
    """The clock of a server is set back by an hour; on both backends."""

    async def on_a_file(folder: Path) -> Record:
        return await clock_set_back(file_in(folder), folder)

    async def on_a_server(folder: Path) -> Record:
        return await clock_set_back(server.create_database("clock"), folder)

    async def by_the_wall(folder: Path) -> Record:
        return await clock_set_back(file_in(folder), folder, fault="wall-clock-ages")

    return [
        Row("the clock is set back, a key revoked", "sqlite", on_a_file),
        Row("the clock is set back, a key revoked", "postgres", on_a_server),
        Row("seeded: ages by the clock on the wall", "sqlite", by_the_wall, seeded=True),
    ]


def replaced_files() -> list[Row]:
    """A backup is put in the place of the store's file while the server runs."""

    async def noticed(folder: Path) -> Record:
        return _record(*await file_replaced(folder))

    async def ignored(folder: Path) -> Record:
        return _record(*await file_replaced(folder, fault="ignore-files"))

    def _record(figures: Figures, meanwhile: int, health: int) -> Record:
        return figures, f"{meanwhile} acknowledged meanwhile, health {health}"

    return [
        Row("the file is replaced under the server", "sqlite", noticed),
        Row("seeded: the file is replaced, nobody looks", "sqlite", ignored, seeded=True),
    ]
