"""What the page can do to sessions: each form is one verb of the service, as the API has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec
from msgspec import Struct
from starlette.responses import JSONResponse, Response

from hansard.errors import Invalid, NotFound
from hansard.http.decoding import QueryReader
from hansard.http.route import Route
from hansard.model import SessionPatch
from hansard.model.share import Hidden
from hansard.service.bulk import ACTIONS, BulkOptions
from hansard.web.bulk import done
from hansard.web.filters import ListParams, cleaned, filter_of, unknown
from hansard.web.layout import Form, Layout, act, back_to
from hansard.web.local_times import zone_of
from hansard.web.rendering import see_other, wants_fragment
from hansard.web.session_pane import PaneQuery, image_in, stretch_of
from hansard.web.sessions import Sessions
from hansard.web.share_view import SharedSession, shows_images_of

if TYPE_CHECKING:
    from hansard.http.call import Call

_DAY_US = 86_400_000_000
_NO_STORE = {"Cache-Control": "no-store"}
_reader = QueryReader(ListParams, strict=True)


class Actions:
    def __init__(self, layout: Layout, sessions: Sessions) -> None:
        self._layout = layout
        self._sessions = sessions

    @property
    def routes(self) -> tuple[Route, ...]:
        session, write = "/ui/sessions/{session_id}", "sessions:write"
        return (
            act(f"POST {session}/resolution", self.resolve, scope=write),
            act(f"POST {session}/archive", self.archive, scope=write),
            act(f"POST {session}/title", self.rename, scope=write),
            act(f"POST {session}/tags", self.tag, scope=write),
            act(f"POST {session}/delete", self.delete, scope="sessions:delete"),
            act(f"POST {session}/shares", self.share, scope=write),
            act(f"POST {session}/share-preview", self.preview_share, scope=write),
            act(f"POST {session}/shares/{{share_id}}/end", self.end_share, scope=write),
            act("POST /ui/bulk", self.bulk, scope=write),
            act("POST /ui/bulk/{bulk_id}/undo", self.undo, scope=write),
            act("POST /ui/views", self.save_view, scope=write),
            act("POST /ui/views/{view_id}/delete", self.delete_view, scope=write),
            Route(
                "GET /s/{name}",
                self.shared,
                public=True,
                secret_path=True,
                media_type="text/html",
            ),
            Route(
                "GET /s/{name}/{message_id}/{place}",
                self.shared_image,
                public=True,
                secret_path=True,
                media_type="image/png",
            ),
        )

    async def resolve(self, call: Call[Any, Any], form: Form) -> Response:
        """Resolve, reopen or mark as unresolved"""
        try:
            patch = msgspec.convert({"resolution": form.get("resolution")}, SessionPatch)
        except msgspec.ValidationError as problem:
            raise Invalid("choose resolved, unresolved or open", param="resolution") from problem
        return await self._changed(call, form, patch)

    async def rename(self, call: Call[Any, Any], form: Form) -> Response:
        """Give a title, which no agent or import overwrites"""
        return await self._changed(call, form, SessionPatch(title=form.get("title") or None))

    async def tag(self, call: Call[Any, Any], form: Form) -> Response:
        """Replace the tags"""
        return await self._changed(
            call,
            form,
            SessionPatch(
                tags=[tag for item in form.get("tags").split(",") if (tag := item.strip())]
            ),
        )

    async def archive(self, call: Call[Any, Any], form: Form) -> Response:
        """Put away or take out again"""
        await call.service.sessions.archive(
            call.principal, call.path["session_id"], archived=form.get("archived") != "false"
        )
        return await self.shown(call, form)

    async def delete(self, call: Call[Any, Any], form: Form) -> Response:
        """Delete permanently"""
        if form.get("sure") != "yes":
            raise Invalid("tick the box to confirm the deletion", param="sure")
        await call.service.sessions.delete(call.principal, call.path["session_id"])
        return see_other("/ui/")

    async def share(self, call: Call[Any, Any], form: Form) -> Response:
        """Make a read-only link and show it, this once"""
        days = form.get("days")
        expires_at = call.service.clock() + int(days if days in {"1", "7", "30"} else "7") * _DAY_US
        name, _ = await call.service.shares.create(
            call.principal,
            call.path["session_id"],
            expires_at=expires_at,
            hides=_hidden(form),
        )
        call.params = ListParams()
        pane = await self._sessions.pane(call, PaneQuery(tab="details"))
        return await self._sessions.screen(call, pane, share_path=f"/s/{name}")

    async def preview_share(self, call: Call[Any, Any], form: Form) -> Response:
        """What a link would show"""
        session_id, hidden = call.path["session_id"], _hidden(form)
        zone, service = zone_of(call), call.service
        stretch = await stretch_of(service, call.principal, session_id, PaneQuery(), zone)
        return await self._layout.pages.page(
            call,
            "shared.html",
            session=await SharedSession.of(stretch, hidden, zone),
            share=None,
            pictures=call.address(f"/ui/sessions/{session_id}/messages"),
        )

    async def end_share(self, call: Call[Any, Any], _form: Form) -> Response:
        """End a link"""
        await call.service.shares.revoke(
            call.principal, call.path["session_id"], call.path["share_id"]
        )
        return see_other(f"/ui/sessions/{call.path['session_id']}?tab=details#share")

    async def bulk(self, call: Call[Any, Any], form: Form) -> Response:
        """Act on many sessions: those named, or all that match"""
        action, options = _action(form), BulkOptions(value=form.get("value") or None)
        bulk = call.service.bulk
        if form.get("all"):
            everything = _everything(form.get("all"))
            params = _params(everything.query)
            if params.q:
                raise Invalid("search results can only be selected one by one", param="all")
            outcome = await bulk.apply_to_matching(
                call.principal,
                action,
                filter_of(params),
                snapshot_at=everything.snapshot,
                expected=everything.count,
                options=options,
            )
        else:
            outcome = await bulk.apply_to(call.principal, action, form.all("ids"), options)
        return JSONResponse(
            {
                "changed": outcome.changed,
                "undo": outcome.undo,
                "said": done(action, outcome.changed),
            },
            headers=_NO_STORE,
        )

    async def undo(self, call: Call[Any, Any], _form: Form) -> Response:
        """Take a bulk action back"""
        restored, skipped = await call.service.bulk.undo(call.principal, call.path["bulk_id"])
        return JSONResponse({"restored": restored, "skipped": skipped}, headers=_NO_STORE)

    async def save_view(self, call: Call[Any, Any], form: Form) -> Response:
        """Save the filter of the list under a name"""
        typed = form.get("query").lstrip("?")
        _params(typed)
        view = await call.service.views.save(call.principal, form.get("name"), typed)
        return see_other(f"/ui/?{view.query}")

    async def delete_view(self, call: Call[Any, Any], _form: Form) -> Response:
        """Forget a saved view"""
        await call.service.views.delete(call.principal, call.path["view_id"])
        return see_other("/ui/settings")

    async def shared(self, call: Call[None, None]) -> Response:
        """A session that somebody shared, to read"""
        name, zone = call.path["name"], zone_of(call)
        principal, session, share = await call.service.shares.open(name)
        call.identify(principal)
        query = PaneQuery.of(call)
        stretch = await stretch_of(call.service, principal, session.id, query, zone)
        return await self._layout.pages.page(
            call,
            "shared.html",
            session=await SharedSession.of(stretch, share.hidden, zone),
            share=share,
            pictures=call.address(f"/s/{name}"),
        )

    async def shared_image(self, call: Call[None, None]) -> Response:
        """A picture in a session that somebody shared"""
        principal, session, share = await call.service.shares.open(call.path["name"])
        call.identify(principal)
        _, message = await call.service.messages.read(
            principal, session.id, call.path["message_id"]
        )
        if not shows_images_of(message, share.hidden):
            raise NotFound("this link does not show the picture", code="part_not_found")
        return image_in(message, call.path["place"])

    async def _changed(self, call: Call[Any, Any], form: Form, patch: SessionPatch) -> Response:
        await call.service.sessions.update(call.principal, call.path["session_id"], patch)
        return await self.shown(call, form)

    async def shown(self, call: Call[Any, Any], form: Form) -> Response:
        """The pane again for a script, else back to where the form was."""
        if wants_fragment(call, "pane"):
            call.params = ListParams()
            return await self._layout.part(
                call,
                "pane.html",
                **await self._sessions.with_sharing(
                    call, self._sessions.around_pane(call, await self._sessions.pane(call))
                ),
            )
        return see_other(back_to(call, form, f"/ui/sessions/{call.path['session_id']}?tab=details"))


def _hidden(form: Form) -> list[Hidden]:
    """What a link leaves out: all that is not ticked."""
    shown = form.all("show")
    return [word for word in get_args(Hidden) if word not in shown]


class Everything(Struct, frozen=True):
    """All that a list's query matched at a moment (microseconds), and how many that were."""

    query: str
    snapshot: int
    count: int


def _everything(text: str) -> Everything:
    try:
        return msgspec.json.decode(text.encode(), type=Everything, strict=False)
    except msgspec.DecodeError as problem:
        raise Invalid("all does not say what was selected", param="all") from problem


def _action(form: Form) -> Any:  # noqa: ANN401 - one of the literals, as checked
    if form.get("action") not in ACTIONS:
        raise Invalid(f"action must be one of {', '.join(ACTIONS)}", param="action")
    return form.get("action")


def _params(text: str) -> ListParams:
    """What a list's query asks for; Invalid when a filter or a value does not exist."""
    encoded = text.lstrip("?").encode()
    params: ListParams = _reader.read(encoded)
    if problem := unknown(params, encoded):
        raise Invalid(problem, param="query")
    return cleaned(params)
