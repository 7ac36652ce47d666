"""What a session's row says of its messages: counts, tokens, times, previews, a title."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hansard.model.message import within_sum
from hansard.store import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.model import Message, Session

PREVIEW, TITLE = 200, 80


def summary(messages: Sequence[Message], texts: Sequence[str]) -> dict[str, Any]:
    """What these messages, whose words are ``texts``, add to their session's row."""
    words = [(message.role, text.strip()) for message, text in zip(messages, texts, strict=True)]
    first = next((text for role, text in words if role == "user" and text), None)
    last = next(
        (text for role, text in reversed(words) if role in {"user", "assistant"} and text), None
    )
    title = title_of(first)
    return {
        "count": len(messages),
        "title": title,
        "title_by": "auto" if title else None,
        **rows.title_values(title),
        "preview": first and clip(first, PREVIEW),
        "last_preview": last and clip(last, PREVIEW),
        "last_role": messages[-1].role,
        "input_tokens": within_sum(sum(message.input_tokens for message in messages)),
        "output_tokens": within_sum(sum(message.output_tokens for message in messages)),
        "cost_nanos": within_sum(sum(message.cost_nanos for message in messages)),
        "first_at": messages[0].created_at,
        "last_at": messages[-1].created_at,
    }


def grown(session: Session, messages: Sequence[Message], texts: Sequence[str]) -> Session:
    """The row of a session that is not stored yet, with these further messages.

    ``texts`` are their words. This is what ``session_extend`` does to a row that is stored.
    """
    if not messages:
        return session
    added = summary(messages, texts)
    title, title_by = session.title, session.title_by
    return msgspec.structs.replace(
        session,
        title=title or added["title"],
        title_by=title_by if title else added["title_by"],
        preview=session.preview or added["preview"],
        last_preview=added["last_preview"] or session.last_preview,
        last_role=added["last_role"],
        input_tokens=session.input_tokens + added["input_tokens"],
        output_tokens=session.output_tokens + added["output_tokens"],
        cost_nanos=session.cost_nanos + added["cost_nanos"],
        message_count=session.message_count + added["count"],
        last_seq=session.last_seq + added["count"],
        first_message_at=session.first_message_at if session.message_count else added["first_at"],
        last_message_at=added["last_at"],
        active_at=added["last_at"],
    )


def title_of(first_user_text: str | None) -> str | None:
    """The title that a session has until somebody gives it a better one."""
    return clip(" ".join(first_user_text.split()), TITLE) or None if first_user_text else None


def clip(text: str, length: int) -> str:
    return text[:length].replace("\x00", "\ufffd")
