"""Read a file of the test's own making through the importers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec

from hansard.interchange.detection import detected
from hansard.interchange.documents import Document, documents, from_stream
from hansard.interchange.formats import named
from hansard.interchange.records import Rules, SessionRecord
from hansard.interchange.values import Bad
from hansard.model import MessageDraft

NOW = 1_800_000_000_000_000
SECOND = 1_000_000


def read(
    document: Document, *, format_name: str | None = None, rules: Rules | None = None
) -> list[SessionRecord | Bad]:
    rules = rules or Rules(now=NOW)
    with document.stream() as stream:
        detection = None if format_name else detected(document, stream, rules)
        format_ = detection.format if detection else named(format_name or "")
        assert format_ is not None, detection and detection.reason()
        outcomes = detection.outcomes if detection else None
        if outcomes is None:
            outcomes = tuple(format_.read(document, stream, rules))
        return [each for each in outcomes if isinstance(each, SessionRecord | Bad)]


def read_bytes(
    data: bytes,
    *,
    name: str = "file.json",
    format_name: str | None = None,
    rules: Rules | None = None,
) -> list[SessionRecord | Bad]:
    return read(from_stream(name, io.BytesIO(data)), format_name=format_name, rules=rules)


def read_json(
    value: object,
    *,
    name: str = "file.json",
    format_name: str | None = None,
    rules: Rules | None = None,
) -> list[SessionRecord | Bad]:
    return read_bytes(json.dumps(value).encode(), name=name, format_name=format_name, rules=rules)


def read_folder(
    path: Path, *, format_name: str | None = None, rules: Rules | None = None
) -> list[SessionRecord | Bad]:
    return [
        outcome
        for document in documents(path)
        for outcome in read(document, format_name=format_name, rules=rules)
    ]


def format_of(data: bytes, *, name: str = "file.json") -> str | None:
    document = from_stream(name, io.BytesIO(data))
    with document.stream() as stream:
        format_ = detected(document, stream, Rules(now=NOW)).format
    return format_.name if format_ else None


def only_session(outcomes: list[SessionRecord | Bad]) -> SessionRecord:
    assert len(outcomes) == 1
    assert isinstance(outcomes[0], SessionRecord), outcomes[0]
    return outcomes[0]


def parts(message: MessageDraft) -> list[dict[str, Any]]:
    decoded: list[dict[str, Any]] = msgspec.json.decode(message.parts)
    return decoded


def metadata(message: MessageDraft) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(message.metadata)
    return decoded


def spoken(session: SessionRecord) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in session.messages]


def check_record(outcome: SessionRecord | Bad) -> SessionRecord:
    assert isinstance(outcome, SessionRecord), outcome
    return outcome
