"""Health, the OpenAPI documents, and a root page that lists the server's APIs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from hansard import __version__
from hansard.errors import NotFound
from hansard.http.openapi import document
from hansard.http.route import Dialect, Failure, Reply, Route

if TYPE_CHECKING:
    from hansard.http.call import Call


def system(dialects: tuple[Dialect, ...]) -> Dialect:
    """The routes that describe ``dialects``."""
    documents: dict[str, bytes] = {}

    async def rendered(name: str) -> bytes:
        if name not in documents:
            chosen = [dialect for dialect in dialects if name in ("", dialect.name)]
            if not chosen:
                known = ", ".join(dialect.name for dialect in dialects)
                raise NotFound(f"there is no API {name!r}: {known}", code="route_not_found")
            # It reads source files and takes tens of milliseconds: too long for the event loop.
            documents[name] = await asyncio.to_thread(_rendered, chosen, name)
        return documents[name]

    async def health(call: Call[None, None]) -> dict[str, str]:
        """Say that the server is ready and its store answers"""
        await call.service.ping()
        return {"status": "ok", "version": __version__}

    async def whole(_call: Call[None, None]) -> Reply:
        """The OpenAPI document of every API"""
        return Reply(body=await rendered(""))

    async def one_api(call: Call[None, None]) -> Reply:
        """The OpenAPI document of one API, such as native.json"""
        return Reply(body=await rendered(call.path["document"].removesuffix(".json")))

    async def home(call: Call[None, None]) -> Response:
        """Say what runs here; a browser is shown the page instead"""
        if "text/html" in call.headers.get("accept"):
            return RedirectResponse("/ui/", 303, {"Vary": "Accept"})
        return PlainTextResponse(_home(dialects), headers={"Vary": "Accept"})

    return Dialect(
        name="system",
        title="System",
        description="Health and descriptions.",
        prefixes=(),
        routes=(
            Route("GET /healthz", health, public=True, returns=dict[str, str]),
            Route("GET /openapi.json", whole, public=True, returns=dict[str, Any]),
            Route("GET /openapi/{document}", one_api, public=True, returns=dict[str, Any]),
            Route("GET /", home, public=True, media_type="text/plain", returns=str),
        ),
        error=_error,
    )


def _rendered(dialects: list[Dialect], name: str) -> bytes:
    title, description = (
        (dialects[0].title, dialects[0].description)
        if name
        else ("Hansard", "Every API that this server speaks.")
    )
    return msgspec.json.encode(document(dialects, title=title, description=description))


def _error(failure: Failure) -> dict[str, object]:
    return {
        "code": failure.error.code,
        "detail": failure.error.message,
        "status": failure.status,
        "request_id": failure.request_id,
    }


def _home(dialects: tuple[Dialect, ...]) -> str:
    rows = "".join(
        f"  /openapi/{dialect.name}.json\t{dialect.title}: {dialect.description}\n"
        for dialect in dialects
    )
    return (
        f"Hansard {__version__}: the session store for AI agents.\n\n"
        "The page       /ui/\nThe reference  /docs\nHealth         /healthz\n\n"
        f"The APIs that it speaks (all: /openapi.json):\n\n{rows}"
    )
