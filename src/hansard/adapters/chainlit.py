"""Chainlit's data layer: return a ``HansardDataLayer`` from the function marked ``@data_layer``."""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from weakref import WeakValueDictionary

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

from hansard import client as api
from hansard.adapters.chainlit_steps import SCORES, content, draft, feedback_of, step_of
from hansard.adapters.clients import shared_async_client
from hansard.adapters.naming import framework_id, session_name
from hansard.client import AsyncHansard, NotFound, SessionFilter, SessionStart

USER, FAVORITES = "chainlit.user", "chainlit.favorites"
"""The keys of the documents of a user."""
METADATA, ELEMENT = "chainlit.metadata", "chainlit.element/"
"""The key of a thread's metadata, and how those of its elements begin."""
_PAGE, _USERS, _NAMED = 200, 1000, 100
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
        self._own_client = client
        self._start: SessionStart = {"channel": "chainlit", "app": "chainlit", **(start or {})}
        self._storage = storage_provider
        self._identifiers: OrderedDict[str, str] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of the threads that are written to: Chainlit writes each step in a task of its own."""

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def get_user(self, identifier: str) -> PersistedUser | None:
        with suppress(NotFound):
            document = await self._client.documents.read(USER, **self._of(identifier))
            return self._known(identifier, document.value)
        return None

    async def create_user(self, user: User) -> PersistedUser:
        """The user, created or with new metadata."""
        known = await self.get_user(user.identifier)
        value = {
            "id": known.id if known else str(uuid.uuid4()),
            "createdAt": known.createdAt if known else datetime.now(UTC).isoformat(),
            "display_name": user.display_name,
            "metadata": user.metadata,
        }
        await self._client.documents.put(USER, value, **self._of(user.identifier))
        return self._known(user.identifier, value)

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Keep a feedback as a score of the step's message; one of the other value is replaced."""
        (message,) = await self._client.messages.named(feedback.forId)
        if feedback.id:
            await self.delete_feedback(feedback.id)
        score = await self._client.scores.give(
            message.session_id,
            SCORES[feedback.value],
            feedback.value,
            comment=feedback.comment,
            message=message.id,
        )
        return f"{message.session_id}/{score.id}"

    async def delete_feedback(self, feedback_id: str) -> bool:
        session, _, score = feedback_id.rpartition("/")
        with suppress(NotFound):
            await self._client.scores.delete(session, score)
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
        await self._client.documents.put(
            ELEMENT + element.id, kept, session=await self._present(element.thread_id)
        )

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        with suppress(NotFound):
            name = session_name(thread_id)
            document = await self._client.documents.read(ELEMENT + element_id, session=name)
            return cast("ElementDict", document.value)
        return None

    @queue_until_user_message()
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        """Delete an element for ever, and its file; without a thread one of the current thread."""
        thread = thread_id or context.session.thread_id
        element = await self.get_element(thread, element_id)
        if element is None:
            return
        if self._storage is not None and (key := element.get("objectKey")):
            await self._storage.delete_file(object_key=key)
        await self._client.documents.delete(ELEMENT + element_id, session=session_name(thread))

    @queue_until_user_message()
    async def create_step(self, step_dict: StepDict) -> None:
        """Append a step; where it is there already, replace it."""
        name, said = session_name(step_dict["threadId"]), content(step_dict)
        async with self._lock(name):
            (message,) = await self._appended(name, step_dict)
            if message.parts != said["parts"]:
                await self._client.messages.edit(name, message.id, said)

    @queue_until_user_message()
    async def update_step(self, step_dict: StepDict) -> None:
        """Replace a step; where it is not there, append it."""
        name = session_name(step_dict["threadId"])
        async with self._lock(name):
            try:
                await self._client.messages.edit(name, step_dict["id"], content(step_dict))
            except NotFound:
                await self._appended(name, step_dict)

    @queue_until_user_message()
    async def delete_step(self, step_id: str) -> None:
        """Delete a step for ever, with its feedback."""
        for message in await self._client.messages.named(step_id):
            await self._client.messages.delete(message.session_id, message.id)

    async def get_thread_author(self, thread_id: str) -> str:
        """The identifier of the thread's user; ValueError where it has none."""
        with suppress(NotFound):
            session = await self._client.sessions.read(session_name(thread_id))
            if session.user is not None:
                return session.user
        raise ValueError(f"Author not found for thread_id {thread_id}")

    async def delete_thread(self, thread_id: str) -> None:
        """Delete the thread's session for ever, and the files of its elements."""
        name = session_name(thread_id)
        with suppress(NotFound):
            if self._storage is not None:
                for element in _elements(await self._documents(name)):
                    if key := element.get("objectKey"):
                        await self._storage.delete_file(object_key=key)
            await self._client.sessions.delete(name)

    async def list_threads(
        self, pagination: Pagination, filters: ThreadFilter
    ) -> PaginatedResponse[ThreadDict]:
        """Threads of a user without their steps, the latest activity first."""
        if not filters.userId:
            raise ValueError("userId is required")
        if (user := await self._identifier(filters.userId)) is None:
            return PaginatedResponse(PageInfo(False, None, None), [])  # noqa: FBT003 - Chainlit's
        where: SessionFilter = {"user": user, "app": self._start["app"] or ""}
        if filters.feedback is not None:
            where["score"] = SCORES[filters.feedback]
        sessions: list[api.Session] = []
        is_behind = pagination.cursor is None
        async for session in self._matches(filters.search, where):
            if is_behind:
                sessions.append(session)
            is_behind = is_behind or framework_id(session.id) == pagination.cursor
            if len(sessions) > pagination.first:
                break
        has_more, sessions = len(sessions) > pagination.first, sessions[: pagination.first]
        documents: Any = [each.documents for each in sessions]
        if filters.search:  # a search brings no documents
            reads = [self._documents(each.uid, METADATA) for each in sessions]
            documents = await asyncio.gather(*reads)
        both = zip(sessions, documents, strict=True)
        page = [_thread(session, filters.userId, known) for session, known in both]
        ends = (page[0]["id"], page[-1]["id"]) if page else (None, None)
        return PaginatedResponse(PageInfo(has_more, *ends), page)

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """A thread with its steps, their feedback, and its elements."""
        with suppress(NotFound):
            session = await self._client.sessions.read(session_name(thread_id))
            user = await self.get_user(session.user) if session.user else None
            documents = await self._documents(session.uid)
            thread = _thread(session, user.id if user else None, documents)
            steps = await self._steps(session, thread_id)
            thread["steps"] = cast("list[StepDict]", steps)
            thread["elements"] = _elements(documents)
            return thread
        return None

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Create the thread, or change what is given; None deletes a name of the metadata."""
        given = {
            "title": name or (metadata or {}).get("name"),
            "user": await self._identifier(user_id) if user_id else None,
            "tags": tags,
        }
        fields: Any = {field: value for field, value in given.items() if value is not None}
        try:
            if fields:
                await self._client.sessions.update(session_name(thread_id), **fields)
            else:
                await self._present(thread_id)
        except NotFound:
            await self._client.sessions.update(await self._present(thread_id), **fields)
        if metadata:
            await self._client.documents.put(
                METADATA, metadata, merge=True, session=session_name(thread_id)
            )

    async def build_debug_url(self) -> str:
        return ""

    async def close(self) -> None:
        """Close the connections of the storage; the client is its owner's."""
        if self._storage is not None:
            await self._storage.close()

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        """The last 100 steps that a user has marked."""
        identifier = await self._identifier(user_id)
        marked: dict[str, bool | None] = {}
        with suppress(NotFound):
            document = await self._client.documents.read(FAVORITES, **self._of(identifier or ""))
            marked = document.value
        ids = [id for id, is_marked in marked.items() if is_marked][-_NAMED:]
        messages = await self._client.messages.named(*ids, items=True) if ids else []
        steps = [step_of(each, framework_id(each.session_id), None) for each in messages]
        return cast("list[StepDict]", steps)

    async def set_step_favorite(self, step_dict: StepDict, favorite: bool) -> StepDict:  # noqa: FBT001 - as Chainlit calls it
        """Mark a step, or take its mark away."""
        step = await super().set_step_favorite(step_dict, favorite)
        author = self._of(await self.get_thread_author(step["threadId"]))
        mark = {step["id"]: True if favorite else None}
        await self._client.documents.put(FAVORITES, mark, merge=True, **author)
        return cast("StepDict", step)

    def _of(self, identifier: str) -> Any:  # noqa: ANN401 - the owner of a document
        return {"scope": "user", "user": identifier, "app": self._start["app"]}

    def _known(self, identifier: str, value: dict[str, Any]) -> PersistedUser:
        """The user of a document, whose id is remembered: Chainlit names users by it."""
        self._identifiers[value["id"]] = identifier
        self._identifiers.move_to_end(value["id"])
        while len(self._identifiers) > _USERS:
            self._identifiers.popitem(last=False)
        return PersistedUser(identifier=identifier, **value)

    async def _identifier(self, user_id: str) -> str | None:
        """The identifier of a user; one that this process has not seen is looked for."""
        if user_id not in self._identifiers:
            listing = self._client.documents.list(
                scope="user", app=self._start["app"], prefix=USER, page_size=_PAGE
            )
            async for each in listing:
                if each.key == USER and each.value["id"] == user_id and each.user is not None:
                    self._known(each.user, each.value)
                    break
        return self._identifiers.get(user_id)

    def _lock(self, name: str) -> asyncio.Lock:
        """The lock by which the steps of a thread are stored in the order of their tasks."""
        return self._locks.setdefault(name, asyncio.Lock())

    async def _appended(self, name: str, step: StepDict) -> list[api.Message]:
        return await self._client.messages.append(name, draft(step), start=self._start)

    async def _present(self, thread_id: str) -> str:
        """The name of the thread's session, which is there afterwards."""
        name = session_name(thread_id)
        await self._client.sessions.start(name, **self._start)
        return name

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

    async def _matches(
        self, search: str | None, where: SessionFilter
    ) -> AsyncIterator[api.Session]:
        """The sessions that match, the latest activity first."""
        if search:
            async for hit in self._client.search(search, sort="recency", **where):
                yield hit.session
            return
        listing = self._client.sessions.list(page_size=_PAGE, with_documents=METADATA, **where)
        async for session in listing:
            yield session

    async def _steps(self, session: api.Session, thread_id: str) -> list[dict[str, Any]]:
        """All steps in the order in which they were stored, with their feedback."""
        scores = {each.seq: each async for each in self._client.scores.list(session.uid)}
        listing = self._client.messages.list(session.uid, items=True, page_size=_PAGE)
        steps = []
        async for message in listing:
            score, step_id = scores.get(message.seq), message.client_id or message.id
            feedback = feedback_of(score, session.uid, step_id) if score else None
            steps.append(step_of(message, thread_id, feedback))
        return steps

    async def _documents(self, name: str, prefix: str = "chainlit.") -> dict[str, api.Document]:
        """The documents of a thread by their keys: its metadata and its elements."""
        listing = self._client.documents.list(session=name, prefix=prefix, page_size=_PAGE)
        return {each.key: each async for each in listing}


def _elements(documents: Mapping[str, api.Document]) -> list[ElementDict]:
    kept = [each.value for key, each in documents.items() if key.startswith(ELEMENT)]
    return cast("list[ElementDict]", kept)


def _thread(
    session: api.Session, user_id: str | None, documents: Mapping[str, api.Document]
) -> ThreadDict:
    metadata = documents[METADATA].value if METADATA in documents else {}
    return {
        "id": framework_id(session.id),
        "createdAt": session.created_at.isoformat() if session.created_at else "",
        "name": session.title,
        "userId": user_id,
        "userIdentifier": session.user,
        "tags": session.tags,
        "metadata": {name: value for name, value in metadata.items() if value is not None},
        "steps": [],
        "elements": [],
    }
