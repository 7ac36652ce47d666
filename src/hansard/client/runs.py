"""The requests of runs."""

from __future__ import annotations

from typing import Unpack

from hansard.client.pages import listed
from hansard.client.params import FinalState, NewRun, OpenState, UsageFields, known
from hansard.client.requests import Request, path
from hansard.client.structs import Page, Run

LEASE = 60.0
"""The default lease: seconds without a heartbeat after which a run counts as interrupted."""


def start(
    session: str, *, idempotency_key: str | None = None, **fields: Unpack[NewRun]
) -> Request[Run]:
    """Start a run, or get the one that has this ``id``.

    Raises Conflict ``run_open`` when it is ``exclusive`` and another run of the session is open.
    """
    body = {"lease_seconds": LEASE, **known(fields, NewRun)}
    return Request(
        "POST", path("sessions", session, "runs"), Run.of, body=body, key=idempotency_key
    )


def heartbeat(
    session: str, run: str, *, state: OpenState | None = None, lease_seconds: float | None = None
) -> Request[Run]:
    """Keep a run alive for another lease, and change its state where one is given.

    Raises Conflict ``run_finished`` for a run that is over.
    """
    body = {"state": state, "lease_seconds": lease_seconds}
    return Request("POST", path("sessions", session, "runs", run, "heartbeat"), Run.of, body=body)


def finish(  # noqa: PLR0913 - the fields of the API
    session: str,
    run: str,
    *,
    state: FinalState = "completed",
    error: str | None = None,
    usage: UsageFields | None = None,
    idempotency_key: str | None = None,
) -> Request[Run]:
    """Finish a run; the session takes its state.

    ``usage`` is what the run used beyond what its messages report.
    """
    body = {"state": state, "error": error, "usage": usage and known(usage, UsageFields)}
    return Request(
        "POST",
        path("sessions", session, "runs", run, "finish"),
        Run.of,
        body=body,
        key=idempotency_key,
    )


def listing(session: str, *, page_size: int | None = None) -> Request[Page[Run]]:
    """The runs of a session, newest first; iterating fetches page after page."""
    return listed(Run, path("sessions", session, "runs"), page_size, {})


def read(session: str, run: str) -> Request[Run]:
    """One run."""
    return Request("GET", path("sessions", session, "runs", run), Run.of)
