"""A bar for a share of work, on standard error and only on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from hansard.cli import output


@contextlib.contextmanager
def share(what: str, *, quiet: bool) -> Iterator[Callable[[float], None]]:
    """Give the function that hears which share is done."""
    if quiet or not sys.stderr.isatty():
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        console=Console(stderr=True, no_color=not output.coloured(sys.stderr)),
        transient=True,
    ) as drawn:
        task = drawn.add_task(what, total=1.0)
        yield lambda done: drawn.update(task, completed=done)
