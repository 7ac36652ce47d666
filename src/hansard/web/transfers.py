"""Transfer: sessions out as a file, and files in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import field
from starlette.responses import JSONResponse, Response

from hansard.errors import Invalid
from hansard.http.route import MIB, Route
from hansard.http.streams import download
from hansard.interchange.bounds import SERVER
from hansard.interchange.exporter import Choice, pieces
from hansard.interchange.exports import FORMS, ExportName
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Report
from hansard.service.bulk import NAMED
from hansard.web.filters import ListParams, cleaned, filter_of, narrowing, query, unknown
from hansard.web.formatting import number, plural
from hansard.web.layout import Form, Layout, act
from hansard.web.local_times import zone_of
from hansard.web.search_results import hits

if TYPE_CHECKING:
    from hansard.http.call import Call
    from hansard.web.discovery import Discoveries

LARGEST = 8 * MIB
_REASONS = 20


class Chosen(ListParams, frozen=True, kw_only=True):
    """A list's filter, or the sessions themselves by ``Session.id``."""

    ids: list[str] = field(default_factory=list)
    format: ExportName = "hansard"


class Transfers:
    def __init__(self, layout: Layout, discoveries: Discoveries) -> None:
        self._layout = layout
        self._discoveries = discoveries

    @property
    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET /ui/transfers",
                self.show,
                scope="export",
                params=ListParams,
                media_type="text/html",
            ),
            Route(
                "GET /ui/export",
                self.export,
                scope="export",
                params=Chosen,
                media_type="application/x-ndjson",
            ),
            act("POST /ui/import", self.bring, scope="sessions:write", body_limit=LARGEST),
        )

    async def show(self, call: Call[ListParams, None]) -> Response:
        """What can go out and come in"""
        params = _filters(call)
        filters = query(narrowing(params))
        total = (
            (await hits(call.service, call.principal, params, 1)).total or 0
            if params.q
            else await call.service.sessions.count(call.principal, filter_of(params))
        )
        curl = self._layout.curl(call, f"/v1/export{filters}") + " -o hansard.jsonl"
        return await self._layout.show(
            call,
            "transfers.html",
            nav="transfers",
            total=total,
            query=filters,
            curl=curl,
            discovers=self._discoveries.is_offered(call),
        )

    async def export(self, call: Call[Chosen, None]) -> Response:
        """The sessions that match, or those named, in one of the forms"""
        ids, form = call.params.ids, FORMS[call.params.format]
        if len(ids) > NAMED:
            raise Invalid(f"choose at most {NAMED} sessions, or all that match", param="ids")
        choice = Choice(ids=ids, form=form)
        if not ids:
            params = _filters(call)
            choice = Choice(filter=filter_of(params), text=params.q, form=form)
        sessions = pieces(call.service, call.principal, choice)
        return await download(call, sessions, form.media_type, form.suffix)

    async def bring(self, call: Call[Any, Any], _form: Form) -> Response:
        """Take in a file"""
        if not call.data:
            raise Invalid(
                "there is no file, or it is empty: choose one with sessions", param="file"
            )
        name = (call.query("name") or "the file")[:256]
        work = Import(call.service, call.principal, Options(), bounds=SERVER)
        report = await work.upload(name, call.data)
        return JSONResponse({"said": _report_lines(report)}, headers={"Cache-Control": "no-store"})


def _filters(call: Call[Any, None]) -> ListParams:
    """What is to go out.

    Invalid for a filter that does not exist, which must not mean everything.
    """
    if problem := unknown(call.params, call.scope["query_string"]):
        raise Invalid(problem, param="query")
    return cleaned(call.params, zone_of(call))


def _report_lines(report: Report) -> list[str]:
    """The result of an import in lines.

    The counts, then the rejected records with their reasons.
    """
    counts = (
        f"{number(report.new)} imported, {number(report.updated)} updated, {number(report.same)} "
        f"unchanged, {number(report.bad)} failed"
    )
    reasons = [
        f"Record {problem.record} of {problem.file}: {problem.reason}"
        for problem in report.problems[:_REASONS]
    ]
    more = report.bad - len(reasons)
    return [
        f"{counts}; {plural(report.messages, 'message')}.",
        *reasons,
        *([f"And {number(more)} more."] if more else []),
    ]
