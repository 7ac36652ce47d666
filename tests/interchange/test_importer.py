from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hansard.access import Principal
from hansard.errors import Forbidden, Invalid
from hansard.interchange.bounds import OWN_MACHINE, Bounds
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Report
from hansard.model import (
    MessageDraft,
    MessageQuery,
    Session,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
    parts,
)
from hansard.service import Service
from hansard.store.verbs import import_sessions

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"order": 7}'}}


def dialogue(number: int, *texts: str, **more: Any) -> dict[str, Any]:
    talk = [
        {"role": "assistant" if index % 2 else "user", "content": text}
        for index, text in enumerate(texts or ("Hello", "Hi"))
    ]
    return {"id": f"d-{number}", "messages": talk, **more}


def written(path: Path, *records: object) -> Path:
    path.write_text(json.dumps(records), "utf-8")
    return path


def notes(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.glob("a.json*"))


async def imported(
    service: Service,
    principal: Principal,
    path: Path,
    *,
    bounds: Bounds = OWN_MACHINE,
    **options: Any,
) -> Report:
    return await Import(service, principal, Options(**options), bounds=bounds).paths([path])


def in_groups_of(sessions: int) -> Bounds:
    """Bounds under which so many sessions are written at once."""
    return msgspec.structs.replace(OWN_MACHINE, sessions_at_once=sessions)


async def sessions(service: Service, principal: Principal) -> dict[str, Session]:
    page = await service.sessions.list(principal, SessionQuery(limit=200, sort="created_at"))
    return {session.name: session for session in page.items}


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.same, report.updated, report.bad


async def test_a_file_becomes_sessions_and_a_second_import_changes_nothing(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "a.json",
        *(dialogue(number, intents=["Greet", "Leave"], reward=1) for number in range(7)),
    )
    assert counts(await imported(service, here, path)) == (7, 0, 0, 0)
    generation = await service.sessions.generation(here)
    assert counts(await imported(service, here, path)) == (0, 7, 0, 0)
    assert await service.sessions.generation(here) == generation
    assert len(await sessions(service, here)) == 7


