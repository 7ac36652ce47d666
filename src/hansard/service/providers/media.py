"""Images and other media of messages and of tools' answers, in one form for every provider."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Struct

from hansard.model.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

IMAGE_TOKENS = 1500
"""The tokens of an image of unknown size."""
_PIXELS_PER_TOKEN, _LEAST_TOKENS, _MOST_TOKENS = 750, 85, 1600
_DATA_URI = re.compile(r"data:([^;,]*)((?:;[^;,]*)*),", re.IGNORECASE)
_HEAD = 64 * 1024
"""The base64 characters to decode to learn an image's format and size."""
MEDIA = frozenset({"uri", "blob", "file"})


class Media(Struct, frozen=True):
    """An attachment: base64 ``data`` of ``mime_type``, or a ``url``.

    ``label`` replaces it in text.
    """

    mime_type: str
    data: str | None
    url: str | None
    label: str

    @property
    def is_image(self) -> bool:
        return self.mime_type.startswith("image/")

    @property
    def data_uri(self) -> str:
        return f"data:{self.mime_type};base64,{self.data}"


def media_of(part: Part) -> Media | None:
    """The attachment in a part; None when it holds nothing that a provider could load."""
    if part.type == "uri" and part.uri:
        return _from_uri(part.uri, part)
    if part.type == "blob" and isinstance(part.content, str):
        return _from_base64(part.content, part.mime_type or "", part.modality)
    return None


def label_of(part: Part) -> str:
    """The text that replaces an attachment which a provider does not accept."""
    location = part.uri if part.uri and not part.uri.startswith("data:") else None
    name = location or part.file_id or part.mime_type or "attached"
    return f"[{part.modality or part.type}: {name}]"


