"""SillyTavern's chats in ``.jsonl``.

A header ``{user_name, character_name}``, then one message a line.

- ``is_system`` hides a message from the model: it is a system message;
- what ``swipes`` hold beside the one that was chosen is kept in the message's metadata;
- ``send_date`` is read in each of the spellings that the program has had.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from hansard.interchange.content import parts_of
from hansard.interchange.content.text import Json, reasoning_part, text_or_none
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Span, Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("user_name", "character_name", "mes", "is_user", "send_date", "swipes")


class _Chat(Struct):
    number: int
    header: Json
    messages: list[Json] = field(default_factory=list)


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    return shape.lacks("mes", "is_user")


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    chats: list[_Chat] = []
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict):
            yield Bad(item.number, "not a line of SillyTavern: no object")
        else:
            _take(chats, item)
    for chat in chats:
        if chat.messages:
            yield from guarded(chat.number, _session, document, chat, rules)


def _take(chats: list[_Chat], item: Value) -> None:
    line: Json = item.value
    if "mes" in line:
        if not chats:
            chats.append(_Chat(item.number, {}))
        chats[-1].messages.append(line)
    else:
        chats.append(_Chat(item.number, line))


def _session(document: Document, chat: _Chat, rules: Rules) -> Iterator[SessionRecord]:
    header = chat.header
    character = text_or_none(header.get("character_name"))
    about = header["chat_metadata"] if isinstance(header.get("chat_metadata"), dict) else {}
    first = [chat.messages[0].get("send_date"), chat.messages[0].get("mes")]
    draft = SessionDraft(
        id=own_id(about.get("integrity"), [character, header.get("create_date"), first]),
        title=document.stem if document.chosen and document.size is not None else None,
        channel=rules.channel or "sillytavern",
        agent=character if character != "unused" else None,
        user_id=None,
        metadata={key: value for key, value in header.items() if value not in (None, "", {}, [])},
    )
    started = moment_of(header.get("create_date"), rules.zone)
    yield from sessions(
        chat.number,
        draft,
        [_turn(message, rules) for message in chat.messages],
        rules,
        Span(started=started),
    )


def _turn(message: Json, rules: Rules) -> Turn:
    extra = message["extra"] if isinstance(message.get("extra"), dict) else {}
    thought = text_or_none(extra.get("reasoning"))
    hidden = message.get("is_system") is True
    return Turn(
        role="system" if hidden else "user" if message.get("is_user") is True else "assistant",
        parts=[*([reasoning_part(thought)] if thought else []), *parts_of(message.get("mes"))],
        at=moment_of(message.get("send_date"), rules.zone),
        model=extra.get("model"),
        output_tokens=0 if message.get("is_user") else extra.get("token_count"),
        metadata=_kept(message),
        original=message,
    )


def _kept(message: Json) -> Json:
    """Who spoke, and the answers that were swiped away."""
    swipes = message["swipes"] if isinstance(message.get("swipes"), list) else []
    chosen = message.get("swipe_id", 0)
    others = [
        text for index, text in enumerate(swipes) if index != chosen and text != message.get("mes")
    ]
    kept = {
        "name": message.get("name"),
        "swipes": others,
        "hidden": message.get("is_system") is True,
    }
    return {key: value for key, value in kept.items() if value}
