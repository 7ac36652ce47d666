"""A home folder with the sessions of every coding agent that discovery knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw

Json = dict[str, Any]
CURSOR = ".config/Cursor/User/globalStorage/state.vscdb"
OPENCODE = ".local/share/opencode"
ROLLOUT = "rollout-2025-10-01T00-00-00-0199a000-0000-7000-8000-000000000001.jsonl"
SECONDS = 1_767_225_600
"""2026-01-01T00:00:00Z."""


def write_lines(file: Path, *lines: Json) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def write_document(file: Path, document: object) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return file


def claude_line(
    key: str, parent: str | None, second: int, text: str, session: str = "c1", **more: object
) -> Json:
    """A line of Claude Code; keys that begin with ``a`` are answers."""
    message: Json = {"role": "user", "content": text}
    if key.startswith("a"):
        message = {
            "role": "assistant",
            "id": f"answer-{key}",
            "model": "claude-x",
            "content": [{"type": "text", "text": text}],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        }
    return {
        "parentUuid": parent,
        "isSidechain": False,
        "cwd": "/p",
        "sessionId": session,
        "version": "2.1.0",
        "type": message["role"],
        "message": message,
        "uuid": key,
        "timestamp": at(second),
        **more,
    }


def at(second: int) -> str:
    return f"2026-01-01T00:{second // 60:02d}:{second % 60:02d}.000Z"


def codex_line(kind: str, second: int, **payload: object) -> Json:
    return {"timestamp": at(second), "type": kind, "payload": payload}


def codex_message(role: str, second: int, text: str) -> Json:
    kind = "input_text" if role == "user" else "output_text"
    content = [{"type": kind, "text": text}]
    return codex_line("response_item", second, type="message", role=role, content=content)


def write_claude(home: Path) -> None:
    projects = home / ".claude/projects"
    write_lines(
        projects / "-p/c1.jsonl", claude_line("u1", None, 1, "hi"), claude_line("a1", "u1", 2, "yo")
    )
    write_lines(projects / "-q/c2.jsonl", claude_line("u2", None, 3, "second", "c2"))
    write_lines(
        projects / "-q/c2/subagents/agent-x.jsonl",
        claude_line("u3", None, 4, "go", "c2", isSidechain=True, agentId="x"),
    )


def write_codex(home: Path) -> None:
    write_lines(
        home / ".codex/sessions/2025/10/01" / ROLLOUT,
        codex_line("session_meta", 0, id="cx1", timestamp=at(0), cwd="/p"),
        codex_line("turn_context", 1, model="gpt-5-codex"),
        codex_message("user", 1, "hi"),
        codex_message("assistant", 2, "yo"),
    )


def write_gemini(home: Path) -> None:
    messages = [
        {"id": "1", "timestamp": at(1), "type": "user", "content": "hi"},
        {"id": "2", "timestamp": at(2), "type": "gemini", "content": "yo", "model": "gemini-x"},
    ]
    header = {"sessionId": "g1", "projectHash": "h", "startTime": at(0), "lastUpdated": at(2)}
    write_document(home / ".gemini/tmp/h/chats/session-g1.json", {**header, "messages": messages})
    write_document(home / ".gemini/tmp/h/logs.json", [{"sessionId": "g1", "message": "hi"}])


def write_qwen(home: Path) -> None:
    line = {"sessionId": "q1", "cwd": "/p", "version": "0.5.0"}
    write_lines(
        home / ".qwen/projects/-p/chats/q1.jsonl",
        {"uuid": "u1", "parentUuid": None, "timestamp": at(1), "type": "user", **line}
        | {"message": {"role": "user", "parts": [{"text": "hi"}]}},
        {"uuid": "a1", "parentUuid": "u1", "timestamp": at(2), "type": "assistant", **line}
        | {"message": {"role": "model", "parts": [{"text": "yo"}]}},
    )


def write_copilot(home: Path) -> None:
    write_lines(
        home / ".copilot/session-state/k1/events.jsonl",
        {"type": "session.start", "id": "e0", "timestamp": at(0), "data": {"sessionId": "k1"}},
        {"type": "user.message", "id": "e1", "timestamp": at(1), "data": {"content": "hi"}},
        {"type": "assistant.message", "id": "e2", "timestamp": at(2), "data": {"content": "yo"}},
    )


def write_cursor(home: Path) -> None:
    write_lines(
        home / ".cursor/projects/p/agent-transcripts/t1/t1.jsonl",
        {"role": "user", "message": {"content": [{"type": "text", "text": "hi"}]}},
        {"role": "assistant", "message": {"content": [{"type": "text", "text": "yo"}]}},
    )
    bubbles: dict[str, Json] = {
        "b1": {"type": 1, "text": "hi", "createdAt": at(1)},
        "b2": {"type": 2, "text": "yo", "createdAt": at(2)},
    }
    headers = [{"bubbleId": key, "type": bubble["type"]} for key, bubble in bubbles.items()]
    write_cursor_chat(
        home / ".cursor/chats/h/ch1/store.db",
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [{"type": "text", "text": "yo"}]},
        createdAt=SECONDS * 1000,
        name="Chat",
    )
    composer = {"composerId": "d1", "name": "Named", "fullConversationHeadersOnly": headers}
    write_cursor_database(
        home / CURSOR,
        {"composerData:d1": composer}
        | {f"bubbleId:d1:{key}": value for key, value in bubbles.items()},
    )


def write_cursor_database(file: Path, values: Mapping[str, object]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(apsw.Connection(str(file))) as database:
        database.execute("create table ItemTable (key text unique, value blob)")
        database.execute("create table cursorDiskKV (key text unique, value blob)")
        database.execute("insert into ItemTable values ('cursorAuth/accessToken', 'secret')")
        rows = [
            (key, value if isinstance(value, str) else json.dumps(value))
            for key, value in values.items()
        ]
        database.executemany("insert into cursorDiskKV values (?, ?)", rows)
    return file


def write_cursor_chat(file: Path, *messages: Json, **meta: object) -> Path:
    """A chat of the command line: the root is a message of Protocol Buffers with the ids in it."""
    blobs = {sha256(data).digest(): data for data in (json.dumps(m).encode() for m in messages)}
    ids = [sha256(json.dumps(message).encode()).digest() for message in messages]
    workspace = b"file:///p"
    root = b"".join(b"\x0a\x20" + ident for ident in ids)
    root += b"\x18\x90\x4e" + b"\x4a" + bytes([len(workspace)]) + workspace
    blobs[sha256(root).digest()] = root
    chat = {"agentId": file.parent.name, "latestRootBlobId": sha256(root).hexdigest(), **meta}
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(apsw.Connection(str(file))) as database:
        database.execute("create table meta (key text primary key, value text)")
        database.execute("create table blobs (id text primary key, data blob)")
        database.execute("insert into meta values ('0', ?)", (json.dumps(chat).encode().hex(),))
        database.executemany(
            "insert into blobs values (?, ?)", [(key.hex(), data) for key, data in blobs.items()]
        )
    return file


def write_opencode_folder(storage: Path) -> None:
    """The layout of the versions 0.6 to 1.1: one file a session, message and part."""
    info = {"id": "ses_1", "projectID": "proj", "directory": "/p", "title": "Old"}
    times = {"created": SECONDS * 1000, "updated": (SECONDS + 5) * 1000}
    write_document(storage / "session/proj/ses_1.json", {**info, "time": times})
    for key, role, text in (("1", "user", "hi"), ("2", "assistant", "yo")):
        message = {"id": f"msg_{key}", "sessionID": "ses_1", "role": role}
        message["time"] = {"created": (SECONDS + int(key)) * 1000}  # type: ignore[assignment]  # a nested object
        write_document(storage / f"message/ses_1/msg_{key}.json", message)
        part = {"id": f"prt_{key}", "type": "text", "text": text}
        write_document(storage / f"part/msg_{key}/prt_{key}.json", part)


def write_opencode_database(file: Path) -> None:
    """The tables since 1.2, as far as they are read."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(apsw.Connection(str(file))) as database:
        database.execute(
            "create table session (id text primary key, project_id text, parent_id text,"
            " directory text, title text, version text, time_created integer,"
            " time_updated integer, time_archived integer)"
        )
        database.execute(
            "create table message (id text primary key, session_id text, time_created integer,"
            " data text)"
        )
        database.execute(
            "create table part (id text primary key, message_id text, session_id text, data text)"
        )
        for session, parent in (("ses_2", None), ("ses_3", "ses_2")):
            database.execute(
                "insert into session values (?, 'proj', ?, '/p', 'New', '1.2.0', ?, ?, null)",
                (session, parent, SECONDS * 1000, SECONDS * 1000),
            )
            message = {"role": "user", "time": {"created": (SECONDS + 1) * 1000}}
            database.execute(
                "insert into message values (?, ?, ?, ?)",
                (f"msg_{session}", session, SECONDS * 1000, json.dumps(message)),
            )
            part = {"type": "text", "text": f"hello from {session}"}
            database.execute(
                "insert into part values (?, ?, ?, ?)",
                (f"prt_{session}", f"msg_{session}", session, json.dumps(part)),
            )


