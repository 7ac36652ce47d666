"""Lists: by activity and without the archive unless asked, and by metadata."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import structlog
from msgspec import Raw

from hansard import app
from hansard.access import Principal
from hansard.errors import StoreUnavailable
from hansard.model import SessionDraft, SessionFilter, SessionPatch
from hansard.service import Service
from hansard.settings import Settings
from hansard.store.steps import run
from hansard.store.verbs import session_labels
from hansard.store.verbs.session_labels import metadata_pairs
from tests.support.recounting import recount_due


async def start(client: httpx.AsyncClient, name: str, **fields: Any) -> None:
    answer = await client.post("/v1/sessions", json={"id": name, **fields})
    assert answer.status_code == 201, answer.text


async def append(client: httpx.AsyncClient, name: str, text: str) -> None:
    body = {"messages": [{"role": "user", "text": text}]}
    assert (await client.post(f"/v1/sessions/{name}/messages", json=body)).status_code == 201


async def listed(client: httpx.AsyncClient, query: str = "") -> list[str]:
    answer = await client.get(f"/v1/sessions?total=true&{query}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["data"])
    return [session["id"] for session in body["data"]]


async def test_settling_tagging_or_archiving_an_old_session_does_not_make_it_the_newest(
    client: httpx.AsyncClient,
) -> None:
    for name in ("old", "new"):
        await start(client, name)
        await append(client, name, "hello")
    await client.post("/v1/sessions/old/end", json={"resolution": "resolved"})
    await client.patch("/v1/sessions/old", json={"tags": ["seen"]})
    assert await listed(client) == ["new", "old"]
    assert await listed(client, "sort=-updated_at") == ["old", "new"]
    await append(client, "old", "still there?")
    assert await listed(client) == ["old", "new"]


async def test_archived_sessions_are_left_out_unless_asked_for(client: httpx.AsyncClient) -> None:
    for name in ("kept", "put-away"):
        await start(client, name, channel="web", app="shop" if name == "kept" else None)
        await append(client, name, "hello")
    await client.post("/v1/sessions/put-away/archive")
    for query, expected in {
        "": ["kept"],
        "archived=false": ["kept"],
        "archived=true": ["put-away"],
        "archived=any": ["put-away", "kept"],
        "channel=web": ["kept"],
        "channel=web&archived=any": ["put-away", "kept"],
        "channel=web&archived=true": ["put-away"],
        "app=shop&archived=true": [],
        "channel=web&kind=session&archived=true": ["put-away"],
        "sub_sessions=false&archived=true": ["put-away"],
        "tag=none&archived=any": [],
    }.items():
        assert await listed(client, query) == expected, query
    await client.post("/v1/sessions/put-away/unarchive")
    assert await listed(client, "channel=web") == ["put-away", "kept"]
    assert await listed(client, "archived=true") == []
    await client.post("/v1/sessions/put-away/archive")
    await client.delete("/v1/sessions/put-away")
    assert await listed(client, "archived=any") == ["kept"]


async def test_a_bulk_action_without_a_word_of_the_archive_leaves_it_alone(
    client: httpx.AsyncClient,
) -> None:
    for name in ("kept", "put-away"):
        await start(client, name)
    await client.post("/v1/sessions/put-away/archive")
    body = {"action": "tag", "value": "seen", "snapshot_at": "2100-01-01T00:00:00Z"}
    refused = await client.post("/v1/bulk", json=body | {"filter": {}, "expected": 2})
    assert refused.status_code == 409
    changed = await client.post("/v1/bulk", json=body | {"filter": {}, "expected": 1})
    assert changed.json()["changed"] == 1
    everything = {"archived": "any"}
    changed = await client.post("/v1/bulk", json=body | {"filter": everything, "expected": 2})
    assert changed.json()["changed"] == 1


METADATA = {
    "pro": {
        "plan": "pro",
        "seats": 3,
        "trial": False,
        "score": 0.5,
        "note": "a,b",
        "deep": {"x": 1},
    },
    "free": {"plan": "free", "seats": 30, "trial": True, "empty": "", "list": [1]},
    "none": {},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("metadata.plan=pro", ["pro"]),
        ("metadata.plan=pro,free", ["free", "pro"]),
        ("metadata.plan=pro&metadata.plan=free", ["free", "pro"]),
        ("metadata.plan=PRO", []),
        ("metadata.plan=pr", []),
        ("metadata.plan=pro&metadata.trial=true", []),
        ("metadata.plan=pro&metadata.trial=false", ["pro"]),
        ("metadata.seats=3", ["pro"]),
        ("metadata.seats=30", ["free"]),
        ("metadata.score=0.5", ["pro"]),
        ("metadata.note=a%5C,b", ["pro"]),
        ("metadata.deep=1", []),
        ("metadata.list=1", []),
        ("metadata=plan%3Dpro", ["pro"]),
        ("metadata.plan=pro&channel=web", ["pro"]),
        ("metadata.plan=pro&channel=api", []),
        ("metadata.unknown=1", []),
    ],
)
async def test_scalars_at_the_top_of_the_metadata_are_filters_in_list_search_and_export(
    client: httpx.AsyncClient, query: str, expected: list[str]
) -> None:
    for name, metadata in METADATA.items():
        await start(client, name, metadata=metadata, channel="web")
        await append(client, name, "hello")
    assert sorted(await listed(client, query)) == sorted(expected)
    body = (await client.get(f"/v1/search?q=hello&total=true&{query}")).json()
    assert sorted(item["session"]["id"] for item in body["data"]) == sorted(expected)
    assert body["total"] == len(expected)
    exported = (await client.get(f"/v1/export?format=markdown&{query}")).text
    assert exported.count("\n# ") + exported.startswith("# ") == len(expected)


async def test_metadata_is_found_as_it_is_now(client: httpx.AsyncClient) -> None:
    await start(client, "one", metadata={"plan": "pro", "seats": 3})
    await client.patch("/v1/sessions/one", json={"metadata": {"plan": "free", "seats": None}})
    assert await listed(client, "metadata.plan=free") == ["one"]
    assert await listed(client, "metadata.plan=pro") == []
    assert await listed(client, "metadata.seats=3") == []
    forked = await client.post(
        "/v1/sessions/one/fork", json={"id": "two", "metadata": {"plan": "x"}}
    )
    assert forked.status_code == 201, forked.text
    assert await listed(client, "metadata.plan=x") == ["two"]
    await client.delete("/v1/sessions/two")
    assert await listed(client, "metadata.plan=x") == []


async def test_a_bulk_action_takes_metadata(client: httpx.AsyncClient) -> None:
    for name, metadata in METADATA.items():
        await start(client, name, metadata=metadata)
    body = {"action": "tag", "value": "t", "snapshot_at": "2100-01-01T00:00:00Z", "expected": 1}
    answer = await client.post("/v1/bulk", json=body | {"filter": {"metadata.plan": "pro"}})
    assert answer.json()["changed"] == 1, answer.text
    assert await listed(client, "tag=t") == ["pro"]


@pytest.mark.parametrize("query", ["metadata=plan", "&".join(["metadata.a=1"] * 33)])
async def test_metadata_that_means_nothing_is_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/v1/sessions?{query}")
    assert (answer.status_code, answer.json()["param"]) == (400, "metadata")


def test_what_is_found_by_metadata_is_bounded() -> None:
    many = b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(100)) + b"}"
    assert len(metadata_pairs(Raw(many))) == session_labels.MOST_PAIRS
    odd = Raw(b'{"a":"\\u0000","b=c":1,"' + b"k" * 200 + b'":1,"l":"' + b"x" * 300 + b'","ok":1.0}')
    assert metadata_pairs(odd) == [("ok", "1")]


def _as_of_an_older_program(workspace_id: str, session_id: str) -> Any:
    yield from run("metadata_delete_of_session", workspace_id=workspace_id, id=session_id)
    yield from recount_due(workspace_id)


async def test_sessions_from_before_are_filled_in_and_a_walk_that_is_broken_off_goes_on(
    lone_service: Service,
) -> None:
    service = lone_service
    principals: list[Principal] = []
    for name in ("acme", "other"):
        principal = service.workspaces.operator(await service.workspaces.create(name))
        principals.append(principal)
        for number in range(3):
            draft = SessionDraft(id=f"s{number}", metadata={"plan": "pro"})
            session, _ = await service.sessions.start(principal, draft)
            await service.store.write(_as_of_an_older_program, principal.workspace_id, session.id)
    wanted = SessionFilter(metadata=("plan=pro",))
    assert await service.sessions.count(principals[0], wanted) == 0

    def broken_off(share: float) -> None:
        if share > 0.5:
            raise InterruptedError(share)

    with pytest.raises(InterruptedError):
        await service.recount.run(broken_off)
    counts = [await service.sessions.count(principal, wanted) for principal in principals]
    assert sorted(counts) == [0, 3]
    assert await service.recount.is_due()
    heard: list[float] = []
    assert await service.recount.run(heard.append) == 3
    assert heard[-1] == 1
    assert [await service.sessions.count(principal, wanted) for principal in principals] == [3, 3]
    assert not await service.recount.is_due()
    assert await service.recount.run() == 0


async def test_a_server_says_how_far_an_update_of_its_store_is(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_TOLD_SECONDS", 0.0)
    settings = Settings(store=store_url)
    async with app.opened(settings) as service:
        principal = service.workspaces.operator(await service.workspaces.create("acme"))
        await service.sessions.start(principal, SessionDraft(id="s", metadata={"plan": "pro"}))
        await service.store.write(recount_due, principal.workspace_id)
    with pytest.raises(StoreUnavailable, match="hansard migrate"):
        async with app.opened(Settings(store=store_url, migrate=False)):
            pass
    with structlog.testing.capture_logs() as logged:
        async with app.opened(settings) as service:
            assert not await service.recount.is_due()
    assert {"event": "the store is being updated", "percent": 100, "log_level": "warning"} in logged


async def test_a_change_after_the_update_is_not_undone_by_it(
    service: Service, principal: Principal
) -> None:
    await service.sessions.start(principal, SessionDraft(id="one", metadata={"plan": "pro"}))
    await service.sessions.update(principal, "one", SessionPatch(metadata={"plan": "free"}))
    assert await service.sessions.count(principal, SessionFilter(metadata=("plan=free",))) == 1
    assert await service.sessions.count(principal, SessionFilter(metadata=("plan=pro",))) == 0
