"""A chain that began again is mended where every message is whole; all else is left."""

from __future__ import annotations

import pytest

from hansard.access import Principal
from hansard.model import MessageDraft, MessageQuery, Session, SessionDraft
from hansard.model.parts import text_part
from hansard.service import Service
from hansard.store.steps import Row, composed
from tests.support.chains import break_chain


def draft(text: str) -> MessageDraft:
    return MessageDraft(role="user", parts=text_part(text), text=text)


async def filled(service: Service) -> tuple[Principal, Session]:
    """A session of 1,200 messages, more than one page of a walk, of which one is deleted."""
    principal = service.workspaces.operator(await service.workspaces.create("acme"))
    await service.sessions.start(principal, SessionDraft(id="s"))
    for first in range(0, 1200, 100):
        await service.messages.append(
            principal, "s", [draft(f"number {first + number}") for number in range(100)]
        )
    _, (message,), _ = await service.messages.list(principal, "s", MessageQuery(after=699, limit=1))
    await service.messages.delete(principal, "s", message.id)
    return principal, await service.sessions.read(principal, "s")


async def hashes(service: Service) -> list[Row]:
    rows = await service.store.read(composed, "select seq, hash from messages order by seq", {})
    return [tuple(row) for row in rows]


async def test_a_chain_is_mended_to_what_it_would_have_been(lone_service: Service) -> None:
    principal, session = await filled(lone_service)
    before = await hashes(lone_service)
    await break_chain(lone_service, principal.workspace_id, session.id, (3, 690, 1100))
    broken = await hashes(lone_service)
    findings = await lone_service.verification.verify()
    assert [fault.seq for fault in findings.faults] == [3, 690, 1100]

    (planned,) = await lone_service.chain_repair.plan(findings)
    assert planned.breaks == (3, 690, 1100)
    assert planned.rehashed == sum(
        mine != other for mine, other in zip(before, broken, strict=True)
    )
    assert await hashes(lone_service) == broken

    assert await lone_service.chain_repair.mend(findings) == [planned]
    assert await hashes(lone_service) == before
    await lone_service.messages.append(principal, "s", [draft("and on")])
    assert (await lone_service.verification.verify()).is_sound


async def test_a_repair_is_told_in_the_audit_log(lone_service: Service) -> None:
    principal, session = await filled(lone_service)
    await break_chain(lone_service, principal.workspace_id, session.id, (3, 690))
    mended = await lone_service.chain_repair.mend(await lone_service.verification.verify())
    (entry, *_), _ = await lone_service.audit.list(principal, limit=5)
    assert (entry.act.actor, entry.act.action) == ("operator", "chain.repaired")
    assert entry.act.object == f"ses_{session.id}"
    assert entry.act.details == {"first_seq": 3, "breaks": 2, "messages": mended[0].rehashed}
    assert (await lone_service.audit.verify()).broken == ()


@pytest.mark.parametrize(
    "sql",
    [
        "update messages set role = 'assistant' where seq = 900",
        "update messages set hash = (select hash from messages where seq = 1) where seq = 900",
        "delete from messages where seq = 20",
        "delete from messages where seq = 1200",
        "update sessions set message_count = message_count + 1",
        "update sessions set last_hash = (select hash from messages where seq = 1)",
    ],
)
async def test_what_is_damaged_otherwise_is_left_as_it_is(lone_service: Service, sql: str) -> None:
    principal, session = await filled(lone_service)
    await break_chain(lone_service, principal.workspace_id, session.id, (3,))
    await lone_service.store.write(composed, sql, {})
    damaged = await hashes(lone_service)
    findings = await lone_service.verification.verify()
    assert len(findings.faults) > 1
    assert await lone_service.chain_repair.plan(findings) == []
    assert await lone_service.chain_repair.mend(findings) == []
    assert await hashes(lone_service) == damaged


async def test_a_sound_store_has_nothing_to_mend(lone_service: Service) -> None:
    await filled(lone_service)
    assert await lone_service.chain_repair.mend(await lone_service.verification.verify()) == []
