"""B3OS's workflow chat: its sessions, its history, and the route that writes messages.

Source: "List chat sessions for the current organization" and "Get chat history for a workflow or
session". Quirks kept on purpose:
 - a GET may carry a JSON body, which is ignored;
 - limits above the maximum are cut, and the list echoes the one in force;
 - ``data`` of the history is a bare array;
 - a text that does not apply is ``""``, never null; only the four ``linkedRun`` keys are left out.
"""

from __future__ import annotations

from typing import Any

from hansard.access import Principal
from hansard.dialects.b3os import history, messages, sessions
from hansard.dialects.b3os.envelope import ErrorOut, envelope, enveloped, error_out
from hansard.errors import Forbidden
from hansard.http.call import Call
from hansard.http.credentials import credential
from hansard.http.route import Described, Dialect


async def authenticate(call: Call[Any, Any]) -> Principal:
    """The holder of the key; Forbidden when X-Org-ID names another organization than the key's."""
    principal = await call.service.keys.authenticate(credential(dialect, call))
    named = call.headers.get("x-org-id")
    if named and not principal.is_of(named):
        raise Forbidden(
            "X-Org-ID is not the organization of this key",
            code="other_organization",
            param="X-Org-ID",
        )
    return principal


dialect = Dialect(
    name="b3os",
    title="B3OS",
    description="B3OS's workflow chat: sessions, history, messages.",
    prefixes=("/v1/ai",),
    routes=(*sessions.routes, *history.routes, *messages.routes),
    error=error_out,
    error_body=ErrorOut,
    file_safe=True,
    wrap=enveloped,
    envelope=envelope,
    authenticate=authenticate,
    headers={
        "X-Org-ID": Described(
            "The organization of the key, by its id or name; refused with 403 when it is another.",
            "k3v9x0",
        )
    },
)
