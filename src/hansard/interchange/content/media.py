"""Images, audio and files: content inside the message, an address, or the name of a stored file."""

from __future__ import annotations

from hansard.interchange.content.text import Json, words

_KINDS = ("image", "audio", "video")


def modality_of(mime_type: object, default: str = "document") -> str:
    """``image``, ``audio``, ``video``, else ``default``."""
    kind = words(mime_type).partition("/")[0]
    return kind if kind in _KINDS else default


def by_address(address: str, modality: str, mime_type: object = None) -> Json:
    """A ``data:`` address is its own content, any other says where it is."""
    if address.startswith("data:") and ";base64," in address:
        kind, _, content = address.removeprefix("data:").partition(";base64,")
        return blob(content, kind, modality)
    part: Json = {"type": "uri", "modality": modality, "uri": address}
    return part | ({"mime_type": mime_type} if isinstance(mime_type, str) and mime_type else {})


def blob(content: object, mime_type: object, modality: str) -> Json:
    """Base64 content."""
    return {
        "type": "blob",
        "modality": modality,
        "mime_type": words(mime_type) or "application/octet-stream",
        "content": words(content),
    }


def stored(file_id: object, modality: str, name: object = None, mime_type: object = None) -> Json:
    """A file that is kept elsewhere under an id or a name."""
    part: Json = {"type": "file", "modality": modality, "file_id": words(file_id)}
    named = {"name": name, "mime_type": mime_type}
    return part | {key: value for key, value in named.items() if isinstance(value, str) and value}


def attached(name: object, mime_type: object = None, **more: object) -> Json:
    """A file of which an export has the name and little else."""
    return stored(name, modality_of(mime_type), name, mime_type) | {
        key: value for key, value in more.items() if value not in (None, "")
    }
