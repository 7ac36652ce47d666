"""``/v1/export`` and ``/v1/import``: whole sessions out and in."""

from __future__ import annotations

import io
from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from starlette.responses import StreamingResponse

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import MIB, Route
from hansard.http.streams import download
from hansard.interchange.documents import from_stream
from hansard.interchange.exporter import lines
from hansard.interchange.importer import Import, Options, Problem
from hansard.native.sessions import FilterParams, filter_of

BODY, UNPACKED = 8 * MIB, 64 * MIB
_TAKEN = ("application/json", "application/octet-stream")


class ImportParams(Struct, frozen=True, kw_only=True):
    format: Annotated[
        str, Meta(description="auto, chatgpt, claude-code, hansard, openai or pocketpaw")
    ] = "auto"
    channel: (
        Annotated[
            str, Meta(description="the channel of sessions whose file names none", max_length=256)
        ]
        | None
    ) = None
    tz: (
        Annotated[
            str, Meta(description="the zone of times without an offset, such as Europe/Berlin")
        ]
        | None
    ) = None
    dry_run: Annotated[bool, Meta(description="find out what would happen and write nothing")] = (
        False
    )


class Imported(Struct, frozen=True, kw_only=True):
    """How many sessions were stored, there already, added to, set aside; ``problems`` says why, for the first hundred."""

    new: int
    same: int
    updated: int
    bad: int
    messages: int
    problems: list[Problem]


async def export_sessions(call: Call[FilterParams, None]) -> StreamingResponse:
    """Export sessions with their runs and messages, a JSON line each, oldest first"""
    return await download(call, lines(call.service, call.principal, filter_of(call.params)))


async def import_sessions(call: Call[ImportParams, None]) -> Imported:
    """Import sessions from a file, which is the body: plain or gzipped, of any format that is known

    At most 8 MiB, and 64 MiB unpacked: cut larger files between their records. A second import changes nothing.
    """
    kind = call.headers.get("content-type").partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        raise Invalid(
            f"the body is {kind}: send the file itself (curl --data-binary @FILE)",
            code="unsupported_media_type",
            param="Content-Type",
        )
    asked = call.params
    options = Options(
        format=asked.format, zone=_zone(asked.tz), channel=asked.channel, dry_run=asked.dry_run
    )
    document = from_stream("the body", io.BytesIO(call.data), most=UNPACKED)
    done = await Import(call.service, call.principal, options).document(document)
    return Imported(
        new=done.new,
        same=done.same,
        updated=done.updated,
        bad=done.bad,
        messages=done.messages,
        problems=done.problems,
    )


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError) as problem:
        raise Invalid(f"tz: {name!r} is no time zone", param="tz") from problem


routes = (
    Route(
        "GET /v1/export",
        export_sessions,
        scope="export",
        params=FilterParams,
        returns=str,
        media_type="application/x-ndjson",
    ),
    Route(
        "POST /v1/import",
        import_sessions,
        scope="sessions:write",
        params=ImportParams,
        raw_body=True,
        request_types=_TAKEN,
        body_limit=BODY,
        returns=Imported,
    ),
)
