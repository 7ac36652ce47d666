"""Who calls: a server with a key that names an end user and a workspace, or a browser.

A workspace of assistant-ui is an app of ours: whoever acts in it sees its threads, and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from msgspec import Struct

from hansard.errors import Forbidden, Invalid
from hansard.http.call import Call
from hansard.http.route import Described, Route
from hansard.model.bounds import short
from hansard.service.user_tokens import is_user_token

if TYPE_CHECKING:
    from hansard.access import Principal

USER, WORKSPACE = "Aui-User-Id", "Aui-Workspace-Id"
HEADERS = {
    USER: Described("The end user on whose behalf a server calls; threads get it.", "ada"),
    WORKSPACE: Described(
        "The workspace in which a server acts: the `app` of its sessions. Without it, a key sees"
        " all that it may see.",
        "acme",
    ),
    "Aui-Sdk": Described("The client's name and version, which changes nothing.", "aui-cloud"),
}


class TokenOut(Struct, frozen=True):
    """A token for a browser."""

    example: ClassVar[dict[str, str]] = {"token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…"}

    token: str
    """A JSON Web Token for 15 minutes, shown as `Authorization: Bearer …`. It ends with its key."""


async def identified(call: Call[Any, Any], shown: str | None) -> Principal:
    """The holder of the key or token, narrowed to the workspace that it names."""
    if token := _token(call):
        return await call.service.user_tokens.check(token)
    principal = await call.service.keys.authenticate(shown)
    app, user_id = _named(call, WORKSPACE), _named(call, USER)
    for name, own, named in ((WORKSPACE, principal.app, app), (USER, principal.user_id, user_id)):
        if named is not None and own not in (None, named):
            raise Forbidden(
                f"{name} is {named!r}, and this key is limited to {own!r}",
                code="narrowed_key",
                param=name,
            )
    return msgspec.structs.replace(principal, app=app or principal.app)


def user_of(call: Call[Any, Any]) -> str | None:
    """The end user on whose behalf the caller acts, where it names one."""
    if token := _token(call):
        return call.service.user_tokens.read(token).sub
    return _named(call, USER) or call.principal.user_id


def _token(call: Call[Any, Any]) -> str | None:
    text = call.headers.get("authorization").partition(" ")[2].strip()
    return text if is_user_token(text) else None


def _named(call: Call[Any, Any], name: str) -> str | None:
    return short(call.headers.get(name.lower()), name)


async def create_token(call: Call[None, None]) -> TokenOut:
    """Make a token for the browser of the end user

    A server calls this with its key, for the user and the workspace that it names.
    """
    if _token(call):
        raise Forbidden("a token makes no other token: call with a key", code="key_needed")
    user_id, app = user_of(call), call.principal.app
    if user_id is None or app is None:
        missing = USER if user_id is None else WORKSPACE
        raise Invalid(f"{missing} is missing: say for whom the token is", param=missing)
    return TokenOut(call.service.user_tokens.issue(call.principal, user_id, app))


routes = (
    Route(
        "POST /assistant-ui/v1/auth/tokens",
        create_token,
        scope="sessions:read",
        returns=TokenOut,
        errors={400: "A header is missing."},
    ),
)
