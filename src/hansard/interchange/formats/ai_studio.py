"""Google AI Studio's prompts as it stores them on Drive.

``{runSettings, systemInstruction, chunkedPrompt: {chunks}}``.

A chunk is a message; thoughts are reasoning.  A file is one session, known by its name and its
first chunk.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.google import KEYS
from hansard.interchange.content.media import by_address, stored
from hansard.interchange.content.text import Json, reasoning_part, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import CREATED, UPDATED, first_time
from hansard.interchange.records import Rules, SessionRecord, Unreadable, own_id, read_each
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("runSettings", "chunkedPrompt", "systemInstruction", "chunks")

_FILES = {
    "driveDocument": "document",
    "driveImage": "image",
    "driveAudio": "audio",
    "driveVideo": "video",
}
_INLINE = ("inlineFile", "inlineImage", "inlineAudio", "inlineData")
_KEPT = ("finishReason", "grounding", "errorMessage", "isEdited", "branchParent")


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    return shape.lacks("chunkedPrompt")


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    yield from read_each(values(stream, apart=True), lambda item: _session(document, item, rules))


def _session(document: Document, item: Value, rules: Rules) -> Iterator[SessionRecord]:
    record = item.value
    prompt = record.get("chunkedPrompt") if isinstance(record, dict) else None
    if not isinstance(prompt, dict) or not isinstance(prompt.get("chunks"), list):
        message = "no chunks: not a prompt of AI Studio"
        raise Unreadable(message)
    chunks = [chunk for chunk in prompt["chunks"] if isinstance(chunk, dict)]
    settings = record["runSettings"] if isinstance(record.get("runSettings"), dict) else {}
    turns = [_turn(chunk) for chunk in chunks]
    started, updated = (first_time(record, names) for names in (CREATED, UPDATED))
    if system := parts_of(_inner(record.get("systemInstruction"))):
        turns.insert(0, Turn(role="system", parts=system, key="system"))
    named = document.stem if document.chosen and document.size is not None else None
    draft = SessionDraft(
        id=own_id(record.get("id"), [document.stem, chunks[:1]]),
        title=text_or_none(record.get("displayName", record.get("title"))) or named,
        channel=rules.channel or "ai-studio",
        model=text_or_none(settings.get("model")),
        metadata={"runSettings": settings} if settings else {},
    )
    yield from sessions(item.number, draft, turns, rules, Span(started=started, updated=updated))


def _inner(instruction: object) -> object:
    return (
        instruction.get("parts", instruction.get("text"))
        if isinstance(instruction, dict)
        else instruction
    )


def _turn(chunk: Json) -> Turn:
    tokens = chunk.get("tokenCount")
    is_model = chunk.get("role") == "model"
    return Turn(
        role=chunk.get("role"),
        parts=_parts(chunk),
        key=chunk.get("id"),
        at=first_time(chunk, CREATED),
        output_tokens=tokens if is_model else 0,
        metadata={key: chunk[key] for key in _KEPT if chunk.get(key)},
        original=chunk,
    )


def _parts(chunk: Json) -> list[Json]:
    if chunk.get("isThought") is True:
        text = chunk.get("text") or chunk.get("parts")
        return [reasoning_part(text)] if text else []
    parts = parts_of(chunk["text"]) if chunk.get("text") else parts_of(chunk.get("parts"))
    for key in KEYS:
        if key not in {"text", *_INLINE} and chunk.get(key) is not None:
            parts += parts_of({key: chunk[key]})
    return parts + _files(chunk)


def _files(chunk: Json) -> list[Json]:
    """What was attached: content, files on Drive, videos."""
    files = [
        part for key in _INLINE if chunk.get(key) for part in parts_of({"inlineData": chunk[key]})
    ]
    for key, modality in _FILES.items():
        file = chunk.get(key)
        if isinstance(file, dict) and file.get("id"):
            files.append(stored(file["id"], modality, file.get("name"), file.get("mimeType")))
    video = chunk.get("youtubeVideo")
    if isinstance(video, dict) and video.get("id"):
        files.append(by_address(f"https://www.youtube.com/watch?v={video['id']}", "video"))
    return files
