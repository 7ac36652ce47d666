"""Health, metrics, the OpenAPI documents, and a root page that lists the server's APIs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from hansard import __version__
from hansard.errors import NotFound
from hansard.http.openapi import document
from hansard.http.route import Dialect, Reply, Route
from hansard.metrics import CONTENT_TYPE, Metrics

if TYPE_CHECKING:
    from hansard.http.call import Call


class Documents:
    """The OpenAPI documents, each rendered when it is first asked for."""

    def __init__(self, dialects: tuple[Dialect, ...], root_path: str) -> None:
        self._dialects = dialects
        self._root_path = root_path
        self._rendered: dict[str, bytes] = {}

    async def rendered(self, name: str) -> bytes:
        """The document of the API of this name, of all without one; NotFound."""
        if name not in self._rendered:
            chosen = [dialect for dialect in self._dialects if name in ("", dialect.name)]
            if not chosen:
                known = ", ".join(dialect.name for dialect in self._dialects)
                raise NotFound(
                    f"there is no API {name!r}: choose from {known}", code="route_not_found"
                )
            # It reads source files and takes tens of milliseconds: too long for the event loop.
            self._rendered[name] = await asyncio.to_thread(_rendered, chosen, name, self._root_path)
        return self._rendered[name]


def system(
    dialects: tuple[Dialect, ...],
    metrics: Metrics,
    *,
    open_metrics: bool = False,
    root_path: str = "",
) -> Dialect:
    """The routes that describe ``dialects`` and the server; ``open_metrics`` asks for no key.

    They fail as the first of the dialects does, which is the native API.
    """
    native = dialects[0]
    documents = Documents(dialects, root_path)

    async def show_metrics(call: Call[None, None]) -> Reply:
        """The metrics of this server in Prometheus' text format"""
        facts = await call.service.health.facts()
        return Reply(body=await asyncio.to_thread(metrics.text, facts))

    async def whole(_call: Call[None, None]) -> Reply:
        """The OpenAPI document of every API"""
        return Reply(body=await documents.rendered(""))

    async def openapi_document(call: Call[None, None]) -> Reply:
        """The OpenAPI document of one API, such as native.json"""
        name = call.path["document"].removesuffix(".json")
        return Reply(body=await documents.rendered(name))

    async def home(call: Call[None, None]) -> Response:
        """Say what runs here; a browser is shown the page instead"""
        if "text/html" in call.headers.get("accept"):
            return RedirectResponse("/ui/", 303, {"Vary": "Accept"})
        return PlainTextResponse(_home(dialects, root_path), headers={"Vary": "Accept"})

    return Dialect(
        name="system",
        title="System",
        description="Health, metrics and descriptions.",
        prefixes=(),
        routes=(
            *_PROBES,
            Route(
                "GET /metrics",
                show_metrics,
                scope="metrics:read",
                public=open_metrics,
                media_type=CONTENT_TYPE,
                returns=str,
            ),
            Route("GET /openapi.json", whole, public=True, returns=dict[str, Any]),
            Route("GET /openapi/{document}", openapi_document, public=True, returns=dict[str, Any]),
            Route("GET /", home, public=True, media_type="text/plain", returns=str),
        ),
        error=native.error,
        error_type=native.error_type,
        error_body=native.error_body,
    )


async def _health(_call: Call[None, None]) -> dict[str, str]:
    """Say that the server is alive

    Nothing is asked of the store, so that a database that is away is no reason to restart
    the server. Whether it can serve says `/readyz`.
    """
    return {"status": "ok", "version": __version__}


async def _ready(call: Call[None, None]) -> dict[str, str]:
    """Say that the server can serve: its store answers and has every migration

    It takes two seconds at most, whatever the store does.
    """
    await call.service.health.ready()
    return {"status": "ready", "version": __version__}


_PROBES = (
    Route("GET /healthz", _health, public=True, returns=dict[str, str]),
    Route(
        "GET /readyz",
        _ready,
        public=True,
        returns=dict[str, str],
        errors={503: "The store does not answer, or lacks a migration: `code` says which."},
    ),
)


def _rendered(dialects: list[Dialect], name: str, root_path: str) -> bytes:
    title, description = (
        (dialects[0].title, dialects[0].description)
        if name
        else ("Hansard", "Every API that this server speaks.")
    )
    return msgspec.json.encode(
        document(dialects, title=title, description=description, root_path=root_path)
    )


def _home(dialects: tuple[Dialect, ...], root_path: str) -> str:
    rows = "".join(
        f"  {root_path}/openapi/{dialect.name}.json\t{dialect.title}: {dialect.description}\n"
        for dialect in dialects
    )
    return (
        f"Hansard {__version__}: the session store for AI agents.\n\n"
        f"The page       {root_path}/ui/\nThe reference  {root_path}/docs\n"
        f"Health         {root_path}/healthz, {root_path}/readyz\n"
        f"Metrics        {root_path}/metrics\n\n"
        f"The APIs that it speaks (all: {root_path}/openapi.json):\n\n{rows}"
    )
