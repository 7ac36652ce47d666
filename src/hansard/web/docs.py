"""The API reference: a page for each API and one for the errors, without any script."""

from __future__ import annotations

import asyncio
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from hansard.errors import NotFound
from hansard.http.reference import Reference, reference
from hansard.http.route import Dialect, Route

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call
    from hansard.web.rendering import Pages


class Failing(Struct, frozen=True):
    """A code that an error may have, and its texts; ``…`` stands for what depends on the case."""

    code: str
    status: int
    says: list[str]


class Docs:
    def __init__(self, pages: Pages, dialects: tuple[Dialect, ...]) -> None:
        self._pages = pages
        self._dialects = dialects
        self._references: dict[str, Reference] = {}

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET /docs", self.show, public=True, media_type="text/html"),
            Route("GET /docs/errors", self.errors, public=True, media_type="text/html"),
            Route("GET /docs/{name}", self.show, public=True, media_type="text/html"),
        )

    @cached_property
    def _errors(self) -> dict[str, list[Failing]]:
        return msgspec.json.decode(
            (files("hansard.web") / "errors.json").read_bytes(), type=dict[str, list[Failing]]
        )

    async def errors(self, call: Call[None, None]) -> Response:
        """Show the errors of the native API, each at its code"""
        return await self._pages.page(call, "errors.html", apis=self._dialects, kinds=self._errors)

    async def show(self, call: Call[None, None]) -> Response:
        """Show the reference of one API, of the native one without a name"""
        name = call.path.get("name") or self._dialects[0].name
        dialect = next((dialect for dialect in self._dialects if dialect.name == name), None)
        if dialect is None:
            known = ", ".join(dialect.name for dialect in self._dialects)
            raise NotFound(f"there is no API {name!r}: choose from {known}", code="route_not_found")
        # To read the API, render 300 kB and pack them is too long for the event loop.
        return await asyncio.to_thread(self._page, call, dialect)

    def _page(self, call: Call[None, None], dialect: Dialect) -> Response:
        if dialect.name not in self._references:
            self._references[dialect.name] = reference(dialect)
        return self._pages.page_here(
            call,
            "docs.html",
            apis=self._dialects,
            api=dialect,
            reference=self._references[dialect.name],
        )
