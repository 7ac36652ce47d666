"""`hansard export`: whole sessions out of the store, in one of several forms."""

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
    help="hansard (comes back whole), openai, sharegpt, markdown or csv.",
)
@click.option(
    "--session", "sessions", multiple=True, metavar="ID", help="This session; several may be named."
)
@click.option("--search", "text", default="", metavar="QUERY", help="What a search finds.")
@click.option("--overwrite", is_flag=True, help="Write FILE also when it is there already.")
@filters
@store_command(workspace=True)
async def command(
    context: CommandContext,
    target: Path | None,
    format_: str,
    sessions: tuple[str, ...],
    text: str,
    overwrite: bool,
    **given: object,
) -> None:
    """Export whole sessions: a list from the oldest on, a search from the latest activity.

    In the format hansard, a JSON line each with runs and messages, they come back whole with
    `hansard import`. A file appears only when all of it is written, and takes the place of another
    only with --overwrite.
    """
    import msgspec

    from hansard.errors import Conflict
    from hansard.interchange.exporter import Choice, export, form_of

    form = form_of(format_)
    to_stream = target is None or str(target) == "-"
    if target is not None and not to_stream and target.exists() and not overwrite:  # noqa: ASYNC240 - before anything else is done
        raise Conflict(
            f"{target} is there already: say --overwrite to replace it", code="target_exists"
        )
    async with context.opened() as service:
        principal = await context.principal(service)
        ids = [(await service.sessions.read(principal, name)).id for name in sessions]
        wanted = await filter_of(service, principal, given)
        choice = Choice(filter=wanted, ids=ids, text=text, form=form)
        with _opened(target) as file, _bar(quiet=context.quiet) as on_progress:
            counted = await export(service, principal, choice, file.write, on_progress)
    told = ", ".join(
        output.counted(getattr(counted, name), name[:-1])
        for name in ("sessions", "messages", "runs")
    )
    if context.json and not to_stream:
        context.document({**msgspec.to_builtins(counted), "file": str(target)})
    elif not context.quiet:
        output.note(told if to_stream else f"{told} in {target}")


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
