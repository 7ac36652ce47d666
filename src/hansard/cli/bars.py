"""Progress, on standard error and only on a terminal."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from hansard.cli import output


@contextlib.contextmanager
def share(label: str, *, quiet: bool) -> Iterator[Callable[[float], None]]:
    """Yield a function that takes the finished share of the work, from 0 to 1."""
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

    columns = (TextColumn(label), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(
        *columns,
        console=Console(stderr=True, no_color=not output.coloured(sys.stderr)),
        transient=True,
    ) as drawn:
        task = drawn.add_task(label, total=1.0)
        yield lambda done: drawn.update(task, completed=done)
