"""The native API, ``/v1``: one file per noun, problem details for errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.errors import Invalid
from hansard.http.route import Described, Dialect
from hansard.native import (
    attention,
    audit,
    bulk,
    checkpoints,
    context,
    diffs,
    documents,
    events,
    facets,
    forks,
    keys,
    lookup,
    messages,
    notes,
    retention,
    rewinds,
    runs,
    scores,
    search,
    sessions,
    shares,
    stats,
    suggestions,
    transfers,
    users,
    views,
    webhooks,
    workspaces,
)
from hansard.native.message_bodies import message_out
from hansard.native.schemas import ProblemDetails
from hansard.native.session_bodies import session_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hansard.http.route import Failure
    from hansard.model import Message, Session
    from hansard.native.schemas import Json


def problem(failure: Failure) -> dict[str, object]:
    """An error as RFC 9457 problem details, see ``ProblemDetails``."""
    error = failure.error
    body: dict[str, object] = {
        "type": failure.address(f"/docs/errors#{error.code}"),
        "title": error.code.replace("_", " ").capitalize(),
        "status": failure.status,
        "detail": error.message,
        "instance": failure.address(failure.path),
        "code": error.code,
        "request_id": failure.request_id,
    }
    if error.param is not None:
        body["param"] = error.param
    if isinstance(error, Invalid) and error.reason is not None:
        body["reason"] = error.reason
    return body | {
        key: value for key, value in error.extra.items() if key not in {"where", "allow"}
    }


_PATH_PARAMETERS = {
    "session_id": Described("A session, by the `id`, `uid` or any other id it has.", "order-17"),
    "message_id": Described("A message, by its `id` or its `client_id`.", "mail-88"),
    "run_id": Described("A run, by its `id`.", "turn-1"),
    "bulk_id": Described(
        "A bulk action, by the `undo` of its answer.", "bulk_0190163d-8694-739b-aea5-966c26f8ad91"
    ),
    "view_id": Described("A view, by its `id`.", "view_0190163d-8694-739b-aea5-966c26f8ad91"),
    "note_id": Described("A note, by its `id`.", "note_0190163d-8694-739b-aea5-966c26f8ad91"),
    "score_id": Described("A score, by its `id`.", "score_0190163d-8694-739b-aea5-966c26f8ad91"),
    "share_id": Described("A link, by its `id`.", "5b1e8c0f7a2d4e93"),
    "user_id": Described("An end user, by the application's id.", "ada"),
    "erasure_id": Described("A receipt, by its `id`.", "era_0190163d-8694-739b-aea5-966c26f8ad91"),
    "key_id": Described("A key, by its `id`.", "7fK2mQ9x"),
    "webhook_id": Described("A webhook, by its `id`.", "wh_0190163d-8694-739b-aea5-966c26f8ad91"),
    "delivery_id": Described(
        "A delivery, by its `id`.", "whd_0190163d-8694-739b-aea5-966c26f8ad92"
    ),
    "workspace_id": Described("A workspace, by its `id`.", "ws_k3v9x0"),
}


def written(session: Session, messages: Sequence[Message]) -> Json:
    """A session and some of its messages as this API shows them."""
    return {
        "session": session_out(session),
        "messages": [message_out(session.name, message) for message in messages],
    }


dialect = Dialect(
    name="native",
    title="Hansard",
    description="Sessions, messages and runs of AI agents: the native API.",
    prefixes=("/",),
    routes=(
        *sessions.routes,
        *messages.routes,
        *rewinds.routes,
        *documents.routes,
        *checkpoints.routes,
        *runs.routes,
        *forks.routes,
        *search.routes,
        *suggestions.routes,
        *facets.routes,
        *lookup.routes,
        *attention.routes,
        *context.routes,
        *diffs.routes,
        *bulk.routes,
        *events.routes,
        *stats.routes,
        *notes.routes,
        *scores.routes,
        *views.routes,
        *shares.routes,
        *transfers.routes,
        *users.routes,
        *retention.routes,
        *audit.routes,
        *keys.routes,
        *webhooks.routes,
        *workspaces.routes,
    ),
    error=problem,
    error_type="application/problem+json",
    error_body=ProblemDetails,
    path_parameters=_PATH_PARAMETERS,
    strict=True,
    escapes=True,
)
