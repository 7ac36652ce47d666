"""The requests of notes and scores."""

from __future__ import annotations

from hansard.client.pages import listed
from hansard.client.requests import Request, path
from hansard.client.structs import Deleted, Note, Page, Score


def add(
    session: str,
    text: str,
    *,
    message: str | int | None = None,
    author: str | None = None,
    idempotency_key: str | None = None,
) -> Request[Note]:
    """Write a note on a session, or on the ``message`` with this id or seq."""
    body = {"text": text, "message": message, "author": author}
    return Request(
        "POST", path("sessions", session, "notes"), Note.of, body=body, key=idempotency_key
    )


def listing(session: str) -> Request[Page[Note]]:
    """The notes of a session and of its messages, the oldest first."""
    return listed(Note, path("sessions", session, "notes"), None, {})


def delete(session: str, note: str) -> Request[Deleted]:
    """Delete a note for ever."""
    return Request("DELETE", path("sessions", session, "notes", note), Deleted.of)


def score(  # noqa: PLR0913 - the fields of the API
    session: str,
    name: str,
    value: float | None = None,
    *,
    label: str | None = None,
    comment: str | None = None,
    message: str | int | None = None,
    author: str | None = None,
    idempotency_key: str | None = None,
) -> Request[Score]:
    """Give a session, or a message of it, a number, a label or both.

    It replaces the author's last score of that name.
    """
    body = {
        "name": name,
        "value": value,
        "label": label,
        "comment": comment,
        "message": message,
        "author": author,
    }
    return Request(
        "POST", path("sessions", session, "scores"), Score.of, body=body, key=idempotency_key
    )


def scores(session: str) -> Request[Page[Score]]:
    """The scores of a session and of its messages, the oldest first."""
    return listed(Score, path("sessions", session, "scores"), None, {})


def delete_score(session: str, score: str) -> Request[Deleted]:
    """Delete a score for ever."""
    return Request("DELETE", path("sessions", session, "scores", score), Deleted.of)
