"""The content of ChatGPT's messages as parts.

Text, thoughts, files, pages that were read, and their citations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import modality_of, stored
from hansard.interchange.content.sources import source, sources_of
from hansard.interchange.content.text import Json, joined, reasoning_part, text_or_none, words

_OPENS = "\ue200"
_MARK = re.compile("\ue200([a-z_]*)\ue202?([^\ue200\ue201]*)\ue201|[\ue200-\ue20f]")
_SOURCES = ("url", "webpage", "items", "sources", "fallback_items", "supporting_websites")


def content_parts(content: object) -> list[Json]:
    """The parts of a message's ``content``; what is empty is left out."""
    if isinstance(content, str | list):
        return parts_of(content)
    if not isinstance(content, dict):
        return []
    kind = content.get("content_type")
    reader = _CONTENT.get(str(kind)) or (_unnamed if kind is None else _unknown)
    return [part for part in reader(content) if part.get("content") != ""]


def attachments(metadata: Json, parts: list[Json]) -> list[Json]:
    """The files of a message that its content does not point to."""
    if not isinstance(metadata.get("attachments"), list):
        return []
    pointers = " ".join(str(part.get("file_id")) for part in parts if part["type"] == "file")
    files = [file for file in metadata["attachments"] if isinstance(file, dict)]
    return [
        stored(
            file.get("id") or file.get("name"),
            modality_of(file.get("mime_type")),
            file.get("name"),
            file.get("mime_type"),
        )
        for file in files
        if not (file.get("id") and str(file["id"]) in pointers)
    ]


def drawings(metadata: Json) -> list[Json]:
    """The pictures that code has drawn, by their names in the export."""
    result = metadata.get("aggregate_result")
    listed = result.get("messages") if isinstance(result, dict) else None
    return [
        stored(reference["image_url"], "image")
        for reference in (listed if isinstance(listed, list) else [])
        if isinstance(reference, dict) and isinstance(reference.get("image_url"), str)
    ]


def without_marks(parts: list[Json], metadata: Json) -> list[Json]:
    """The parts without citation marks in their text, and the pages that were cited behind them."""
    clean = [
        {**part, "content": _MARK.sub(_shown, part["content"])}
        if part["type"] == "text" and _OPENS in part["content"]
        else part
        for part in parts
    ]
    if not (metadata.get("content_references") or metadata.get("citations")):
        return clean
    pages = _pages(metadata.get("content_references")) + _pages(metadata.get("citations"))
    return clean + sources_of(pages)


def _shown(mark: re.Match[str]) -> str:
    """What the reader saw instead of a mark.

    The name of an entity, the label of a link, or nothing.
    """
    if mark[1] == "entity":
        try:
            return str(json.loads(mark[2])[1])
        except (ValueError, LookupError, TypeError):
            return ""
    return mark[2].partition("\ue202")[0] if mark[1] == "url" else ""


def _pages(references: object, depth: int = 0) -> list[Json]:
    """The pages among references, which lie in groups."""
    pages: list[Json] = []
    for reference in references if isinstance(references, list) and depth < 3 else []:  # noqa: PLR2004 - groups lie no deeper
        if not isinstance(reference, dict):
            continue
        if isinstance(reference.get("url"), str):
            pages.append({"url": reference["url"], "title": reference.get("title")})
        for key in _SOURCES:
            pages += _pages(reference.get(key), depth + 1)
        if isinstance(reference.get("metadata"), dict):
            pages += _pages([reference["metadata"]], depth + 1)
    return pages


def _spoken(content: Json) -> list[Json]:
    pieces = content.get("parts")
    if not isinstance(pieces, list):
        return parts_of(pieces if pieces is not None else content.get("text"))
    return [part for piece in pieces if piece for part in _piece(piece)]


def _piece(piece: object) -> list[Json]:
    if not isinstance(piece, dict):
        return parts_of(piece if isinstance(piece, str) else [piece])
    kind = str(piece.get("content_type") or piece.get("type") or "")
    audio = piece.get("audio_asset_pointer")
    if kind == "audio_transcription":
        return [{"type": "text", "content": words(piece.get("text"))}]
    if isinstance(piece.get("asset_pointer"), str):
        return [_pointer(piece, kind.partition("_")[0] or "image")]
    if isinstance(audio, dict) and isinstance(audio.get("asset_pointer"), str):
        return [_pointer(audio, "audio"), *_frames(piece)]
    if kind in {"", "text"}:
        return (
            parts_of({**piece, "type": "text"})
            if "text" in piece or "content" in piece
            else [{**piece, "type": kind or "unknown"}]
        )
    return [{**piece, "type": kind}]


def _pointer(piece: Json, modality: str) -> Json:
    kind = f"audio/{piece['format']}" if isinstance(piece.get("format"), str) else None
    return stored(piece["asset_pointer"], modality, None, kind)


def _frames(piece: Json) -> list[Json]:
    """The pictures of a video call."""
    frames = (
        piece["frames_asset_pointers"]
        if isinstance(piece.get("frames_asset_pointers"), list)
        else []
    )
    pointers = [
        frame
        for frame in frames
        if isinstance(frame, dict) and isinstance(frame.get("asset_pointer"), str)
    ]
    return [_pointer(frame, "image") for frame in pointers]


def _plain(content: Json) -> list[Json]:
    return [{"type": "text", "content": words(content.get("text") or content.get("result"))}]


def _page(content: Json) -> list[Json]:
    """A page that was read: its text, and where it is."""
    text = content.get("text") or content.get("result") or content.get("snippet")
    url, title = text_or_none(content.get("url")), text_or_none(content.get("title"))
    page = [source(url, title, domain=content.get("domain"))] if url else []
    return [{"type": "text", "content": words(text)}, *page]


def _thoughts(content: Json) -> list[Json]:
    thoughts = content["thoughts"] if isinstance(content.get("thoughts"), list) else []
    return [
        reasoning_part([joined(thought.get("summary")), joined(thought.get("content"))])
        if isinstance(thought, dict)
        else reasoning_part(thought)
        for thought in thoughts
    ]


def _recap(content: Json) -> list[Json]:
    return [reasoning_part(content.get("content"))]


def _context(content: Json) -> list[Json]:
    """What a person wrote of themselves, or what the model remembers of them."""
    return [
        {"type": "text", "content": value}
        for key, value in content.items()
        if key != "content_type" and isinstance(value, str)
    ]


def _unnamed(content: Json) -> list[Json]:
    """Content without a type, as other programs write it."""
    if "parts" in content:
        return _spoken(content)
    if "thoughts" in content:
        return _thoughts(content)
    return (
        _plain(content) if "text" in content or "result" in content else parts_of(content or None)
    )


def _unknown(content: Json) -> list[Json]:
    return [{**content, "type": str(content.get("content_type") or "unknown")}]


_CONTENT: dict[str, Callable[[Json], list[Json]]] = {
    "text": _spoken,
    "multimodal_text": _spoken,
    "code": _plain,
    "execution_output": _plain,
    "system_error": _plain,
    "tether_quote": _page,
    "tether_browsing_display": _page,
    "sonic_webpage": _page,
    "thoughts": _thoughts,
    "reasoning_recap": _recap,
    "user_editable_context": _context,
    "model_editable_context": _context,
}
