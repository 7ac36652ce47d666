"""The first lines of a server: where it keeps what, and where to go next. Only what is true is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard import __version__
from hansard.cli.first_run import Claimed, shown
from hansard.settings import masked
from hansard.store import file_of

if TYPE_CHECKING:
    from socket import socket

    from hansard.http.application import Application
    from hansard.settings import Settings


def banner(settings: Settings, listening: socket, app: Application, *, is_new: bool, claimed: Claimed | None) -> list[str]:
    """Two lines for a store that is in use, a few more for a new one."""
    url = address(settings.host, listening.getsockname()[1])
    file = file_of(settings.store)
    store = shown(file) if file else masked("store", settings.store)
    head = f"  hansard {__version__}   store {store}{' (new)' if is_new else ''}   {url}"
    places = _places(url, {route.path for dialect in app.dialects for route in dialect.routes})
    if claimed is None:
        return [head, "  " + "   ".join(f"{name} {where}" for name, where in places.items())]
    rows = [f"  {name:<18} {where}" for name, where in places.items()]
    key = f"  {'Admin key (once)':<18} {claimed.key}   also saved in {shown(claimed.file)} (0600)"
    return [head, "", *rows, key, ""]


def address(host: str, port: int) -> str:
    plain = "127.0.0.1" if host in {"0.0.0.0", ""} else "::1" if host == "::" else host  # noqa: S104 - shown, not listened on
    return f"http://{f'[{plain}]' if ':' in plain else plain}:{port}"


def _places(url: str, paths: set[str]) -> dict[str, str]:
    """Where a browser may go, of what this server has."""
    page = {"Open the page": f"{url}/ui/"} if {"/ui/", "/ui"} & paths else {"What runs here": f"{url}/"}
    return page | {"API reference": f"{url}/docs" if "/docs" in paths else f"{url}/openapi.json"}
