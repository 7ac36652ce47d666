"""The first lines of a server: its store, and where to go next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from hansard import __version__
from hansard.cli.first_run import Claimed, shown
from hansard.cli.retype import program
from hansard.settings import DEFAULTS, file_of, masked

if TYPE_CHECKING:
    from socket import socket

    from hansard.http.application import Application
    from hansard.settings import Settings

_ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - shown, not listened on


def banner(
    settings: Settings,
    listening: socket,
    app: Application,
    *,
    is_new: bool,
    claimed: Claimed | None,
) -> list[str]:
    """Two lines for a store in use, a few more for a new one."""
    url = address(settings.host, listening.getsockname()[1]) + app.root_path
    file = file_of(settings.store)
    store = shown(file) if file else masked("store", settings.store)
    head = f"  hansard {__version__}   store {store}{' (new)' if is_new else ''}   {url}"
    paths = {route.path for dialect in app.dialects for route in dialect.routes}
    page = ("Open the page", f"{url}/ui/") if "/ui/" in paths else ("What runs here", f"{url}/")
    reference = ("API reference", f"{url}/docs" if "/docs" in paths else f"{url}/openapi.json")
    usual = address(DEFAULTS["host"], DEFAULTS["port"])  # where clients look by themselves
    elsewhere = [] if url == usual else [("For clients", f"export HANSARD_URL={url}")]
    if other := _other_store(settings):
        elsewhere.append(("For commands", f"export HANSARD_STORE={other}"))
    if claimed is None:
        rows = [page, reference, *elsewhere]
        return [head, "  " + "   ".join(f"{name}: {target}" for name, target in rows)]
    if "/ui/setup" in paths:
        page = ("Open the page", f"{url}/ui/setup?token={claimed.token}   (one use, 60 min)")
    key = ("Admin key (once)", f"{claimed.key}   also saved in {shown(claimed.file)} (0600)")
    lines = [f"  {name:<18} {text}" for name, text in (page, reference, key, *elsewhere)]
    return [
        head,
        "",
        *lines,
        "",
        f"  Nothing here yet? In another terminal:  {_command('demo', settings)}",
        f"  Your coding agents' own sessions:       {_command('import --discover', settings)}",
        "",
    ]


def address(host: str, port: int) -> str:
    """The URL at which a browser on this machine reaches a server on ``host``."""
    plain = _ANYWHERE.get(host, host)
    return f"http://{f'[{plain}]' if ':' in plain else plain}:{port}"


def _command(name: str, settings: Settings) -> str:
    """A command on this store; without a password."""
    store = _other_store(settings)
    return f"{program()} {name}" + (f" --store {store}" if store else "")


def _other_store(settings: Settings) -> str | None:
    """The store's URL for a shell; None for the usual one, and for one that has a password."""
    is_shown = masked("store", settings.store) == settings.store
    if settings.store == DEFAULTS["store"] or not is_shown:
        return None
    return shlex.quote(settings.store)
