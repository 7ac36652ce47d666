"""A store with a replica: which settings make one, and what it does without its replica."""

from __future__ import annotations

import pytest

from hansard.app import open_store, replicated_store
from hansard.errors import Invalid
from hansard.settings import Settings
from hansard.store.postgres.connecting import of_any_kind
from hansard.store.replicated import ReplicatedStore
from tests.support.postgres_cluster import free_port


@pytest.mark.parametrize(
    ("store", "replica"),
    [
        ("sqlite:///here.db", "sqlite:///there.db"),
        ("sqlite:///here.db", "postgresql://there/hansard"),
        ("postgresql://here/hansard", "sqlite:///there.db"),
    ],
)
def test_a_replica_needs_a_store_that_has_one(store: str, replica: str) -> None:
    with pytest.raises(Invalid, match="replica") as refused:
        replicated_store(Settings(store=store, replica=replica))
    assert refused.value.param == "replica"


def test_a_replica_may_be_a_server_that_takes_no_writes() -> None:
    assert of_any_kind("postgresql://a/b") == "postgresql://a/b?target_session_attrs=any"
    chosen = "postgresql://a/b?target_session_attrs=standby"
    assert of_any_kind(chosen) == chosen


async def test_a_store_opens_without_its_replica(postgres_url: str) -> None:
    settings = Settings(store=postgres_url, replica=f"postgresql://127.0.0.1:{free_port()}/none")
    store = replicated_store(settings)
    assert isinstance(store, ReplicatedStore)
    await store.open()
    try:
        store.read_replica(chosen=True)
        assert not store.has_replica()
        assert len(await store.pending_migrations()) > 0
        assert {usage.name for usage in store.usage()} == {"connection", "replica"}
    finally:
        store.read_replica(chosen=False)
        await store.close()
    assert not isinstance(open_store(settings), ReplicatedStore)
