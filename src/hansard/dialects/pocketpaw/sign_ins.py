"""``/api/auth``: a key becomes a sign-in, whose token a browser shows by itself.

The cookie and the session token are tokens of sign-ins of this API alone. They end with their key.
"""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.errors import Forbidden, Invalid, Unauthenticated
from hansard.http.call import Call
from hansard.http.origin import is_foreign
from hansard.http.route import Reply, Route

COOKIE, HOURS, PURPOSE = "pocketpaw_session", 24, "pocketpaw"


class LoginIn(Struct, frozen=True, kw_only=True):
    """A key to sign in with."""

    example: ClassVar[dict[str, str]] = {"token": "hsd_…"}

    token: Any = ""
    """The text of the key."""


class Done(Struct, kw_only=True):
    """That it was done."""

    ok: bool = True
    """Always true."""


class TokenOut(Struct, kw_only=True):
    """The token of a sign-in."""

    example: ClassVar[dict[str, Any]] = {"session_token": "k3v9x0d2mq…", "expires_in_hours": HOURS}

    session_token: str
    """To be shown as a key is, on the routes of this API. It ends with its key."""
    expires_in_hours: int = HOURS
    """The hours until it ends by itself."""


def credential(call: Call[Any, Any]) -> str | None:
    """The key or token where only PocketPaw's clients put it: ``?token=``, else the cookie.

    A browser sends the cookie with every websocket, and with requests from pages on other ports of
    this host. Raises Forbidden for a request from a page of another origin.
    """
    if token := call.query("token"):
        return token
    token = call.headers.cookie(COOKIE)
    if token and is_foreign(call.headers):
        raise Forbidden(
            "this request was sent from a page of another origin: show the key itself",
            code="foreign_origin",
        )
    return token


async def log_in(call: Call[None, LoginIn]) -> Reply:
    """Sign in with a key, which sets a cookie"""
    if is_foreign(call.headers):
        raise Forbidden(
            "this sign-in was sent from a page of another origin", code="foreign_origin"
        )
    if not call.headers.get("content-type"):  # a form of any site can send such a body
        raise Invalid(
            "the body has no Content-Type: send application/json",
            code="unsupported_media_type",
            param="Content-Type",
        )
    return Reply(body=Done(), headers=(_cookie(call, await _token(call, call.body.token), HOURS),))


async def log_out(call: Call[None, None]) -> Reply:
    """Sign out, which removes the cookie"""
    token = credential(call)
    if token is not None:
        await call.service.sign_ins.close(token)
    return Reply(body=Done(), headers=(_cookie(call, '""', 0),))


async def exchange(call: Call[None, None]) -> TokenOut:
    """Exchange a key for the token of a sign-in"""
    scheme, _, key = call.headers.get("authorization").partition(" ")
    return TokenOut(session_token=await _token(call, key if scheme.lower() == "bearer" else ""))


async def _token(call: Call[Any, Any], shown: object) -> str:
    """The token of a new sign-in with this key."""
    key = shown.strip() if isinstance(shown, str) else ""
    try:
        token, _ = await call.service.sign_ins.open(key, PURPOSE, HOURS)
    except Unauthenticated as problem:
        raise Unauthenticated("Invalid access token", code="invalid_token") from problem
    return token


def _cookie(call: Call[Any, Any], value: str, hours: int) -> tuple[str, str]:
    """The header that sets the cookie; its name is the product's, on https as well."""
    is_secure = (
        call.scope.get("scheme") == "https" or call.headers.get("x-forwarded-proto") == "https"
    )
    secure = "; Secure" if is_secure else ""
    flags = f"HttpOnly; Max-Age={hours * 3600}; Path={call.address('/')}; SameSite=lax{secure}"
    return "Set-Cookie", f"{COOKIE}={value}; {flags}"


_REFUSED = "The key is not valid."
_FOREIGN = "The request was sent from a page of another origin."

routes = tuple(
    route
    for path in ("/api/auth", "/api/v1/auth")
    for route in (
        Route(
            f"POST {path}/login",
            log_in,
            public=True,
            body=LoginIn,
            returns=Done,
            errors={401: _REFUSED, 403: _FOREIGN},
        ),
        Route(f"POST {path}/logout", log_out, public=True, returns=Done, errors={403: _FOREIGN}),
        Route(
            f"POST {path}/session",
            exchange,
            public=True,
            returns=TokenOut,
            errors={401: _REFUSED},
        ),
    )
)
