"""``/v1/sessions/{session_id}/scores``: a named number or label of a session or a message."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from hansard.http.call import Call
from hansard.http.fields import Time
from hansard.http.route import ONCE, Reply, Route
from hansard.model import Session
from hansard.model.score import Score
from hansard.model.times import rfc3339
from hansard.native.errors import NO_SESSION
from hansard.native.notes import named
from hansard.native.schemas import Deleted, HasMore, Json, NextCursor, SessionUid
from hansard.native.sessions import SESSION_PATH


class ScoreOut(Struct, frozen=True, kw_only=True):
    """What a person, or a judge, thinks of a session or a message."""

    described_by: ClassVar[type[Struct]] = Score
    example: ClassVar[Json] = {
        "id": "score_0190163d-8694-739b-aea5-966c26f8ad91",
        "session_id": "ses_0190163d-8694-739b-aea5-966c26f8ad91",
        "seq": 4,
        "name": "helpful",
        "value": 1.0,
        "label": "yes",
        "comment": "It found the order at once.",
        "author": "grace",
        "created_by": "7fK2mQ9x",
        "created_at": "2026-01-31T09:32:00Z",
    }

    id: str
    session_id: SessionUid
    seq: int | None
    """The `seq` of the message; null for the session as a whole."""
    name: str
    value: float | None
    label: str | None
    comment: str | None
    author: str
    created_by: str
    created_at: Time


class ScoreIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A score to give; it needs a value, a label or both."""

    described_by: ClassVar[type[Struct]] = ScoreOut
    example: ClassVar[Json] = {"name": "helpful", "value": 1}

    name: str
    value: float | None = None
    label: str | None = None
    comment: str | None = None
    message: str | int | None = None
    """The message that it is about, by its `seq`, `id` or `client_id`; the session by default."""
    author: str | None = None


class ScoreList(Struct, frozen=True, kw_only=True):
    """All scores of a session and of its messages, on one page."""

    data: list[ScoreOut]
    """The scores, the oldest first; at most 500."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


class ScoreDeleted(Struct, frozen=True, kw_only=True):
    """What was deleted."""

    id: str
    """The score."""
    deleted: Deleted


class ScoreNames(Struct, frozen=True, kw_only=True):
    """What the workspace's sessions and messages are judged by."""

    example: ClassVar[Json] = {"data": ["helpful", "tone"]}

    data: list[str]
    """The names of scores, in alphabetical order; the first 50."""
    has_more: HasMore = False
    next_cursor: NextCursor = None


async def score_session(call: Call[None, ScoreIn]) -> Reply:
    """Give a session or one of its messages a score

    Answers 201 for the author's first score of this name, and 200 where it replaces the last one.
    """
    body = call.body
    return _scored(
        await call.service.notes.score(
            call.principal,
            call.path["session_id"],
            body.name,
            value=body.value,
            label=body.label,
            comment=body.comment,
            message=named(body.message),
            author=body.author,
            once=call.once(_scored),
        )
    )


async def list_scores(call: Call[None, None]) -> ScoreList:
    """List the scores of a session and of its messages, the oldest first"""
    scores = await call.service.notes.scores(call.principal, call.path["session_id"])
    return ScoreList(data=[score_out(score) for score in scores])


async def delete_score(call: Call[None, None]) -> ScoreDeleted:
    """Permanently delete a score"""
    await call.service.notes.delete_score(
        call.principal, call.path["session_id"], call.path["score_id"]
    )
    return ScoreDeleted(id=call.path["score_id"], deleted=True)


async def list_names(call: Call[None, None]) -> ScoreNames:
    """List the names of the workspace's scores"""
    return ScoreNames(data=await call.service.notes.score_names(call.principal))


def _scored(result: tuple[Session, Score, bool]) -> Reply:
    _, score, is_new = result
    return Reply(body=score_out(score), status=201 if is_new else 200)


def score_out(score: Score) -> ScoreOut:
    return ScoreOut(
        id=score.id,
        session_id=f"ses_{score.session_id}",
        seq=score.seq or None,
        name=score.name,
        value=score.value,
        label=score.label,
        comment=score.comment,
        author=score.author,
        created_by=score.created_by,
        created_at=rfc3339(score.created_at),
    )


SCORES_PATH = f"{SESSION_PATH}/scores"

routes = (
    Route(
        f"POST {SCORES_PATH}",
        score_session,
        scope="sessions:write",
        body=ScoreIn,
        returns=ScoreOut,
        status=201,
        extra_statuses=(200,),
        request_headers=(ONCE,),
        errors={
            404: "`session_not_found`, `message_not_found`: no such session, or no such message.",
            409: "`too_many_scores`: the session has 500 scores.",
        },
    ),
    Route(
        f"GET {SCORES_PATH}",
        list_scores,
        scope="sessions:read",
        returns=ScoreList,
        errors=NO_SESSION,
    ),
    Route(
        f"DELETE {SCORES_PATH}/{{score_id}}",
        delete_score,
        scope="sessions:write",
        returns=ScoreDeleted,
        errors={404: "`session_not_found`, `score_not_found`: no such session, or no such score."},
    ),
    Route("GET /v1/scores", list_names, scope="sessions:read", returns=ScoreNames),
)
