"""The ASGI application of one process, wired from its settings."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any, cast

from hansard import background, native
from hansard.dialects import anthropic, assistant_ui, athena, b3os, konvo, openai, otlp, pocketpaw
from hansard.errors import Error, Invalid, StoreUnavailable
from hansard.http.access_log import AccessLog
from hansard.http.application import Application
from hansard.http.cross_origin import origins_of
from hansard.http.limits import Limits
from hansard.http.log import Log
from hansard.mcp.endpoint import dialect as mcp
from hansard.metrics import Metrics
from hansard.observer import combined
from hansard.service import Service
from hansard.service.replica_reads import ReplicaReads
from hansard.store import connect
from hansard.store.replicated import ReplicatedStore
from hansard.system import system
from hansard.web import web
from hansard.web.offers import NOTHING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from hansard.http.route import Dialect
    from hansard.observer import Observer
    from hansard.settings import Settings
    from hansard.store import Store
    from hansard.web.offers import Offers

DIALECTS: tuple[Dialect, ...] = (
    native.dialect,
    b3os.dialect,
    athena.dialect,
    konvo.dialect,
    pocketpaw.dialect,
    anthropic.dialect,
    assistant_ui.dialect,
    otlp.dialect,
    mcp,
    openai.dialect,
)
_TOLD_SECONDS = 5.0
_REPLICA_SECONDS = 2.0
"""How long a read is tried at a failing replica before the primary answers."""
_log = Log("hansard")


def open_store(settings: Settings, observer: Observer | None = None) -> Store:
    """The store that the settings name, not opened yet."""
    only_servers = {} if settings.store.startswith("sqlite") else _server_options(settings)
    return connect(
        settings.store, seconds=settings.statement_seconds, observer=observer, **only_servers
    )


def _server_options(settings: Settings) -> dict[str, Any]:
    return {
        "prepared": settings.prepared,
        "row_security": settings.row_security,
        "warn": _log.warning,
    }


def replicated_store(settings: Settings, observer: Observer | None = None) -> Store:
    """The store of the settings, with their replica if they name one."""
    primary = open_store(settings, observer)
    if not settings.replica:
        return primary
    if not all(url.startswith("postgres") for url in (settings.store, settings.replica)):
        raise Invalid(
            "the store and its replica must both be postgresql://…, or replica empty",
            param="replica",
        )
    replica = connect(
        settings.replica,
        seconds=settings.statement_seconds,
        observer=observer,
        writes=False,
        deadline=_REPLICA_SECONDS,
        **_server_options(settings),
    )
    return cast("Store", ReplicatedStore(primary, replica))


@contextlib.asynccontextmanager
async def opened(
    settings: Settings, observer: Observer | None = None, *, replicated: bool = False
) -> AsyncIterator[Service]:
    """The service on the settings' store, migrated if the settings allow it; closed afterwards.

    ``replicated`` opens their replica as well.

    Raises StoreUnavailable when the store cannot be reached or lacks migrations.
    """
    store = (replicated_store if replicated else open_store)(settings, observer)
    await store.open()
    try:
        if settings.migrate:
            await store.migrate()
        elif missing := await store.pending_migrations():
            raise StoreUnavailable(
                f"the store lacks {', '.join(missing)}: run 'hansard migrate'",
                code="migrations_pending",
            )
        service = await Service.on(store)
        if settings.migrate:
            await service.recount.run(_progress_teller())
        elif await service.recount.is_due():
            raise StoreUnavailable(
                "an update of the store was not finished: run 'hansard migrate'",
                code="migrations_pending",
            )
        yield service
    finally:
        await store.close()


def _progress_teller() -> Callable[[float], None]:
    """Say every few seconds how far an update of the store is."""
    due = time.monotonic() + _TOLD_SECONDS

    def tell(share: float) -> None:
        nonlocal due
        if time.monotonic() >= due:
            _log.warning("the store is being updated", percent=int(100 * share))
            due = time.monotonic() + _TOLD_SECONDS

    return tell


def application(
    service: Service,
    settings: Settings,
    offers: Offers = NOTHING,
    *,
    metrics: Metrics | None = None,
    observer: Observer | None = None,
) -> Application:
    """The ASGI application over an open service.

    ``offers`` is what the page offers beside what is stored. ``metrics`` is what the store tells as
    well; without it the application has its own. ``observer`` hears of every request.
    """
    metrics = metrics or Metrics()
    log = AccessLog(sys.stderr.buffer) if settings.access_log else None
    limits = Limits(settings.rate_limit) if settings.rate_limit else None
    root = settings.root_path
    about = system(DIALECTS, metrics, open_metrics=settings.open_metrics, root_path=root)
    app = Application(
        service,
        (*DIALECTS, web(DIALECTS, native.written, offers, root), about),
        combined(metrics, log, observer),
        limits,
        origins_of(settings.cors_origins),
        root,
        replica_reads(service, settings),
    )
    metrics.watch(service.store.usage)
    metrics.watch(app.usage)
    return app


def replica_reads(service: Service, settings: Settings) -> ReplicaReads | None:
    """What decides which reads a replica may answer; None without one."""
    if not isinstance(service.store, ReplicatedStore):
        return None
    return ReplicaReads(service.store, service.cache_lease, settings.replica_seconds)


def spans_of(settings: Settings) -> Observer | None:
    """What sends spans to the endpoint of the settings; None without one."""
    if not settings.otlp_endpoint:
        return None
    from hansard.tracing import tracing  # noqa: PLC0415 - it takes long to load

    return tracing(settings.otlp_endpoint, settings.store.partition(":")[0])


@contextlib.asynccontextmanager
async def running(settings: Settings, offers: Offers = NOTHING) -> AsyncIterator[Application]:
    """The application over its open store, with its background tasks; all end in order."""
    metrics = Metrics()
    spans = spans_of(settings)
    async with (
        opened(settings, combined(metrics, spans), replicated=True) as service,
        background.running(service, settings, metrics),
    ):
        app = application(service, settings, offers, metrics=metrics, observer=spans)
        try:
            yield app
        finally:
            app.close()


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
