"""``/api/auth``: a key becomes a cookie, so that a browser shows it by itself; and where else a key may stand."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.errors import Forbidden, Unauthenticated
from hansard.http.call import Call
from hansard.http.origin import is_foreign
from hansard.http.route import Reply, Route

COOKIE, HOURS = "pocketpaw_session", 24


class LoginIn(Struct, frozen=True, kw_only=True):
    example: ClassVar[dict[str, str]] = {"token": "hsd_…"}

    token: Any = ""


class Done(Struct, kw_only=True):
    ok: bool = True


class TokenOut(Struct, kw_only=True):
    session_token: str
    expires_in_hours: int = HOURS


def credential(call: Call[Any, Any]) -> str | None:
    """The key where only PocketPaw's clients put it: ``?token=``, else the sign-in's cookie.

    A browser sends the cookie along with what other ports of this host ask for, and with every websocket: Forbidden then.
    """
    if token := call.query("token"):
        return token
    key = call.headers.cookie(COOKIE)
    if key and is_foreign(call.headers):
        raise Forbidden(
            "this request was sent from a page of another origin: show the key itself",
            code="foreign_origin",
        )
    return key


async def log_in(call: Call[None, LoginIn]) -> Reply:
    """Check a key and set the cookie that shows it"""
    key = await _checked(call, call.body.token)
    secure = (
        "; Secure"
        if call.scope.get("scheme") == "https" or call.headers.get("x-forwarded-proto") == "https"
        else ""
    )
    cookie = f"{COOKIE}={key}; HttpOnly; Max-Age={HOURS * 3600}; Path=/; SameSite=lax{secure}"
    return Reply(body=Done(), headers=(("Set-Cookie", cookie),))


async def log_out(_call: Call[None, None]) -> Reply:
    """Take the cookie back"""
    return Reply(
        body=Done(), headers=(("Set-Cookie", f'{COOKIE}=""; Max-Age=0; Path=/; SameSite=lax'),)
    )


async def exchange(call: Call[None, None]) -> TokenOut:
    """Give a dashboard that was opened with a key the token that it works with: the same key"""
    scheme, _, key = call.headers.get("authorization").partition(" ")
    return TokenOut(session_token=await _checked(call, key if scheme.lower() == "bearer" else ""))


async def _checked(call: Call[Any, Any], shown: object) -> str:
    key = shown.strip() if isinstance(shown, str) else ""
    try:
        await call.service.keys.authenticate(key)
    except Unauthenticated as problem:
        raise Unauthenticated("Invalid access token", code="invalid_token") from problem
    return key


routes = tuple(
    one
    for at in ("/api/auth", "/api/v1/auth")
    for one in (
        Route(f"POST {at}/login", log_in, public=True, body=LoginIn, returns=Done),
        Route(f"POST {at}/logout", log_out, public=True, returns=Done),
        Route(f"POST {at}/session", exchange, public=True, returns=TokenOut),
    )
)
