"""What a client reports beside its messages: runs with their usage, scores, feedback, events."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Raw, Struct
from starlette.responses import Response

from hansard.dialects.assistant_ui.callers import user_of
from hansard.dialects.assistant_ui.errors import NO_THREAD
from hansard.dialects.assistant_ui.threads import PATH
from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import Route
from hansard.model import RunDraft
from hansard.model.message import MOST_TOKENS, MOST_USD
from hansard.model.run import State

Json = dict[str, Any]
Count = Annotated[int, Meta(ge=0, le=MOST_TOKENS)]
_STATES: dict[str, State] = {"completed": "completed", "incomplete": "partial", "error": "failed"}
_NOTED = (
    "message_id", "user_message_id", "outcome_type", "first_token_ms", "release", "environment",
    "tags", "provider", "trace_id", "root_span_id", "error_code", "total_steps",
)  # fmt: skip
_MILLISECOND, _NANOS = 1000, 10**9
_FEEDBACK = {"positive": 1.0, "negative": -1.0}


class ReportIn(Struct, kw_only=True, frozen=True):
    """A run that is over.

    Other fields, such as texts and calls of tools, are not kept: they are in the messages.
    """

    example: ClassVar[Json] = {
        "thread_id": "order-17",
        "status": "completed",
        "message_id": "msg_0190163d-8694-739b-aea5-966c00000002",
        "model_id": "gpt-5",
        "input_tokens": 210,
        "output_tokens": 9,
        "duration_ms": 1400,
    }

    thread_id: str
    """The thread that it was in."""
    status: Literal["completed", "incomplete", "error"]
    """How it went: the run is `completed`, `partial` or `failed`."""
    model_id: str | None = None
    """The language model; at most 256 characters."""
    error: str | None = None
    """Why it failed; at most 8,000 characters are kept."""
    duration_ms: Annotated[float, Meta(ge=0, le=10**10)] = 0
    """How many milliseconds it took."""
    input_tokens: Count = 0
    """Model tokens read, cached ones included."""
    output_tokens: Count = 0
    """Model tokens written, reasoning included."""
    reasoning_tokens: Count = 0
    """Those of the output that were reasoning."""
    cached_input_tokens: Count = 0
    """Those of the input that a cache held."""
    cost_usd: Annotated[float, Meta(ge=0, le=MOST_USD)] = 0
    """The price, in US dollars."""
    message_id: str | None = None
    """The message that it wrote. This and what follows is kept in the metadata of the run."""
    user_message_id: str | None = None
    """The message that it answered."""
    outcome_type: str | None = None
    """Why it did not complete, such as `aborted` or `length`."""
    first_token_ms: float | None = None
    """The milliseconds until its first token."""
    release: str | None = None
    """The release of the application."""
    environment: str | None = None
    """Where the application runs."""
    tags: list[str] | None = None
    """The application's labels."""
    provider: str | None = None
    """Whose model it is."""
    trace_id: str | None = None
    """Its trace in OpenTelemetry."""
    root_span_id: str | None = None
    """The first span of that trace."""
    error_code: str | None = None
    """The status or the name of the error."""
    total_steps: int | None = None
    """How many steps it took."""


class ReportOut(Struct, kw_only=True):
    """The run that was kept."""

    example: ClassVar[Json] = {"run_id": "run_0190163d-8694-739b-aea5-966c26f8ad91"}

    run_id: str
    """The id of the run, as in the native API."""


class ScoreIn(Struct, kw_only=True, frozen=True):
    """A judgement of a thread or of something in it."""

    example: ClassVar[Json] = {
        "name": "helpful",
        "data_type": "numeric",
        "value": 0.8,
        "thread_id": "order-17",
        "comment": "Short and right.",
    }

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    """What is judged; 1–64 characters."""
    data_type: Literal["numeric", "categorical", "boolean"]
    """Whether it is a number, a word or a yes or no."""
    thread_id: str = ""
    """The thread; required, since a score is kept with it."""
    value: float | bool | None = None
    """The number, or true or false."""
    string_value: str | None = None
    """The word."""
    comment: str | None = None
    """What the judge adds; at most 2,000 characters."""
    message_id: str | None = None
    """The message that is judged; the thread as a whole without it."""


