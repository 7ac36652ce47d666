"""What a session's row says of its messages: counts, tokens, times, previews, a title."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
import regex
from msgspec import Raw

from hansard.model.tool_calls import Tally, ToolCalls, tally_of
from hansard.model.usage import SUMS, within_sum
from hansard.store import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hansard.model import Message, Session

PREVIEW, TITLE = 200, 80
_spent = attrgetter(*SUMS)
_GRAPHEME = regex.compile(r"\X")
_LONGEST_GRAPHEME = 32
_UNTITLED: dict[str, Any] = {"title_folded": None, "untitled": None}
"""For a statement that takes them only for a session without a title."""


def summary(
    messages: Sequence[Message], texts: Sequence[str], *, is_titled: bool = False
) -> dict[str, Any]:
    """What these messages, whose words are ``texts``, add to their session's row.

    One that ``is_titled`` needs no title of them.
    """
    words = [(message.role, text.strip()) for message, text in zip(messages, texts, strict=True)]
    first = next((text for role, text in words if role == "user" and text), None)
    last = next(
        (text for role, text in reversed(words) if role in {"user", "assistant"} and text), None
    )
    title = None if is_titled else title_of(first)
    named = _UNTITLED if is_titled else rows.title_values(title)
    return {
        "count": len(messages),
        "title": title,
        "title_by": "auto" if title else None,
        **named,
        "preview": first and clip(first, PREVIEW),
        "last_preview": last and clip(last, PREVIEW),
        "last_role": messages[-1].role,
        **sums_of(messages),
        "first_at": min(message.created_at for message in messages),
        "last_at": max(message.created_at for message in messages),
    }


def sums_of(messages: Sequence[Message]) -> dict[str, int]:
    """What these messages spent, by field."""
    if len(messages) == 1:
        return dict(zip(SUMS, map(within_sum, _spent(messages[0])), strict=True))
    columns = zip(*map(_spent, messages), strict=True)
    return {
        name: within_sum(total) if total else 0
        for name, total in zip(SUMS, map(sum, columns), strict=True)
    }


def calls_of(calls: Tally) -> dict[str, Any]:
    """The failed calls and the tools of a session as its row has them."""
    return {"failed_calls": calls.failed, "tools": Raw(msgspec.json.encode(calls.tools))}


def grown(
    session: Session,
    messages: Sequence[Message],
    texts: Sequence[str],
    calls: Iterable[ToolCalls | None],
) -> Session:
    """The row of a session that is not stored yet, with these further messages.

    ``texts`` are their words, ``calls`` those of tools.
    """
    return extended(session, messages, texts, tally_of(calls)) if messages else session


def extended(
    session: Session, messages: Sequence[Message], texts: Sequence[str], calls: Tally
) -> Session:
    """What ``session_extend`` makes of a row, one message at least, as the whole row."""
    added = summary(messages, texts)
    title, title_by = session.title, session.title_by
    return msgspec.structs.replace(
        session,
        title=title or added["title"],
        title_by=title_by if title else added["title_by"],
        preview=session.preview or added["preview"],
        last_preview=added["last_preview"] or session.last_preview,
        last_role=added["last_role"],
        **{name: within_sum(getattr(session, name) + added[name]) for name in SUMS if added[name]},
        **calls_of(session.calls.plus(calls)),
        message_count=session.message_count + added["count"],
        last_seq=session.last_seq + added["count"],
        first_message_at=min(added["first_at"], session.first_message_at or added["first_at"]),
        last_message_at=max(added["last_at"], session.last_message_at or 0),
        active_at=max(added["last_at"], session.active_at if session.last_seq else 0),
        used_at=max(added["last_at"], session.used_at),
    )


def title_of(first_user_text: str | None) -> str | None:
    """The title that a session has until somebody gives it a better one."""
    return clip(" ".join(first_user_text.split()), TITLE) or None if first_user_text else None


def clip(text: str, length: int) -> str:
    """The beginning of a text, at most so many code points; no flag or family is cut in two."""
    if len(text) <= length or text[length - 1 : length + 1].isascii():
        return text[:length].replace("\x00", "\ufffd")
    end = start = max(0, text.rfind(" ", 0, length))  # what is before a blank decides nothing here
    for grapheme in _GRAPHEME.finditer(text, start, length + _LONGEST_GRAPHEME):
        if grapheme.end() > length:
            break
        end = grapheme.end()
    return text[: end or length].replace("\x00", "\ufffd")
