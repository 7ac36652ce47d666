"""The ASGI application of one process, wired from its settings."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

import msgspec

from hansard import native
from hansard.dialects import athena, b3os, konvo, pocketpaw
from hansard.errors import Error, StoreUnavailable
from hansard.http.access_log import AccessLog
from hansard.http.application import Application
from hansard.http.limits import Limits
from hansard.http.log import Log
from hansard.service import Service
from hansard.service.cache_lease import LOOK_SECONDS
from hansard.service.titles import Titles
from hansard.store import connect
from hansard.system import system
from hansard.web import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx
    from starlette.types import ASGIApp, Receive, Scope, Send

    from hansard.http.route import Dialect
    from hansard.model import Session
    from hansard.service.titles import Words
    from hansard.settings import Settings
    from hansard.store import Store
    from hansard.web.sign_ins import Demo

DIALECTS: tuple[Dialect, ...] = (
    native.dialect,
    b3os.dialect,
    athena.dialect,
    konvo.dialect,
    pocketpaw.dialect,
)
_INDEX_SECONDS = 0.5
_COUNT_SECONDS, _COUNT_PAUSE = 15.0, 0.05
_TITLE_SECONDS, _TITLE_BYTES = 20.0, 64 * 1024
_FAILED_SECONDS = 5.0
_log = Log("hansard")


def open_store(settings: Settings) -> Store:
    """The store that the settings name, not opened yet."""
    only_servers = (
        {}
        if settings.store.startswith("sqlite")
        else {
            "prepared": settings.prepared,
            "row_security": settings.row_security,
            "warn": _log.warning,
        }
    )
    return connect(settings.store, seconds=settings.statement_seconds, **only_servers)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Service]:
    """The service on the settings' store, migrated if the settings allow it; closed afterwards.

    Raises StoreUnavailable when the store cannot be reached or lacks migrations.
    """
    store = open_store(settings)
    await store.open()
    try:
        if settings.migrate:
            await store.migrate()
        elif missing := await store.pending_migrations():
            raise StoreUnavailable(
                f"the store lacks {', '.join(missing)}: run 'hansard migrate'",
                code="migrations_pending",
            )
        yield await Service.on(store)
    finally:
        await store.close()


async def for_ever(
    purpose: str, work: Callable[[], Awaitable[float]], *, after_failure: float = _FAILED_SECONDS
) -> None:
    """Repeat ``work``; it returns the seconds until the next round.

    Any failure is logged, and the next round begins ``after_failure`` seconds later.
    """
    while True:
        pause = after_failure
        try:
            pause = await work()
        except Error as error:
            _log.warning(f"could not {purpose}", error=error.message)
        except Exception as problem:  # noqa: BLE001 - a bug must not end a background task; it is logged
            _log.exception(f"could not {purpose}", error=type(problem).__name__)
        await asyncio.sleep(pause)


async def reaping(service: Service, pause: float) -> None:
    """Reap lapsed runs and unfinished forks for ever."""

    async def look() -> float:
        await service.runs.reap()
        await service.forks.clear()
        return pause

    await for_ever("look for lapsed runs and unfinished forks", look)


async def leasing(service: Service) -> None:
    """Renew the cache lease for ever; it lapses when the store does not answer."""

    async def renew() -> float:
        await service.cache_lease.renew()
        return LOOK_SECONDS

    service.cache_lease.begin()
    try:
        await for_ever("look whether something was erased", renew)
    finally:
        service.cache_lease.end()


async def indexing(service: Service) -> None:
    """Update the search index for ever."""

    async def catch_up() -> float:
        await service.indexer.catch_up()
        return _INDEX_SECONDS

    await for_ever("bring the search index up to date", catch_up)


async def keeping(service: Service, pause: float) -> None:
    """Delete expired data for ever."""

    async def forget() -> float:
        await service.upkeep.run()
        return pause

    await asyncio.sleep(pause)
    await for_ever("forget what is past its time", forget)


async def counting(service: Service) -> None:
    """Update the statistics for ever, in small steps."""

    async def follow() -> float:
        return _COUNT_SECONDS if await service.stats.follow_all() else _COUNT_PAUSE

    await for_ever("bring the statistics up to date", follow)


async def titling(service: Service, url: str) -> None:
    """Request titles from ``url`` for ever; a late or invalid answer counts as no title."""
    import httpx  # noqa: PLC0415 - for those who want titles from elsewhere; it takes long to load

    async with httpx.AsyncClient(timeout=_TITLE_SECONDS) as client:

        async def ask(session: Session, words: list[Words]) -> str | None:
            request = {
                "session_id": session.name,
                "messages": [{"role": word.role, "text": word.text} for word in words],
            }
            async with asyncio.timeout(_TITLE_SECONDS):
                answer = await answer_of(client, url, request)
            title = msgspec.json.decode(answer)["title"]
            return title if isinstance(title, str) else None

        titles = Titles(service, ask)

        async def look() -> float:
            await titles.look()
            return 1

        await for_ever("look for sessions that want a title", look)


async def answer_of(client: httpx.AsyncClient, url: str, request: object) -> bytes:
    """The body of an answer of at most ``_TITLE_BYTES``; ValueError for a longer or a packed one."""
    headers = {"Accept-Encoding": "identity"}
    async with client.stream("POST", url, json=request, headers=headers) as answer:
        answer.raise_for_status()
        body = b""
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > _TITLE_BYTES:
                message = f"an answer with a title has at most {_TITLE_BYTES} bytes"
                raise ValueError(message)
    return body


def application(service: Service, settings: Settings, demo: Demo | None = None) -> Application:
    """The ASGI application over an open service.

    ``demo`` fills a workspace; without it the page does not offer a demo.
    """
    log = AccessLog(sys.stderr.buffer if settings.access_log else None)
    limits = Limits(settings.rate_limit) if settings.rate_limit else None
    return Application(service, (*DIALECTS, web(DIALECTS, demo), system(DIALECTS)), log, limits)


@contextlib.asynccontextmanager
async def running(settings: Settings, demo: Demo | None = None) -> AsyncIterator[Application]:
    """The application over its open store, with its background tasks; all end in order."""
    async with opened(settings) as service:
        beside = [
            asyncio.create_task(reaping(service, settings.reap_seconds)),
            asyncio.create_task(keeping(service, settings.keep_seconds)),
            asyncio.create_task(leasing(service)),
            asyncio.create_task(indexing(service)),
            asyncio.create_task(counting(service)),
            *(
                [asyncio.create_task(titling(service, settings.title_url))]
                if settings.title_url
                else []
            ),
        ]
        app = application(service, settings, demo)
        try:
            yield app
        finally:
            app.close()
            for task in beside:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def create_app(settings: Settings) -> ASGIApp:
    """An ASGI application for any server: opens its store at startup, closes it at shutdown."""
    state: dict[str, Application] = {}

    async def lifespan(receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with running(settings) as state["app"]:
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Error as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        await send({"type": "lifespan.shutdown.complete"})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        else:
            await state["app"](scope, receive, send)

    return app
