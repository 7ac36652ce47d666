"""Fixtures of the adapters: those of the client, and a name for a session."""

from __future__ import annotations

import uuid

import pytest

from tests.client.conftest import ahansard, hansard, served

__all__ = ["ahansard", "hansard", "served"]


@pytest.fixture
def name() -> str:
    return f"adapter {uuid.uuid4()}"
