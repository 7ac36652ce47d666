"""Citations: the pages that an answer rests on, as parts of their own behind the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hansard.interchange.content.text import Json, text_or_none, words

_NESTED = ("url_citation", "webpage", "source", "web")


def source(url: str, title: object = None, **more: object) -> Json:
    """A page that was cited; ``name`` is its title."""
    named = {"name": title} | more
    kept = {key: value for key, value in named.items() if isinstance(value, str) and value}
    return {"type": "uri", "modality": "source", "uri": url} | kept


def sources_of(citations: object) -> list[Json]:
    """One part for each address among citations of any product, without repeats."""
    pages: dict[str, Json] = {}
    for citation in _flat(citations):
        url = text_or_none(citation.get("url")) or text_or_none(citation.get("uri"))
        if url is not None:
            pages.setdefault(url, source(url, citation.get("title")))
    return list(pages.values())


def cited_text(text: object, citations: object) -> list[Json]:
    """A text part, then its sources; citations without an address stay at the text."""
    part: Json = {"type": "text", "content": words(text)}
    others = [
        citation
        for citation in _flat(citations)
        if not (citation.get("url") or citation.get("uri"))
    ]
    if others:
        part["citations"] = others
    return [part, *sources_of(citations)]


def _flat(citations: object) -> Iterable[dict[str, Any]]:
    for citation in citations if isinstance(citations, list) else []:
        if isinstance(citation, dict):
            inner: Json = next(
                (citation[key] for key in _NESTED if isinstance(citation.get(key), dict)), {}
            )
            yield citation | inner