def media_tokens(part: Part) -> int:
    """The estimated tokens of an attachment, however it is stored."""
    media = media_of(part)
    if media is None:
        return len(label_of(part)) // 4 + 1
    size = _size(_head(media.data)) if media.data else None
    if size is None:
        return IMAGE_TOKENS
    return min(_MOST_TOKENS, max(_LEAST_TOKENS, size[0] * size[1] // _PIXELS_PER_TOKEN))


def answer_parts(response: Any) -> list[Part]:  # noqa: ANN401 - any JSON
    """A tool's answer as text and image parts; without images, as one text."""
    parts = list(_pieces(response))
    if parts and (any(part.type in MEDIA for part in parts) or _is_all_text(response)):
        return parts
    return [Part(type="text", content=text_of(response))]


def text_of(value: Any) -> str:  # noqa: ANN401 - any JSON
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _is_all_text(response: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(response, list) and all(_block_text(block) is not None for block in response)


def _pieces(response: Any) -> Iterable[Part]:  # noqa: ANN401 - any JSON
    if isinstance(response, dict) and isinstance(response.get("content"), list):
        response = response["content"]
    for block in response if isinstance(response, list) else [response]:
        image = _image(block)
        if image is not None:
            yield image
        else:
            text = _block_text(block)
            yield Part(type="text", content=text_of(block) if text is None else text)


def _block_text(block: Any) -> str | None:  # noqa: ANN401 - any JSON
    """The text of a text block in any provider's format."""
    if isinstance(block, dict) and block.get("type") in {"text", "input_text", "output_text"}:
        text = block.get("text", block.get("content"))
        return text if isinstance(text, str) else None
    return None


def _image(block: Any) -> Part | None:  # noqa: ANN401 - any JSON
    """An image in an answer, in the format of Anthropic, OpenAI, Gemini, MCP or Hansard."""
    if isinstance(block, str):
        return _image_at(block) if block.lower().startswith("data:image/") else None
    if not isinstance(block, dict):
        return None
    inline = block.get("inlineData") or block.get("inline_data")
    if isinstance(inline, dict) and str(inline.get("mimeType", "")).startswith("image/"):
        return _image_of(inline.get("data"), inline.get("mimeType"))
    read = _IMAGE_BLOCKS.get(str(block.get("type")))
    return read(block) if read else None


def _anthropic_or_mcp(block: dict[str, Any]) -> Part | None:
    source = block.get("source")
    if not isinstance(source, dict):
        return _image_of(block.get("data"), block.get("mimeType"))
    return _image_at(source.get("url")) or _image_of(source.get("data"), source.get("media_type"))


def _openai(block: dict[str, Any]) -> Part | None:
    url = block.get("image_url")
    return _image_at(url.get("url") if isinstance(url, dict) else url)


def _own(block: dict[str, Any]) -> Part | None:
    if not _is_image(block):
        return None
    return _image_at(block.get("uri")) or _image_of(block.get("content"), block.get("mime_type"))


_IMAGE_BLOCKS: dict[str, Callable[[dict[str, Any]], Part | None]] = {
    "image": _anthropic_or_mcp,
    "image_url": _openai,
    "input_image": _openai,
    "blob": _own,
    "uri": _own,
}


def _is_image(block: dict[str, Any]) -> bool:
    return block.get("modality") == "image" or str(block.get("mime_type")).startswith("image/")


def _image_of(data: object, mime_type: object) -> Part | None:
    if not isinstance(data, str):
        return None
    known = mime_type if isinstance(mime_type, str) else None
    return Part(type="blob", modality="image", content=data, mime_type=known)


def _image_at(url: object) -> Part | None:
    return Part(type="uri", modality="image", uri=url) if isinstance(url, str) and url else None


def _from_uri(uri: str, part: Part) -> Media | None:
    match = _DATA_URI.match(uri)
    if match is None:
        mime_type = part.mime_type or ("image/*" if part.modality == "image" else "")
        return Media(mime_type, None, uri, label_of(part))
    body = uri[match.end() :]
    if ";base64" not in match[2].lower():
        body = base64.b64encode(unquote_to_bytes(body)).decode()
    return _from_base64(body, match[1].lower() or part.mime_type or "", part.modality)


def _from_base64(data: str, mime_type: str, modality: str | None) -> Media | None:
    """The attachment; None when the text is not base64, which every provider refuses."""
    data = "".join(data.split())
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        return None
    if not mime_type or mime_type == "image/*":
        is_image = modality == "image" or mime_type == "image/*"
        mime_type = _sniffed(_head(data)) or ("image/png" if is_image else "")
    return Media(mime_type, data, None, f"[{modality or 'blob'}: {mime_type or 'attached'}]")


def _head(data: str | None) -> bytes:
    """The first bytes of an attachment, enough to know its kind and size."""
    text = (data or "")[:_HEAD]
    try:
        return binascii.a2b_base64(text[: len(text) // 4 * 4])
    except ValueError:
        return b""


def _sniffed(head: bytes) -> str | None:
    kinds: tuple[tuple[bytes, Literal["png", "jpeg", "gif", "webp"]], ...] = (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (b"GIF8", "gif"),
        (b"RIFF", "webp"),
    )
    return next((f"image/{kind}" for magic, kind in kinds if head.startswith(magic)), None)


def _size(head: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, read from the head of a PNG, GIF, WebP or JPEG."""
    if head.startswith(b"\x89PNG") and len(head) >= 24:  # noqa: PLR2004 - the end of its header
        return int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if head.startswith(b"GIF8") and len(head) >= 10:  # noqa: PLR2004 - as above
        return int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
    if head.startswith(b"RIFF") and head[12:16] == b"VP8X" and len(head) >= 30:  # noqa: PLR2004 - as above
        return (
            int.from_bytes(head[24:27], "little") + 1,
            int.from_bytes(head[27:30], "little") + 1,
        )
    return _jpeg_size(head) if head.startswith(b"\xff\xd8") else None


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """The size in a JPEG's start-of-frame segment; None when it lies beyond the head."""
    at = 2
    while at + 9 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - JPEG's marker
        marker, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 - start of frame
            return int.from_bytes(head[at + 7 : at + 9]), int.from_bytes(head[at + 5 : at + 7])
        at += 2 + length
    return None
