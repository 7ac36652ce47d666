"""`hansard import`: sessions from files, with a progress bar."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hansard.cli import output
from hansard.cli.arguments import one_of
from hansard.cli.context import CommandContext, store_command
from hansard.cli.explain import explained
from hansard.cli.import_report import exit_code, print_report
from hansard.cli.retype import again

if TYPE_CHECKING:
    from datetime import tzinfo

    from hansard.access import Principal
    from hansard.interchange import report as reports
    from hansard.interchange.report import Options, Report
    from hansard.service import Service

_NARROW, _USUAL, _WIDE = 60, 80, 110
"""Terminal widths, in characters, from which the bar shows its optional columns."""
_LONGEST, _SHORTER = 32, 22
"""How many characters of a file's name the bar shows, from its end."""


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise click.BadParameter(
            f"{name!r} is not a time zone: write one such as Europe/Berlin or UTC"
        ) from None


def _formats() -> Iterable[str]:
    from hansard.interchange.formats import NAMES

    return NAMES


class _ImportCommand(click.Command):
    """Lists the formats at the end of its help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        with formatter.section("Formats"):
            formatter.write_text(", ".join(_formats()))


@click.command(cls=_ImportCommand)
@click.argument("files", nargs=-1, type=click.Path(), metavar="FILE…")
@click.option(
    "--format",
    "format_",
    default="auto",
    show_default=True,
    metavar="NAME",
    shell_complete=one_of(_formats),
    help="One of the formats below, or auto.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be imported, and change nothing.")
@click.option("--resume", is_flag=True, help="Continue an interrupted import of the same files.")
@click.option(
    "--tz",
    "tz",
    type=zone,
    metavar="ZONE",
    help="The zone of times without an offset.  [default: UTC; for PocketPaw the machine's]",
)
@click.option(
    "--branches",
    type=click.Choice(["keep", "drop"]),
    default="keep",
    show_default=True,
    help="Messages outside the last branch: keep them as sub-sessions, or drop them.",
)
@click.option(
    "--discover", is_flag=True, help="List the sessions of your coding agents, and import them."
)
@click.option("-y", "--yes", is_flag=True, help="Import all that --discover lists; do not ask.")
@click.option("--progress", is_flag=True, hidden=True, help="A line of JSON on the way, often.")
@click.option("--explain", is_flag=True, help="Say what each format makes of FILE; import nothing.")
@click.option("--channel", metavar="NAME", help="The channel of sessions whose file names none.")
@store_command(workspace=True)
async def command(
    context: CommandContext,
    files: tuple[str, ...],
    format_: str,
    dry_run: bool,
    resume: bool,
    tz: tzinfo | None,
    channel: str | None,
    branches: str,
    explain: bool,
    discover: bool,
    yes: bool,
    progress: bool,
) -> int | None:
    """Import sessions from files, folders, archives, or standard input (-).

    Packed files are read directly. A second import of the same files changes nothing. Records that
    cannot be read are written to FILE.errors.jsonl with the reason, and the exit code is 5. It is
    6 when nothing could be imported.
    """
    from hansard.cli import discover as discovery
    from hansard.cli.first_run import claim
    from hansard.interchange.report import Options

    options = Options(
        format=None if format_ == "auto" else format_,
        zone=tz,
        channel=channel,
        dry_run=dry_run,
        resume=resume,
        keep_branches=branches == "keep",
    )
    if discover:
        discovery.require_no_files(files)
        return await discovery.discover(context, options, yes=yes, tells=progress)
    _check(context, files)
    if explain:
        explained(context, files)
        return None
    async with context.opened(create=True) as service:
        context.welcome(await claim(service, context.settings))
        principal = await context.principal(service)
        began = time.monotonic()
        try:
            report = await _imported(context, service, principal, options, files)
        except asyncio.CancelledError:
            output.note(f"\nStopped; what was read is kept. Go on with:\n  {again('--resume')}")
            raise
        print_report(
            context,
            report,
            time.monotonic() - began,
            principal.workspace_name,
            files=files,
            dry_run=dry_run,
        )
    return exit_code(report)


async def _imported(
    context: CommandContext,
    service: Service,
    principal: Principal,
    options: Options,
    files: Sequence[str],
) -> Report:
    from hansard.interchange.importer import Import

    with _bar(files, quiet=context.quiet) as on_progress:
        work = Import(service, principal, options, on_progress)
        for name in files:
            if name == "-":
                await work.pipe("standard input", sys.stdin.buffer)
            else:
                await work.paths([Path(name)])
    return work.report


def _check(context: CommandContext, files: Sequence[str]) -> None:
    """Raise UsageError without a file, FileNotFoundError for a missing one."""
    import msgspec

    from hansard.interchange.report import Report

    if not files:
        raise click.UsageError("name a file, a folder or -; --discover looks for sessions itself")
    for name in files:
        if name != "-" and not Path(name).exists():
            if context.json:
                context.document(msgspec.to_builtins(Report()))
            raise FileNotFoundError(2, "no such file or folder", name)


@contextlib.contextmanager
def _bar(
    files: Sequence[str], *, quiet: bool
) -> Iterator[Callable[[reports.Progress], None] | None]:
    """A progress bar on standard error; nothing without a terminal.

    Shows the file, share, rate, time left and counts, as many as fit.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, no_color=not output.coloured(sys.stderr))
    columns = (
        (_NARROW, TextColumn("{task.fields[file]}", markup=False)),
        (_WIDE, BarColumn(bar_width=24)),
        (0, TaskProgressColumn()),
        (_USUAL, TextColumn("{task.fields[rate]}")),
        (_USUAL, TimeRemainingColumn(compact=True)),
        (0, TextColumn("{task.fields[counts]}")),
    )
    fitting = [column for least, column in columns if console.width >= least]
    with Progress(*fitting, console=console, refresh_per_second=8, transient=True) as drawn:
        task = drawn.add_task("import", total=_size(files), file="", rate="", counts="")
        overall = _Overall(_LONGEST if console.width >= _WIDE else _SHORTER)

        def on_progress(now: reports.Progress) -> None:
            drawn.update(
                task,
                completed=overall.reached(now),
                file=overall.name,
                rate=overall.rate(now),
                counts=_counts(now),
            )

        yield on_progress


class _Overall:
    """The progress through all files, computed from the progress of each."""

    def __init__(self, longest: int) -> None:
        self.name = ""
        self._longest = longest
        self._file = ""
        self._before = 0
        self._here = 0
        self._began = time.monotonic()

    def reached(self, now: reports.Progress) -> int:
        if now.file != self._file:
            self._before += self._here
            self._file, self.name = now.file, self._shown(output.plain(Path(now.file).name))
        self._here = min(now.position, now.size) if now.size else now.position
        return self._before + self._here

    def _shown(self, name: str) -> str:
        return name if len(name) <= self._longest else f"…{name[1 - self._longest :]}"

    def rate(self, now: reports.Progress) -> str:
        return f"{now.messages / max(time.monotonic() - self._began, 0.001):,.0f} messages/s"


def _counts(now: reports.Progress) -> str:
    return f"{now.new + now.updated:,} new / {now.same:,} same / {now.bad:,} bad"


def _size(files: Sequence[str]) -> int | None:
    """The total bytes of all files; None when one of them has no known size."""
    from hansard.interchange.documents import documents

    sizes = [document.size for name in files if name != "-" for document in documents(Path(name))]
    return None if "-" in files or None in sizes else sum(size or 0 for size in sizes)
