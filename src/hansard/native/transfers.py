"""``/v1/export`` and ``/v1/import``: whole sessions out and in."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import MIB, Route
from hansard.http.streams import download
from hansard.interchange.bounds import SERVER
from hansard.interchange.exporter import Choice, pieces
from hansard.interchange.exports import FORMS, ExportName
from hansard.interchange.formats import NAMES
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Problem
from hansard.model.zones import zone
from hansard.native.errors import NO_SESSION, NOT_FOR_NARROWED
from hansard.native.filters import FilterParams, filter_of
from hansard.native.schemas import Json
from hansard.service.bulk import NAMED

BODY = 8 * MIB
_MEDIA_TYPES = ("application/json", "application/octet-stream")


class ExportParams(FilterParams, frozen=True, kw_only=True):
    """Which sessions, and in which form."""

    described_by: ClassVar[type[Struct]] = FilterParams
    example: ClassVar[Json] = {"format": "markdown", "channel": ["web"]}

    format: ExportName = "hansard"
    """`hansard` comes back whole by an import; `openai` and `sharegpt` are a JSON line a session
    too; `markdown` is to be read; `csv` has a row a message."""
    id: tuple[Annotated[str, Meta(max_length=256)], ...] = ()
    """Only these sessions, by their ids; the filters do not count then."""
    q: Annotated[str, Meta(max_length=256)] = ""
    """Only the sessions that this search finds, the latest activity first."""


class ImportParams(Struct, frozen=True, kw_only=True):
    """How to read the file."""

    example: ClassVar[Json] = {"channel": "web", "tz": "Europe/Berlin"}

    format: Annotated[str, Meta(extra_json_schema={"enum": ("auto", *NAMES)})] = "auto"
    """Its format by its name; `auto` finds it out."""
    channel: Annotated[str, Meta(max_length=256)] | None = None
    """The channel of sessions for which the file names none."""
    tz: str | None = None
    """The time zone of times without an offset, by its IANA name; UTC by default."""
    dry_run: bool = False
    """True finds out what would happen, and stores nothing."""


class Imported(Struct, frozen=True, kw_only=True):
    """What became of the sessions of a file."""

    example: ClassVar[Json] = {"new": 12, "same": 3, "updated": 1, "bad": 0, "messages": 140}

    new: int
    """How many sessions were stored."""
    same: int
    """How many sessions were there already, with nothing new."""
    updated: int
    """How many sessions were there, and got new messages."""
    bad: int
    """How many records were passed over, since they cannot be read."""
    messages: int
    """How many messages the sessions of the file have."""
    documents: int = 0
    """How many documents of users, apps and the workspace were set."""
    problems: list[Problem]
    """Why records were passed over, for the first hundred of them."""


async def export_sessions(call: Call[ExportParams, None]) -> StreamingResponse:
    """Export whole sessions, the oldest first

    In the format `hansard` each session is one line of JSON, with its runs and messages. An
    export without filters ends with the documents of users, apps and the workspace, a line each.
    """
    params = call.params
    if len(params.id) > NAMED:
        raise Invalid(f"name at most {NAMED} sessions, or choose them by filters", param="id")
    ids = [(await call.service.sessions.read(call.principal, name)).id for name in params.id]
    form = FORMS[params.format]
    choice = Choice(filter=filter_of(params), ids=ids, text=params.q, form=form)
    sessions = pieces(call.service, call.principal, choice)
    return await download(call, sessions, form.media_type, form.suffix)


async def import_sessions(call: Call[ImportParams, None]) -> Imported:
    """Import sessions from a file, which is the body: plain, packed or an archive

    At most 8 MiB, and 64 MiB unpacked: cut larger files between their records. A second import of
    the same file changes nothing. An import of which 1,000 records are bad, and more than are good,
    is given up.
    """
    kind = call.headers.get("content-type").partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        raise Invalid(
            f"the body is {kind}: send the file itself (curl --data-binary @FILE)",
            code="unsupported_media_type",
            param="Content-Type",
        )
    params = call.params
    options = Options(
        format=params.format,
        zone=zone(params.tz) if params.tz else None,
        channel=params.channel,
        dry_run=params.dry_run,
    )
    work = Import(call.service, call.principal, options, bounds=SERVER)
    report = await work.upload("the body", call.data)
    return Imported(
        new=report.new,
        same=report.same,
        updated=report.updated,
        bad=report.bad,
        messages=report.messages,
        documents=report.documents,
        problems=report.problems,
    )


routes = (
    Route(
        "GET /v1/export",
        export_sessions,
        scope="export",
        params=ExportParams,
        returns=str,
        media_type="application/x-ndjson",
        response_types=("text/markdown", "text/csv"),
        errors=NOT_FOR_NARROWED | NO_SESSION,
        replica=True,
    ),
    Route(
        "POST /v1/import",
        import_sessions,
        scope="sessions:write",
        params=ImportParams,
        raw_body=True,
        request_types=_MEDIA_TYPES,
        body_limit=BODY,
        returns=Imported,
        errors=NOT_FOR_NARROWED
        | {
            400: "`nothing_to_import`, `too_many_bad_records`, `import_too_expensive`: the file is "
            "empty, is mostly of bad records, or takes too much to read.",
            429: "`too_many_imports`: other imports are being worked on.",
        },
    ),
)
