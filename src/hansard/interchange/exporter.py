"""Sessions out of the store into a form: our own lines, OpenAI's or ShareGPT's, Markdown, CSV."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from msgspec import Struct

from hansard.access import Principal
from hansard.errors import Invalid
from hansard.interchange.exports import FORMS, NAMES, ExportForm
from hansard.model import SearchQuery, SessionFilter, SessionQuery
from hansard.model.transfer import Snapshot
from hansard.service import Service

_AT_ONCE = 20
_ON_A_THREAD = 256 * 1024
Groups = AsyncIterator[Sequence[str]]


class Choice(Struct, frozen=True, kw_only=True):
    """Which sessions are exported.

    Those with ``ids`` (``Session.id``), else those that a search for ``text`` finds, else all.

    In the last two cases only those that pass the ``filter``.  They go out in the ``form``.
    """

    filter: SessionFilter = SessionFilter()
    ids: Sequence[str] = ()
    text: str = ""
    form: ExportForm = FORMS["hansard"]

    @property
    def is_whole(self) -> bool:
        """Whether it is everything that the workspace has."""
        return not (self.ids or self.text) and self.filter == SessionFilter()


class Exported(Struct, kw_only=True):
    """How much was written."""

    sessions: int = 0
    messages: int = 0
    runs: int = 0
    documents: int = 0
    """Those of users, apps and the workspace; a session's go with it."""


def form_of(name: str) -> ExportForm:
    """The form of this name; Invalid says which there are."""
    if name not in FORMS:
        raise Invalid(f"unknown format {name!r}: choose from {', '.join(NAMES)}", param="format")
    return FORMS[name]


async def pieces(
    service: Service,
    principal: Principal,
    choice: Choice,
    counted: Exported | None = None,
) -> AsyncIterator[bytes]:
    """The file, piece by piece.

    Each session as it is at one moment, and counted when it is written.

    Of everything also the documents of users, apps and the workspace, where the form has them.  A
    list goes from the oldest session on, a search from the latest activity.  The audit log is
    told before anything is given away, and at the end how much it was.
    """
    counted = counted or Exported()
    await service.audit.note(principal, "export.started", "sessions")
    if choice.form.header:
        yield choice.form.header
    async for ids in _groups(service, principal, choice):
        async for snapshot in _snapshots(service, principal, ids):
            counted.sessions += 1
            counted.messages += len(snapshot.messages)
            counted.runs += len(snapshot.runs)
            yield await _written(choice.form, snapshot)
    if choice.is_whole and choice.form.write_document is not None:
        async for document in service.transfers.documents(principal):
            counted.documents += 1
            yield choice.form.write_document(document)
    await service.audit.note(
        principal,
        "sessions.exported",
        "sessions",
        sessions=counted.sessions,
        messages=counted.messages,
    )


async def _snapshots(
    service: Service, principal: Principal, ids: Sequence[str]
) -> AsyncIterator[Snapshot]:
    """These sessions, of which few are held at once where they are large."""
    while taken := await service.transfers.take(principal, ids):
        for snapshot in taken:
            yield snapshot
        ids = ids[ids.index(taken[-1].session.id) + 1 :]


async def _written(form: ExportForm, snapshot: Snapshot) -> bytes:
    """A session in the form; a long one is written on a thread."""
    if snapshot.size < _ON_A_THREAD:
        return form.write(snapshot)
    return await asyncio.to_thread(form.write, snapshot)


def _groups(service: Service, principal: Principal, choice: Choice) -> Groups:
    if choice.ids:
        return _named(choice.ids)
    if choice.text:
        query = SearchQuery(text=choice.text, filter=choice.filter, limit=_AT_ONCE)
        return _searched(service, principal, query)
    return _matching(service, principal, choice.filter)


async def _named(ids: Sequence[str]) -> Groups:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]


async def _matching(service: Service, principal: Principal, filters: SessionFilter) -> Groups:
    query = SessionQuery(filter=filters, sort="created_at", limit=_AT_ONCE)
    while True:
        page = await service.sessions.list(principal, query)
        yield [session.id for session in page.items]
        if page.next_cursor is None:
            break
        query = msgspec.structs.replace(query, cursor=page.next_cursor)


async def _searched(service: Service, principal: Principal, query: SearchQuery) -> Groups:
    while True:
        results = await service.search.find(principal, query)
        yield [match.session.id for match in results.items]
        if results.next_cursor is None:
            break
        query = msgspec.structs.replace(query, cursor=results.next_cursor)


async def export(
    service: Service,
    principal: Principal,
    choice: Choice,
    write: Callable[[bytes], object],
    on_progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the sessions that were chosen.

    ``on_progress`` hears how many of how many are written.
    """
    is_list = not (choice.ids or choice.text)
    total = await service.sessions.count(principal, choice.filter) if is_list else len(choice.ids)
    counted = Exported()
    async for piece in pieces(service, principal, choice, counted):
        write(piece)
        if on_progress:
            on_progress(counted.sessions, max(total, counted.sessions))
    return counted
