"""PocketPaw's dashboard: sessions, search, histories, exports, sign-in, and the websocket.

Source: "List Sessions" (GET /api/sessions), and what the product's own dashboard reads and sends.
Quirks kept on purpose:
 - a session carries each time twice, as the document names it and as the dashboard reads it;
 - ``limit`` of the unversioned routes has no maximum; 0 or less gives an empty list with the true
   total;
 - an unknown session has an empty history, not a 404;
 - ``channel:id`` and its form as a file name, with ``_`` for ``:`` and ``/``, are the same session.

Ours: no agent is behind the websocket, so that a ``chat`` is stored and acknowledged. Histories
leave out tool messages and messages without text.
"""

from __future__ import annotations

from hansard.dialects.pocketpaw import memory, sessions, sign_ins, v1
from hansard.dialects.pocketpaw.errors import STATUSES, ErrorOut, error_out
from hansard.dialects.pocketpaw.sign_ins import COOKIE, PURPOSE, credential
from hansard.dialects.pocketpaw.socket import converse
from hansard.http.route import Described, Dialect
from hansard.interchange.formats.pocketpaw import CHANNELS

dialect = Dialect(
    name="pocketpaw",
    title="PocketPaw",
    description="PocketPaw's dashboard: sessions, search, histories, exports, sign-in. "
    "Its websocket is /ws.",
    prefixes=("/api/", "/ws"),
    routes=(*sessions.routes, *memory.routes, *v1.routes, *sign_ins.routes),
    error=error_out,
    error_body=ErrorOut,
    file_safe=True,
    channels=CHANNELS,
    statuses=STATUSES,
    credential=credential,
    sign_ins=PURPOSE,
    security_schemes={
        "token": {
            "type": "apiKey",
            "in": "query",
            "name": "token",
            "description": "A key of the workspace, or the token of a sign-in.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "The token of a sign-in, which `POST /api/auth/login` sets.",
        },
    },
    path_parameters={
        "session_id": Described(
            "A session, by any of its ids; `_` may stand for `:` and `/`.", "telegram_12345"
        )
    },
    limit_prefix="X-",
    sockets={"/ws": converse, "/api/v1/ws": converse},
)
