"""Files that grow: every line is imported once, from where the file was read to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from hansard.access import Principal
from hansard.interchange.report import Options
from hansard.interchange.watching import Sources, Watcher
from hansard.model import MessageQuery
from hansard.service import Service
from tests.interchange.homes import (
    SECONDS,
    Json,
    at,
    claude_line,
    codex_line,
    codex_message,
    write_document,
    write_lines,
    write_opencode_database,
)
from tests.interchange.samples import SAMPLES
from tests.interchange.test_formats_samples import stored
from tests.interchange.test_import_history import acts
from tests.interchange.test_importer import counts

Start = Callable[..., Watcher]
Followed = tuple[Path, Watcher]
GROWING = ("claude-code", "codex", "qwen-code", "copilot-cli", "cursor")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    below = tmp_path / "projects"
    below.mkdir()
    return below


@pytest.fixture
def start(service: Service, here: Principal, folder: Path, tmp_path: Path) -> Start:
    def listed() -> list[Path]:
        """Without what a rotation leaves."""
        return sorted(file for file in folder.iterdir() if file.suffix in {".json", ".jsonl"})

    def begin() -> Watcher:
        return Watcher(service, here, Options(), Sources(listed), tmp_path / "notes.json")

    return begin


@pytest.fixture
async def followed(start: Start, folder: Path) -> Followed:
    """A file with the one line "one", and who has read it."""
    file = write_lines(folder / "c1.jsonl", claude_line("u1", None, 1, "one"))
    watcher = start()
    await watcher.round()
    return file, watcher


def add(file: Path, *lines: Json) -> None:
    with file.open("a") as opened:
        opened.writelines(f"{json.dumps(line)}\n" for line in lines)


async def texts(service: Service, here: Principal, session: str = "c1") -> list[str]:
    _, messages, _ = await service.messages.list(here, session, MessageQuery(limit=200))
    return [part["content"] for message in messages for part in json.loads(bytes(message.parts))]


@pytest.mark.parametrize("name", GROWING)
async def test_a_file_that_grows_line_by_line_becomes_what_it_becomes_at_once(
    service: Service, here: Principal, start: Start, folder: Path, name: str
) -> None:
    sample = SAMPLES[name]
    watcher = start()
    for line in sample.data.splitlines(keepends=True):
        with (folder / sample.file).open("ab") as file:
            file.write(line)
        report = await watcher.round()
        assert not report.bad
    assert await stored(service, here) == sample.sessions


async def test_a_growing_file_is_read_from_where_it_ended(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    """What stands in the middle is damaged in between, and nobody looks at it again."""
    lines = [claude_line("u0", None, 0, "0")]
    lines += [claude_line(f"u{n}", f"u{n - 1}", n, f"{n}") for n in range(1, 150)]
    file = write_lines(folder / "c1.jsonl", *lines)
    watcher = start()
    assert counts(await watcher.round()) == (1, 0, 0, 0)
    with file.open("r+b") as opened:
        opened.seek(9_000)
        opened.write(b"\n" * 500)
    add(file, claude_line("u150", "u149", 150, "new"))
    assert counts(await watcher.round()) == (0, 0, 1, 0)
    assert (await texts(service, here))[-1] == "new"


async def test_the_audit_log_has_a_file_that_was_read_and_not_every_line_that_was_added(
    service: Service, here: Principal, followed: Followed
) -> None:
    file, watcher = followed
    for number in range(2, 6):
        add(file, claude_line(f"u{number}", f"u{number - 1}", number, "more"))
        await watcher.round()
    assert len(await texts(service, here)) == 5
    assert len(await acts(service, here, "sessions.imported")) == 1
    assert await acts(service, here, "session.imported") == []


async def test_half_a_line_waits_for_its_other_half(
    service: Service, here: Principal, followed: Followed
) -> None:
    file, watcher = followed
    line = json.dumps(claude_line("u2", "u1", 2, "two"))
    with file.open("a") as opened:
        opened.write(line[:40])
    assert counts(await watcher.round()) == (0, 1, 0, 0)
    with file.open("a") as opened:
        opened.write(line[40:])
    assert counts(await watcher.round()) == (0, 0, 1, 0)
    with file.open("a") as opened:
        opened.write("\n")
    add(file, claude_line("u3", "u2", 3, "three"))
    assert counts(await watcher.round()) == (0, 0, 1, 0)
    assert await texts(service, here) == ["one", "two", "three"]


async def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning(
    service: Service, here: Principal, folder: Path, followed: Followed
) -> None:
    file, watcher = followed
    add(file, claude_line("u2", "u1", 2, "two"))
    file.rename(folder / "c1.jsonl.1")
    write_lines(file, claude_line("u3", "u2", 3, "three"))
    await watcher.round()
    add(file, claude_line("u4", "u3", 4, "four"))
    await watcher.round()
    assert sorted(await texts(service, here)) == ["four", "one", "three", "two"]


async def test_a_file_that_was_copied_and_emptied_loses_nothing(
    service: Service, here: Principal, folder: Path, followed: Followed
) -> None:
    file, watcher = followed
    add(file, claude_line("u2", "u1", 2, "two"))
    (folder / "c1.jsonl.1").write_bytes(file.read_bytes())
    os.truncate(file, 0)
    await watcher.round()
    add(file, claude_line("u3", "u2", 3, "three"))
    await watcher.round()
    assert await texts(service, here) == ["one", "two", "three"]


async def test_a_rewritten_file_is_read_anew(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    first, second = claude_line("u1", None, 1, "one"), claude_line("u2", "u1", 2, "two")
    file = write_lines(folder / "c1.jsonl", first)
    watcher = start()
    await watcher.round()
    write_lines(file, claude_line("u0", None, 0, "zero"), first | {"parentUuid": "u0"}, second)
    await watcher.round()
    assert sorted(await texts(service, here)) == ["one", "two", "zero"]


async def test_who_starts_again_goes_on_where_he_was(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    file = write_lines(folder / "c1.jsonl", claude_line("u1", None, 1, "one"))
    first = start()
    await first.round()
    first.close()
    add(file, claude_line("u2", "u1", 2, "two"))
    second = start()
    assert counts(await second.round()) == (0, 0, 1, 0)
    assert counts(await start().round()) == (0, 1, 0, 0)  # its notes were not kept: all is read
    second.close()
    assert counts(await start().round()) == (0, 1, 0, 0)
    assert await texts(service, here) == ["one", "two"]


async def test_a_session_that_was_deleted_meanwhile_comes_back_whole(
    service: Service, here: Principal, followed: Followed
) -> None:
    file, watcher = followed
    await service.sessions.delete(here, "c1")
    add(file, claude_line("u2", "u1", 2, "two"))
    await watcher.round()
    assert sorted(await texts(service, here)) == ["one", "two"]


async def test_an_answer_over_several_lines_counts_its_tokens_once(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    answer = claude_line("a1", "u1", 2, "first")
    more = claude_line("a2", "a1", 3, "second")
    more["message"]["id"] = answer["message"]["id"]
    file = write_lines(folder / "c1.jsonl", claude_line("u1", None, 1, "hi"), answer)
    watcher = start()
    await watcher.round()
    add(file, more)
    await watcher.round()
    session = await service.sessions.read(here, "c1")
    assert (session.message_count, session.input_tokens, session.output_tokens) == (3, 3, 2)


async def test_a_prompt_that_was_taken_back_becomes_a_branch(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    file = write_lines(
        folder / "c1.jsonl",
        claude_line("u1", None, 1, "hi"),
        claude_line("a1", "u1", 2, "yo"),
        claude_line("u2", "a1", 3, "first try"),
    )
    watcher = start()
    await watcher.round()
    add(file, claude_line("u3", "a1", 4, "second try"))
    await watcher.round()
    assert await texts(service, here, "c1:u2") == ["first try"]
    assert await texts(service, here) == ["hi", "yo", "second try"]


async def test_the_model_of_a_rollout_holds_for_what_comes_later(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    file = write_lines(
        folder / "rollout-1.jsonl",
        codex_line("session_meta", 0, id="c1", timestamp=at(0)),
        codex_line("turn_context", 1, model="gpt-x"),
        codex_message("user", 1, "hi"),
        *(codex_message("assistant", 2, f"thought {n}") for n in range(100)),
    )
    watcher = start()
    await watcher.round()
    usage = {"last_token_usage": {"input_tokens": 5, "output_tokens": 7}}
    add(
        file,
        codex_message("assistant", 3, "yo"),
        codex_line("event_msg", 3, type="agent_message", message="yo"),
        codex_line("event_msg", 3, type="token_count", info=usage),
    )
    assert counts(await watcher.round()) == (0, 0, 1, 0)
    _, messages, _ = await service.messages.list(here, "c1", MessageQuery(limit=1, newest=True))
    assert (messages[0].model, messages[0].output_tokens) == ("gpt-x", 7)
    add(file, codex_line("event_msg", 4, type="agent_message", message="yo"))
    assert counts(await watcher.round()) == (0, 1, 0, 0)  # it repeats an item of the round before
    assert (await texts(service, here)).count("yo") == 1


async def test_the_result_of_a_tool_that_is_written_later_is_added(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    """Gemini CLI writes a message again when its tool is through."""
    call = {"id": "t1", "name": "ls", "args": {}}
    response = {"functionResponse": {"id": "t1", "name": "ls", "response": {"output": "a.txt"}}}
    answer = {"id": "2", "type": "gemini", "content": "Looking.", "timestamp": at(2)}
    file = write_lines(
        folder / "session-c1.jsonl",
        {"sessionId": "c1", "projectHash": "h", "startTime": at(0)},
        {"id": "1", "type": "user", "content": "hi", "timestamp": at(1)},
        answer | {"toolCalls": [call]},
    )
    watcher = start()
    await watcher.round()
    add(file, answer | {"toolCalls": [call | {"status": "success", "result": [response]}]})
    assert counts(await watcher.round()) == (0, 0, 1, 0)
    add(file, {"$rewindTo": "2"}, {"id": "3", "type": "user", "content": "no", "timestamp": at(3)})
    await watcher.round()
    roles = [
        message.role for message in (await service.messages.list(here, "c1", MessageQuery()))[1]
    ]
    assert roles == ["user", "user"]
    branch = (await service.messages.list(here, "c1:2", MessageQuery()))[1]
    assert [message.role for message in branch] == ["assistant", "tool"]


async def test_half_a_document_is_not_bad_but_not_there_yet(
    service: Service, here: Principal, start: Start, folder: Path
) -> None:
    messages = [{"id": "1", "type": "user", "content": "hi", "timestamp": at(1)}]
    whole = json.dumps({"sessionId": "c1", "startTime": at(0), "messages": messages})
    file = folder / "session-c1.json"
    file.write_text(whole[:60])
    watcher = start()
    await watcher.round()
    file.write_text(whole)
    assert counts(await watcher.round()) == (1, 0, 0, 0)
    write_document(
        file,
        {
            "sessionId": "c1",
            "startTime": at(0),
            "messages": [*messages, {**messages[0], "id": "2"}],
        },
    )
    assert counts(await watcher.round()) == (0, 0, 1, 0)


async def test_a_database_is_read_again_when_its_log_grows(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    file = tmp_path / "opencode.db"
    write_opencode_database(file)
    watcher = Watcher(service, here, Options(), Sources(lambda: [file]))
    assert counts(await watcher.round()) == (2, 0, 0, 0)
    assert counts(await watcher.round()) == (0, 2, 0, 0)
    with closing(apsw.Connection(str(file))) as database:
        database.execute("pragma journal_mode = wal")
        message = json.dumps({"role": "assistant", "time": {"created": SECONDS * 1000}})
        part = json.dumps({"type": "text", "text": "more"})
        database.execute("insert into message values ('msg_z', 'ses_2', 1, ?)", (message,))
        database.execute("insert into part values ('prt_z', 'msg_z', 'ses_2', ?)", (part,))
        assert counts(await watcher.round()) == (0, 1, 1, 0)


async def test_a_file_that_disappears_is_forgotten_and_its_session_stays(
    service: Service, here: Principal, followed: Followed
) -> None:
    file, watcher = followed
    file.unlink()
    assert counts(await watcher.round()) == (0, 0, 0, 0)
    assert await texts(service, here) == ["one"]


async def test_damaged_notes_are_no_notes(
    service: Service, here: Principal, start: Start, folder: Path, tmp_path: Path
) -> None:
    write_lines(folder / "c1.jsonl", claude_line("u1", None, 1, "one"))
    (tmp_path / "notes.json").write_text("{")
    assert counts(await start().round()) == (1, 0, 0, 0)


async def test_what_is_broken_in_a_file_is_told_once_by_each_who_starts(
    service: Service, here: Principal, followed: Followed, start: Start
) -> None:
    file, watcher = followed
    with file.open("a") as opened:
        opened.write("{broken\n")
    os.utime(file, (SECONDS, SECONDS))
    assert counts(await watcher.round()) == (0, 1, 0, 1)
    assert counts(await watcher.round()) == (0, 1, 0, 0)
    watcher.close()
    assert counts(await start().round()) == (0, 1, 0, 1)
    assert await texts(service, here) == ["one"]


async def test_a_file_that_was_named_says_why_nothing_is_read_of_it(
    service: Service, here: Principal, folder: Path
) -> None:
    file = write_document(folder / "other.json", {"version": 3, "settings": {}})
    watcher = Watcher(service, here, Options(), Sources(lambda: [file], frozenset([file])))
    (unread,) = (await watcher.round()).unread
    assert "version, settings" in unread.reason
