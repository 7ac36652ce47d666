"""Chainlit's data layer: return a ``HansardDataLayer`` from the function marked ``@data_layer``."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any, cast

from chainlit.context import context
from chainlit.data.base import BaseDataLayer
from chainlit.data.storage_clients.base import BaseStorageClient
from chainlit.data.utils import queue_until_user_message
from chainlit.element import Element, ElementDict
from chainlit.logger import logger
from chainlit.step import StepDict
from chainlit.types import (
    Feedback,
    PageInfo,
    PaginatedResponse,
    Pagination,
    ThreadDict,
    ThreadFilter,
)
from chainlit.user import PersistedUser, User

from hansard.adapters.chainlit_threads import Threads
from hansard.client import AsyncHansard, SessionStart

_LARGEST = 2 << 20


class HansardDataLayer(BaseDataLayer):
    """Users, threads, steps, feedback and elements of Chainlit.

    Without a ``client`` it uses the one of HANSARD_URL and HANSARD_API_KEY. ``start`` has fields of
    the sessions that threads create. Files go to ``storage_provider``; without one those of up to
    2 MiB are kept with their thread. Raises what the client raises.
    """

    def __init__(
        self,
        client: AsyncHansard | None = None,
        *,
        start: SessionStart | None = None,
        storage_provider: BaseStorageClient | None = None,
    ) -> None:
        self._threads = Threads(client, {"channel": "chainlit", "app": "chainlit", **(start or {})})
        self._storage = storage_provider

    async def get_user(self, identifier: str) -> PersistedUser | None:
        fields = await self._threads.user(identifier)
        return PersistedUser(**fields) if fields else None

    async def create_user(self, user: User) -> PersistedUser:
        """The user, created or with a new name and metadata."""
        fields = {"display_name": user.display_name, "metadata": user.metadata}
        return PersistedUser(**await self._threads.put_user(user.identifier, fields))

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Keep a feedback as a score of the step's message, in place of the one with its id."""
        return await self._threads.rate(
            feedback.forId, feedback.value, feedback.comment, former=feedback.id
        )

    async def delete_feedback(self, feedback_id: str) -> bool:
        await self._threads.unrate(feedback_id)
        return True

    @queue_until_user_message()
    async def create_element(self, element: Element) -> None:
        """Keep an element with its thread, and its file where it has one."""
        if not element.for_id:
            return
        kept = {**element.to_dict(), "mime": element.mime or "application/octet-stream"}
        if element.path or element.content:
            content: Any = element.content
            if element.path:
                content = await asyncio.to_thread(Path(element.path).read_bytes)
            kept |= await self._stored(kept, content)
        await self._threads.put_element(kept)

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        return cast("ElementDict | None", await self._threads.element(thread_id, element_id))

    @queue_until_user_message()
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        """Delete an element for ever, and its file; without a thread one of the current thread."""
        thread = thread_id or context.session.thread_id
        element = await self._threads.element(thread, element_id)
        if element is not None:
            await self._delete_files([element])
            await self._threads.delete_element(thread, element_id)

    @queue_until_user_message()
    async def create_step(self, step_dict: StepDict) -> None:
        """Append a step; one that is there already with something else to say is replaced."""
        await self._threads.create_step(step_dict)

    @queue_until_user_message()
    async def update_step(self, step_dict: StepDict) -> None:
        """Replace a step; where it is not there, append it."""
        await self._threads.update_step(step_dict)

    @queue_until_user_message()
    async def delete_step(self, step_id: str) -> None:
        """Delete a step for ever, with its feedback."""
        await self._threads.delete_step(step_id)

    async def get_thread_author(self, thread_id: str) -> str:
        """The identifier of the thread's user; ValueError where it has none."""
        if (author := await self._threads.author(thread_id)) is None:
            raise ValueError(f"Author not found for thread_id {thread_id}")
        return author

    async def delete_thread(self, thread_id: str) -> None:
        """Delete the thread's session for ever, and the files of its elements."""
        if self._storage is not None:
            await self._delete_files(await self._threads.elements(thread_id))
        await self._threads.delete(thread_id)

    async def list_threads(
        self, pagination: Pagination, filters: ThreadFilter
    ) -> PaginatedResponse[ThreadDict]:
        """Threads of a user without their steps, the latest activity first."""
        if not filters.userId:
            raise ValueError("userId is required")
        page, has_more = await self._threads.page(
            filters.userId, pagination.first, pagination.cursor, filters.search, filters.feedback
        )
        ends = (page[0]["id"], page[-1]["id"]) if page else (None, None)
        return PaginatedResponse(PageInfo(has_more, *ends), cast("list[ThreadDict]", page))

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """A thread with its steps, their feedback, and its elements."""
        return cast("ThreadDict | None", await self._threads.thread(thread_id))

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Create the thread, or change what is given; None deletes a name of the metadata."""
        title = name or (metadata or {}).get("name")
        values = {"title": title, "user": user_id, "tags": tags}
        fields = {field: value for field, value in values.items() if value is not None}
        await self._threads.update(thread_id, fields, metadata)

    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        """Close the connections of the storage; the client is its owner's."""
        if self._storage is not None:
            await self._storage.close()

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        """Up to 100 steps that a user has marked."""
        return cast("list[StepDict]", await self._threads.favorites(user_id))

    async def set_step_favorite(self, step_dict: StepDict, favorite: bool) -> StepDict:  # noqa: FBT001 - as Chainlit calls it
        """Mark a step for the author of its thread, or take the mark away."""
        step = cast("StepDict", await super().set_step_favorite(step_dict, favorite))
        author = await self.get_thread_author(step["threadId"])
        await self._threads.mark(author, step["id"], favorite=favorite)
        return step

    async def _stored(self, element: dict[str, Any], content: bytes | str) -> dict[str, Any]:
        """Where the file of an element is to be had."""
        if self._storage is not None:
            key = f"{element['threadId']}/{element['id']}/{element['name']}"
            stored = await self._storage.upload_file(
                object_key=key, data=content, mime=element["mime"], overwrite=True
            )
            return {"url": stored.get("url"), "objectKey": stored.get("object_key")}
        data = content.encode() if isinstance(content, str) else content
        if len(data) > _LARGEST:
            logger.warning("Hansard keeps no file of %d bytes: %s", len(data), element["name"])
            return {}
        return {"url": f"data:{element['mime']};base64,{base64.b64encode(data).decode()}"}

    async def _delete_files(self, elements: list[dict[str, Any]]) -> None:
        for element in elements:
            if self._storage is not None and (key := element.get("objectKey")):
                await self._storage.delete_file(object_key=key)
