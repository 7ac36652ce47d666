"""Search results for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from hansard.cli import output

if TYPE_CHECKING:
    from hansard.model import Results, SearchHit


def rendered(results: Results[SearchHit], now: int) -> Iterator[str]:
    """A few lines per session on a terminal.

    In a pipe, one line per snippet: session, seq, role, text.
    """
    for item in results.items:
        if output.is_terminal():
            yield from _block(item, now)
        else:
            for snippet in item.snippets:
                yield "\t".join(
                    (item.session.name, str(snippet.seq), snippet.role, output.plain(snippet.text))
                )
            if not item.snippets:
                yield "\t".join(
                    (item.session.name, "", "title", output.plain(item.session.title or ""))
                )


def noted(results: Results[SearchHit]) -> Iterator[str]:
    """What of the search was not understood."""
    for note in results.notes:
        yield f"{note.text}: {note.message}"


def _block(item: SearchHit, now: int) -> Iterator[str]:
    session = item.session
    title = marked(session.title or session.preview or "", item.title_highlights)
    updated = click.style(output.ago(session.updated_at, now), dim=True)
    yield f"{click.style(session.name, bold=True)}  {title}  {updated}"
    for snippet in item.snippets:
        label = click.style(f"  #{snippet.seq} {snippet.role}", dim=True)
        yield f"{label}  {marked(snippet.text, snippet.highlights)}"
    hidden = item.matches - len(item.snippets)
    if hidden > 0:
        yield click.style(f"  and {output.counted(hidden, 'more message')}", dim=True)
    yield ""


def marked(text: str, highlights: list[tuple[int, int]]) -> str:
    """The text with its highlights in colour, on one line."""
    pieces, at = [], 0
    for begin, end in highlights:
        pieces += [
            output.plain(text[at:begin]),
            click.style(output.plain(text[begin:end]), bold=True, fg="yellow"),
        ]
        at = end
    return "".join((*pieces, output.plain(text[at:])))
