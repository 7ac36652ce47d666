"""``/v1/keys``: create, list, rotate, revoke the keys of the caller's workspace."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hansard.http.call import Call
from hansard.http.fields import Moment, us
from hansard.http.route import Route
from hansard.model import Key
from hansard.model.times import rfc3339
from hansard.service.keys import DEFAULT_SCOPES


class KeyIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``user`` and ``app`` narrow the key to one end user or application."""

    example: ClassVar[dict[str, Any]] = {
        "name": "worker",
        "scopes": ["sessions:read", "sessions:write"],
    }

    name: str
    scopes: tuple[str, ...] = DEFAULT_SCOPES
    expires_at: Moment | None = None
    user: str | None = None
    app: str | None = None


class RotateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: ClassVar[dict[str, Any]] = {"grace_seconds": 3600}

    grace_seconds: Annotated[
        float, Meta(ge=0, le=30 * 86_400, description="how long the old key still works")
    ] = 86_400


class KeyOut(Struct, frozen=True, kw_only=True):
    """``key`` is there once, when the key is made."""

    id: str
    name: str
    scopes: list[str]
    user: str | None
    app: str | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None
    key: str | UnsetType = UNSET


class KeyList(Struct, frozen=True, kw_only=True):
    data: list[KeyOut]
    has_more: bool = False
    next_cursor: str | None = None


class KeyRevoked(Struct, frozen=True, kw_only=True):
    id: str
    revoked: bool


async def create_key(call: Call[None, KeyIn]) -> KeyOut:
    """Create a key; its text is in this answer and nowhere else, ever"""
    given = call.body
    text, key = await call.service.keys.create(
        call.principal,
        given.name,
        given.scopes,
        expires_at=us(given.expires_at),
        user_id=given.user,
        app=given.app,
    )
    return key_out(key, text)


async def list_keys(call: Call[None, None]) -> KeyList:
    """List the keys of the workspace, revoked ones included"""
    return KeyList(data=[key_out(key) for key in await call.service.keys.list(call.principal)])


async def rotate_key(call: Call[None, RotateIn]) -> KeyOut:
    """Make a key with the same rights; the old one works until the grace period ends"""
    text, key = await call.service.keys.rotate(
        call.principal, call.path["key_id"], grace_us=round(call.body.grace_seconds * 1_000_000)
    )
    return key_out(key, text)


async def revoke_key(call: Call[None, None]) -> KeyRevoked:
    """Revoke a key for ever, within two seconds"""
    await call.service.keys.revoke(call.principal, call.path["key_id"])
    return KeyRevoked(id=call.path["key_id"], revoked=True)


def key_out(key: Key, text: str | None = None) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=[*key.scopes],
        user=key.user_id,
        app=key.app,
        created_at=rfc3339(key.created_at),
        expires_at=_time(key.expires_at),
        last_used_at=_time(key.last_used_at),
        revoked_at=_time(key.revoked_at),
        key=text or UNSET,
    )


def _time(us: int | None) -> str | None:
    return None if us is None else rfc3339(us)


routes = (
    Route("POST /v1/keys", create_key, scope="keys:admin", body=KeyIn, returns=KeyOut, status=201),
    Route("GET /v1/keys", list_keys, scope="keys:admin", returns=KeyList),
    Route(
        "POST /v1/keys/{key_id}/rotate",
        rotate_key,
        scope="keys:admin",
        body=RotateIn,
        returns=KeyOut,
        status=201,
    ),
    Route("DELETE /v1/keys/{key_id}", revoke_key, scope="keys:admin", returns=KeyRevoked),
)
