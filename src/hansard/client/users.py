"""The requests of end users."""

from __future__ import annotations

from typing import Any

from hansard.client.requests import Request
from hansard.client.structs import Erasure


def erase(user: str, *, idempotency_key: str | None = None) -> Request[Erasure]:
    """Erase an end user from the workspace for ever.

    A signed receipt, also when there was nothing.
    """
    return Request(
        "DELETE",
        "/v1/users",
        Erasure.of,
        query={"user": user},
        key=idempotency_key,
        renamed={"user_id": "user"},
    )


def erasures(user: str) -> Request[list[Erasure]]:
    """The receipts about an end user, the oldest first."""
    return Request("GET", "/v1/erasures", _several, query={"user": user})


def _several(answer: dict[str, Any]) -> list[Erasure]:
    return [Erasure.of(item) for item in answer["data"]]
