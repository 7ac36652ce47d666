"""`hansard serve`: the server, and the first lines that a new user reads."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from hansard.cli.context import settings_of, store_options

if TYPE_CHECKING:
    import socket

    from hansard.access import Principal
    from hansard.service import Service
    from hansard.settings import Settings

_ROUNDS = 90
_TURN = 0.0005
"""The interpreter's switch interval in seconds.

A short one lets the writer's thread run sooner: appends and slow reads gain, nothing loses.
"""


@click.command()
@click.option("--host", metavar="ADDRESS", help="The address to listen on.  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    help="The port to listen on; 0 takes a free one.  [default: 8765]",
)
@click.option(
    "--root-path",
    metavar="PATH",
    help="The path below which a reverse proxy serves Hansard, such as /hansard.",
)
@click.option(
    "--access-log/--no-access-log",
    default=None,
    help="Write a JSON line for each request to standard error.",
)
@click.option(
    "--migrate/--no-migrate",
    default=None,
    help="Bring the store up to date first, or refuse to start.  [default: migrate]",
)
@click.option(
    "--replica",
    metavar="URL",
    help="A PostgreSQL that follows the store, for lists, searches, exports and statistics.",
)
@click.option("--new-store", is_flag=True, help="Begin an empty store where one is missing.")
@click.option("--watch", is_flag=True, help="Follow the sessions of your coding agents as well.")
@store_options
def command(
    host: str | None,
    port: int | None,
    root_path: str | None,
    access_log: bool | None,
    migrate: bool | None,
    replica: str | None,
    new_store: bool,
    watch: bool,
    store: str | None,
    config: Path | None,
    quiet: bool,
) -> int:
    """Run the server: the APIs and the page, over one store.

    Without options it listens on http://127.0.0.1:8765 and keeps its store in ./hansard.db.
    """
    import uvloop

    from hansard.cli.first_run import check_that_none_was_here
    from hansard.cli.ports import listening
    from hansard.http.log import capture_all

    settings = settings_of(
        config,
        store=store,
        host=host,
        port=port,
        root_path=root_path,
        access_log=access_log,
        migrate=migrate,
        replica=replica,
    ).settings
    check_that_none_was_here(settings, begin_anew=new_store)
    sys.setswitchinterval(_TURN)
    capture_all()
    with listening(settings.host, settings.port) as bound:
        uvloop.run(_serve(settings, [bound], quiet=quiet, watch=watch))
    return 0


def _others(settings: Settings) -> list[str]:
    """Lines that name another server of the SQLite file: they take turns at writing to it."""
    from hansard.cli.first_run import shown
    from hansard.cli.status import elsewhere
    from hansard.settings import file_of

    file, others = file_of(settings.store), elsewhere(settings)
    if not others or file is None:
        return []
    return [
        "",
        f"  {shown(file)} is served already, on {others[0]['url']}. Nothing is lost by that,",
        "  but all servers of a SQLite file wait for one writer. Stop one, name another store with",
        "  --store, or use PostgreSQL, which is made for several servers.",
    ]


async def _serve(
    settings: Settings, sockets: list[socket.socket], *, quiet: bool, watch: bool
) -> None:
    from hansard.app import running
    from hansard.cli.banner import banner
    from hansard.cli.discovery_process import DiscoveryProcess
    from hansard.cli.first_run import claim
    from hansard.cli.server import Server, config_of
    from hansard.cli.watch_process import watching
    from hansard.http.origin import is_loopback
    from hansard.settings import file_of
    from hansard.web.offers import Offers

    file = file_of(settings.store)
    is_new = file is not None and not file.exists()
    others = [] if quiet else _others(settings)
    showing, discovery = Showing(), DiscoveryProcess(settings)
    is_alone = is_loopback(sockets[0].getsockname()[0])
    offers = Offers(showing.fill, discovery if is_alone else None)
    async with running(settings, offers) as app, showing, discovery:
        claimed = await claim(app.service, settings)
        lines = [] if quiet else banner(settings, sockets[0], app, is_new=is_new, claimed=claimed)
        server = Server(
            config_of(app, settings),
            ready=lambda: click.echo("\n".join(lines + others)) if lines else None,
            stopping=app.service.events.end,
        )
        async with watching(settings) if watch else contextlib.nullcontext():
            await server.serve(sockets)


class Showing:
    """The demo that the page's first run offers: sample sessions, one live for an hour."""

    def __init__(self) -> None:
        self._playing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)

    async def fill(self, service: Service, principal: Principal) -> None:
        from hansard import demo

        await demo.fill(service, principal)
        playing = asyncio.create_task(
            demo.play_live(service, principal, lambda _name: None, rounds=_ROUNDS)
        )
        self._playing.add(playing)
        playing.add_done_callback(self._playing.discard)
