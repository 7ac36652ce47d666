"""`hansard export`: whole sessions out of the store, a JSON line each."""

from __future__ import annotations

import contextlib
import gzip
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import click

from hansard.cli import output
from hansard.cli.context import CommandContext, store_command
from hansard.cli.filters import filter_of, filters


@click.command()
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The file to write; gzipped when it ends with .gz.  [default: -]",
)
@click.option("--overwrite", is_flag=True, help="Write FILE also when it is there already.")
@filters
@store_command(workspace=True)
async def command(
    context: CommandContext, target: Path | None, overwrite: bool, **given: object
) -> None:
    """Export sessions with their runs and messages, a JSON line each, oldest first.

    What was exported comes back whole with `hansard import`. A file appears only when all of it is written, and takes the place of
    another only with --overwrite.
    """
    import msgspec

    from hansard.errors import Conflict
    from hansard.interchange.exporter import export

    to_stream = target is None or str(target) == "-"
    if target is not None and not to_stream and target.exists() and not overwrite:  # noqa: ASYNC240 - before anything else is done
        raise Conflict(
            f"{target} is there already: say --overwrite to replace it", code="target_exists"
        )
    async with context.opened() as service:
        principal = await context.principal(service)
        wanted = await filter_of(service, principal, given)
        with _opened(target) as file, _bar(quiet=context.quiet) as on_progress:
            counted = await export(service, principal, wanted, file.write, on_progress)
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
