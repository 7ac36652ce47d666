"""Anthropic's sessions of managed agents, to read: sessions, their events and their threads.

Source: the API of ``anthropic`` 2.14, ``client.beta.sessions``, below ``/anthropic``. Quirks kept
on purpose:

- a message is several events: its texts, its reasoning, and each call and answer of a tool;
- a session has one thread, the primary one; sub-sessions are sessions of their own;
- what only Anthropic's own platform has (environments, vaults, resources, budgets) is empty;
- lists are newest first, events oldest first, and both are walked by ``page``;
- a page may be shorter than its limit while there is a ``next_page``.
"""

from __future__ import annotations

from hansard.dialects.anthropic.errors import ErrorOut, error_out
from hansard.dialects.anthropic.events import routes as events
from hansard.dialects.anthropic.sessions import routes as sessions
from hansard.http.route import Described, Dialect

__all__ = ["dialect"]

dialect = Dialect(
    name="anthropic",
    title="Anthropic",
    description="Anthropic's sessions of managed agents, to read.",
    prefixes=("/anthropic",),
    routes=(*sessions, *events),
    error=error_out,
    error_body=ErrorOut,
    path_parameters={
        "session_id": Described("The id of the session, by any of its names.", "order-17"),
        "thread_id": Described("The id of the primary thread.", "sthr_0190163d-8694-739b-aea5"),
    },
)
