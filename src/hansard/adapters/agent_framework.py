"""The history of Microsoft's Agent Framework: ``context_providers=[HansardHistory()]``."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from agent_framework import (
    AgentSession,
    HistoryProvider,
    Message,
    SessionContext,
    SupportsAgentRun,
)

from hansard.adapters.agent_framework_messages import draft, message_of, usage_of
from hansard.adapters.clients import shared_async_client
from hansard.adapters.drafts import batches
from hansard.adapters.naming import session_name
from hansard.client import AsyncHansard, NewMessage, NotFound, SessionStart, UsageFields

_PAGE = 200
_usage: ContextVar[UsageFields | None] = ContextVar("usage", default=None)
"""The tokens of the run whose messages are being stored."""


class HansardHistory(HistoryProvider):
    """The messages of an agent's sessions, each a session of the same id.

    The first message creates the session with the fields of ``start``. Without a ``client`` it uses
    the one of HANSARD_URL and HANSARD_API_KEY. Other arguments are those of the framework's
    providers. Up to 100 messages are stored in one transaction; raises what the client raises, and
    ValueError for a run without a session.
    """

    def __init__(
        self,
        client: AsyncHansard | None = None,
        *,
        start: SessionStart | None = None,
        source_id: str = "hansard",
        skip_excluded: bool = False,
        **options: object,
    ) -> None:
        super().__init__(source_id, **options)
        self.skip_excluded = skip_excluded
        self._own_client = client
        self._start: SessionStart = {"channel": "agent-framework", **(start or {})}

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def get_messages(self, session_id: str | None, **_: object) -> list[Message]:
        """All messages in their order; a session that is not there has none."""
        name = session_name(session_id or "")
        try:
            listing = self._client.messages.list(name, items=True, page_size=_PAGE)
            messages = [message_of(each) async for each in listing]
        except NotFound:
            return []
        return [each for each in messages if not (self.skip_excluded and _excluded(each))]

    async def save_messages(
        self, session_id: str | None, messages: Sequence[Message], **_: object
    ) -> None:
        """Append what is new, durable when this returns.

        A caller that sends the whole transcript again, or the end of it, adds only what follows.
        """
        name = session_name(session_id or "")
        if not messages:
            return
        drafts = [draft(each) for each in _new(await self._last(name, len(messages)), messages)]
        _count(drafts)
        for batch in batches(drafts):
            await self._client.messages.append(name, *batch, start=self._start)

    async def after_run(
        self,
        *,
        agent: SupportsAgentRun,
        session: AgentSession,
        context: SessionContext,
        state: dict[str, Any],
    ) -> None:
        """Store what the provider is set to store, with the tokens that the run took."""
        details = context.response.usage_details if context.response else None
        token = _usage.set(usage_of(details) if details else None)
        try:
            await super().after_run(agent=agent, session=session, context=context, state=state)
        finally:
            _usage.reset(token)

    async def _last(self, name: str, count: int) -> list[Message]:
        """The last messages, as many as may come again."""
        listing = self._client.messages.list(
            name, order="desc", items=True, page_size=min(count, _PAGE)
        )
        try:
            return [message_of(each) for each in (await listing.first(count))[::-1]]
        except NotFound:
            return []


def _new(stored: Sequence[Message], incoming: Sequence[Message]) -> Sequence[Message]:
    """What follows the longest end of the stored messages that the incoming ones begin with.

    Messages without ids are known by what they say, and people say the same thing twice: one
    message of the user alone is no such end, nor is one behind which nothing new comes.
    """
    before, now = [*map(_identity, stored)], [*map(_identity, incoming)]
    for count in range(len(before), 0, -1):
        if before[-count:] == now[:count]:
            is_guess = not any(each.message_id for each in incoming[:count])
            is_repeated = count == len(incoming) or (count == 1 and incoming[0].role == "user")
            return incoming if is_guess and is_repeated else incoming[count:]
    return incoming


def _identity(message: Message) -> object:
    return message.message_id or (message.role, message.to_dict()["contents"])


def _excluded(message: Message) -> bool:
    """Whether compaction has marked the message."""
    return bool(message.additional_properties.get("_excluded"))


def _count(drafts: list[NewMessage]) -> None:
    """Give the tokens of the run to its last answer."""
    usage = _usage.get()
    answers = [each for each in drafts if each["role"] == "assistant"]
    if usage is not None and answers:
        answers[-1]["usage"] = usage
