"""assistant-ui's cloud: threads and their messages, for ``new AssistantCloud({ baseUrl })``.

Source: the published package ``assistant-cloud`` 0.2.11. Quirks kept on purpose:

- lists have the newest first, and go on behind the ``id`` of their last entry;
- messages hang under each other, by ``parent_id``; their content is whatever the runtime stores;
- times have milliseconds, since the client takes no others;
- what changes and answers nothing is a 204.

A workspace of assistant-ui is the ``app`` of a session. Files, projects, anonymous visitors and
streams of a model are refused by 501.
"""

from __future__ import annotations

from typing import Any

from hansard.access import Principal
from hansard.dialects.assistant_ui import callers, leases, messages, refusals, reports, threads
from hansard.dialects.assistant_ui.errors import ErrorOut, error_out
from hansard.http.call import Call
from hansard.http.credentials import credential
from hansard.http.route import Described, Dialect


async def authenticate(call: Call[Any, Any]) -> Principal:
    return await callers.identified(call, credential(dialect, call))


dialect = Dialect(
    name="assistant-ui",
    title="assistant-ui",
    description="assistant-ui's cloud threads, for clients with baseUrl set to /assistant-ui.",
    prefixes=("/assistant-ui",),
    routes=(
        *callers.routes,
        *threads.routes,
        *messages.routes,
        *leases.routes,
        *reports.routes,
        *refusals.routes,
    ),
    error=error_out,
    error_body=ErrorOut,
    statuses={"not_here": 501},
    authenticate=authenticate,
    headers=callers.HEADERS,
    path_parameters={
        "thread_id": Described("A thread, by its `id` or any other id of the session.", "order-17"),
        "message_id": Described(
            "A message, by its `id` or `external_id`.", "msg_0190163d-8694-739b-aea5-966c00000001"
        ),
        "run_id": Described(
            "A lease, by the `lease_id` that its message was answered with.",
            "run_0190163d-8694-739b-aea5-966c26f8ad91",
        ),
    },
)
