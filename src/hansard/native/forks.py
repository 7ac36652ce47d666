"""``/v1/sessions/{session_id}/fork``: a new session from the beginning of another."""

from __future__ import annotations

from typing import Any, ClassVar

from msgspec import Struct

from hansard.http.call import Call
from hansard.http.route import ONCE, Route
from hansard.model import SessionDraft
from hansard.model.idempotency import IdempotentRequest
from hansard.native.errors import NO_SESSION
from hansard.native.schemas import Json
from hansard.native.session_bodies import SessionOut, session_out


class ForkIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the session branches, and what the fork is called."""

    described_by: ClassVar[type[Struct]] = SessionOut
    example: ClassVar[Json] = {"id": "order-17-again", "message": 4}

    id: str | None = None
    """The caller's own id for the fork. Without it the server makes one."""
    message: str | int | None = None
    """The last message that the fork keeps, by its `id`, `client_id` or `seq`; all by default."""
    title: str | None = None
    metadata: dict[str, Any] | None = None
    """The fork's own JSON object; that of the original is not copied."""


class CopyIn(ForkIn, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the copy goes, and what it is called."""

    example: ClassVar[Json] = {"id": "order-17-copy"}

    id: str | None = None
    """The caller's own id for the copy. Without it the server makes one."""
    message: str | int | None = None
    """The last message that the copy has, by its `id`, `client_id` or `seq`; all by default."""
    metadata: dict[str, Any] | None = None
    """The copy's own JSON object, in place of that of the original."""


async def fork_session(call: Call[None, ForkIn]) -> SessionOut:
    """Branch a new session from a message of this one

    The fork has copies of the messages up to that one, and this session as its ``parent``. It is
    there when all of them are copied: some seconds for tens of thousands.
    """
    return await _forked(call, call.once(session_out), detached=False)


async def copy_session(call: Call[None, CopyIn]) -> SessionOut:
    """Copy a session, with its messages and their items, documents and checkpoints

    The copy has no ``parent``: it stays when this session is deleted. It has no runs.
    """
    return await _forked(call, call.once(session_out), detached=True)


async def _forked(
    call: Call[None, ForkIn] | Call[None, CopyIn], once: IdempotentRequest | None, *, detached: bool
) -> SessionOut:
    body, name = call.body, call.path["session_id"]
    until = (
        None
        if body.message is None
        else await call.service.messages.find_seq(
            call.principal, name, str(body.message), param="message"
        )
    )
    draft = SessionDraft(id=body.id, title=body.title, metadata=body.metadata or {})
    return session_out(
        await call.service.forks.fork(
            call.principal,
            name,
            until=until,
            draft=draft,
            detached=detached,
            once=once,
        )
    )


_ERRORS = NO_SESSION | {
    409: "`session_exists`: there is a session of this id already. `fork_interrupted`:"
    " messages of this session were deleted again and again while it was copied."
}

routes = (
    Route(
        "POST /v1/sessions/{session_id}/fork",
        fork_session,
        scope="sessions:write",
        body=ForkIn,
        returns=SessionOut,
        status=201,
        request_headers=(ONCE,),
        errors=_ERRORS,
    ),
    Route(
        "POST /v1/sessions/{session_id}/copy",
        copy_session,
        scope="sessions:write",
        body=CopyIn,
        returns=SessionOut,
        status=201,
        request_headers=(ONCE,),
        errors=_ERRORS,
    ),
)
