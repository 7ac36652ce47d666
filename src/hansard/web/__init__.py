"""The page: what agents said to whom, for people.

It calls the service's verbs as the API does and has no rules of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from hansard.errors import Unauthenticated
from hansard.http.route import Dialect, Route
from hansard.web import live
from hansard.web.actions import Actions
from hansard.web.annotations import Annotations
from hansard.web.assets import Assets
from hansard.web.attention import Attention
from hansard.web.columns import Columns
from hansard.web.compare import Compare
from hansard.web.discovery import Discoveries
from hansard.web.docs import Docs
from hansard.web.insights import Insights
from hansard.web.keys import Keys
from hansard.web.layout import (
    Form,
    Layout,
    authenticate,
    back_to,
    check_origin,
    control_key,
    sign_in_path,
)
from hansard.web.local_times import IN_UTC, is_in_utc
from hansard.web.offers import NOTHING
from hansard.web.rendering import COMPACT, THEMES, Pages, row_height, see_other
from hansard.web.sessions import Sessions
from hansard.web.settings import Settings
from hansard.web.sign_ins import SignIn
from hansard.web.transfers import Transfers
from hansard.web.users import Users
from hansard.web.webhooks import Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from hansard.http.call import Call
    from hansard.http.route import Failure
    from hansard.web.layout import Written
    from hansard.web.offers import Offers

_HEADINGS = {
    400: "Check what was sent",
    401: "Sign in again",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Changed in the meantime",
    413: "Too large",
    415: "Check what was sent",
    429: "Slow down",
    503: "Temporarily unavailable",
}
_HEADINGS_BY_CODE = {"setup_gone": "Link already used"}
_YEAR = 365 * 86_400


def web(
    dialects: tuple[Dialect, ...],
    written: Written,
    offers: Offers = NOTHING,
    root_path: str = "",
) -> Dialect:
    """The routes of the page, below ``root_path`` for those who read it.

    ``written`` is how the API shows a session and its messages.
    ``/ui``, ``/s`` (shared sessions) and ``/docs`` (reference of ``dialects``).
    """
    pages = Pages(assets := Assets(root_path), root_path)
    layout = Layout(pages, written)
    discoveries = Discoveries(layout, offers.discovery)
    sessions = Sessions(layout, discoveries)
    actions = Actions(layout, sessions)

    return Dialect(
        name="web",
        title="Page",
        description="The page for people.",
        prefixes=("/ui", "/s/", "/docs"),
        routes=(
            *assets.routes,
            *_looks(),
            *_help(pages),
            *SignIn(layout, discoveries, offers.demo).routes,
            *sessions.routes,
            *Columns(layout).routes,
            *discoveries.routes,
            *actions.routes,
            *Annotations(actions).routes,
            *Attention(layout).routes,
            *Users(layout).routes,
            *Compare(layout).routes,
            *live.routes,
            *Insights(layout).routes,
            *Keys(layout).routes,
            *Transfers(layout, discoveries).routes,
            *Settings(layout).routes,
            *Webhooks(layout).routes,
            *Docs(pages, dialects).routes,
        ),
        error=_failing(pages),
        error_type="text/html",
        authenticate=authenticate,
    )


def _failing(pages: Pages) -> Callable[[Failure], Response]:
    """Shows an error as a page; who is not signed in is led to where one signs in."""

    def error(failure: Failure) -> Response:
        if isinstance(failure.error, Unauthenticated):
            return see_other(sign_in_path(str(failure.error.extra.get("next", ""))))
        heading = _HEADINGS_BY_CODE.get(failure.error.code) or _HEADINGS.get(
            failure.status, "Something went wrong"
        )
        message, param = failure.error.message, failure.error.param
        if not (param and message.startswith(param)):  # a name is written as it is
            message = message[:1].upper() + message[1:]
        return pages.page_here(
            None,
            "error.html",
            status=failure.status,
            heading=heading,
            message=message,
            code=failure.error.code,
            request_id=failure.request_id,
        )

    return error


def _looks() -> tuple[Route, ...]:
    async def switch_theme(call: Call[None, None]) -> Response:
        """The next theme: as the system, light, dark"""
        check_origin(call)
        now = call.headers.cookie("theme")
        following = THEMES[(THEMES.index(now) + 1) % len(THEMES)] if now in THEMES else "light"
        answer = see_other(back_to(call, Form(call.data), "/ui/"))
        answer.set_cookie("theme", following, max_age=_YEAR, path=call.address("/"), samesite="lax")
        return answer

    async def switch_rows(call: Call[None, None]) -> Response:
        """The other height of the list's rows"""
        check_origin(call)
        answer = see_other(back_to(call, Form(call.data), "/ui/"))
        rows = "" if row_height(call) else COMPACT
        answer.set_cookie("rows", rows, max_age=_YEAR, path=call.address("/"), samesite="lax")
        return answer

    async def switch_zone(call: Call[None, None]) -> Response:
        """Times in UTC, or again in the reader's own zone"""
        check_origin(call)
        answer = see_other("/ui/settings#times")
        chosen = "" if is_in_utc(call) else "yes"
        answer.set_cookie(IN_UTC, chosen, max_age=_YEAR, path=call.address("/"), samesite="lax")
        return answer

    form: dict[str, Any] = {"public": True, "raw_body": True, "media_type": "text/html"}
    return (
        Route("POST /ui/theme", switch_theme, **form),
        Route("POST /ui/rows", switch_rows, **form),
        Route("POST /ui/zone", switch_zone, **form),
    )


def _help(pages: Pages) -> tuple[Route, ...]:
    async def keys(call: Call[None, None]) -> Response:
        """The keys of the keyboard"""
        return await pages.part(call, "help.html", control=control_key(call))

    return (Route("GET /ui/help", keys, public=True, media_type="text/html"),)
