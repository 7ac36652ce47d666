"""What each format makes of a file: `hansard import --explain`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hansard.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hansard.cli.context import CommandContext
    from hansard.interchange.documents import Document


def explained(context: CommandContext, files: Sequence[str]) -> None:
    """Print, for each file, what was seen, and why every format takes it or does not."""
    from hansard.interchange.detection import explained as explain
    from hansard.interchange.records import Rules

    rules = Rules(now=time.time_ns() // 1000)
    documents = []
    for document in _documents(files):
        with document.stream() as stream:
            detection = explain(document, stream, rules)
        taken = detection.format.name if detection.format else None
        reasons = {judgement.format: judgement.reason for judgement in detection.judgements}
        documents.append(
            {"file": document.name, "seen": detection.seen, "format": taken, "reasons": reasons}
        )
        if not context.json:
            click.echo(f"{output.plain(document.name)}: {detection.seen}")
            for name, reason in reasons.items():
                click.echo(f"  {name:<20}{'takes it' if reason is None else reason}")
    if context.json:
        context.document({"files": documents})


def _documents(files: Sequence[str]) -> Iterator[Document]:
    from hansard.interchange.documents import documents, from_pipe

    for name in files:
        if name == "-":
            yield from from_pipe("standard input", sys.stdin.buffer)
        else:
            yield from documents(Path(name))