async def test_what_was_read_is_what_is_stored(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    record = {
        "id": "s/1",
        "title": "Parcel",
        "user_id": "ann",
        "channel": "Web",
        "model": "m",
        "tags": ["vip"],
        "intents": ["Find", "Refund"],
        "reward": 1.0,
        "created_at": "2024-05-01T10:00:00Z",
        "region": {"b": 1, "a": None},
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Where is 7?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [CALL],
                "usage": {"prompt_tokens": 3, "completion_tokens": 4},
            },
            {"role": "tool", "tool_call_id": "c1", "name": "find", "content": "Oslo"},
            {"role": "assistant", "content": "In Oslo."},
        ],
    }
    await imported(service, here, written(tmp_path / "a.json", record))
    session = (await sessions(service, here))["s_1"]
    start = 1_714_557_600_000_000
    expected = {
        "title": "Parcel",
        "title_by": "import",
        "user_id": "ann",
        "channel": "web",
        "model": "m",
        "state": "completed",
        "resolution": "resolved",
        "intent": "Refund",
        "preview": "Where is 7?",
        "last_preview": "In Oslo.",
        "last_role": "assistant",
        "message_count": 5,
        "last_seq": 5,
        "input_tokens": 3,
        "output_tokens": 4,
        "created_at": start,
        "first_message_at": start,
        "last_message_at": start + 4_000_000,
        "active_at": start + 4_000_000,
        "updated_at": start + 4_000_000,
        "ended_at": start + 4_000_000,
        "resolved_at": start + 4_000_000,
        "created_by": "operator",
        "version": 1,
    }
    assert {field: getattr(session, field) for field in expected} == expected
    assert msgspec.json.decode(session.metadata) == {"reward": 1.0, "region": {"b": 1, "a": None}}
    assert msgspec.json.decode(session.trail) == [{"intent": "Find"}, {"intent": "Refund"}]
    _, messages, _ = await service.messages.list(here, "s_1", MessageQuery())
    assert [message.role for message in messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert parts.decode(messages[2].parts)[0].arguments == {"order": 7}


async def test_filters_counters_and_tags_know_what_was_imported(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    records = [
        dialogue(number, channel="web" if number % 2 else "telegram", tags=["x"] if number else [])
        for number in range(5)
    ]
    await imported(service, here, written(tmp_path / "a.json", *records))
    assert await service.sessions.facet(here, "channel") == {"web": 2, "telegram": 3}
    assert await service.sessions.count(here, SessionFilter()) == 5
    assert await service.sessions.count(here, SessionFilter(tag=("x",))) == 4


async def test_messages_that_came_later_are_added_and_nothing_is_overwritten(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    await imported(
        service, here, written(tmp_path / "a.json", dialogue(1, "Hello", "Hi"), dialogue(2))
    )
    await service.sessions.update(here, "d-1", SessionPatch(title="Mine"))
    await service.messages.append(
        here, "d-1", [MessageDraft(role="user", parts=parts.text_part("live"), text="live")]
    )
    report = await imported(
        service,
        here,
        written(tmp_path / "a.json", dialogue(1, "Hello", "Hi", "More", "Yes"), dialogue(2)),
    )
    assert counts(report) == (0, 1, 1, 0)
    session, messages, _ = await service.messages.list(here, "d-1", MessageQuery())
    assert [parts.text(message.parts) for message in messages] == [
        "Hello",
        "Hi",
        "live",
        "More",
        "Yes",
    ]
    assert [message.seq for message in messages] == [1, 2, 3, 4, 5]
    assert (session.title, session.message_count, session.last_preview) == ("Mine", 5, "Yes")


async def test_a_title_that_a_person_gave_reaches_a_session_that_is_there(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    talk = [
        {
            "id": "e1",
            "role": "user",
            "content": "Hello",
            "timestamp": "2026-02-10T14:30:05",
            "metadata": {},
        }
    ]
    (folder / "telegram_42.json").write_text(json.dumps(talk), "utf-8")
    await imported(service, here, folder)
    assert (await service.sessions.read(here, "telegram_42")).title == "Hello"
    (folder / "_index.json").write_text(
        json.dumps({"telegram_42": {"user_title": "Mine"}}), "utf-8"
    )
    report = await imported(service, here, folder)
    assert counts(report) == (0, 0, 1, 0)
    assert (await service.sessions.read(here, "telegram_42")).title == "Mine"
    assert counts(await imported(service, here, folder)) == (0, 1, 0, 0)


@pytest.mark.parametrize(("there", "comes"), [("a:1", "a_1"), ("a_1", "a:1")])
async def test_sessions_whose_ids_differ_by_a_colon_stay_two(
    service: Service, here: Principal, tmp_path: Path, there: str, comes: str
) -> None:
    await service.sessions.start(here, SessionDraft(id=there))
    for outcome in ((1, 0, 0, 0), (0, 1, 0, 0)):
        file = written(tmp_path / "a.json", dialogue(1) | {"id": comes})
        assert counts(await imported(service, here, file)) == outcome
    assert {*await sessions(service, here)} == {there, comes}


async def test_a_file_of_pocketpaw_is_of_the_session_that_has_a_colon_in_its_place(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    await service.sessions.start(here, SessionDraft(id="telegram:42"))
    entry = {"role": "user", "content": "Hello", "timestamp": "2026-02-10T14:30:05"}
    file = tmp_path / "telegram_42.json"
    file.write_text(json.dumps([{"id": "e1", "metadata": {}, **entry}]), "utf-8")
    assert counts(await imported(service, here, file)) == (0, 0, 1, 0)
    assert list(await sessions(service, here)) == ["telegram:42"]


async def test_a_sub_agents_session_lies_below_its_parent(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    lines = [
        {
            "type": "user",
            "uuid": "u1",
            "parentUuid": None,
            "sessionId": "s",
            "message": {"role": "user", "content": "Go"},
        },
        {
            "type": "user",
            "uuid": "u2",
            "parentUuid": None,
            "sessionId": "s",
            "isSidechain": True,
            "message": {"role": "user", "content": "Look"},
        },
    ]
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    assert counts(await imported(service, here, path)) == (2, 0, 0, 0)
    by_name = await sessions(service, here)
    assert by_name["s:u2"].parent_id == by_name["s"].id


async def test_a_sub_agents_session_whose_parent_is_not_there_stands_alone(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    line = {
        "type": "user",
        "uuid": "u2",
        "parentUuid": None,
        "sessionId": "s",
        "isSidechain": True,
        "agentId": "a",
        "message": {"role": "user", "content": "Look"},
    }
    (tmp_path / "agent-a.jsonl").write_text(json.dumps(line), "utf-8")
    assert counts(await imported(service, here, tmp_path / "agent-a.jsonl")) == (1, 0, 0, 0)
    assert (await sessions(service, here))["s:a"].parent_id is None


async def test_a_session_that_comes_twice_in_a_file_is_one_session(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "a.json",
        dialogue(1, "Hello"),
        dialogue(1, "Hello", "Hi"),
        dialogue(1, "Hello", "Hi"),
    )
    assert counts(await imported(service, here, path)) == (1, 1, 1, 0)
    session, messages, _ = await service.messages.list(here, "d-1", MessageQuery())
    assert ([message.seq for message in messages], session.message_count) == ([1, 2], 2)


async def test_a_name_that_somebody_takes_meanwhile_is_found_out(
    service: Service, here: Principal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.sessions.start(here, SessionDraft(id="d-1"))

    def none_taken(*_args: Any) -> Any:
        yield from ()
        return set()

    monkeypatch.setattr(import_sessions, "taken", none_taken)
    assert counts(await imported(service, here, written(tmp_path / "a.json", dialogue(1)))) == (
        0,
        0,
        1,
        0,
    )
    assert len(await sessions(service, here)) == 1


async def test_what_was_imported_is_found_by_its_words(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    await imported(
        service, here, written(tmp_path / "a.json", dialogue(1, "The zebra crosses"), dialogue(2))
    )
    names = await service.transcripts.mentions(here, "ZEBRA", 10, lambda session, _: session.name)
    assert names == ["d-1"]


async def test_an_unknown_format_is_refused(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.json", {"email": "x"})
    report = await imported(service, here, path)
    assert (counts(report), report.is_something) == ((0, 0, 0, 0), False)
    [unread] = report.unread
    assert unread.file == str(path)
    assert unread.reason.startswith("it is of no known format: ")
    with pytest.raises(Invalid, match="unknown format 'word'"):
        await imported(service, here, path, format="word")
    with pytest.raises(FileNotFoundError):
        await imported(service, here, tmp_path / "absent.json")


async def test_a_key_for_one_user_cannot_import(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    narrowed = msgspec.structs.replace(here, user_id="ann")
    with pytest.raises(Forbidden):
        await imported(service, narrowed, written(tmp_path / "a.json", dialogue(1)))


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the real conversations are not there: {DATA}")
@pytest.mark.parametrize(("name", "count"), [("airline-agent", 200), ("service-dialogues", 2098)])
async def test_the_real_conversations_come_in_once(
    service: Service, here: Principal, tmp_path: Path, name: str, count: int
) -> None:
    path = tmp_path / f"{name}.json.gz"
    path.write_bytes((DATA / path.name).read_bytes())
    assert counts(await imported(service, here, path)) == (count, 0, 0, 0)
    assert counts(await imported(service, here, path)) == (0, count, 0, 0)
