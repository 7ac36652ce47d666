"""Fixtures of a client on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client.conftest import ahansard, hansard
from tests.support.serving import Served, serving

__all__ = ["ahansard", "hansard"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for each file: sums and ranges are of all that it holds."""
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server
