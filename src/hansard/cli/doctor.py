"""`hansard doctor`: problems of an installation, and how to fix them."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import click

from hansard.cli import output
from hansard.cli.context import settings_of, store_options
from hansard.cli.server_store import with_server_store

if TYPE_CHECKING:
    from hansard.settings import Loaded, Settings

_ROOM = 500 * 1024 * 1024
_MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "wrong": ("FAIL", "red")}


class Finding(NamedTuple):
    """The result of one check; ``advice`` says how to fix a problem."""

    mark: Literal["ok", "note", "wrong"]
    what: str
    advice: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@store_options
def command(store: str | None, config: Path | None, quiet: bool, as_json: bool) -> int | None:
    """Check this installation and say how to fix what is wrong.

    Exit code 1 when something is wrong.
    """
    from hansard.errors import Invalid, NotFound

    findings = [*_machine()]
    try:
        loaded = with_server_store(settings_of(config, store=store), os.environ)
    except Invalid as problem:
        findings.append(
            Finding(
                "wrong",
                f"the settings cannot be read: {problem.message}",
                "fix that first: the store and the port are checked then",
            )
        )
    except NotFound as problem:
        fault, _, advice = problem.message.partition("\n  ")
        findings.append(Finding("wrong", fault, advice))
    else:
        findings += asyncio.run(_installation(loaded))
    if as_json:
        output.document(
            {
                "sound": all(finding.mark != "wrong" for finding in findings),
                "findings": [finding._asdict() for finding in findings],
            }
        )
    else:
        for finding in findings:
            _print(finding, quiet=quiet)
    return 1 if any(finding.mark == "wrong" for finding in findings) else None


async def _installation(loaded: Loaded) -> list[Finding]:
    changed = [
        f"{name} from {source}" for name, source in loaded.sources.items() if source != "default"
    ]
    settings = loaded.settings
    findings = [
        Finding("ok", f"settings: {', '.join(changed) or 'all as they come'}"),
        *_files(settings),
    ]
    findings += [finding async for finding in _store(settings)]
    return [*findings, *_servers(settings)]


def _machine() -> Iterator[Finding]:
    from hansard import __version__
    from hansard.settings import strangers

    yield Finding("ok", f"hansard {__version__} on Python {sys.version.split()[0]}")
    for name in strangers(os.environ):
        yield Finding(
            "note",
            f"{name} is in the environment and is not a setting",
            "unset it if it was meant as one: hansard config show lists them all",
        )


def _files(settings: Settings) -> Iterator[Finding]:
    from hansard.cli.first_run import FILE, FOLDER
    from hansard.private_files import folder_fault
    from hansard.settings import file_of

    file = file_of(settings.store)
    folder = file.parent if file else Path()
    if file is not None:
        if not os.access(folder, os.W_OK):
            yield Finding(
                "wrong",
                f"the folder {folder} of the store cannot be written to",
                "SQLite needs to write beside its file: change the owner",
            )
        free = shutil.disk_usage(folder).free
        enough = free >= _ROOM
        yield Finding(
            "ok" if enough else "note",
            f"{free / 1e9:,.1f} GB free for the store",
            "" if enough else "make room: a full disk refuses every write",
        )
    keys = folder / FOLDER
    if keys.is_dir() and (fault := folder_fault(keys)):
        yield Finding("wrong", f"the folder {keys} of the admin key is not safe", fault)
    for key in sorted(keys.glob(f"*{FILE}")):
        mode = stat.S_IMODE(key.stat().st_mode)
        private = not mode & 0o077
        yield Finding(
            "ok" if private else "wrong",
            f"{key} has mode {mode:04o}",
            "" if private else f"others can read the admin key: chmod 600 {key}",
        )


async def _store(settings: Settings) -> AsyncIterator[Finding]:
    from hansard.app import open_store
    from hansard.errors import Error
    from hansard.settings import file_of, masked

    name = masked("store", settings.store)
    file = file_of(settings.store)
    if file is not None and not file.exists():
        yield Finding("note", f"there is no store {file} yet", "hansard serve makes it")
        return
    try:
        store = open_store(settings)
        await store.open()
    except Error as problem:
        fault, _, advice = problem.message.partition("\n  ")
        yield Finding(
            "wrong",
            f"the store {name} does not open: {fault}",
            advice or "see that the database runs and that the URL is right",
        )
        return
    try:
        yield Finding("ok", f"{name} answers: {await store.about()}")
        missing = await store.pending_migrations()
        advice = (
            ""
            if not missing
            else "hansard migrate brings it up to date; hansard serve does it by itself"
        )
        yield Finding(
            "note" if missing else "ok",
            f"the store lacks {', '.join(missing)}" if missing else "the store is up to date",
            advice,
        )
        problems = await store.check()
        advice = (
            "stop the server, keep the file, and restore a backup: hansard restore"
            if problems
            else ""
        )
        yield Finding(
            "wrong" if problems else "ok",
            f"the database is damaged: {problems[0]}" if problems else "the database is sound",
            advice,
        )
    finally:
        await store.close()


def _servers(settings: Settings) -> Iterator[Finding]:
    from hansard.cli.ports import holder_of
    from hansard.cli.status import elsewhere, serving

    others = elsewhere(settings)
    for other in others:
        yield Finding("ok", f"hansard {other['version']} has this store in use on {other['url']}")
    server = serving(settings)
    if server["answers"]:
        yield Finding("ok", f"hansard {server['version']} answers on {server['url']}")
    elif others:
        return
    elif holder := holder_of(settings.host, settings.port):
        yield Finding(
            "wrong",
            f"port {settings.port} is taken by {holder}",
            "start with another one: hansard serve --port N",
        )
    else:
        yield Finding("ok", f"port {settings.port} is free: no server runs")


def _print(finding: Finding, *, quiet: bool) -> None:
    if quiet and finding.mark == "ok":
        return
    text, colour = _MARKS[finding.mark]
    mark = click.style(text, fg=colour) if output.coloured(sys.stdout) else text
    click.echo(f"{mark}  {finding.what}" + (f"\n      {finding.advice}" if finding.advice else ""))
