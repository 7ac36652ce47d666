"""Several processes give short ids to workspaces, and none is given twice."""

from __future__ import annotations

import pytest

from hansard.errors import Conflict
from hansard.ids import IdSource
from hansard.service import Service

AT = 1_800_000_000_000_000


def another(service: Service) -> Service:
    """A process whose clock stands at one moment."""
    return Service(service.store, service.secret, clock=lambda: AT, ids=IdSource(lambda: AT))


async def test_two_processes_at_one_moment_find_ids_of_their_own(lone_service: Service) -> None:
    processes = [another(lone_service) for _ in range(3)]
    created = [
        await process.workspaces.create(f"w{number}-{index}")
        for number in range(4)
        for index, process in enumerate(processes)
    ]
    assert len({workspace.id for workspace in created}) == 12
    with pytest.raises(Conflict) as caught:
        await processes[0].workspaces.create("w0-0")
    assert caught.value.code == "workspace_exists"


async def test_the_id_of_a_deleted_workspace_is_not_given_again(lone_service: Service) -> None:
    gone = await another(lone_service).workspaces.create("acme")
    await lone_service.workspaces.delete(gone.id)
    created = await another(lone_service).workspaces.create("acme")
    assert created.id != gone.id
