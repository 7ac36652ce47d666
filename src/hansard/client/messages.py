"""The requests of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from hansard.client.pages import listed
from hansard.client.params import NewMessage, Role, UsageFields, When, known
from hansard.client.requests import Request, path
from hansard.client.structs import Deleted, Message, Page


def append(
    session: str,
    *messages: NewMessage,
    expected_seq: int | None = None,
    idempotency_key: str | None = None,
) -> Request[list[Message]]:
    """Append 1-100 messages in one transaction, durable when this returns.

    Raises Conflict ``seq_mismatch`` when the session's last seq is no longer ``expected_seq``.
    """
    for message in messages:
        _check(message)
    body = {"messages": messages, "expected_seq": expected_seq}
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
    page_size: int | None = None,
) -> Request[Page[Message]]:
    """The messages of a session; iterating fetches page after page.

    Give at most one of ``before``, ``after`` and ``around``; each takes a message id, a client id
    or a seq. ``as_of`` shows the transcript as it stood at that time.
    """
    query = {
        "order": order,
        "before": before,
        "after": after,
        "around": around,
        "role": role,
        "as_of": as_of,
    }
    return listed(Message, path("sessions", session, "messages"), page_size, query)


def read(session: str, message: str) -> Request[Message]:
    """One message, by its id or by the client id that it came with."""
    return Request("GET", path("sessions", session, "messages", message), Message.of)


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
