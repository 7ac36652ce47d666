"""``/ws``: the dashboard's websocket.  A chat is stored as the user's message; no agent answers here.

The key is looked at again with every action, so that a revoked one ends the conversation.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Raw
from starlette.websockets import WebSocket, WebSocketDisconnect

from hansard.access import Principal
from hansard.dialects.pocketpaw.errors import detail
from hansard.dialects.pocketpaw.shapes import name_of
from hansard.errors import Error, Invalid, NotFound, Unauthenticated
from hansard.http.error_redaction import for_strangers
from hansard.model import MessageDraft, Session, SessionDraft, parts
from hansard.service import Service

HISTORY = 100
MOST_BYTES = 8 * 1024 * 1024
UNSUPPORTED, UNAUTHORIZED = 1003, 4003
Json = dict[str, Any]


async def converse(socket: WebSocket, caller: tuple[Principal, Service]) -> None:
    """Answer the dashboard's actions until it leaves."""
    principal, service = caller
    await socket.accept()
    talk = Talk(socket, principal, service)
    try:
        await talk.begin(socket.query_params.get("resume_session", ""))
        while True:
            await talk.hear(await socket.receive_text())
    except Unauthenticated:
        await socket.close(UNAUTHORIZED, "Unauthorized: invalid or missing authentication token")
    except KeyError:  # the frame held bytes, which no client of this product sends
        await socket.close(UNSUPPORTED, "send text")
    except WebSocketDisconnect:
        return


class Talk:
    """One connection: which session its chats go to, and what each action does."""

    def __init__(self, socket: WebSocket, principal: Principal, service: Service) -> None:
        self._socket = socket
        self._principal = principal
        self._service = service
        self._session = f"websocket_{uuid4()}"
        self._actions: dict[str, Callable[[Json], Awaitable[None]]] = {
            "chat": self._chat,
            "stop": self._stop,
            "switch_session": self._switch_session,
            "new_session": self._new_session,
        }

    async def begin(self, resumed: str) -> None:
        """Say hello; with the history when the dashboard comes back to a session."""
        found = await self._found(resumed)
        if found is not None:
            self._session = name_of(found[0])
        await self._tell("connection_info", content="Connected to Hansard", id=self._session)
        if found is not None:
            await self._tell("session_history", session_id=self._session, messages=found[1])

    async def hear(self, text: str) -> None:
        """Do what a frame asks for; what it asks in vain is said, what nobody knows is passed over."""
        try:
            self._principal = await self._service.keys.holder(
                self._principal.workspace_id, self._principal.key_id
            )
            if len(text) > MOST_BYTES:
                raise Invalid("the message is too large")
            asked = _read(text)
            act = self._actions.get(str(asked.get("action")))
            if act is not None:
                await act(asked)
        except Unauthenticated:
            raise
        except Error as error:
            await self._tell("error", content=detail(for_strangers(error, self._session)))

    async def _chat(self, asked: Json) -> None:
        self._principal.require("sessions:write")
        pieces = _pieces(asked)
        await self._tell("stream_start")
        if pieces:
            raw = Raw(msgspec.json.encode(pieces))
            message = MessageDraft(
                role="user", parts=raw, text=parts.text_of(parts.check(raw, "message"))
            )
            await self._service.sessions.record(
                self._principal, SessionDraft(id=self._session, channel="websocket"), [message]
            )
        await self._tell("stream_end")

    async def _stop(self, _asked: Json) -> None:
        await self._tell("stream_end")

    async def _switch_session(self, asked: Json) -> None:
        name = str(asked.get("session_id") or "")
        found = await self._found(name)
        if found is not None:
            self._session = name_of(found[0])
        await self._tell("session_history", session_id=name, messages=found[1] if found else [])

    async def _new_session(self, _asked: Json) -> None:
        self._session = f"websocket_{uuid4()}"
        await self._tell("new_session", id=self._session)

    async def _found(self, name: str) -> tuple[Session, list[Json]] | None:
        if not name:
            return None
        self._principal.require("sessions:read")
        try:
            session, messages = await self._service.transcripts.spoken(
                self._principal, name, HISTORY
            )
        except NotFound:
            return None
        return session, [
            {"role": one.role, "content": parts.text_of(parts.decode(one.parts))}
            for one in messages
        ]

    async def _tell(self, kind: str, **more: object) -> None:
        await self._socket.send_text(msgspec.json.encode({"type": kind, **more}).decode())


def _read(text: str) -> Json:
    try:
        asked = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise Invalid("the message is not valid JSON") from problem
    if not isinstance(asked, dict):
        raise Invalid("the message is not an object")
    return asked


def _pieces(asked: Json) -> list[Json]:
    """The text and the attached media as parts; none when there is neither."""
    said = asked.get("message")
    pieces: list[Json] = (
        [{"type": "text", "content": said}] if isinstance(said, str) and said.strip() else []
    )
    media = asked.get("media")
    return pieces + [
        _blob(item)
        for item in (media if isinstance(media, list) else [])
        if isinstance(item, dict) and item.get("data")
    ]


def _blob(item: Json) -> Json:
    kind = str(item.get("mime_type") or "application/octet-stream")
    try:
        base64.b64decode(str(item["data"]), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Invalid("media: data is not base64") from problem
    return {
        "type": "blob",
        "modality": kind.partition("/")[0],
        "mime_type": kind,
        "content": item["data"],
        "name": str(item.get("name") or "upload"),
    }
