"""What Chainlit's data layer keeps, as the plain objects of its own types; it needs no Chainlit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

from hansard import client as api
from hansard.adapters.chainlit_steps import SCORES, content, draft, feedback_of, step_of
from hansard.adapters.clients import shared_async_client
from hansard.adapters.naming import framework_id, session_name
from hansard.client import AsyncHansard, NotFound, SessionFilter, SessionStart

USER, FAVORITE = "chainlit.user", "chainlit.favorite/"
"""The key of the document of a user, and how those of the steps that they marked begin."""
METADATA, ELEMENT = "chainlit.metadata", "chainlit.element/"
"""The key of a thread's metadata, and how those of its elements begin."""
_PAGE, _NAMED = 200, 100

Fields = dict[str, Any]


class Threads:
    """Users, threads, steps, feedback and elements; a user's id is their identifier."""

    def __init__(self, client: AsyncHansard | None, start: SessionStart) -> None:
        self._own_client = client
        self._start = start
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Of the threads that are written to: Chainlit writes each step in a task of its own."""

    @property
    def _client(self) -> AsyncHansard:
        return self._own_client or shared_async_client()

    async def user(self, identifier: str) -> Fields | None:
        with suppress(NotFound):
            document = await self._client.documents.read(USER, **self._of(identifier))
            return _user(identifier, document, document.value)
        return None

    async def put_user(self, identifier: str, fields: Fields) -> Fields:
        """The user, created or with new fields."""
        document = await self._client.documents.put(USER, fields, **self._of(identifier))
        return _user(identifier, document, fields)

    async def rate(self, step: str, value: int, comment: str | None, former: str | None) -> str:
        """Score a step's message, in place of the ``former`` feedback; the feedback's id."""
        message = await self._message(step)
        if message is None:
            raise ValueError(f"no step {step!r} is stored: give feedback on one that is")
        if former:
            await self.unrate(former)
        score = await self._client.scores.give(
            message.session_id, SCORES[value], value, comment=comment, message=message.id
        )
        return f"{message.session_id}/{score.id}"

    async def unrate(self, feedback: str) -> None:
        session, _, score = feedback.rpartition("/")
        with suppress(NotFound):
            await self._client.scores.delete(session, score)

    async def put_element(self, element: Fields) -> None:
        """Keep an element with its thread, which is created where it is not there."""
        name, key = session_name(element["threadId"]), ELEMENT + element["id"]
        try:
            await self._client.documents.put(key, element, session=name)
        except NotFound:
            await self._present(name)
            await self._client.documents.put(key, element, session=name)

    async def element(self, thread: str, id: str) -> Fields | None:
        with suppress(NotFound):
            name = session_name(thread)
            kept: Fields = (await self._client.documents.read(ELEMENT + id, session=name)).value
            return kept
        return None

    async def elements(self, thread: str) -> list[Fields]:
        """All elements of a thread; none where it is not there."""
        with suppress(NotFound):
            return _elements(await self._documents(session_name(thread), ELEMENT))
        return []

    async def delete_element(self, thread: str, id: str) -> None:
        with suppress(NotFound):
            await self._client.documents.delete(ELEMENT + id, session=session_name(thread))

    async def create_step(self, step: Mapping[str, Any]) -> None:
        """Append a step; one that is there already with something else to say is replaced."""
        name, body = session_name(step["threadId"]), content(step)
        async with self._lock(name):
            (message,) = await self._append(name, step)
            if message.parts != body["parts"]:
                await self._client.messages.edit(name, message.id, body)

    async def update_step(self, step: Mapping[str, Any]) -> None:
        """Replace a step; where it is not there, append it."""
        name = session_name(step["threadId"])
        async with self._lock(name):
            try:
                await self._client.messages.edit(name, step["id"], content(step))
            except NotFound:
                await self._append(name, step)

    async def delete_step(self, id: str) -> None:
        """Delete a step for ever, with its feedback."""
        if (message := await self._message(id)) is not None:
            await self._client.messages.delete(message.session_id, message.id)

    async def author(self, thread: str) -> str | None:
        """The identifier of the thread's user; None where it has none or is not there."""
        with suppress(NotFound):
            return (await self._client.sessions.read(session_name(thread))).user
        return None

    async def delete(self, thread: str) -> None:
        """Delete a thread for ever."""
        with suppress(NotFound):
            await self._client.sessions.delete(session_name(thread))

    async def page(
        self, user: str, first: int, cursor: str | None, search: str | None, feedback: int | None
    ) -> tuple[list[Fields], bool]:
        """Threads of a user without their steps, and whether more follow.

        Those of the latest activity first, from behind the thread ``cursor`` on.
        """
        where: SessionFilter = {"user": user, "app": self._start.get("app") or ""}
        if feedback is not None:
            where["score"] = SCORES[feedback]
        sessions: list[api.Session] = []
        is_behind = cursor is None
        async for session in self._matches(search, where):
            if is_behind:
                sessions.append(session)
            is_behind = is_behind or framework_id(session.id) == cursor
            if len(sessions) > first:
                break
        has_more, sessions = len(sessions) > first, sessions[:first]
        documents: Any = [each.documents for each in sessions]
        if search:  # a search brings no documents
            reads = [self._documents(each.uid, METADATA) for each in sessions]
            documents = await asyncio.gather(*reads)
        both = zip(sessions, documents, strict=True)
        return [_thread(session, known) for session, known in both], has_more

    async def thread(self, id: str) -> Fields | None:
        """A thread with its steps, their feedback, and its elements."""
        with suppress(NotFound):
            session = await self._client.sessions.read(session_name(id))
            documents = await self._documents(session.uid, "chainlit.")
            steps = await self._steps(session, id)
            return _thread(session, documents) | {
                "steps": steps,
                "elements": _elements(documents),
            }
        return None

    async def update(self, thread: str, fields: Any, metadata: Fields | None) -> None:  # noqa: ANN401 - SessionChanges
        """Create the thread, or change what is given; None deletes a name of the metadata."""
        name = session_name(thread)
        try:
            if fields:
                await self._client.sessions.update(name, **fields)
            else:
                await self._present(name)
        except NotFound:
            await self._present(name)
            await self._client.sessions.update(name, **fields)
        if metadata:
            await self._client.documents.put(METADATA, metadata, merge=True, session=name)

    async def favorites(self, user: str) -> list[Fields]:
        """Up to 100 steps that a user has marked."""
        listing = self._client.documents.list(
            prefix=FAVORITE, bodies=False, page_size=_NAMED, **self._of(user)
        )
        ids = []
        async for each in listing:
            ids.append(each.key.removeprefix(FAVORITE))
            if len(ids) == _NAMED:
                break
        messages = await self._client.messages.named(*ids, items=True) if ids else []
        return [step_of(each, framework_id(each.session_id), None) for each in messages]

    async def mark(self, user: str, step: str, *, favorite: bool) -> None:
        """Mark a step, or take its mark away."""
        key, owner = FAVORITE + step, self._of(user)
        if favorite:
            await self._client.documents.put(key, True, **owner)  # noqa: FBT003 - the document's value
            return
        with suppress(NotFound):
            await self._client.documents.delete(key, **owner)

    def _of(self, identifier: str) -> Any:  # noqa: ANN401 - the owner of a document
        return {"scope": "user", "user": identifier, "app": self._start.get("app")}

    def _lock(self, name: str) -> asyncio.Lock:
        """The lock by which the steps of a thread are stored in the order of their tasks."""
        return self._locks.setdefault(name, asyncio.Lock())

    async def _append(self, name: str, step: Mapping[str, Any]) -> list[api.Message]:
        return await self._client.messages.append(name, draft(step), start=self._start)

    async def _message(self, step: str) -> api.Message | None:
        """The message of a step; of its copies in forks the one that they were made of."""
        return next(iter(await self._client.messages.named(step)), None)

    async def _present(self, name: str) -> None:
        await self._client.sessions.start(name, **self._start)

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

    async def _steps(self, session: api.Session, thread: str) -> list[Fields]:
        """All steps in the order in which they were stored, with their feedback."""
        scores = {each.seq: each async for each in self._client.scores.list(session.uid)}
        listing = self._client.messages.list(session.uid, items=True, page_size=_PAGE)
        steps = []
        async for message in listing:
            score, step = scores.get(message.seq), message.client_id or message.id
            feedback = feedback_of(score, session.uid, step) if score else None
            steps.append(step_of(message, thread, feedback))
        return steps

    async def _documents(self, name: str, prefix: str) -> dict[str, api.Document]:
        """The documents of a thread by their keys."""
        listing = self._client.documents.list(session=name, prefix=prefix, page_size=_PAGE)
        return {each.key: each async for each in listing}


def _user(identifier: str, document: api.Document, fields: Fields) -> Fields:
    created = document.created_at.isoformat() if document.created_at else ""
    return {**fields, "id": identifier, "identifier": identifier, "createdAt": created}


def _elements(documents: Mapping[str, api.Document]) -> list[Fields]:
    return [each.value for key, each in documents.items() if key.startswith(ELEMENT)]


def _thread(session: api.Session, documents: Mapping[str, api.Document]) -> Fields:
    metadata = documents[METADATA].value if METADATA in documents else {}
    return {
        "id": framework_id(session.id),
        "createdAt": session.created_at.isoformat() if session.created_at else "",
        "name": session.title,
        "userId": session.user,
        "userIdentifier": session.user,
        "tags": session.tags,
        "metadata": {name: value for name, value in metadata.items() if value is not None},
        "steps": [],
        "elements": [],
    }
