from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from hansard.access import Principal
from hansard.errors import Forbidden
from hansard.interchange.documents import from_stream
from hansard.interchange.exporter import Choice, Exported, export
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Report
from hansard.model import (
    MessageDraft,
    RunDraft,
    RunPatch,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
    parts,
)
from hansard.model.transfer import Snapshot
from hansard.service import Service
from hansard.store.verbs import message_pages


def draft_of(text: str, **more: Any) -> MessageDraft:
    return MessageDraft(
        role=more.pop("role", "user"), parts=parts.text_part(text), text=text, **more
    )


async def fill(service: Service, principal: Principal) -> None:
    """Sessions in all states, with everything that a session can have."""
    sessions, messages, runs = service.sessions, service.messages, service.runs
    await sessions.start(
        principal,
        SessionDraft(
            id="full:1",
            title="Größe 漢字 😀",
            title_by="agent",
            kind="workflow",
            channel="web",
            app="shop",
            agent="clerk",
            model="m",
            user_id="ann",
            workflow_id="w",
            workflow_name="W",
            trigger="cron",
            intent="Refund",
            sub_intent="Partial",
            created_at=1_700_000_000_123_456,
            tags=["b", "a"],
            trail=[{"intent": "Find", "at": None}],
            external_ids={"feed": "f-1"},
            metadata={"z": 1, "a": None, "n": {"x": [1.50, True]}},
        ),
    )
    strange = Raw(
        b'[{"type": "novel", "z": null,  "a": 1.50}, {"type":"text","content":"nul \\u0000 here"}]'
    )
    await messages.append(
        principal,
        "full:1",
        [
            draft_of("one", client_id="c1", created_at=1_600_000_000_000_001),
            MessageDraft(role="assistant", parts=strange),
        ],
    )
    await runs.start(
        principal, "full:1", RunDraft(id="r-1", input_tokens=5, metadata=Raw(b'{"k": 1}'))
    )
    await messages.append(
        principal,
        "full:1",
        [
            draft_of(
                "two",
                role="assistant",
                run_id="r-1",
                sender="operator",
                sender_id="bob",
                model="m2",
                cost_nanos=7,
            )
        ],
    )
    await runs.update(
        principal, "full:1", "r-1", RunPatch(state="failed", error="boom", output_tokens=3)
    )
    await runs.start(principal, "full:1", RunDraft(id="r-2"))
    _, stored = await messages.append(principal, "full:1", [draft_of("secret"), draft_of("last")])
    await messages.delete(principal, "full:1", stored[0].id)
    await service.forks.fork(principal, "full:1", until=2, draft=SessionDraft(id="branch"))
    await sessions.start(principal, SessionDraft(id="empty"))
    await sessions.start(principal, SessionDraft(title="nameless"))
    await messages.append(principal, "empty", [draft_of("gone")])
    _, gone = await messages.append(principal, "empty", [draft_of("only")])
    await messages.delete(principal, "empty", gone[0].id)
    await sessions.update(
        principal,
        "branch",
        SessionPatch(title="Mine", archived_at=1_700_000_001_000_000, resolution="resolved"),
    )
    await sessions.end(principal, "branch", resolution="unresolved")
    await sessions.mark_read(principal, "full:1")
    await sessions.update(principal, "full:1", SessionPatch(assignee="grace"))
    await service.notes.add(principal, "full:1", "Größe 😀", author="grace")
    await service.notes.add(principal, "full:1", "of a message", message="2")
    await service.notes.score(principal, "full:1", "tone", value=0.4, comment="why", message="1")
    await service.notes.score(principal, "full:1", "verdict", label="rude", author="judge")


async def exported(
    service: Service, principal: Principal, **filters: Any
) -> tuple[bytes, Exported]:
    out = io.BytesIO()
    counted = await export(service, principal, Choice(filter=SessionFilter(**filters)), out.write)
    return out.getvalue(), counted


async def restored(service: Service, principal: Principal, data: bytes, **options: Any) -> Report:
    return await Import(service, principal, Options(**options)).document(
        from_stream("-", io.BytesIO(data))
    )


async def all_of(service: Service, principal: Principal) -> list[Snapshot]:
    """Everything that is held of every session, but for the workspace that holds it."""
    page = await service.sessions.list(principal, SessionQuery(limit=200, sort="created_at"))
    taken = await service.transfers.take(principal, [session.id for session in page.items])
    return [
        msgspec.structs.replace(
            item, session=msgspec.structs.replace(item.session, workspace_id="")
        )
        for item in taken
    ]


