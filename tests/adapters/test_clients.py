"""Adapters that are given no client share one, for as long as the environment stays the same."""

from __future__ import annotations

import gc

import pytest

from hansard.adapters.clients import Clients, shared_async_client, shared_client
from hansard.client import Hansard
from tests.support.serving import Served


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANSARD_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HANSARD_API_KEY", "hsd_first")


async def test_another_key_or_server_in_the_environment_is_another_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("HANSARD_API_KEY", "hsd_second"), ("HANSARD_URL", "http://127.0.0.1:2")):
        before = shared_client(), shared_async_client()
        assert (shared_client(), shared_async_client()) == before
        monkeypatch.setenv(name, value)
        assert shared_client() is not before[0]
        assert shared_async_client() is not before[1]


def test_a_client_that_is_dropped_leaves_no_connection(served: Served) -> None:
    """Python says of a socket that is left open that it was, and a warning fails the test."""
    client = Hansard(url=served.url, api_key=served.key)
    client.workspace()
    del client
    gc.collect()


def test_a_client_that_is_given_is_the_one_that_is_used() -> None:
    own = Hansard(url="http://127.0.0.1:3", api_key="hsd_own")
    assert Clients(own, None).sync is own
    assert Clients(None, None).sync is shared_client()
