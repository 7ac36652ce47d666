"""LangChain's chat history: ``RunnableWithMessageHistory(runnable, HansardChatHistory)``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    message_to_dict,
    messages_from_dict,
)

from hansard.adapters.clients import Clients
from hansard.adapters.drafts import batches, data_of, with_item
from hansard.adapters.langchain_messages import draft
from hansard.adapters.naming import session_name
from hansard.client import AsyncHansard, Hansard, Message, NewMessage, NotFound, SessionStart

FORMAT = "langchain.message"
_PAGE = 200
_KINDS: dict[str, type[BaseMessage]] = {
    "user": HumanMessage,
    "system": SystemMessage,
    "developer": SystemMessage,
}


class HansardChatHistory(BaseChatMessageHistory):
    """The messages of a session as LangChain's, and the other way round.

    The async methods use ``async_client``, the others ``client``; without them it uses those of
    HANSARD_URL and HANSARD_API_KEY. The first message creates the session with the fields of
    ``start``. Up to 100 messages, or 6 MiB, are added in one transaction; raises what the client
    raises.
    """

    def __init__(
        self,
        session_id: str,
        client: Hansard | None = None,
        async_client: AsyncHansard | None = None,
        *,
        start: SessionStart | None = None,
    ) -> None:
        self.session_id = session_id
        self._name = session_name(session_id)
        self._clients = Clients(client, async_client)
        self._start: SessionStart = {"channel": "langchain", **(start or {})}

    @property
    def messages(self) -> list[BaseMessage]:
        """All messages in their order; a session that is not there has none."""
        try:
            listing = self._clients.sync.messages.list(self._name, items=True, page_size=_PAGE)
            return [_message(each) for each in listing]
        except NotFound:
            return []

    async def aget_messages(self) -> list[BaseMessage]:
        """As ``messages``."""
        try:
            listing = self._clients.aio.messages.list(self._name, items=True, page_size=_PAGE)
            return [_message(each) async for each in listing]
        except NotFound:
            return []

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Append messages, durable when this returns."""
        for batch in batches(map(_draft, messages)):
            self._clients.sync.messages.append(self._name, *batch, start=self._start)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """As ``add_messages``."""
        for batch in batches(map(_draft, messages)):
            await self._clients.aio.messages.append(self._name, *batch, start=self._start)

    def clear(self) -> None:
        """Delete the session for ever, with all its messages."""
        with suppress(NotFound):
            self._clients.sync.sessions.delete(self._name)

    async def aclear(self) -> None:
        """As ``clear``."""
        with suppress(NotFound):
            await self._clients.aio.sessions.delete(self._name)


def _draft(message: BaseMessage) -> NewMessage:
    return with_item(draft(message), FORMAT, message_to_dict(message))


def _message(message: Message) -> BaseMessage:
    """The message of LangChain that was added; of another API's message its text."""
    if (data := data_of(message, FORMAT)) is not None:
        return messages_from_dict([data])[0]
    return _KINDS.get(message.role, AIMessage)(content=message.text, id=message.id)
