"""The requests of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from hansard.client.documents import checked
from hansard.client.pages import listed
from hansard.client.params import (
    DocumentSet,
    ItemFields,
    NewMessage,
    Role,
    SessionStart,
    UsageFields,
    When,
    known,
)
from hansard.client.requests import Request, path
from hansard.client.structs import Deleted, Message, Page, Rewound


def append(
    session: str,
    *messages: NewMessage,
    expected_seq: int | None = None,
    start: SessionStart | None = None,
    documents: Sequence[DocumentSet] = (),
    idempotency_key: str | None = None,
) -> Request[list[Message]]:
    """Append 1-100 messages in one transaction, durable when this returns.

    A session that is not there is created with the fields of ``start``, which may be empty; without
    ``start`` that is NotFound. ``documents`` are set in the same transaction. Raises Conflict
    ``seq_mismatch`` when the session's last seq is no longer ``expected_seq``.
    """
    for message in messages:
        _check(message)
    body: dict[str, object] = {"messages": messages, "expected_seq": expected_seq}
    if documents:
        body["documents"] = checked(documents)
    if start is not None:
        body["session"] = known(start, SessionStart)
    return Request(
        "POST", path("sessions", session, "messages"), _several, body=body, key=idempotency_key
    )


def listing(  # noqa: PLR0913 - the parameters of the API
    session: str,
    *,
    order: Literal["asc", "desc"] = "asc",
    before: str | int | None = None,
    after: str | int | None = None,
    around: str | int | None = None,
    role: Role | Sequence[Role] = (),
    as_of: When | None = None,
    items: bool = False,
    page_size: int | None = None,
) -> Request[Page[Message]]:
    """The messages of a session; iterating fetches page after page.

    Give at most one of ``before``, ``after`` and ``around``; each takes a message id, a client id
    or a seq. ``as_of`` shows the transcript as it stood at that time, ``items`` the foreign
    originals of messages that have one.
    """
    query = {
        "order": order,
        "before": before,
        "after": after,
        "around": around,
        "role": role,
        "as_of": as_of,
        "items": items or None,
    }
    anchors = ("before", "after", "around")
    where = path("sessions", session, "messages")
    return listed(Message, where, page_size, query, anchors=anchors)


def read(session: str, message: str, *, items: bool = False) -> Request[Message]:
    """One message, by its id or by the client id that it came with; ``items`` shows its item."""
    return Request(
        "GET",
        path("sessions", session, "messages", message),
        Message.of,
        query={"items": items or None},
    )


def named(*client_ids: str, items: bool = False) -> Request[list[Message]]:
    """The messages that have one of 1-100 client ids, whatever session they are of."""
    query = {"client_id": client_ids, "items": items or None}
    return Request("GET", "/v1/messages", _several, query=query)


def rewind(
    session: str,
    *messages: NewMessage,
    after: str | int | None = None,
    count: int | None = None,
    expected_seq: int | None = None,
    idempotency_key: str | None = None,
) -> Request[Rewound]:
    """Take the last messages away for ever, and append ``messages``, in one transaction.

    Either all ``after`` a message (an id, a client id or a seq) go, or the last ``count``; at most
    200. Raises Conflict ``seq_mismatch`` when the session's last seq is not ``expected_seq``.
    """
    for message in messages:
        _check(message)
    return Request(
        "POST",
        path("sessions", session, "messages", "rewind"),
        Rewound.of,
        body={
            "after": after,
            "count": count,
            "expected_seq": expected_seq,
            "messages": messages or None,
        },
        key=idempotency_key,
    )


def edit(
    session: str, message: str, new: NewMessage, *, idempotency_key: str | None = None
) -> Request[Message]:
    """Replace what a message says; it keeps seq, ids and time, and has ``edited_at``."""
    _check(new)
    return Request(
        "PUT",
        path("sessions", session, "messages", message),
        Message.of,
        body=new,
        key=idempotency_key,
    )


def delete(session: str, message: str, *, idempotency_key: str | None = None) -> Request[Deleted]:
    """Delete one message for ever; its seq is never used again."""
    return Request(
        "DELETE", path("sessions", session, "messages", message), Deleted.of, key=idempotency_key
    )


def _several(answer: dict[str, list[dict[str, object]]]) -> list[Message]:
    return [Message.of(item) for item in answer["data"]]


def _check(message: object) -> None:
    """Raise TypeError for what is no message, and for a field that messages do not have."""
    if not isinstance(message, Mapping):
        text = (
            f"a message is a dictionary with role and text, not a {type(message).__name__}: "
            "append(session, first, second) or append(session, *messages)"
        )
        raise TypeError(text)
    known(message, NewMessage)
    known(message.get("usage", {}), UsageFields)
    known(message.get("item", {}), ItemFields)
