"""Grok's data export: ``{conversations: [{conversation, responses: [{response}]}]}``.

Responses are a tree by ``parent_response_id``: the newest leaf ends the session, the rest are
branches.
"""

from __future__ import annotations

from collections.abc import Iterator

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import attached
from hansard.interchange.content.sources import source
from hansard.interchange.content.text import Json, reasoning_part, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.trees import Tree
from hansard.interchange.turns import Span, Turn, lines, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("conversations", "conversation", "responses", "response")

_PLACED = {"id", "conversation_id", "title", "create_time", "modify_time", "user_id"}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    if any(_exchanges(record) for record in shape.objects):
        return None
    return "no record has a conversation with responses"


def _exchanges(record: Json) -> list[Json]:
    """The conversations of a record: those it lists, or the one that it is."""
    listed = record.get("conversations")
    candidates = listed if isinstance(listed, list) else [record]
    return [
        candidate
        for candidate in candidates
        if isinstance(candidate, dict)
        and isinstance(candidate.get("conversation"), dict)
        and isinstance(candidate.get("responses"), list)
    ]


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    for item in values(stream, apart=True):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict) or not (exchanges := _exchanges(item.value)):
            yield Bad(item.number, "no conversation with responses: not an export of Grok")
        else:
            for exchange in exchanges:
                yield from guarded(item.number, _session, item, exchange, rules)


def _session(item: Value, exchange: Json, rules: Rules) -> Iterator[SessionRecord]:
    about = exchange["conversation"]
    responses = [
        node["response"] if isinstance(node.get("response"), dict) else node
        for node in exchange["responses"]
        if isinstance(node, dict)
    ]
    by_key = {
        str(response.get("_id") or response.get("response_id") or f"import:{position}"): response
        for position, response in enumerate(responses)
    }
    turns = {key: _turn(key, response) for key, response in by_key.items()}
    parents = {
        key: parent if isinstance(parent := response.get("parent_response_id"), str) else None
        for key, response in by_key.items()
    }
    if not any(parent in by_key for parent in parents.values()):
        keys = list(by_key)
        parents = dict(zip(keys, [None, *keys], strict=False))
    line, branches = Tree(parents, lambda _: True, lambda key: float(turns[key].at or 0)).split(
        None
    )
    draft = SessionDraft(
        id=own_id(about.get("id") or about.get("conversation_id"), exchange),
        title=text_or_none(about.get("title")),
        channel=rules.channel or "grok",
        agent="grok",
        user_id=text_or_none(about.get("user_id")),
        metadata={
            key: value
            for key, value in about.items()
            if key not in _PLACED and value not in (None, "", [], {})
        },
    )
    started, updated = (moment_of(about.get(key)) for key in ("create_time", "modify_time"))
    yield from sessions(
        item.number,
        draft,
        lines(turns, line, branches),
        rules,
        Span(started=started, updated=updated),
    )


def _turn(key: str, response: Json) -> Turn:
    sender = str(response.get("sender") or "").lower()
    thought = text_or_none(response.get("thinking_trace"))
    pages = (
        response["web_search_results"]
        if isinstance(response.get("web_search_results"), list)
        else []
    )
    files = (
        response["file_attachments"] if isinstance(response.get("file_attachments"), list) else []
    )
    return Turn(
        role="user"
        if sender in {"human", "user"}
        else "assistant"
        if sender in {"assistant", "grok"}
        else response.get("sender"),
        parts=[
            *([reasoning_part(thought)] if thought else []),
            *parts_of(response.get("message")),
            *(
                source(page["url"], page.get("title"))
                for page in pages
                if isinstance(page, dict) and isinstance(page.get("url"), str)
            ),
            *(attached(file) for file in files if isinstance(file, str)),
        ],
        key=key,
        at=moment_of(response.get("create_time")),
        model=response.get("model") if sender not in {"human", "user"} else None,
        metadata={"error": response["error"]} if response.get("error") else {},
        original=response,
    )
