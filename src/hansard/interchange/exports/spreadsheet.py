"""Sessions as CSV (RFC 4180), a row a message.

A text that a spreadsheet would take for a formula gets an apostrophe before it: whoever opens the
file must not run what somebody else wrote.
"""

from __future__ import annotations

import csv
import io
import json

from hansard.interchange.exports.messages import Json, as_text, living, text_of
from hansard.model import Message, Session
from hansard.model.times import rfc3339
from hansard.model.transfer import Snapshot

_COLUMNS = (
    "session_id", "title", "channel", "agent", "user_id", "seq", "message_id", "role",
    "created_at", "model", "text", "tool_calls", "tool_results", "input_tokens", "output_tokens",
    "cost_usd",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(snapshot: Snapshot) -> bytes:
    """The rows of the session."""
    return _encoded([_row(snapshot.session, message, parts) for message, parts in living(snapshot)])


def _encoded(rows: list[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


HEADER = _encoded([list(_COLUMNS)])


def _row(session: Session, message: Message, parts: list[Json]) -> list[object]:
    calls = [
        {"name": part["name"], "arguments": part.get("arguments")}
        for part in parts
        if part["type"] == "tool_call"
    ]
    results = [part.get("response") for part in parts if part["type"] == "tool_call_response"]
    texts = (session.name, session.title, session.channel, session.agent, session.user_id)
    return [
        *map(_cell, texts),
        message.seq,
        _cell(message.client_id or message.id),
        message.role,
        rfc3339(message.created_at),
        _cell(message.model),
        _cell(text_of(parts)),
        _cell(json.dumps(calls, ensure_ascii=False) if calls else ""),
        _cell("\n".join(map(as_text, results))),
        message.input_tokens,
        message.output_tokens,
        f"{message.cost_nanos / 1e9:.9f}".rstrip("0").rstrip("."),
    ]


def _cell(text: str | None) -> str:
    return f"'{text}" if text and text.startswith(_FORMULA) else text or ""
