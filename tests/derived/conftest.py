"""Fixtures of a client on a real server, as the tests of the client have them."""

from __future__ import annotations

from tests.client.conftest import ahansard, hansard, served

__all__ = ["ahansard", "hansard", "served"]
