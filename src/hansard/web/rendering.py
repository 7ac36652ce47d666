"""From a template to an answer.

Headers that allow a page only what it needs, gzip, the reader's theme.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from datetime import UTC
from functools import cached_property, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from hansard import __version__
from hansard.http.compression import accepts_gzip
from hansard.web import formatting, local_times
from hansard.web.addresses import below
from hansard.web.assets import Assets

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from jinja2 import Environment
    from jinja2.runtime import Context

    from hansard.http.call import Call

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "
    "'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
    "Vary": "Accept-Encoding, Cookie, X-Fragment",
}
_FOLDER = files("hansard.web") / "templates"
_BREAK = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})|[ \t]*\n\s*", re.DOTALL)
THEMES = ("auto", "light", "dark")
COMPACT = "compact"
"""The height of rows that shows more of them; any other is the usual one."""
_PACK_FROM = 800


def joined(source: str) -> str:
    """A template without the line breaks and indentation that only its readers need.

    A break beside a statement, and one between tags and values, is nothing; any other is a blank.
    A comment, which renders to nothing, keeps the numbers of the lines for Jinja's errors.
    """

    def join(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        before, after = source[: match.start()], source[match.end() :]
        beside = before.endswith("%}") or after.startswith("{%")
        between = before[-1:] in ">}" and after[:1] in "<{"
        return ("" if beside or between else " ") + "{#" + "\n" * match[0].count("\n") + "#}"

    return _BREAK.sub(join, source)


def sources(root_path: str) -> Callable[[str], str | None]:
    """Gives a template by its name, None for an unknown one; its addresses are below the root."""

    def source(name: str) -> str | None:
        file = _FOLDER / name
        if not file.is_file():
            return None
        return below(root_path, joined(file.read_text(encoding="utf-8")))

    return source


def _in_zone(spell: Callable[[int, tzinfo], str], context: Context, us: int) -> str:
    return spell(us, context.get("zone") or UTC)


def _below(root_path: str, markup: Markup) -> Markup:
    """Markup that Python made, with its addresses below the root path."""
    return Markup(below(root_path, markup))  # noqa: S704 - it was markup before


class Pages:
    """Renders the templates; every value is escaped."""

    def __init__(self, assets: Assets, root_path: str = "") -> None:
        self._assets = assets
        self._root_path = root_path

    @cached_property
    def _environment(self) -> Environment:
        # It takes long to load, and a server need not wait for it.
        from jinja2 import (  # noqa: PLC0415 - see above
            Environment,
            FunctionLoader,
            StrictUndefined,
            pass_context,
        )

        environment = Environment(
            loader=FunctionLoader(sources(self._root_path)),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {"static": self._assets.base_path, "version": __version__}
        environment.filters |= formatting.FILTERS | {"utc": local_times.absolute}
        environment.filters["below"] = partial(_below, self._root_path)
        environment.filters |= {
            name: pass_context(partial(_in_zone, spell))
            for name, spell in local_times.SPELLED.items()
        }
        return environment

    def render(self, template: str, **context: Any) -> str:  # noqa: ANN401 - whatever a template shows
        return self._environment.get_template(template).render(context)

    async def page(
        self,
        call: Call[Any, Any],
        template: str,
        *,
        status: int = 200,
        **context: Any,  # noqa: ANN401 - any value
    ) -> Response:
        """As ``page_here``, on a thread: to render and pack a long page takes its time."""
        return await asyncio.to_thread(self.page_here, call, template, status=status, **context)

    async def part(self, call: Call[Any, Any], template: str, **context: Any) -> Response:  # noqa: ANN401 - any value
        """A piece of a page, rendered on a thread."""
        return await asyncio.to_thread(self._part, call, template, context)

    def page_here(
        self,
        call: Call[Any, Any] | None,
        template: str,
        *,
        status: int = 200,
        **context: Any,  # noqa: ANN401 - any value
    ) -> Response:
        """A whole page, in the reader's theme and zone."""
        theme = call.headers.cookie("theme") if call else None
        context["row_height"] = row_height(call) if call else ""
        context.setdefault("zone", local_times.zone_of(call) if call else UTC)
        text = self.render(template, theme=theme if theme in THEMES else "auto", **context)
        return self._html(call, text, status=status)

    def _part(self, call: Call[Any, Any], template: str, context: dict[str, Any]) -> Response:
        return self._html(call, self.render(template, **context))

    def _html(self, call: Call[Any, Any] | None, text: str, *, status: int = 200) -> Response:
        body = text.encode()
        headers = dict(HEADERS)
        if call is not None and len(body) > _PACK_FROM and accepts_gzip(call.headers):
            body = gzip.compress(body, 8, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, status, headers, "text/html; charset=utf-8")


def row_height(call: Call[Any, Any]) -> str:
    """``COMPACT`` for who chose small rows, else empty."""
    return COMPACT if call.headers.cookie("rows") == COMPACT else ""


def see_other(where: str) -> Response:
    """Go and look there: the answer to every form."""
    return RedirectResponse(where, 303, {"Cache-Control": "no-store"})


def wants_fragment(call: Call[Any, Any], name: str) -> bool:
    """Whether a script asks for this part of the page alone."""
    return call.headers.get("x-fragment") == name
