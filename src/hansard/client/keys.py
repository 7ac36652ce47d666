"""The requests of keys, and of the workspace that the key belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hansard.client.params import When
from hansard.client.requests import Request, path
from hansard.client.structs import Key, Workspace

DEFAULT_SCOPES = ("sessions:read", "sessions:write")


def create(
    name: str,
    *,
    scopes: Sequence[str] = DEFAULT_SCOPES,
    expires_at: When | None = None,
    user: str | None = None,
    app: str | None = None,
) -> Request[Key]:
    """Create a key, for one end user or application where these are given.

    Its text is in this answer alone: Hansard cannot show it again.
    """
    body = {"name": name, "scopes": scopes, "expires_at": expires_at, "user": user, "app": app}
    return Request("POST", "/v1/keys", Key.of, body=body, repeatable=False)


def listing() -> Request[list[Key]]:
    """The keys of the workspace, revoked ones included."""
    return Request("GET", "/v1/keys", _several)


def rotate(key: str, *, grace_seconds: float = 86_400) -> Request[Key]:
    """Make a key with the same rights; the old one works until the grace period ends."""
    return Request(
        "POST",
        path("keys", key, "rotate"),
        Key.of,
        body={"grace_seconds": grace_seconds},
        repeatable=False,
    )


def revoke(key: str) -> Request[None]:
    """Revoke a key for ever; it is refused within two seconds."""
    return Request("DELETE", path("keys", key), lambda _: None)


def workspace() -> Request[Workspace]:
    """The workspace that the key belongs to."""
    return Request("GET", "/v1/workspace", Workspace.of)


def _several(answer: dict[str, Any]) -> list[Key]:
    return [Key.of(item) for item in answer["data"]]
