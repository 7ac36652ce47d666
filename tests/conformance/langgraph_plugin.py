"""Puts our checkpointer into LangGraph's tests, where they take SQLite's.

Each saver has a workspace of its own, as each of theirs has a database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from workspaces import URL, workspace_key

from hansard.adapters.langgraph import HansardSaver
from hansard.client import AsyncHansard, Hansard


@asynccontextmanager
async def async_saver() -> AsyncIterator[HansardSaver]:
    key = workspace_key()
    with Hansard(URL, key) as client:
        async with AsyncHansard(URL, key) as async_client:
            yield HansardSaver(client, async_client)


@contextmanager
def saver() -> Iterator[HansardSaver]:
    with Hansard(URL, workspace_key()) as client:
        yield HansardSaver(client)


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Replace what the tests' own conftest takes its savers from."""
    import tests.conftest  # noqa: PLC0415 - the suite's, which is there when pytest is configured

    module: Any = tests.conftest
    module._checkpointer_sqlite_aio = async_saver
    module._checkpointer_sqlite = saver