def noted(path: str) -> str:
    return Path(path).read_text("utf-8")


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.same, report.updated, report.bad


async def test_an_export_imported_into_an_empty_workspace_makes_it_equal(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    data, counted = await exported(service, here)
    written = {"sessions": 4, "messages": 9, "runs": 2, "documents": 0}
    assert msgspec.to_builtins(counted) == written
    assert counts(await restored(service, there, data)) == (4, 0, 0, 0)
    original = await all_of(service, here)
    assert len(original) == 4
    assert await all_of(service, there) == original
    assert (await exported(service, there))[0] == data
    for facet in ("branch", "state", "channel", "kind", "app", "agent", "resolution"):
        assert await service.sessions.facet(there, facet) == await service.sessions.facet(
            here, facet
        )
    assert await service.sessions.count(there, SessionFilter(tag=("a",))) == 2


async def test_a_second_import_of_an_export_changes_nothing(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    data, _ = await exported(service, here)
    await restored(service, there, data)
    generation = await service.sessions.generation(there)
    assert counts(await restored(service, there, data)) == (0, 4, 0, 0)
    assert await service.sessions.generation(there) == generation


async def test_a_later_export_of_the_same_sessions_brings_them_up_to_date(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    await restored(service, there, (await exported(service, here))[0])
    await service.messages.append(here, "full:1", [draft_of("news")])
    await service.sessions.update(here, "branch", SessionPatch(title="Newer", tags=["c"]))
    data, _ = await exported(service, here)
    assert counts(await restored(service, there, data)) == (0, 2, 2, 0)
    assert await all_of(service, there) == await all_of(service, here)
    assert await service.sessions.facet(there, "branch") == await service.sessions.facet(
        here, "branch"
    )
    _, again = await service.messages.append(there, "full:1", [draft_of("and on")])
    assert again[0].seq == 7


async def test_two_states_of_a_session_in_one_file_end_with_the_later(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    earlier, _ = await exported(service, here)
    await service.messages.append(here, "full:1", [draft_of("news")])
    later, _ = await exported(service, here)
    assert counts(await restored(service, there, earlier + later)) == (4, 3, 1, 0)
    assert await all_of(service, there) == await all_of(service, here)


async def test_a_session_cannot_come_back_under_another_name(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    await restored(service, there, (await exported(service, here))[0])
    await service.messages.append(here, "full:1", [draft_of("news")])
    line = json.loads((await exported(service, here, state=("running",)))[0])
    line["session"]["own_id"] = "branch"
    before = await all_of(service, there)
    assert counts(await restored(service, there, json.dumps(line).encode())) == (0, 0, 0, 1)
    assert await all_of(service, there) == before


async def test_an_earlier_export_takes_nothing_back(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    data, _ = await exported(service, here)
    await restored(service, there, data)
    await service.messages.append(there, "full:1", [draft_of("only there")])
    assert counts(await restored(service, there, data)) == (0, 4, 0, 0)


async def test_sessions_that_went_two_ways_are_not_mixed(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    await restored(service, there, (await exported(service, here))[0])
    await service.messages.append(there, "full:1", [draft_of("there")])
    for text in ("here", "and here"):
        await service.messages.append(here, "full:1", [draft_of(text)])
    before = await all_of(service, there)
    report = await restored(service, there, (await exported(service, here))[0])
    assert counts(report) == (0, 3, 0, 1)
    assert await all_of(service, there) == before


async def test_a_name_that_is_taken_is_not_given_twice(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    await service.sessions.start(there, SessionDraft(id="full:1"))
    report = await restored(service, there, (await exported(service, here))[0])
    assert counts(report) == (3, 0, 0, 1)
    assert [(problem.record, problem.reason) for problem in report.problems] == [
        (1, "another session is named 'full:1' here")
    ]


async def test_a_dry_run_of_an_export_writes_nothing(
    service: Service, here: Principal, there: Principal
) -> None:
    await fill(service, here)
    data, _ = await exported(service, here)
    assert counts(await restored(service, there, data, dry_run=True)) == (4, 0, 0, 0)
    assert await all_of(service, there) == []


async def test_only_what_the_filter_wants_is_exported(service: Service, here: Principal) -> None:
    await fill(service, here)
    data, counted = await exported(service, here, state=("running",))
    line = json.loads(data)
    assert (counted.sessions, line["session"]["own_id"], line["session"]["created_at"]) == (
        1,
        "full:1",
        "2023-11-14T22:13:20.123456Z",
    )


async def test_many_sessions_are_exported_page_by_page_with_progress(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    for number in range(45):
        await service.sessions.start(
            here, SessionDraft(id=f"s-{number}", created_at=1_700_000_000_000_000 + number)
        )
    heard: list[tuple[int, int]] = []
    with (tmp_path / "out.jsonl").open("wb") as out:
        await export(
            service,
            here,
            Choice(),
            out.write,
            lambda done, total: heard.append((done, total)),
        )
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["session"]["own_id"] for line in lines] == [
        f"s-{number}" for number in range(45)
    ]
    assert heard[-1] == (45, 45)


async def test_a_key_for_one_user_cannot_export(service: Service, here: Principal) -> None:
    await fill(service, here)
    with pytest.raises(Forbidden):
        await exported(service, msgspec.structs.replace(here, user_id="ann"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line.update(hansard=99), "newer version"),
        (lambda line: line["session"].update(id="x"), "not a UUID"),
        (lambda line: line["session"].update(own_id="a/b"), "own_id"),
        (lambda line: line["session"].update(kind="party"), "'party'"),
        (lambda line: line["session"].pop("created_at"), "session.created_at is missing"),
        (lambda line: line["session"].update(tags=[1]), "Expected `str`"),
        (lambda line: line["runs"][0].update(state="flying"), "'flying'"),
        (lambda line: line["messages"].pop(), "the messages are not the 5"),
        (lambda line: line["messages"][0].update(role="No role"), "cannot be a role"),
        (lambda line: line["messages"][0].pop("created_at"), "messages[0].created_at is missing"),
        (lambda line: line["messages"][0].update(parts=[]), "messages[0].parts is empty"),
        (lambda line: line["messages"][3].update(hash="zz"), "hexadecimal"),
        (lambda line: line.pop("session"), "session"),
    ],
)
async def test_a_line_that_was_tampered_with_is_set_aside(
    tmp_path: Path, change: Any, reason: str
) -> None:
    from hansard.app import opened  # noqa: PLC0415 - one backend is enough: nothing is stored
    from hansard.settings import Settings  # noqa: PLC0415 - as above

    async with opened(Settings(store=f"sqlite:///{tmp_path / 'store.db'}")) as service:
        principal = service.workspaces.operator(await service.workspaces.create("w"))
        await fill(service, principal)
        data, _ = await exported(service, principal, state=("running",))
        line = json.loads(data)
        change(line)
        path = tmp_path / "out.jsonl"
        path.write_text(json.dumps(line) + "\n{broken\n", "utf-8")
        report = await Import(service, principal, Options(format="hansard")).paths([path])
        assert counts(report) == (0, 0, 0, 2)
        assert reason in noted(report.errors[0])


async def test_large_sessions_are_not_held_all_at_once(service: Service, here: Principal) -> None:
    names = ["a", "b", "c"]
    for name in names:
        await service.sessions.start(here, SessionDraft(id=name))
        await service.messages.append(here, name, [draft_of("x" * 5_000_000)])
    ids = [(await service.sessions.read(here, name)).id for name in names]
    held = await service.transfers.take(here, ids)
    assert [snapshot.session.own_id for snapshot in held] == ["a", "b"]
    data, counted = await exported(service, here)
    assert (counted.sessions, counted.messages) == (3, 3)
    assert [json.loads(line)["session"]["own_id"] for line in data.splitlines()] == names


async def test_large_messages_are_read_in_pieces(service: Service, here: Principal) -> None:
    session, _ = await service.sessions.start(here, SessionDraft(id="large"))
    chance = random.Random(1)
    texts = [chance.randbytes(450_000).hex() for _ in range(4)]  # does not pack below half a MiB
    for text in texts:
        await service.messages.append(here, "large", [draft_of(text)])
    pieces, seq = list[int](), 0
    while piece := await service.store.read(
        message_pages.chain_piece, here.workspace_id, session.id, seq
    ):
        pieces.append(len(piece))
        seq = piece[-1][0]
    assert (sum(pieces), max(pieces) <= 2) == (4, True)
    (snapshot,) = await service.transfers.take(here, [session.id])
    assert [parts.text(kept.message.parts) for kept in snapshot.messages] == texts
