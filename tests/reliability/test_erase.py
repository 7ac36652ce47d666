"""Deleted is gone from every route and every byte of the files; the receipt names nobody."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.app import opened, running
from hansard.errors import Forbidden, NotFound
from hansard.model import (
    MessageDraft,
    MessageQuery,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
    parts,
)
from hansard.service import Service
from hansard.settings import Settings
from tests.conftest import client_of
from tests.reliability.conftest import Figure
from tests.reliability.disks import begin, pragma, url

CANARY = "quetzalcoatlus"
USER = "user-northropi"


def traces(folder: Path, *words: str) -> int:
    """How often the words stand in any file of the store."""
    return sum(
        file.read_bytes().lower().count(word.encode())
        for file in folder.glob("hansard.db*")
        for word in words
    )


async def fill(service: Service, principal: Principal, sessions: int) -> None:
    """Sessions of two people among those of others, with the canary in every text field."""
    for number in range(sessions):
        mine = number % 3 == 0
        word = CANARY if mine else "ordinary"
        session, _ = await service.sessions.start(
            principal,
            SessionDraft(
                id=f"s{number}-{word}",
                user_id=USER if mine else "somebody",
                title=f"about {word}",
                tags=[word] if mine else [],
                metadata={"note": word},
                channel="web",
            ),
        )
        for index in range(6):
            text = f"{word} said {index} " + word * (index * 30)
            await service.messages.append(
                principal,
                session.name,
                [
                    MessageDraft(
                        role="user",
                        parts=parts.text_part(text),
                        text=text,
                        client_id=f"{word}-{index}",
                    )
                ],
            )
    text = f"{CANARY} wrote into the session of another"
    await service.messages.append(
        principal,
        "s1-ordinary",
        [
            MessageDraft(
                role="assistant",
                parts=parts.text_part(text),
                text=text,
                sender="operator",
                sender_id=USER,
            )
        ],
    )


async def test_no_byte_of_an_erased_user_is_left(tmp_path: Path, figure: Figure) -> None:
    async with opened(Settings(store=url(tmp_path))) as service:
        principal = await begin(service)
        await fill(service, principal, 60)
        await service.indexer.catch_up()
        before = traces(tmp_path, CANARY, USER)
        receipt = await service.users.erase(principal, USER)
        after = traces(tmp_path, CANARY, USER)
        assert (await service.verification.verify()).is_sound
    figure(f"{before} traces before, {after} after; {receipt.body['counts']}")
    assert before > 1000
    assert after == 0
    assert receipt.body["counts"] == {
        "sessions": 20,
        "messages": 120,
        "runs": 0,
        "messages_elsewhere": 1,
        "documents": 0,
        "keys": 0,
    }


async def test_traces_that_a_plain_delete_leaves_are_seen(tmp_path: Path, figure: Figure) -> None:
    with pragma("secure_delete = on", "secure_delete = off"):
        async with opened(Settings(store=url(tmp_path))) as service:
            principal = await begin(service)
            await fill(service, principal, 60)
            await service.users.erase(principal, USER)
            after = traces(tmp_path, CANARY, USER)
    figure(f"{after} traces after an erase without secure_delete")
    assert after > 0


async def entitle_and_delete(service: Service, principal: Principal) -> None:
    """A session that has its title and preview of its first message, which is then deleted.

    The old title was in an event of a renaming too.
    """
    text = f"{CANARY} said first"
    await service.sessions.start(principal, SessionDraft(id="titled"))
    _, (first,) = await service.messages.append(
        principal, "titled", [MessageDraft(role="user", parts=parts.text_part(text), text=text)]
    )
    for title in ("another", None):
        await service.sessions.update(principal, "titled", SessionPatch(title=title))
    await service.messages.delete(principal, "titled", first.id)


async def test_no_byte_of_a_deleted_session_or_message_is_left(
    tmp_path: Path, figure: Figure
) -> None:
    async with opened(Settings(store=url(tmp_path))) as service:
        principal = await begin(service)
        await fill(service, principal, 30)
        await service.indexer.catch_up()
        _, messages, _ = await service.messages.list(
            principal, "s1-ordinary", MessageQuery(limit=200)
        )
        await service.messages.delete(principal, "s1-ordinary", messages[-1].id)
        await entitle_and_delete(service, principal)
        for number in range(0, 30, 3):
            await service.sessions.delete(principal, f"s{number}-{CANARY}")
        await service.indexer.catch_up()
        await service.store.scrub(seconds=5)
        after = traces(tmp_path, CANARY)
    figure(
        f"{after} traces of 10 deleted sessions and two deleted messages, one of which was the "
        "title"
    )
    assert after == 0


async def test_kept_answers_go_with_what_they_quote(lone_service: Service, figure: Figure) -> None:
    principal = await begin(lone_service)
    key, _ = await lone_service.keys.create(principal, "tests", ALL_SCOPES)
    async with client_of(lone_service, key) as client:
        body = {"messages": [{"role": "user", "text": CANARY}, {"role": "user", "text": "second"}]}
        first = await client.post(
            "/v1/sessions/one/messages", json=body, headers={"Idempotency-Key": "k1"}
        )
        other = await client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "user", "text": "third"}]},
            headers={"Idempotency-Key": "k2"},
        )
        await client.delete(f"/v1/sessions/one/messages/{first.json()['data'][0]['id']}")
        again = await client.post(
            "/v1/sessions/one/messages", json=body, headers={"Idempotency-Key": "k1"}
        )
        untouched = await client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "user", "text": "third"}]},
            headers={"Idempotency-Key": "k2"},
        )
        await client.delete("/v1/sessions/one")
        gone = await client.post(
            "/v1/sessions/one/messages",
            json={"messages": [{"role": "user", "text": "third"}]},
            headers={"Idempotency-Key": "k2"},
        )
    figure(
        f"a retry after a deleted message {again.status_code}, of another "
        f"{untouched.status_code}, after a deleted session {gone.status_code}"
    )
    assert (again.status_code, again.json()["code"]) == (404, "deleted_since")
    assert untouched.json() == other.json()
    assert gone.json()["code"] == "deleted_since"


async def test_kept_answers_that_quote_a_message_as_title_or_preview_go_with_it(
    lone_service: Service, figure: Figure
) -> None:
    principal = await begin(lone_service)
    key, _ = await lone_service.keys.create(principal, "tests", ALL_SCOPES)
    async with client_of(lone_service, key) as client:
        requests = [
            ("patch", "/v1/sessions/one", {"tags": ["x"]}),
            ("post", "/v1/sessions", {"id": "one"}),
            ("post", "/v1/sessions/one/end", {}),
        ]
        texts = (CANARY, "an ordinary word", f'{CANARY} "quoted"\n' + "long " * 90)
        sent = [
            (
                await client.post(
                    "/v1/sessions/one/messages", json={"messages": [{"role": "user", "text": text}]}
                )
            ).json()["data"][0]
            for text in texts
        ]
        first = [
            await client.request(
                method, path, json=body, headers={"Idempotency-Key": path + method}
            )
            for method, path, body in requests
        ]
        for message in sent[::2]:
            await client.delete(f"/v1/sessions/one/messages/{message['id']}")
        again = [
            await client.request(
                method, path, json=body, headers={"Idempotency-Key": path + method}
            )
            for method, path, body in requests
        ]
    figure(
        f"{sum(CANARY in answer.text for answer in first)} answers quoted a message that was "
        f"deleted, {sum(CANARY in answer.text for answer in again)} retries do"
    )
    assert all(answer.text.count(CANARY) == 3 for answer in first)  # title, preview, last preview
    assert [answer.json().get("code") for answer in again] == ["deleted_since"] * 3


async def test_no_route_shows_an_erased_user(
    client: httpx.AsyncClient, service: Service, principal: Principal, figure: Figure
) -> None:
    for name in ("one", "two", "three", "four"):
        await service.sessions.start(principal, SessionDraft(id=name))
    await fill(service, principal, 9)
    narrow, _ = await service.keys.create(principal, "narrow", ("sessions:read",), user_id=USER)
    await client.get("/v1/sessions")
    receipt = (await client.delete(f"/v1/users/{USER}")).json()
    paths = [
        "/v1/sessions?limit=200&total=true",
        f"/v1/sessions?user={USER}&total=true",
        f"/v1/sessions?tag={CANARY}",
        f"/v1/sessions/s0-{CANARY}",
        f"/v1/sessions/s0-{CANARY}/messages",
        "/v1/sessions/s1-ordinary/messages",
        f"/v1/search?q={CANARY}",
        "/v1/keys",
        "/v1/audit",
    ]
    answers = [(await client.get(path)).text.lower() for path in paths]
    shown = sum(
        text.count(word)
        for text in answers
        for word in (f"about {CANARY}", f"{CANARY} said", f"{CANARY} wrote", USER)
    )
    refused = await client.get("/v1/sessions", headers={"Authorization": f"Bearer {narrow}"})
    fetched = (await client.get(f"/v1/erasures/{receipt['id']}")).json()
    listed = (await client.get(f"/v1/users/{USER}/erasures")).json()["data"]
    figure(
        f"{shown} mentions in {len(paths)} answers; key of the user {refused.status_code}; "
        f"receipts found by the user's id {len(listed)}"
    )
    assert shown == 0
    assert refused.status_code == 401
    assert fetched == receipt == listed[0]
    assert receipt["counts"] == {
        "sessions": 3,
        "messages": 18,
        "runs": 0,
        "messages_elsewhere": 1,
        "documents": 0,
        "keys": 1,
    }
    assert USER not in json.dumps(receipt)


async def test_a_receipt_that_was_changed_is_not_signed(
    lone_service: Service, figure: Figure
) -> None:
    principal = await begin(lone_service)
    receipt = await lone_service.users.erase(principal, USER)
    key = hmac.digest(lone_service.secret, b"receipts", "sha256")
    body = json.dumps(receipt.body, separators=(",", ":"))
    assert (
        receipt.signature
        == "hmac-sha256:" + hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
    )
    changed = body.replace('"sessions":0', '"sessions":9')
    assert changed != body
    shown = lone_service.users._shown(changed, receipt.signature)
    figure(f"as written: signed {receipt.signed}; with one number changed: signed {shown.signed}")
    assert receipt.signed
    assert not shown.signed


async def test_an_unknown_user_and_another_workspace_answer_alike(
    lone_service: Service, figure: Figure
) -> None:
    principal = await begin(lone_service)
    other = lone_service.workspaces.operator(await lone_service.workspaces.create("other"))
    await fill(lone_service, principal, 3)
    foreign = await lone_service.users.erase(other, USER)
    absent = await lone_service.users.erase(other, "nobody")
    figure(f"a foreign user {foreign.body['counts']}, an absent one {absent.body['counts']}")
    assert foreign.body["counts"] == absent.body["counts"]
    assert foreign.body["subject"] != lone_service.users.subject(principal.workspace_id, USER)
    assert await lone_service.sessions.count(principal, SessionFilter(user_id=(USER,))) == 1
    with pytest.raises(NotFound):
        await lone_service.users.erasure(principal, str(foreign.body["id"]))


async def test_a_narrowed_key_erases_itself_only(lone_service: Service) -> None:
    principal = await begin(lone_service)
    narrow = Principal(principal.workspace_id, "acme", "k", principal.scopes, "somebody")
    with pytest.raises(Forbidden):
        await lone_service.users.erase(narrow, USER)
    with pytest.raises(Forbidden):
        await lone_service.retention.apply(narrow)
    assert (await lone_service.users.erase(narrow, "somebody")).signed


async def test_retention_deletes_what_is_past_its_rule(store_url: str, figure: Figure) -> None:
    day = 86_400 * 1_000_000
    async with opened(Settings(store=store_url)) as service:
        principal = await begin(service)
        now = service.clock()
        for number in range(20):
            kind = "task" if number % 2 else "session"
            await service.sessions.start(
                principal,
                SessionDraft(id=f"r{number}", kind=kind, created_at=now - number * day),  # type: ignore[arg-type]  # two of the kinds
            )
        await service.sessions.start(
            principal, SessionDraft(id="child", parent="r18", created_at=now)
        )
        await service.retention.set_rules(principal, {"session": 10, "*": 5})
        planned = await service.retention.preview(principal)
        left_after_dry_run = await service.sessions.count(principal, SessionFilter())
        gone = await service.retention.apply(principal)
        again = await service.retention.apply(principal)
        names = {
            item.name
            for item in (await service.sessions.list(principal, SessionQuery(limit=100))).items
        }
        assert (await service.verification.verify()).is_sound
        (noted, *_), _ = await service.audit.list(principal, limit=1)
    figure(
        f"dry run {[(rule.kind, rule.sessions) for rule in planned if rule.sessions]}, gone "
        f"{[(rule.kind, rule.sessions) for rule in gone if rule.sessions]}"
    )
    assert left_after_dry_run == 25
    assert {rule.kind: rule.sessions for rule in planned if rule.sessions} == {
        "session": 5,
        "task": 8,
    }
    assert {rule.kind: rule.sessions for rule in gone if rule.sessions} == {"session": 4, "task": 8}
    assert not any(rule.sessions for rule in again)
    assert {"r18", "child", "r8", "r3", "one"} <= names
    assert not names & {"r10", "r5", "r19"}
    assert noted.act.action == "retention.applied"


async def test_the_server_applies_the_rules_by_itself(store_url: str) -> None:
    async with running(Settings(store=store_url, keep_seconds=0.1)) as app:
        principal = await begin(app.service)
        old = app.service.clock() - 86_400_000_000 * 40
        await app.service.sessions.start(principal, SessionDraft(id="old", created_at=old))
        await app.service.retention.set_rules(principal, {"*": 30})
        for _ in range(200):
            if await app.service.sessions.count(principal, SessionFilter()) == 4:
                break
            await asyncio.sleep(0.05)
        assert await app.service.sessions.count(principal, SessionFilter()) == 4


async def test_a_session_that_moved_again_is_kept(lone_service: Service) -> None:
    principal = await begin(lone_service)
    now = lone_service.clock()
    await lone_service.sessions.start(
        principal, SessionDraft(id="old", created_at=now - 86_400_000_000 * 40)
    )
    await lone_service.retention.set_rules(principal, {"*": 30})
    await lone_service.messages.append(
        principal, "old", [MessageDraft(role="user", parts=parts.text_part("again"), text="again")]
    )
    await asyncio.sleep(0)
    assert not any(rule.sessions for rule in await lone_service.retention.apply(principal))
