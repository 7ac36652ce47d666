from __future__ import annotations

import pytest

from hansard.access import Principal
from hansard.service import Service
from tests.conftest import NUMBERS


@pytest.fixture
async def here(service: Service) -> Principal:
    """One who may do everything in a workspace of this test's own."""
    return service.workspaces.operator(await service.workspaces.create(f"here-{next(NUMBERS)}"))


@pytest.fixture
async def there(service: Service) -> Principal:
    """The same in another, empty workspace."""
    return service.workspaces.operator(await service.workspaces.create(f"there-{next(NUMBERS)}"))
