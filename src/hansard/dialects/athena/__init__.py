"""Athena's sessions: the list, the item with its read marks and downloads, and a thread's status.

Source: "List sessions" of the Athena API; the neighbours are what the published client
`athenaintel` calls. Quirks kept on purpose:
 - a list parameter is repeated, split on commas, or both;
 - the client's pager ignores ``has_more`` and asks for ``offset + 1`` until a page is empty;
 - item routes have ``{"message"}`` for 401 and 404, everything else has ``{"detail"}``;
 - base URLs that already hold ``/api/v0`` are common, so that the doubled prefix is an alias.
"""

from __future__ import annotations

from hansard.dialects.athena import downloads, sessions, threads
from hansard.dialects.athena.errors import ErrorOut, error_out
from hansard.dialects.athena.vocabulary import PREFIX
from hansard.errors import Invalid
from hansard.http.route import Described, Dialect

dialect = Dialect(
    name="athena",
    title="Athena",
    description="Athena's sessions and threads, as the client athenaintel calls them.",
    prefixes=(PREFIX,),
    routes=tuple(
        route
        for prefix in (PREFIX, PREFIX + PREFIX)
        for noun in (sessions, downloads, threads)
        for route in noun.routes(prefix)
    ),
    error=error_out,
    error_body=ErrorOut,
    file_safe=True,
    statuses={Invalid: 422},
    path_parameters={
        "asset_id": Described(
            "A session, by its `id` or any other id it has.",
            "asset_0190163d-8694-739b-aea5-966c26f8ad91",
        ),
        "thread_id": Described(
            "A session, by its `thread_id` or any other id it has.",
            "0190163d-8694-739b-aea5-966c26f8ad91",
        ),
    },
)
