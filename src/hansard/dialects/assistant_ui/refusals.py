"""What assistant-ui's cloud offers and Hansard does not: each is refused by a sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from hansard.errors import Invalid
from hansard.http.call import Call
from hansard.http.route import Route

_BASE = "/assistant-ui/v1"
_KEY = "give the browser a token from POST /auth/tokens, which your server asks for with its key"
_REFUSALS = (
    ("POST", "/auth/tokens/anonymous", f"Hansard knows no anonymous visitors: {_KEY}"),
    ("POST", "/auth/tokens/refresh", f"Hansard renews no token by itself: {_KEY}"),
    ("POST", "/threads/claim", "there are no anonymous threads to claim: Hansard has no visitors"),
    (
        "POST",
        "/runs/stream",
        "Hansard runs no model: let your own one make a title, and set it by PUT /threads/{id}",
    ),
    ("POST", "/files/pdf-to-images", "Hansard keeps no files: use an attachment adapter"),
    (
        "POST",
        "/files/attachments/generate-presigned-upload-url",
        "Hansard keeps no files: use an attachment adapter with a storage of your own",
    ),
    (
        "POST",
        "/files/attachments/generate-presigned-download-url",
        "Hansard keeps no files: use an attachment adapter with a storage of your own",
    ),
    (
        "GET",
        "/projects/threads",
        "the threads of all workspaces are at GET /threads, for a key without Aui-Workspace-Id",
    ),
    (
        "GET",
        "/projects/threads/{thread_id}/messages",
        "the messages of any thread are at GET /threads/{id}/messages",
    ),
)


def _refusal(sentence: str) -> Callable[[Call[Any, Any]], Awaitable[None]]:
    async def refuse(_: Call[None, None]) -> None:
        """Refuse what Hansard does not do"""
        raise Invalid(sentence, code="not_here")

    return refuse


routes = tuple(
    Route(
        f"{method} {_BASE}{path}",
        _refusal(sentence),
        public=True,
        status=501,
        errors={501: f"Always: {sentence}."},
    )
    for method, path, sentence in _REFUSALS
)