def write_opencode_2(file: Path, sessions: Mapping[str, str | None], *messages: Json) -> None:
    """The tables of version 2; each session has all the messages, under ids of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(apsw.Connection(str(file))) as database:
        database.execute(
            "create table session_v2 (id text primary key, project_id text, parent_id text,"
            " directory text, title text, version text, model text, time_created integer,"
            " time_updated integer, time_archived integer)"
        )
        database.execute(
            "create table session_message (id text primary key, session_id text, type text,"
            " seq integer, time_created integer, time_updated integer, data text)"
        )
        for session, parent in sessions.items():
            created = SECONDS * 1000
            database.execute(
                "insert into session_v2 values (?, 'p', ?, '/p', 'Two', '2', null, ?, ?, null)",
                (session, parent, created, created),
            )
            for seq, message in enumerate(messages):
                data = {key: value for key, value in message.items() if key != "type"}
                database.execute(
                    "insert into session_message values (?, ?, ?, ?, ?, ?, ?)",
                    (
                        f"msg_{session}_{seq}", session, message["type"], seq,
                        created + seq, created + seq, json.dumps(data),
                    ),
                )  # fmt: skip


def write_home(home: Path) -> Path:
    for write in (
        write_claude, write_codex, write_gemini, write_qwen, write_copilot, write_cursor,
    ):  # fmt: skip
        write(home)
    write_opencode_folder(home / OPENCODE / "storage")
    write_opencode_database(home / OPENCODE / "opencode.db")
    write_opencode_2(
        home / OPENCODE / "opencode.db",
        {"ses_3": "ses_2", "ses_4": None},
        {"type": "user", "text": "hi"},
        {"type": "assistant", "content": [{"type": "text", "text": "yo"}]},
        {"type": "idle", "outcome": "succeeded"},
    )
    return home


COUNTS = {
    "claude-code": (3, 4),
    "codex": (1, 2),
    "gemini-cli": (1, 2),
    "opencode": (4, 7),
    "qwen-code": (1, 2),
    "cursor": (3, 6),
    "copilot-cli": (1, 2),
}
"""The sessions and messages of each product in that home."""
