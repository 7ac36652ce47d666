"""The forms that sessions are exported in; each is one file with ``write``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from msgspec import Struct

from hansard.interchange.exports import openai, sharegpt, spreadsheet, transcript
from hansard.interchange.formats import hansard
from hansard.interchange.state_lines import write_document
from hansard.model.document import Document
from hansard.model.transfer import Snapshot

ExportName = Literal["hansard", "openai", "sharegpt", "markdown", "csv"]


class ExportForm(Struct, frozen=True, kw_only=True):
    """One export form.

    How a session is written, what precedes the first one, and the file's name.
    """

    name: ExportName
    suffix: str
    media_type: str
    write: Callable[[Snapshot], bytes]
    header: bytes = b""
    write_document: Callable[[Document], bytes] | None = None
    """How a document that belongs to no session is written; None leaves them out."""


_LINES = "application/x-ndjson"
FORMS: dict[str, ExportForm] = {
    form.name: form
    for form in (
        ExportForm(
            name="hansard",
            suffix="jsonl",
            media_type=_LINES,
            write=hansard.write,
            write_document=write_document,
        ),
        ExportForm(name="openai", suffix="jsonl", media_type=_LINES, write=openai.write),
        ExportForm(name="sharegpt", suffix="jsonl", media_type=_LINES, write=sharegpt.write),
        ExportForm(
            name="markdown", suffix="md", media_type="text/markdown", write=transcript.write
        ),
        ExportForm(
            name="csv",
            suffix="csv",
            media_type="text/csv",
            write=spreadsheet.write,
            header=spreadsheet.HEADER,
        ),
    )
}
NAMES: tuple[str, ...] = get_args(ExportName)
