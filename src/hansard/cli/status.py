"""`hansard status`: the store's contents, and whether a server answers."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hansard.service import Service
    from hansard.settings import Settings

_KIB, _MIB = 1 << 10, 1 << 20


@click.command()
@store_command()
async def command(context: CommandContext) -> None:
    """Show what is in the store, and whether a server answers.

    Checks the settings' port. For a SQLite store it also finds a server on another port of this
    machine.
    """
    from hansard import __version__
    from hansard.settings import file_of, masked

    file = file_of(context.settings.store)
    async with context.opened() as service:
        facts: dict[str, Any] = {
            "version": __version__,
            "store": masked("store", context.settings.store),
            "database": await service.about(),
            "bytes": _bytes(file) if file else None,
            "workspaces": await _workspaces(service),
        }
    facts["server"] = serving(context.settings)
    facts["elsewhere"] = elsewhere(context.settings)
    if context.json:
        context.document(facts)
        return
    size = f", {_size(facts['bytes'])}" if facts["bytes"] is not None else ""
    server = facts["server"]
    context.say(f"hansard {__version__}")
    context.say(f"store    {facts['store']} ({facts['database']}{size})")
    for label, line in zip(
        itertools.chain(["server"], itertools.repeat("")),
        _servers(server, facts["elsewhere"]),
        strict=False,
    ):
        context.say(f"{label:<9}{line}")
    context.say()
    rows = [
        (fact["name"], fact["sessions"], fact["active"], fact["failed"])
        for fact in facts["workspaces"]
    ]
    output.table(
        ("workspace", "sessions", "active", "failed"),
        rows,
        right=("sessions", "active", "failed"),
        empty="No workspaces yet.",
    )


def _servers(server: dict[str, Any], others: list[dict[str, Any]]) -> Iterator[str]:
    """What runs: the servers that have the store in use, then the one on the settings' port."""
    for other in others:
        yield f"{other['url']}: hansard {other['version']} has this store in use"
    if server["answers"]:
        yield f"{server['url']}: hansard {server['version']}, answers in {server['ms']:.0f} ms"
    elif not others:
        yield f"{server['url']}: nothing answers"


def _bytes(file: Path) -> int:
    """The size of a SQLite store: its file and its write-ahead log."""
    log = file.with_name(f"{file.name}-wal")
    return file.stat().st_size + (log.stat().st_size if log.exists() else 0)


def _size(count: int) -> str:
    return f"{count / _MIB:,.1f} MiB" if count >= _MIB else f"{count / _KIB:,.0f} KiB"


async def _workspaces(service: Service) -> list[dict[str, Any]]:
    """Each workspace with the number of its sessions, active ones and failed ones."""
    from hansard.model import SessionFilter
    from hansard.model.run import OPEN_STATES

    rows = []
    for workspace in await service.workspaces.list():
        principal = service.workspaces.operator(workspace)
        states = await service.sessions.facet(principal, "state")
        rows.append(
            {
                "name": workspace.name,
                "sessions": await service.sessions.count(principal, SessionFilter()),
                "active": sum(states.get(state, 0) for state in OPEN_STATES),
                "failed": states.get("failed", 0),
            }
        )
    return rows


def elsewhere(settings: Settings) -> list[dict[str, Any]]:
    """The servers on other ports that have the settings' SQLite file open."""
    from hansard.cli.banner import address
    from hansard.cli.ports import hansard_at, of_users
    from hansard.settings import file_of

    file = file_of(settings.store)
    others = [port for port in of_users(file) if port != settings.port] if file else []
    return [
        {"url": address(settings.host, port), "version": version}
        for port in others
        if (version := hansard_at(settings.host, port))
    ]


def serving(settings: Settings) -> dict[str, Any]:
    """Whether a Hansard answers on the settings' host and port."""
    import httpx

    from hansard.cli.banner import address

    url = address(settings.host, settings.port)
    began = time.perf_counter()
    try:
        answer = httpx.get(f"{url}/healthz", timeout=2, trust_env=False)
        version = answer.json().get("version")
    except (httpx.HTTPError, ValueError, AttributeError):
        return {"url": url, "answers": False, "version": None, "ms": None}
    return {
        "url": url,
        "answers": answer.is_success,
        "version": version,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }
