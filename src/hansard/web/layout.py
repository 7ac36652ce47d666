"""The frame of every screen, and its protection.

The sign-in's cookie, and a token against forged forms.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote

from hansard.errors import Forbidden, Invalid, Unauthenticated
from hansard.http.origin import is_foreign, is_said
from hansard.http.root_path import within
from hansard.http.route import MIB, Route
from hansard.web.local_times import is_known, zone_of
from hansard.web.rendering import Pages, row_height

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.access import Principal
    from hansard.http.call import Call
    from hansard.model import Message, Session

_FIELDS = 1000
_ADDRESS = 4000
_UNSAFE = frozenset(map(chr, range(33))) | {"\\", "\x7f"}
"""What no address of a browser holds: backslashes, blanks and control characters."""
_FORM = "application/x-www-form-urlencoded"
FormHandler = Callable[["Call[Any, Any]", "Form"], Awaitable["Response"]]
Written = Callable[["Session", "Sequence[Message]"], Any]


class Form:
    """The fields of a form that was sent."""

    def __init__(self, body: bytes) -> None:
        try:
            self._fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
        except ValueError as problem:
            raise Invalid("the form cannot be read", code="bad_form") from problem

    def get(self, name: str) -> str:
        """The last value of a field, stripped; empty without one."""
        return next((value.strip() for key, value in reversed(self._fields) if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._fields if key == name]


def cookie_name(call: Call[Any, Any]) -> str:
    """On https a name that only this host can set, for the whole of it.

    Below a root path one that only https can set, since the whole host is not ours.

    On http it has the port, since a browser keeps one set of cookies for all ports of a host.
    """
    if call.scope.get("scheme") == "https":
        return "__Secure-hansard" if call.root_path else "__Host-hansard"
    port = call.headers.get("host").rpartition(":")[2]
    return f"hansard-{port}" if port.isascii() and port.isdigit() else "hansard"


def token_of(call: Call[Any, Any]) -> str:
    return call.headers.cookie(cookie_name(call)) or ""


async def authenticate(call: Call[Any, Any]) -> Principal:
    """Who signed in; the page takes no keys, and the API no cookies.

    The error has the address to come back to as ``next``; empty for a form or a part of a page.
    """
    token = token_of(call)
    if not token:
        raise Unauthenticated("sign in to see this", code="signed_out", next=_own_address(call))
    try:
        return await call.service.sign_ins.check(token)
    except Unauthenticated as problem:
        raise Unauthenticated(
            problem.message, code=problem.code, next=_own_address(call)
        ) from problem


def _own_address(call: Call[Any, Any]) -> str:
    """The path and query of a screen; empty for what no browser shows by itself."""
    if call.route.method != "GET" or call.headers.get("x-fragment"):
        return ""
    own_query = call.scope["query_string"].decode("latin-1")
    return safe_path(call, _own_path(call) + (f"?{own_query}" if own_query else ""))


def _own_path(call: Call[Any, Any]) -> str:
    """The path as it was sent, in which ``%2F`` is a slash of an id."""
    path, sent = call.scope["path"], (call.scope.get("raw_path") or b"").decode("latin-1")
    return quote(sent, safe="/%", encoding="latin-1") if unquote(sent) == path else quote(path)


def sign_in_path(path: str) -> str:
    """The sign-in that leads on to ``path``."""
    return f"/ui/sign-in?next={quote(path, safe='/')}" if path else "/ui/sign-in"


def check_origin(call: Call[Any, Any]) -> None:
    """Forbidden unless the request comes from a page of this very host."""
    if is_foreign(call.headers) or not is_said(call.headers):
        raise Forbidden("this form was sent from another site", code="foreign_origin")


def check_form(call: Call[Any, Any]) -> None:
    """As ``check_origin``; Invalid unless the body says that it is a form, as a browser's does."""
    check_origin(call)
    if call.headers.get("content-type").partition(";")[0].strip().lower() != _FORM:
        raise Invalid(
            f"a sign-in is a form: send {_FORM}",
            code="unsupported_media_type",
            param="Content-Type",
        )


def act(where: str, handler: FormHandler, *, scope: str, body_limit: int = MIB) -> Route:
    """A route that changes something: the request must come from a page of this sign-in."""

    async def guarded(call: Call[Any, Any]) -> Response:
        check_origin(call)
        raw = call.headers.get("content-type").startswith("application/octet-stream")
        form = Form(b"" if raw else call.data)
        proof = call.headers.get("x-csrf-token") or form.get("csrf")
        if not call.service.sign_ins.proves(token_of(call), proof):
            raise Forbidden(
                "this form belongs to an earlier sign-in: go back, reload and try again",
                code="stale_form",
            )
        return await handler(call, form)

    return Route(
        where,
        guarded,
        scope=scope,
        raw_body=True,
        body_limit=body_limit,
        media_type="text/html",
        summary=(handler.__doc__ or "").strip(),
    )


class Layout:
    """Shows templates with what every signed-in page needs."""

    def __init__(self, pages: Pages, written: Written) -> None:
        """``written`` gives a session and its messages as the API shows them, ready for JSON."""
        self.pages = pages
        self.written = written

    async def show(
        self,
        call: Call[Any, Any],
        template: str,
        *,
        nav: str,
        status: int = 200,
        **context: Any,  # noqa: ANN401 - any value
    ) -> Response:
        return await self.pages.page(
            call, template, status=status, **self.around(call, nav), **context
        )

    async def part(self, call: Call[Any, Any], template: str, **context: Any) -> Response:  # noqa: ANN401 - whatever a template shows
        """A piece of a page, for a script that puts it into place."""
        return await self.pages.part(call, template, **self.around(call, ""), **context)

    def around(self, call: Call[Any, Any], nav: str) -> dict[str, Any]:
        principal = call.principal
        return {
            "nav": nav,
            "workspace": principal.workspace_name,
            "scopes": principal.scopes,
            "csrf": call.service.sign_ins.proof(token_of(call)),
            "host": call.base_url,
            "control": control_key(call),
            "zone": zone_of(call),
            "zone_known": is_known(call),
            "row_height": row_height(call),
        }

    @staticmethod
    def curl(call: Call[Any, Any], path: str) -> str:
        """The request that gives the same from the API."""
        return f"curl -H \"Authorization: Bearer $HANSARD_API_KEY\" \\\n  '{call.base_url}{path}'"


def control_key(call: Call[Any, Any]) -> str:
    """What the reader's keyboard has on the key of commands."""
    return "⌘" if "Mac" in call.headers.get("user-agent") else "Ctrl"


def back_to(call: Call[Any, Any], form: Form, default: str) -> str:
    """Where the form wants to return: a path of the page, never another host."""
    return safe_path(call, form.get("back")) or default


def safe_path(call: Call[Any, Any], address: str) -> str:
    """A path of the page; empty for what could lead to another host, and for what is too long."""
    path = within(address, call.root_path)
    is_safe = path.startswith("/ui/") and len(path) <= _ADDRESS and _UNSAFE.isdisjoint(path)
    return path if is_safe else ""
