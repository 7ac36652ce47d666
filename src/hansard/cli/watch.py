"""`hansard watch`: sessions of coding agents, imported while they are written."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command
from hansard.cli.import_report import exit_code, print_report

if TYPE_CHECKING:
    from hansard.access import Principal
    from hansard.interchange.report import Report
    from hansard.interchange.watching import Sources, Watcher
    from hansard.service import Service

_LEAST, _MOST, _SHARE = 0.4, 1.0, 10
"""Seconds between two rounds: ten times as long as a round takes, between these."""
_FOLDER = ".local/state/hansard"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE…]")
@click.option("--once", is_flag=True, help="Look once, import what is new, and end.")
@click.option("--channel", metavar="NAME", help="The channel of sessions whose file names none.")
@click.option("--while-parent", is_flag=True, hidden=True, help="End with the parent process.")
@store_command(workspace=True)
async def command(
    context: CommandContext,
    paths: tuple[Path, ...],
    once: bool,
    channel: str | None,
    while_parent: bool,
) -> int | None:
    """Follow the sessions of your coding agents, or FILEs and folders, and import what is new.

    New lines are imported within two seconds. A growing file is read from where it ended; one that
    was rewritten, rotated or cut is noticed. Stop it, kill it and start it again: nothing is
    imported twice.
    """
    from hansard.cli.first_run import claim
    from hansard.interchange.report import Options
    from hansard.interchange.watching import Watcher

    _check(paths)
    async with context.opened(create=True) as service:
        context.welcome(await claim(service, context.settings))
        principal = await context.principal(service)
        watcher = Watcher(
            service,
            principal,
            Options(channel=channel),
            _sources(paths),
            _notes(service, principal, channel),
        )
        try:
            if once:
                return _once(context, principal, await watcher.round())
            await _follow(context, watcher, while_parent=while_parent)
        finally:
            watcher.close()
    return None


def _check(paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(2, "no such file or folder", str(path))


def _sources(paths: tuple[Path, ...]) -> Sources:
    """The files below the paths, else those of all coding agents.

    Chats of Cursor's command line are not among them: a transcript of the same session may follow.
    """
    from hansard.interchange.discovery import PRODUCTS
    from hansard.interchange.documents import within
    from hansard.interchange.layouts import is_chat
    from hansard.interchange.watching import Sources

    def files() -> Iterator[Path]:
        if paths:
            yield from (file.absolute() for path in paths for file in within(path))
        else:
            yield from (file for product in PRODUCTS for file in product.files(Path.home()))

    named = frozenset(path.absolute() for path in paths if path.is_file())
    return Sources(lambda: [file for file in files() if not is_chat(file)], named)


def _notes(service: Service, principal: Principal, channel: str | None) -> Path | None:
    """Where it is noted how far the files are read, for this store, workspace and channel."""
    from hansard import private_files
    from hansard.errors import Conflict

    target = repr((service.store_name, principal.workspace_id, channel))
    folder = Path.home() / _FOLDER
    try:
        private_files.make_folder(folder)
    except (OSError, Conflict):
        return None
    return folder / f"watch-{hashlib.blake2b(target.encode(), digest_size=8).hexdigest()}.json"


def _once(context: CommandContext, principal: Principal, report: Report) -> int | None:
    print_report(context, report, 0.0, principal.workspace_name, files=(), dry_run=False)
    return exit_code(report)


async def _follow(context: CommandContext, watcher: Watcher, *, while_parent: bool) -> None:
    """Look again and again until a signal comes; ``while_parent`` ends with the parent process."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    parent = os.getppid()
    while not stopping.is_set() and not (while_parent and os.getppid() != parent):
        began = time.monotonic()
        _tell(context, await watcher.round())
        pause = min(_MOST, max(_LEAST, _SHARE * (time.monotonic() - began)))
        try:
            await asyncio.wait_for(stopping.wait(), pause)
        except TimeoutError:
            continue


def _tell(context: CommandContext, report: Report) -> None:
    """Print a line for a round that changed something, and why files cannot be read."""
    for unread in report.unread:
        output.note(f"{unread.file}: {unread.reason}")
    if not (report.new or report.updated or report.bad):
        return
    if context.json:
        output.line({**report.outcomes(), "messages": report.messages, "format": report.format})
    else:
        context.say(f"{report.new:,} new, {report.updated:,} updated, {report.bad:,} bad")
    for problem in report.problems[:5]:
        output.note(f"  {problem.file}, record {problem.record}: {problem.reason}")
