"""Sign in with a key, sign out, and the first run's link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.responses import Response

from hansard.errors import Error, NotFound, Unauthenticated
from hansard.http.route import Route
from hansard.model import SessionFilter
from hansard.service.sign_ins import PAGE_HOURS, SETUP
from hansard.web.layout import Form, Layout, act, check_form, cookie_name, safe_path, token_of
from hansard.web.rendering import see_other

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hansard.access import Principal
    from hansard.http.call import Call
    from hansard.service import Service
    from hansard.web.discovery import Discoveries

    Demo = Callable[[Service, Principal], Awaitable[None]]

_BODY = 10_000


class SignIn:
    """``demo`` fills a workspace with sessions to look at, where the first run offers that."""

    def __init__(self, layout: Layout, discoveries: Discoveries, demo: Demo | None) -> None:
        self._layout = layout
        self._discoveries = discoveries
        self._demo = demo

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /ui/sign-in", self.ask, public=True, media_type="text/html"),
            Route(
                "POST /ui/sign-in",
                self.sign_in,
                public=True,
                raw_body=True,
                body_limit=_BODY,
                media_type="text/html",
            ),
            Route("GET /ui/setup", self.welcome, public=True, media_type="text/html"),
            Route(
                "POST /ui/setup",
                self.set_up,
                public=True,
                raw_body=True,
                body_limit=_BODY,
                media_type="text/html",
            ),
            act("POST /ui/sign-out", self.sign_out, scope="sessions:read"),
        )

    async def ask(self, call: Call[None, None]) -> Response:
        """Ask for a key"""
        return await self._layout.pages.page(
            call, "sign_in.html", problem="", next=safe_path(call, call.query("next") or "")
        )

    async def sign_in(self, call: Call[None, None]) -> Response:
        """Sign in with a key"""
        check_form(call)
        form = Form(call.data)
        path = safe_path(call, form.get("next") or call.query("next") or "")
        try:
            token, _ = await call.service.sign_ins.open(form.get("key"))
        except Unauthenticated:
            problem = (
                "That key is not valid here. Keys start with hsd_; check that you copied all of it."
            )
            return await self._layout.pages.page(
                call, "sign_in.html", status=401, problem=problem, next=path
            )
        return with_cookie(call, see_other(_at_message(path) or "/ui/"), token)

    async def sign_out(self, call: Call[None, None], _form: Form) -> Response:
        """Sign out"""
        await call.service.sign_ins.close(token_of(call))
        answer = see_other("/ui/sign-in")
        answer.delete_cookie(
            cookie_name(call),
            path=call.address("/"),
            secure=call.scope.get("scheme") == "https",
            httponly=True,
            samesite="lax",
        )
        return answer

    async def welcome(self, call: Call[None, None]) -> Response:
        """Greet whoever has the first run's link"""
        token = call.query("token") or ""
        principal = await self._invited(call, token)
        return await self._layout.pages.page(
            call,
            "setup.html",
            token=token,
            name=principal.workspace_name,
            has_demo=self._demo is not None,
            discovers=self._discoveries.is_offered(call, principal),
            looks=False,
            is_new=not await call.service.sessions.count(principal, SessionFilter()),
            problem="",
        )

    async def set_up(self, call: Call[None, None]) -> Response:
        """Name the workspace, fill it with a demonstration if wanted, and sign in: once"""
        check_form(call)
        form = Form(call.data)
        principal = await self._invited(call, form.get("token"))
        try:
            await call.service.workspaces.update(
                principal.workspace_id, name=form.get("name") or principal.workspace_name
            )
        except Error as problem:
            return await self._layout.pages.page(
                call,
                "setup.html",
                status=400,
                token=form.get("token"),
                name=form.get("name"),
                has_demo=self._demo is not None,
                discovers=self._discoveries.is_offered(call, principal),
                looks=bool(form.get("own")),
                is_new=bool(form.get("demo")),
                problem=problem.message,
            )
        token, principal = await self._claim(call, form.get("token"))
        if self._demo is not None and form.get("demo"):
            await self._demo(call.service, principal)
        looks = form.get("own") and self._discoveries.is_offered(call, principal)
        return with_cookie(call, see_other("/ui/transfers#own" if looks else "/ui/"), token)

    @staticmethod
    async def _invited(call: Call[None, None], token: str) -> Principal:
        try:
            return await call.service.sign_ins.check(token, SETUP)
        except Unauthenticated as problem:
            raise NotFound(
                "this setup link was already used, or is older than an hour: sign in with a key "
                "instead",
                code="setup_gone",
            ) from problem

    async def _claim(self, call: Call[None, None], token: str) -> tuple[str, Principal]:
        try:
            return await call.service.sign_ins.claim(token)
        except Unauthenticated as problem:
            raise NotFound(
                "this setup link was already used: sign in with a key instead", code="setup_gone"
            ) from problem


def _at_message(path: str) -> str:
    """The address with the message that it names as its fragment, which no form sends."""
    seq = dict(parse_qsl(path.partition("?")[2])).get("at", "")
    return f"{path}#m{seq}" if seq.isascii() and seq.isdigit() and "#" not in path else path


def with_cookie(call: Call[Any, Any], answer: Response, token: str) -> Response:
    secure = call.scope.get("scheme") == "https"
    answer.set_cookie(
        cookie_name(call),
        token,
        max_age=PAGE_HOURS * 3600,
        path=call.address("/"),
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return answer
