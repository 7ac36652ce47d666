"""A call reaches what it names and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest

from hansard.access import Principal
from hansard.client import AsyncHansard, Hansard
from hansard.client.errors import Conflict
from hansard.service import Service
from hansard.store.steps import Steps
from hansard.store.verbs.store_clock import store_time

DAY_US = 86_400_000_000


@pytest.mark.parametrize("policy", ["get", "refuse", None])
async def test_named_a_session_of_another_user_is_not_given_out(
    client: httpx.AsyncClient, policy: str | None
) -> None:
    await client.post("/v1/sessions", json={"id": "s", "user": "ada", "title": "of ada"})
    body = {"id": "s", "user": "bob"} | ({} if policy is None else {"if_exists": policy})
    answer = await client.post("/v1/sessions", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")
    assert "of ada" not in answer.text


async def test_named_a_session_without_a_user_is_not_given_to_one(
    client: httpx.AsyncClient,
) -> None:
    await client.post("/v1/sessions", json={"id": "s"})
    answer = await client.post("/v1/sessions", json={"id": "s", "user": "bob"})
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")


async def test_named_the_same_user_gets_the_session_or_is_refused_as_it_says(
    client: httpx.AsyncClient,
) -> None:
    begun = {"id": "s", "user": "ada"}
    first = await client.post("/v1/sessions", json=begun | {"if_exists": "refuse"})
    assert first.status_code == 201
    for more in ({}, {"if_exists": "get"}):
        assert (await client.post("/v1/sessions", json=begun | more)).status_code == 200
    answer = await client.post("/v1/sessions", json=begun | {"if_exists": "refuse"})
    assert (answer.status_code, answer.json()["code"]) == (409, "session_exists")
    assert (await client.post("/v1/sessions", json={"id": "s"})).status_code == 200


async def test_named_a_number_that_json_has_not_is_refused_before_anything_is_sent(
    hansard: Hansard, ahansard: AsyncHansard
) -> None:
    session = hansard.sessions.start(metadata={"score": 1.5})
    for number in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(ValueError, match="neither NaN nor Infinity"):
            hansard.sessions.update(session.id, metadata={"deep": [{"score": number}]})
        with pytest.raises(ValueError, match="neither NaN nor Infinity"):
            await ahansard.sessions.update(session.id, metadata={"score": number})
    assert hansard.sessions.read(session.id).metadata == {"score": 1.5}


def test_named_the_client_says_what_it_wants_of_a_taken_id(hansard: Hansard) -> None:
    begun = hansard.sessions.start("taken-id", user="ada")
    again = hansard.sessions.start("taken-id", user="ada", if_exists="get")
    assert (again.uid, begun.created, again.created) == (begun.uid, True, False)
    with pytest.raises(Conflict):
        hansard.sessions.start("taken-id", user="ada", if_exists="refuse")


@pytest.mark.parametrize("days", [90, None])
async def test_named_a_key_that_is_rotated_twice_keeps_its_lifetime(
    service: Service, principal: Principal, days: int | None
) -> None:
    ends = None if days is None else service.clock() + days * DAY_US
    _, key = await service.keys.create(principal, "worker", expires_at=ends)
    for _ in range(2):  # the first answer was lost
        _, new = await service.keys.rotate(principal, key.id, grace_us=DAY_US)
        if days is None:
            assert new.expires_at is None
        else:
            assert new.expires_at is not None
            assert new.expires_at - new.created_at == pytest.approx(days * DAY_US, abs=60_000_000)


@pytest.mark.parametrize("user", ["https://idp/u/1", "a/erasures", "..", "100%2F", "ünï?#&"])
async def test_named_every_user_that_is_taken_can_be_erased(
    client: httpx.AsyncClient, user: str
) -> None:
    in_path = user != ".."
    for number, by_path in enumerate((in_path, False)):
        await client.post("/v1/sessions", json={"id": f"s{number}", "user": user})
        await client.post("/v1/sessions", json={"id": f"other{number}", "user": "someone"})
        answer = (
            await client.delete(f"/v1/users/{quote(user, safe='')}")
            if by_path
            else await client.delete("/v1/users", params={"user": user})
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["counts"]["sessions"] == 1
        assert (await client.get(f"/v1/sessions/s{number}")).status_code == 404
        assert (await client.get(f"/v1/sessions/other{number}")).status_code == 200
    receipts = (await client.get("/v1/erasures", params={"user": user})).json()["data"]
    assert len(receipts) == 2
    if in_path:
        path = f"/v1/users/{quote(user, safe='')}/erasures"
        assert (await client.get(path)).json()["data"] == receipts


async def test_named_a_quoted_slash_is_part_of_an_id(client: httpx.AsyncClient) -> None:
    await client.post("/v1/sessions", json={"id": "x"})
    assert (await client.get("/v1/sessions/x/messages")).status_code == 200
    assert (await client.get("/v1/sessions/x%2Fmessages")).status_code == 404
    assert (await client.delete("/v1/sessions/x%2Farchive")).status_code == 404
    assert (await client.get("/v1/sessions/x")).status_code == 200


async def family(client: httpx.AsyncClient) -> None:
    """A session ``s`` with two messages and a run.

    A fork ``f`` of it, and a sub-session ``c`` with ``cc`` below it.
    """
    await client.post("/v1/sessions", json={"id": "s"})
    messages = [{"role": "user", "text": "one"}, {"role": "assistant", "text": "two"}]
    await client.post("/v1/sessions/s/messages", json={"messages": messages})
    await client.post("/v1/sessions/s/runs", json={"id": "turn", "state": "running"})
    await client.post("/v1/sessions/s/fork", json={"id": "f"})
    for name, parent in (("c", "s"), ("cc", "c")):
        await client.post("/v1/sessions", json={"id": name, "parent": parent})


async def names(client: httpx.AsyncClient) -> set[str]:
    return {session["id"] for session in (await client.get("/v1/sessions")).json()["data"]}


async def test_named_a_fork_outlives_its_original(client: httpx.AsyncClient) -> None:
    await family(client)
    deleted = (await client.delete("/v1/sessions/s")).json()
    assert deleted == {
        "id": "s",
        "deleted": True,
        "sessions": 1,
        "messages": 2,
        "runs": 1,
        "detached": 2,
    }
    assert await names(client) == {"f", "c", "cc"}
    fork = (await client.get("/v1/sessions/f")).json()
    assert (fork["parent"], fork["message_count"]) == (None, 2)
    assert len((await client.get("/v1/sessions/f/messages")).json()["data"]) == 2
    total = await client.get("/v1/sessions", params={"sub_sessions": "false", "total": "true"})
    assert total.json()["total"] == 2, "only cc is below another now"


async def test_named_sub_sessions_go_only_when_asked_for(client: httpx.AsyncClient) -> None:
    await family(client)
    deleted = (await client.delete("/v1/sessions/s", params={"sub_sessions": "delete"})).json()
    assert (deleted["sessions"], deleted["messages"], deleted["detached"]) == (3, 2, 1)
    assert await names(client) == {"f"}, "a fork has its own copy"


@pytest.mark.parametrize("below", ["keep", "delete"])
async def test_named_a_dry_run_says_before_what_a_deletion_takes(
    client: httpx.AsyncClient, below: str
) -> None:
    await family(client)
    params = {"sub_sessions": below}
    before = (await client.get("/v1/sessions")).json()
    preview = (await client.delete("/v1/sessions/s", params=params | {"dry_run": "true"})).json()
    assert (await client.get("/v1/sessions")).json() == before
    done = (await client.delete("/v1/sessions/s", params=params)).json()
    assert preview == done | {"deleted": False}


@pytest.mark.parametrize("below", ["keep", "delete"])
async def test_named_a_dry_run_says_before_what_a_bulk_deletion_takes(
    client: httpx.AsyncClient, below: str
) -> None:
    await family(client)
    body = {"action": "delete", "ids": ["s"], "sub_sessions": below}
    before = (await client.get("/v1/sessions")).json()
    preview = (await client.post("/v1/bulk", json=body | {"dry_run": True})).json()
    assert (await client.get("/v1/sessions")).json() == before
    done = (await client.post("/v1/bulk", json=body)).json()
    assert preview == done
    assert done["deleted"]["sessions"] == (1 if below == "keep" else 3)
    assert done["deleted"]["detached"] == (2 if below == "keep" else 1)


async def test_named_a_dry_run_of_another_bulk_action_changes_nothing(
    client: httpx.AsyncClient,
) -> None:
    await family(client)
    await client.patch("/v1/sessions/c", json={"tags": ["vip"]})
    body = {"action": "tag", "value": "vip", "ids": ["s", "c"]}
    preview = (await client.post("/v1/bulk", json=body | {"dry_run": True})).json()
    assert preview == {"changed": 1, "undo": None, "deleted": None}
    assert (await client.get("/v1/sessions/s")).json()["tags"] == []
    assert (await client.post("/v1/bulk", json=body)).json()["changed"] == 1


async def test_named_a_parent_can_be_cleared(client: httpx.AsyncClient) -> None:
    await family(client)
    shown = await client.patch("/v1/sessions/c", json={"parent": None})
    assert (shown.status_code, shown.json()["parent"]) == (200, None)
    children = (await client.get("/v1/sessions", params={"parent": "s"})).json()["data"]
    assert [session["id"] for session in children] == ["f"]
    await client.delete("/v1/sessions/s", params={"sub_sessions": "delete"})
    assert await names(client) == {"c", "cc", "f"}
    assert (await client.patch("/v1/sessions/cc", json={"parent": "c"})).status_code == 400


async def used_now(client: httpx.AsyncClient, name: str, *days_ago: int) -> None:
    """A session that began long ago, to which messages with these old times are appended now."""
    at = [(datetime.now(UTC) - timedelta(days=days)).isoformat() for days in (400, *days_ago)]
    await client.post("/v1/sessions", json={"id": name, "created_at": at[0]})
    for when in at[1:]:
        message = {"role": "user", "text": "x", "created_at": when}
        await client.post(f"/v1/sessions/{name}/messages", json={"messages": [message]})


async def test_named_retention_keeps_what_was_used_seconds_ago(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await used_now(client, "backfilled", 0, 390)
    await used_now(client, "no-clock", 390)
    await service.retention.set_rules(principal, {"*": 30})
    assert all(not rule.sessions for rule in await service.retention.preview(principal))
    assert all(not rule.sessions for rule in await service.retention.apply(principal))
    later = Service(
        service.store,
        service.secret,
        clock=lambda: service.clock() + 31 * DAY_US,
        store_clock=_late,
    )
    assert sum(rule.sessions for rule in await later.retention.apply(principal)) == 2


def _late() -> Steps[int]:
    at = yield from store_time()
    return at + 31 * DAY_US


async def test_named_the_first_message_is_never_behind_the_last(client: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    await used_now(client, "s", 10, 390, 5, 200)
    batch = [
        {"role": "user", "text": "x", "created_at": (now - timedelta(days=days)).isoformat()}
        for days in (100, 2, 395, 50)
    ]
    await client.post("/v1/sessions/s/messages", json={"messages": batch})
    session = (await client.get("/v1/sessions/s")).json()
    messages = (await client.get("/v1/sessions/s/messages")).json()["data"]
    times = sorted(session["created_at"] for session in messages)
    assert (session["first_message_at"], session["last_message_at"]) == (times[0], times[-1])
    for message in sorted(messages, key=lambda session: session["created_at"]):
        await client.delete(f"/v1/sessions/s/messages/{message['id']}")
        times.remove(message["created_at"])
        session = (await client.get("/v1/sessions/s")).json()
        ends = (times[0], times[-1]) if times else (None, None)
        assert (session["first_message_at"], session["last_message_at"]) == ends


def test_named_the_client_deletes_what_it_says(hansard: Hansard) -> None:
    session = hansard.sessions.start(user="https://idp/u/9")
    fork = hansard.sessions.fork(session.id)
    preview = hansard.sessions.delete(session.id, sub_sessions="delete", dry_run=True)
    assert (preview.deleted, preview.sessions, preview.detached) == (False, 1, 1)
    assert hansard.sessions.update(fork.id, parent=None).parent is None
    assert hansard.sessions.delete(session.id).detached == 0
    assert hansard.users.erase("https://idp/u/9").counts["sessions"] == 1
    assert len(hansard.users.erasures("https://idp/u/9")) == 1
