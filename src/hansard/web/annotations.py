"""Notes, scores, assignees and forks on the page: each form is one verb of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hansard.http.route import Route
from hansard.model import SessionDraft, SessionPatch
from hansard.web.actions import Actions
from hansard.web.layout import Form, act
from hansard.web.rendering import see_other
from hansard.web.session_pane import RATING

if TYPE_CHECKING:
    from starlette.responses import Response

    from hansard.http.call import Call


class Annotations:
    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    @property
    def routes(self) -> tuple[Route, ...]:
        session, write = "/ui/sessions/{session_id}", "sessions:write"
        return (
            act(f"POST {session}/rate", self.rate, scope=write),
            act(f"POST {session}/assignee", self.assign, scope=write),
            act(f"POST {session}/notes", self.note, scope=write),
            act(f"POST {session}/notes/{{note_id}}/delete", self.delete_note, scope=write),
            act(f"POST {session}/fork", self.fork, scope=write),
            act(f"POST {session}/scores", self.score, scope=write),
            act(f"POST {session}/scores/{{score_id}}/delete", self.delete_score, scope=write),
        )

    async def rate(self, call: Call[Any, Any], form: Form) -> Response:
        """Say whether the session was helpful"""
        value = 1.0 if form.get("value") == "1" else 0.0
        await call.service.notes.score(call.principal, call.path["session_id"], RATING, value=value)
        return await self._actions.shown(call, form)

    async def assign(self, call: Call[Any, Any], form: Form) -> Response:
        """Say who looks after the session"""
        patch = SessionPatch(assignee=form.get("assignee") or None)
        await call.service.sessions.update(call.principal, call.path["session_id"], patch)
        return _to_notes(call)

    async def note(self, call: Call[Any, Any], form: Form) -> Response:
        """Write a note"""
        await call.service.notes.add(
            call.principal,
            call.path["session_id"],
            form.get("text"),
            message=form.get("message") or None,
        )
        return _to_notes(call)

    async def delete_note(self, call: Call[Any, Any], _form: Form) -> Response:
        """Delete a note"""
        await call.service.notes.delete(
            call.principal, call.path["session_id"], call.path["note_id"]
        )
        return _to_notes(call)

    async def score(self, call: Call[Any, Any], form: Form) -> Response:
        """Give a score: a number, or else a label"""
        judgement = form.get("value")
        try:
            value, label = float(judgement), None
        except ValueError:
            value, label = None, judgement
        await call.service.notes.score(
            call.principal,
            call.path["session_id"],
            form.get("name"),
            value=value,
            label=label,
            message=form.get("message") or None,
        )
        return _to_notes(call)

    async def fork(self, call: Call[Any, Any], form: Form) -> Response:
        """Copy the messages up to one into a new session, and open it"""
        seq = await call.service.messages.find_seq(
            call.principal, call.path["session_id"], form.get("message"), param="message"
        )
        fork = await call.service.forks.fork(
            call.principal, call.path["session_id"], until=seq, draft=SessionDraft()
        )
        return see_other(f"/ui/sessions/{fork.id}")

    async def delete_score(self, call: Call[Any, Any], _form: Form) -> Response:
        """Delete a score"""
        await call.service.notes.delete_score(
            call.principal, call.path["session_id"], call.path["score_id"]
        )
        return _to_notes(call)


def _to_notes(call: Call[Any, Any]) -> Response:
    return see_other(f"/ui/sessions/{call.path['session_id']}?tab=notes")
