"""Where everything meets: the ASGI application of one process, made from its settings."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING

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
_TITLE_SECONDS = 20.0
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
    """The service on the settings' store, migrated when the settings say so; closed afterwards.

    Raises StoreUnavailable when the store is not there or has migrations that nobody allowed.
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
    what: str, work: Callable[[], Awaitable[float]], *, after_failure: float = _FAILED_SECONDS
) -> None:
    """Do ``work`` again and again, with as many seconds between as it returns.

    A failure, whatever it is, is logged, and ``after_failure`` seconds later the work goes on.
    """
    while True:
        pause = after_failure
        try:
            pause = await work()
        except Error as error:
            _log.warning(f"could not {what}", error=error.message)
        except Exception as problem:  # noqa: BLE001 - a fault of ours must not end what nobody else does; the log has it
            _log.exception(f"could not {what}", error=type(problem).__name__)
        await asyncio.sleep(pause)


async def reaping(service: Service, pause: float) -> None:
    """Look for ever for what nobody goes on with: lapsed runs, unfinished forks."""

    async def look() -> float:
        await service.runs.reap()
        await service.forks.clear()
        return pause

    await for_ever("look for lapsed runs and unfinished forks", look)


async def leasing(service: Service) -> None:
    """Keep the lease of the caches for ever; where the store does not answer, it lapses."""

    async def renew() -> float:
        await service.cache_lease.renew()
        return LOOK_SECONDS

    service.cache_lease.begin()
    try:
        await for_ever("look whether something was erased", renew)
    finally:
        service.cache_lease.end()


async def indexing(service: Service) -> None:
    """Bring the search index up to date for ever."""

    async def catch_up() -> float:
        await service.indexer.catch_up()
        return _INDEX_SECONDS

    await for_ever("bring the search index up to date", catch_up)


async def keeping(service: Service, pause: float) -> None:
    """Forget for ever what is past its time."""

    async def forget() -> float:
        await service.upkeep.run()
        return pause

    await asyncio.sleep(pause)
    await for_ever("forget what is past its time", forget)


async def counting(service: Service) -> None:
    """Let the statistics follow the workspaces for ever, a little at a time."""

    async def follow() -> float:
        return _COUNT_SECONDS if await service.stats.follow_all() else _COUNT_PAUSE

    await for_ever("bring the statistics up to date", follow)


async def titling(service: Service, url: str) -> None:
    """Ask ``url`` for titles for ever; what it answers too late or wrongly is no title."""
    import httpx  # noqa: PLC0415 - for those who want titles from elsewhere; it takes long to load

    async with httpx.AsyncClient(timeout=_TITLE_SECONDS) as client:

        async def ask(session: Session, said: list[Words]) -> str | None:
            answer = await client.post(
                url,
                json={
                    "session_id": session.name,
                    "messages": [{"role": one.role, "text": one.text} for one in said],
                },
            )
            title = answer.raise_for_status().json()["title"]
            return title if isinstance(title, str) else None

        titles = Titles(service, ask)

        async def look() -> float:
            await titles.look()
            return 1

        await for_ever("look for sessions that want a title", look)


def application(service: Service, settings: Settings, demo: Demo | None = None) -> Application:
    """The ASGI application over an open service; ``demo`` fills a workspace, where the page is to offer that."""
    log = AccessLog(sys.stderr.buffer if settings.access_log else None)
    limits = Limits(settings.rate_limit) if settings.rate_limit else None
    return Application(service, (*DIALECTS, web(DIALECTS, demo), system(DIALECTS)), log, limits)


@contextlib.asynccontextmanager
async def running(settings: Settings, demo: Demo | None = None) -> AsyncIterator[Application]:
    """The application over its open store, with all that goes on beside the requests; everything ends in order."""
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
    """An ASGI application that opens its store at startup and closes it at shutdown, for any ASGI server."""
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
