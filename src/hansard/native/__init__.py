"""The native API, ``/v1``: one file per noun, problem details for errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hansard.http.route import Dialect
from hansard.native import (
    audit,
    bulk,
    context,
    diffs,
    events,
    keys,
    messages,
    runs,
    search,
    sessions,
    shares,
    stats,
    transfers,
    users,
    views,
    workspaces,
)
from hansard.native.schemas import ProblemDetails

if TYPE_CHECKING:
    from hansard.http.route import Failure


def problem(failure: Failure) -> dict[str, object]:
    """RFC 9457 problem details with a stable ``code`` and the request id; ``type`` leads to its line on the server's own page of errors."""
    error = failure.error
    body: dict[str, object] = {
        "type": f"/docs/errors#{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": failure.status,
        "detail": error.message,
        "instance": failure.path,
        "code": error.code,
        "request_id": failure.request_id,
    }
    if error.param is not None:
        body["param"] = error.param
    return body | {
        key: value for key, value in error.extra.items() if key not in {"where", "allow"}
    }


dialect = Dialect(
    name="native",
    title="Hansard",
    description="Sessions, messages and runs of AI agents: the native API.",
    prefixes=("/",),
    routes=(
        *sessions.routes,
        *messages.routes,
        *runs.routes,
        *search.routes,
        *context.routes,
        *diffs.routes,
        *bulk.routes,
        *events.routes,
        *stats.routes,
        *views.routes,
        *shares.routes,
        *transfers.routes,
        *users.routes,
        *audit.routes,
        *keys.routes,
        *workspaces.routes,
    ),
    error=problem,
    error_type="application/problem+json",
    error_body=ProblemDetails,
    strict=True,
    escapes=True,
)
