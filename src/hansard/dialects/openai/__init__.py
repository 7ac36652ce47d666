"""OpenAI's Conversations API: conversations and their items, and a list of conversations.

Source: the routes of ``client.conversations`` in the ``openai`` package. Quirks kept on purpose:

- an update is a POST and replaces the metadata; deleting an item answers with the conversation;
- items are listed newest first, 20 to a page; at most 20 are created at once;
- an item that came in is shown as it came, with an id, a status and a content that is a list.

OpenAI's server has no list of conversations, ours has. No model runs here: ``responses.create`` is
answered 501.
"""

from __future__ import annotations

from hansard.dialects.openai import conversations, items
from hansard.dialects.openai.errors import ErrorOut, error_out
from hansard.http.route import Described, Dialect

dialect = Dialect(
    name="openai",
    title="OpenAI Conversations",
    description="OpenAI's Conversations API, for clients with base_url set to /openai/v1.",
    prefixes=("/openai",),
    routes=(*conversations.routes, *items.routes),
    error=error_out,
    error_body=ErrorOut,
    statuses={"no_model_here": 501},
    path_parameters={
        "conversation_id": Described(
            "A conversation, by its `id` or any other id of the session.",
            "conv_0190163d8694739baea5966c26f8ad91",
        ),
        "item_id": Described("An item, by its `id`.", "msg_abc"),
    },
)
