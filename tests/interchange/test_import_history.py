"""An import goes on with a session that is here; it never rewrites it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.access import Principal
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Report
from hansard.model import MessageDraft, MessageQuery, RunDraft, RunPatch, SessionDraft, parts
from hansard.service import Service
from hansard.store.verbs import verify
from hansard.store.verbs.audit import Act
from hansard.store.verbs.verify import Fault
from tests.interchange.test_exporter import all_of, counts, exported, restored

Line = dict[str, Any]


def drafts_of(*texts: str) -> list[MessageDraft]:
    return [
        MessageDraft(role="user", parts=parts.text_part(text), text=text, client_id=text)
        for text in texts
    ]


async def begun(service: Service, principal: Principal) -> None:
    """A session of three messages and a run."""
    await service.sessions.start(principal, SessionDraft(id="s", user_id="ann", app="shop"))
    await service.messages.append(principal, "s", drafts_of("one", "two", "three"))
    await service.runs.start(principal, "s", RunDraft(id="r"))
    await service.runs.update(principal, "s", "r", RunPatch(state="completed"))


async def line_of(service: Service, principal: Principal) -> Line:
    line: Line = json.loads((await exported(service, principal))[0])
    return line


async def bring(service: Service, principal: Principal, line: Line, **options: Any) -> Report:
    data = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode()
    return await restored(service, principal, data, **options)


def without(principal: Principal, scope: str) -> Principal:
    return msgspec.structs.replace(principal, scopes=principal.scopes - {scope})


async def acts(service: Service, principal: Principal, action: str) -> list[Act]:
    noted, _ = await service.audit.list(principal, limit=100)
    return [item.act for item in reversed(noted) if item.act.action == action]


async def faults(service: Service, principal: Principal) -> list[Fault]:
    """What a walk along the chains of a workspace finds."""
    problems: list[Fault] = []
    for snapshot in await all_of(service, principal):
        _, _, more = await service.store.read(
            verify.session, principal.workspace_id, snapshot.session.id
        )
        problems += more
    return problems + await service.store.read(verify.counters, principal.workspace_id)


def edit(line: Line) -> None:
    line["messages"][0]["parts"] = [{"type": "text", "content": "forged"}]


def rename(line: Line) -> None:
    line["messages"][0]["client_id"] = "another"


def cost(line: Line) -> None:
    line["messages"][1]["cost_nanos"] = 7


def shorten(line: Line) -> None:
    line["messages"].pop()
    line["session"] |= {"last_seq": 2, "message_count": 2}


def swap(line: Line) -> None:
    first, second = line["messages"][:2]
    first["id"], second["id"] = second["id"], first["id"]


def end_again(line: Line) -> None:
    line["runs"][0] |= {"state": "failed", "error": "forged"}


def lose_run(line: Line) -> None:
    line["runs"] = []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (edit, "its messages are others"),
        (rename, "its messages are others"),
        (cost, "its messages are others"),
        (swap, "its messages are others"),
        (shorten, "it has 3 messages"),
        (end_again, "its run 'r' is completed"),
        (lose_run, "it has a run 'r'"),
    ],
)
async def test_a_line_that_rewrites_a_known_session_is_set_aside(
    service: Service, here: Principal, change: Callable[[Line], None], why: str
) -> None:
    await begun(service, here)
    line = await line_of(service, here)
    line["session"]["version"] += 5
    change(line)
    before = await all_of(service, here)
    report = await bring(service, here, line)
    assert counts(report) == (0, 0, 0, 1)
    assert report.problems[0].reason == f"the session 's' has gone another way here: {why}"
    assert await all_of(service, here) == before


async def test_what_an_import_adds_to_a_known_session_is_named_in_the_audit_log(
    service: Service, here: Principal, there: Principal
) -> None:
    await begun(service, here)
    await bring(service, there, await line_of(service, here))
    assert await acts(service, there, "session.imported") == []
    await service.messages.append(here, "s", drafts_of("four", "five"))
    await service.runs.start(here, "s", RunDraft(id="r-2"))
    line = await line_of(service, here)
    line["session"]["title"] = "Newer"
    assert counts(await bring(service, there, line)) == (0, 0, 1, 0)
    (act,) = await acts(service, there, "session.imported")
    assert act.object == f"ses_{line['session']['id']}"
    assert act.details == {
        "messages_added": 2,
        "runs_added": 1,
        "changed": ["title", "state"],
    }


async def test_what_a_foreign_file_adds_to_a_known_session_is_named_in_the_audit_log(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    records: list[Any] = [
        {"id": name, "messages": [{"role": "user", "content": "Hello"}]} for name in ("a", "b")
    ]
    path = tmp_path / "talk.json"
    path.write_text(json.dumps(records), "utf-8")
    await Import(service, here, Options()).paths([path])
    records[1]["messages"].append({"role": "assistant", "content": "Hi"})
    path.write_text(json.dumps(records), "utf-8")
    await Import(service, here, Options()).paths([path])
    known = await service.sessions.read(here, "b")
    assert [(act.object, act.details) for act in await acts(service, here, "session.imported")] == [
        (f"ses_{known.id}", {"messages_added": 1})
    ]


async def test_an_import_moves_no_known_session_to_another_user(
    service: Service, here: Principal
) -> None:
    await begun(service, here)
    line = await line_of(service, here)
    line["session"] |= {"user_id": "eve", "app": "other", "parent_id": "f" * 36, "title": "Moved"}
    line["session"]["version"] += 1
    assert counts(await bring(service, here, line)) == (0, 0, 1, 0)
    session = await service.sessions.read(here, "s")
    assert (session.user_id, session.app, session.parent_id) == ("ann", "shop", None)
    assert session.title == "Moved"


async def test_only_a_key_that_may_delete_takes_messages_away_by_import(
    service: Service, here: Principal, there: Principal
) -> None:
    await begun(service, here)
    await bring(service, there, await line_of(service, here))
    await service.messages.delete(here, "s", "two")
    line = await line_of(service, here)
    before = await all_of(service, there)
    report = await bring(service, without(there, "sessions:delete"), line)
    assert counts(report) == (0, 0, 0, 1)
    assert (
        "deletes or edits messages of the session 's' that are here (2)"
        in report.problems[0].reason
    )
    assert "sessions:delete" in report.problems[0].reason
    assert await all_of(service, there) == before
    assert counts(await bring(service, there, line)) == (0, 0, 1, 0)
    assert await all_of(service, there) == await all_of(service, here)
    (act,) = await acts(service, there, "session.imported")
    assert act.details == {"messages_deleted": 1}
    assert await service.transcripts.mentions(there, "two", 10, lambda session, _: session.id) == []


async def test_a_message_that_was_deleted_here_does_not_come_back(
    service: Service, here: Principal, there: Principal
) -> None:
    await begun(service, here)
    await bring(service, there, await line_of(service, here))
    await service.messages.delete(there, "s", "two")
    await service.messages.append(here, "s", drafts_of("four"))
    for _ in range(3):
        await service.sessions.mark_read(here, "s", read=False)
        await service.sessions.mark_read(here, "s")
    report = await bring(service, there, await line_of(service, here))
    assert counts(report) == (0, 0, 0, 1)
    assert report.problems[0].reason.endswith("has gone another way here: message 2 was deleted")
    _, messages, _ = await service.messages.list(there, "s", MessageQuery())
    assert [message.client_id for message in messages] == ["one", "three"]


async def test_a_deleted_message_brings_nothing_with_it(service: Service, here: Principal) -> None:
    await begun(service, here)
    line = await line_of(service, here)
    line["messages"][1]["deleted_at"] = "2026-01-01T00:00:00Z"
    line["messages"][1]["hash"] = "00" * 16
    report = await bring(service, here, line, format="hansard")
    assert "messages[1] is deleted, and has parts" in report.problems[0].reason


@pytest.mark.parametrize("number", [450, 1000])
async def test_a_long_session_comes_in_parts_and_is_the_same_in_the_end(
    service: Service, here: Principal, there: Principal, number: int
) -> None:
    await service.sessions.start(here, SessionDraft(id="long", title="Long"))
    texts = [f"message {index}" for index in range(number)]
    for start in range(0, number, 100):
        await service.messages.append(here, "long", drafts_of(*texts[start : start + 100]))
    await service.messages.delete(here, "long", "message 7")
    await service.runs.start(here, "long", RunDraft(id="r"))
    line = await line_of(service, here)
    generation = await service.sessions.generation(there)
    assert counts(await bring(service, there, line, dry_run=True)) == (1, 0, 0, 0)
    assert await all_of(service, there) == []
    assert counts(await bring(service, there, line)) == (1, 0, 0, 0)
    assert await service.sessions.generation(there) - generation == -(-number // 200)
    assert await all_of(service, there) == await all_of(service, here)
    for start in range(0, 500, 100):
        more = [f"more {index}" for index in range(start, start + 100)]
        await service.messages.append(here, "long", drafts_of(*more))
    assert counts(await bring(service, there, await line_of(service, here))) == (0, 0, 1, 0)
    assert await all_of(service, there) == await all_of(service, here)
    assert await faults(service, there) == []


async def test_a_long_session_that_was_broken_off_is_gone_on_with(
    service: Service, here: Principal, there: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.sessions.start(here, SessionDraft(id="long"))
    for start in range(0, 700, 100):
        await service.messages.append(
            here, "long", drafts_of(*(f"m{index}" for index in range(start, start + 100)))
        )
    line = await line_of(service, here)
    write, calls = service.store.write, 0

    async def dying(verb: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise RuntimeError("killed")
        return await write(verb, *args, **kwargs)

    monkeypatch.setattr(service.store, "write", dying)
    with pytest.raises(RuntimeError):
        await bring(service, there, line)
    monkeypatch.undo()
    assert (await service.sessions.read(there, "long")).message_count == 350
    assert counts(await bring(service, there, line)) == (0, 0, 1, 0)
    assert await all_of(service, there) == await all_of(service, here)