class ScoreOut(Struct, kw_only=True):
    """A score that was kept."""

    example: ClassVar[Json] = {
        "score_id": "score_0190163d-8694-739b-aea5-966c26f8ad91",
        "name": "helpful",
        "data_type": "numeric",
        "value": 0.8,
        "string_value": None,
    }

    score_id: str
    """Its id, as in the native API."""
    name: str
    """What is judged."""
    data_type: Literal["numeric", "categorical", "boolean"]
    """What its value is."""
    value: float | None
    """The number; 1 or 0 for true and false, null for a word."""
    string_value: str | None
    """The word; null for a number."""


class FeedbackIn(Struct, kw_only=True, frozen=True):
    """What an end user thinks of a message."""

    example: ClassVar[Json] = {"type": "positive", "comment": "It came the next day."}

    type: Literal["positive", "negative"]
    """Whether it was good."""
    comment: str | None = None
    """What the end user adds."""


class FeedbackOut(Struct, kw_only=True):
    """The feedback that was kept; it replaces an earlier one of the end user."""

    example: ClassVar[Json] = FeedbackIn.example | {
        "feedback_id": "score_0190163d-8694-739b-aea5-966c26f8ad91"
    }

    feedback_id: str
    """The id of the score `feedback` of the message, as in the native API."""
    type: Literal["positive", "negative"]
    """Whether the message was good."""
    comment: str | None
    """What the end user adds; null without."""


class EventsIn(Struct, kw_only=True, frozen=True):
    """What happened in the page of an end user."""

    example: ClassVar[Json] = {"events": [{"kind": "message_sent", "thread_id": "order-17"}]}

    events: list[Json] = []
    """Events. They are taken and not kept."""


async def report_run(call: Call[None, ReportIn]) -> ReportOut:
    """Report a run that is over, with its usage"""
    body, now = call.body, call.service.clock()
    noted = {name: value for name in _NOTED if (value := getattr(body, name)) is not None}
    draft = RunDraft(
        state=_STATES[body.status],
        model=body.model_id,
        error=body.error,
        started_at=now - round(body.duration_ms * _MILLISECOND),
        input_tokens=body.input_tokens,
        output_tokens=body.output_tokens,
        cache_read_tokens=body.cached_input_tokens,
        reasoning_tokens=body.reasoning_tokens,
        cost_nanos=round(body.cost_usd * _NANOS),
        metadata=Raw(msgspec.json.encode(noted)),
    )
    _, run, _ = await call.service.runs.start(call.principal, body.thread_id, draft)
    return ReportOut(run_id=run.id)


async def create_score(call: Call[None, ScoreIn]) -> ScoreOut:
    """Score a thread, or a message of it"""
    body = call.body
    if not body.thread_id:
        raise Invalid("thread_id is missing: a score is kept with its thread", param="thread_id")
    value = None if body.value is None else float(body.value)
    _, score, _ = await call.service.notes.score(
        call.principal,
        body.thread_id,
        body.name,
        value=value,
        label=body.string_value,
        comment=body.comment,
        message=body.message_id,
        author=user_of(call),
    )
    return ScoreOut(
        score_id=score.id,
        name=score.name,
        data_type=body.data_type,
        value=score.value,
        string_value=score.label,
    )


async def give_feedback(call: Call[None, FeedbackIn]) -> FeedbackOut:
    """Score a message by what an end user thinks of it"""
    _, score, _ = await call.service.notes.score(
        call.principal,
        call.path["thread_id"],
        "feedback",
        value=_FEEDBACK[call.body.type],
        label=call.body.type,
        comment=call.body.comment,
        message=call.path["message_id"],
        author=user_of(call),
    )
    return FeedbackOut(feedback_id=score.id, type=call.body.type, comment=score.comment)


async def take_events(_: Call[None, EventsIn]) -> Response:
    """Take events of the end user's page, which are not kept"""
    return Response(status_code=204)


routes = (
    Route(
        "POST /assistant-ui/v1/runs",
        report_run,
        scope="sessions:write",
        body=ReportIn,
        returns=ReportOut,
        errors=NO_THREAD,
    ),
    Route(
        "POST /assistant-ui/v1/scores",
        create_score,
        scope="sessions:write",
        body=ScoreIn,
        returns=ScoreOut,
        errors=NO_THREAD,
    ),
    Route(
        f"POST {PATH}/{{thread_id}}/messages/{{message_id}}/feedback",
        give_feedback,
        scope="sessions:write",
        body=FeedbackIn,
        returns=FeedbackOut,
        errors=NO_THREAD,
    ),
    Route(
        "POST /assistant-ui/v1/events",
        take_events,
        scope="sessions:write",
        body=EventsIn,
        status=204,
    ),
)
