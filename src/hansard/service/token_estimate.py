"""Estimates of model tokens, and cutting texts to a token budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hansard.service.providers.media import MEDIA, answer_parts, label_of, media_tokens, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model.parts import Part

PER_MESSAGE = 4
_PER_TOKEN = 4
_LEAST = 16
"""The tokens that a text keeps, however small the budget."""


def estimate(text: str) -> int:
    """The tokens of a text: one for four ASCII characters, one for each other character.

    >>> estimate("four"), estimate("東京")
    (1, 2)
    """
    ascii_only = len(text.encode("ascii", "ignore"))
    return -(-ascii_only // _PER_TOKEN) + len(text) - ascii_only


def part_tokens(part: Part) -> int:
    """The tokens of a part; an image counts by its size, not by its bytes."""
    if part.type in MEDIA:
        return media_tokens(part)
    if part.type == "tool_call_response":
        return sum(map(_piece_tokens, answer_parts(part.response)))
    values = (part.name, part.content, part.arguments, part.response, part.refusal)
    return estimate(" ".join(text_of(value) for value in values if value is not None))


def _piece_tokens(piece: Part) -> int:
    return media_tokens(piece) if piece.type in MEDIA else estimate(piece.content)


def share(sizes: Sequence[int], budget: int) -> int:
    """The most tokens that each text may keep, so that all together fit into ``budget``."""
    left, texts = budget, len(sizes)
    for size in sorted(sizes):
        if size * texts > left:
            return max(_LEAST, left // texts)
        left -= size
        texts -= 1
    return max(_LEAST, *sizes) if sizes else _LEAST


def shorten(part: Part, most: int) -> Part:
    """The part with its texts cut to ``most`` tokens in all; unchanged when it fits.

    Arguments stay a JSON object. An answer becomes text. An attachment becomes its label.
    """
    if part_tokens(part) <= most:
        return part
    match part.type:
        case "tool_call":
            return _replace(part, arguments=_shorter_object(part.arguments, most))
        case "tool_call_response":
            return _replace(part, response=_shorter_answer(part.response, most))
        case "uri" | "blob" | "file":
            return _replace(part, type="text", content=label_of(part))
        case "refusal" if isinstance(part.refusal, str):
            return _replace(part, refusal=cut(part.refusal, most))
    return _replace(part, content=cut(text_of(part.content), most))


def cut(text: str, most: int) -> str:
    """The text with its middle cut out, so that about ``most`` tokens stay."""
    size = estimate(text)
    if size <= most:
        return text
    kept = max(2, len(text) * most // size)
    while True:
        head, tail = text[: kept - kept // 2], text[len(text) - kept // 2 :]
        shorter = f"{head}\n[… {len(text) - kept:,} characters left out …]\n{tail}"
        if estimate(shorter) <= most or kept <= _PER_TOKEN:
            return shorter if len(shorter) < len(text) else text[: most * _PER_TOKEN]
        kept = kept * 4 // 5


def _shorter_answer(response: Any, most: int) -> str:  # noqa: ANN401 - any JSON
    pieces = answer_parts(response)
    return cut("\n".join(_piece_text(piece) for piece in pieces), most)


def _piece_text(piece: Part) -> str:
    return label_of(piece) if piece.type in MEDIA else str(piece.content)


def _shorter_object(arguments: Any, most: int) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The arguments with long strings cut; as one string when that is not enough."""
    value = arguments
    if isinstance(arguments, str):
        try:
            value = msgspec.json.decode(arguments)
        except msgspec.DecodeError:
            value = arguments
    if isinstance(value, dict):
        limit = share([estimate(text) for text in _strings(value)], most // 2)
        shorter = _cut_strings(value, limit)
        if estimate(text_of(shorter)) <= most:
            return dict(shorter)
    return {"value": cut(text_of(value), most)}


def _strings(value: Any) -> Iterable[str]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


def _cut_strings(value: Any, most: int) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        return cut(value, most)
    if isinstance(value, dict):
        return {name: _cut_strings(inner, most) for name, inner in value.items()}
    return [_cut_strings(inner, most) for inner in value] if isinstance(value, list) else value


def _replace(part: Part, **fields: Any) -> Part:  # noqa: ANN401 - the fields of a part
    shorter: Part = msgspec.structs.replace(part, **fields)
    return shorter
