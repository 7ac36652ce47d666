"""`hansard export`: whole sessions out of the store, in one of several formats."""

from __future__ import annotations

import contextlib
import gzip
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import click

from hansard.cli import output
from hansard.cli.arguments import one_of
from hansard.cli.context import CommandContext, store_command
from hansard.cli.filters import filter_of, filters


def _formats() -> tuple[str, ...]:
    from hansard.interchange.exports import NAMES

    return NAMES


@click.command()
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file to write; gzipped when it ends with .gz.  [default: -]",
)
@click.option(
    "--format",
    "format_",
    default="hansard",
    show_default=True,
    metavar="NAME",
    shell_complete=one_of(_formats),
    help="hansard (restored whole), openai, sharegpt, markdown or csv.",
)
@click.option(
    "--session", "sessions", multiple=True, metavar="ID", help="This session; may be repeated."
)
@click.option(
    "--search", "text", default="", metavar="QUERY", help="The sessions that match a search."
)
@click.option("--overwrite", is_flag=True, help="Replace FILE when it exists.")
@filters
@store_command(workspace=True)
async def command(
    context: CommandContext,
    target: Path | None,
    format_: str,
    sessions: tuple[str, ...],
    text: str,
    overwrite: bool,
    **options: object,
) -> None:
    """Export whole sessions: of a list the oldest first, of a search the latest activity first.

    In the format hansard, each session is a JSON line with its runs and messages, which `hansard
    import` restores whole. FILE appears only when it is complete, and replaces an existing file
    only with --overwrite.
    """
    import msgspec

    from hansard.errors import Conflict
    from hansard.interchange.exporter import Choice, export, form_of

    form = form_of(format_)
    to_stream = target is None or str(target) == "-"
    if target is not None and not to_stream and target.exists() and not overwrite:  # noqa: ASYNC240 - before anything else is done
        raise Conflict(
            f"{target} exists already: replace it with --overwrite", code="target_exists"
        )
    async with context.opened() as service:
        principal = await context.principal(service)
        ids = [(await service.sessions.read(principal, name)).id for name in sessions]
        filters = await filter_of(service, principal, options)
        choice = Choice(filter=filters, ids=ids, text=text, form=form)
        with _opened(target) as file, _bar(quiet=context.quiet) as on_progress:
            counted = await export(service, principal, choice, file.write, on_progress)
    summary = ", ".join(
        output.counted(getattr(counted, name), name[:-1])
        for name in ("sessions", "messages", "runs")
    )
    if context.json and not to_stream:
        context.document({**msgspec.to_builtins(counted), "file": str(target)})
    elif not context.quiet:
        output.note(summary if to_stream else f"{summary} in {target}")


@contextlib.contextmanager
def _opened(target: Path | None) -> Iterator[IO[bytes]]:
    """Where the lines go. A file appears when it is complete; a replaced one keeps its mode."""
    if target is None or str(target) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    from hansard.private_files import replacing

    with replacing(target, keep_mode=True) as file:
        if target.suffix != ".gz":
            yield file
            return
        with gzip.GzipFile("", "wb", fileobj=file) as packed:
            yield packed  # type: ignore[misc]  # a GzipFile is written to like any other


@contextlib.contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("export"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("sessions"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(
        *columns,
        console=Console(stderr=True, no_color=not output.coloured(sys.stderr)),
        transient=True,
    ) as drawn:
        task = drawn.add_task("export")
        yield lambda done, total: drawn.update(task, completed=done, total=total)
