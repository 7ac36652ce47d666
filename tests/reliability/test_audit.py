"""The audit log says who did what, in the same transaction.

It shows when somebody changed it.
"""

from __future__ import annotations

from pathlib import Path

import apsw
import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import opened
from hansard.errors import NotFound
from hansard.model import SessionDraft
from hansard.model.audit import AuditFilter
from hansard.service import Service
from hansard.settings import Settings
from tests.conftest import client_of
from tests.reliability.conftest import Figure
from tests.reliability.disks import begin, url


async def test_acts_are_noted_with_their_key(
    client: httpx.AsyncClient, service: Service, principal: Principal, figure: Figure
) -> None:
    created = (
        await client.post("/v1/keys", json={"name": "second", "scopes": ["sessions:read"]})
    ).json()
    rotated = (await client.post(f"/v1/keys/{created['id']}/rotate", json={})).json()
    await client.delete(f"/v1/keys/{rotated['id']}")
    await client.post("/v1/sessions", json={"id": "s"})
    message = (
        await client.post(
            "/v1/sessions/s/messages", json={"messages": [{"role": "user", "text": "hi"}]}
        )
    ).json()["data"][0]["id"]
    await client.delete(f"/v1/sessions/s/messages/{message}")
    await client.delete("/v1/sessions/s")
    await client.patch("/v1/workspace", json={"settings": {"sharing": True}})
    await client.put("/v1/retention", json={"rules": {"task": 3}})
    await client.delete("/v1/users/nobody")
    entries = (await client.get("/v1/audit?limit=200")).json()["data"][::-1]
    verdict = (await client.get("/v1/audit/verify")).json()
    figure(
        f"{len(entries)} entries, chain sound {verdict['sound']}: "
        f"{', '.join(entry['action'] for entry in entries)}"
    )
    assert [entry["action"] for entry in entries] == [
        "workspace.created", "key.created", "key.created", "key.rotated", "key.revoked",
            "message.deleted", "session.deleted",
        "workspace.updated", "retention.changed", "user.erased",
    ]  # fmt: skip
    assert [entry["n"] for entry in entries] == list(range(1, 11))
    own = (await service.keys.list(principal))[0].id
    assert {entry["actor"] for entry in entries[2:]} == {own}
    assert verdict["sound"]


async def test_what_a_key_may_not_do_is_noted(
    service: Service, principal: Principal, figure: Figure
) -> None:
    weak, key = await service.keys.create(principal, "weak", ("sessions:read",))
    async with client_of(service, weak) as client:
        for _ in range(5):
            assert (await client.post("/v1/keys", json={"name": "x"})).status_code == 403
    (entry, *_), _ = await service.audit.list(principal, limit=1)
    figure(
        f"5 refusals in a row, noted once: {entry.act.actor == key.id}, {entry.act.object}, "
        f"{entry.act.result}"
    )
    assert (entry.act.actor, entry.act.action, entry.act.object, entry.act.result) == (
        key.id,
        "access.denied",
        "POST /v1/keys",
        "denied",
    )


async def test_an_act_that_fails_is_not_noted(service: Service, principal: Principal) -> None:
    before, _ = await service.audit.list(principal, limit=50)
    with pytest.raises(NotFound):
        await service.keys.revoke(principal, "nothere1")
    after, _ = await service.audit.list(principal, limit=50)
    assert after == before


async def test_the_log_pages(service: Service, principal: Principal) -> None:
    for number in range(12):
        await service.audit.note(principal, "export.started", f"export-{number}")
    first, cursor = await service.audit.list(principal, limit=5)
    second, _ = await service.audit.list(principal, limit=5, cursor=cursor)
    assert [item.n for item in first + second] == list(range(first[0].n, first[0].n - 10, -1))


async def test_a_filter_looks_at_so_many_entries_and_says_where_it_goes_on(
    client: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    await service.audit.note(principal, "user.erased", "first")
    for number in range(7):
        await service.audit.note(principal, "export.started", f"export-{number}")

    async def names(query: str) -> list[str]:
        answer = await client.get(f"/v1/audit?limit=200&{query}")
        assert answer.status_code == 200, answer.text
        return [entry["object"] for entry in answer.json()["data"]]

    assert await names("action=user") == ["first"]
    assert await names("action=user.erased,export.started&object=first,export-3") == [
        "export-3",
        "first",
    ]
    assert await names(f"actor={principal.key_id}&action=export") == [
        f"export-{number}" for number in range(6, -1, -1)
    ]
    assert await names("result=denied&action=export") == []
    assert (await client.get("/v1/audit?result=maybe")).status_code == 400

    exports = AuditFilter(action=("export",))
    first, cursor = await service.audit.list(principal, limit=4, filters=exports)
    second, end = await service.audit.list(principal, limit=4, cursor=cursor, filters=exports)
    assert [entry.act.object[-1] for entry in first + second] == [*"6543210"]
    assert end is None


DAMAGE = pytest.mark.damages_its_store("it writes in the log")


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        pytest.param("nothing", ""),
        pytest.param(
            "changed", "update audit_log set actor = 'somebody' where n = 5", marks=DAMAGE
        ),
        pytest.param("deleted", "delete from audit_log where n = 5", marks=DAMAGE),
        pytest.param("cut off", "delete from audit_log where n > 7", marks=DAMAGE),
        pytest.param(
            "cut off with its head",
            "delete from audit_log where n > 7; update audit_heads set n = 7",
            marks=DAMAGE,
        ),
        pytest.param(
            "swapped",
            "update audit_log set n = 100 where n = 5; update audit_log set n = 5 where n = 6;"
            " update audit_log set n = 6 where n = 100",
            marks=DAMAGE,
        ),
        pytest.param("details", "update audit_log set details = '{}' where n = 6", marks=DAMAGE),
    ],
)
async def test_writing_in_the_log_is_found(
    tmp_path: Path, name: str, sql: str, figure: Figure
) -> None:
    async with opened(Settings(store=url(tmp_path))) as service:
        principal = await begin(service)
        for number in range(10):
            await service.audit.note(principal, "export.started", f"export-{number}", rows=number)
        await service.store.scrub(seconds=2)
    connection = apsw.Connection(str(tmp_path / "hansard.db"))
    for statement in filter(None, sql.split("; ")):
        connection.execute(statement)
    connection.close()
    async with opened(Settings(store=url(tmp_path))) as service:
        verdict = await service.audit.verify()
    figure(f"{name}: {[fault.problem for fault in verdict.broken]}")
    assert bool(verdict.broken) == bool(sql)


async def test_the_log_of_a_deleted_workspace_stays(lone_service: Service) -> None:
    principal = await begin(lone_service)
    await lone_service.sessions.start(principal, SessionDraft(id="gone"))
    await lone_service.workspaces.delete(principal.workspace_id)
    verdict = await lone_service.audit.verify()
    (last, *_), _ = await lone_service.audit.list(principal, limit=1)
    assert not verdict.broken
    assert last.act.action == "workspace.deleted"


async def test_a_narrowed_key_reads_no_log(service: Service, principal: Principal) -> None:
    narrow, _ = await service.keys.create(principal, "narrow", ALL_SCOPES, user_id="ada")
    async with client_of(service, narrow) as client:
        assert (await client.get("/v1/audit")).status_code == 403
