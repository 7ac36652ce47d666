"""``/ws``: the dashboard's websocket. A chat is stored as a user message; no agent answers here.

The key is checked again with every action, so that a revoked one ends the conversation.
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
from hansard.http.error_redaction import redacted
from hansard.model import MessageDraft, SessionDraft, parts
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
        while (text := await _next_text(socket)) is not None:
            await talk.act(text)
        await socket.close(UNSUPPORTED, "send text")
    except Unauthenticated:
        await socket.close(UNAUTHORIZED, "Unauthorized: invalid or missing authentication token")
    except WebSocketDisconnect:
        return


async def _next_text(socket: WebSocket) -> str | None:
    """The text of the next frame; None for a frame of bytes, which this product does not send."""
    try:
        return await socket.receive_text()
    except KeyError:
        return None


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
        """Send the first event, and the history when the dashboard resumes a session."""
        history = await self._resume(resumed)
        await self._send("connection_info", content="Connected to Hansard", id=self._session)
        if history is not None:
            await self._send("session_history", session_id=self._session, messages=history)

    async def act(self, text: str) -> None:
        """Do the action of a frame. Errors are sent; unknown actions are ignored."""
        try:
            self._principal = await self._service.keys.holder(
                self._principal.workspace_id, self._principal.key_id
            )
            if len(text) > MOST_BYTES:
                raise Invalid("the message is too large")
            frame = _decoded(text)
            action = self._actions.get(str(frame.get("action")))
            if action is not None:
                await action(frame)
        except Unauthenticated:
            raise
        except Error as error:
            await self._send("error", content=detail(redacted(error, self._session)))

    async def _chat(self, frame: Json) -> None:
        self._principal.require("sessions:write")
        pieces = _pieces(frame)
        await self._send("stream_start")
        if pieces:
            raw = Raw(msgspec.json.encode(pieces))
            message = MessageDraft(role="user", parts=raw, text=parts.check(raw, "message"))
            await self._service.sessions.record(
                self._principal, SessionDraft(id=self._session, channel="websocket"), [message]
            )
        await self._send("stream_end")

    async def _stop(self, _frame: Json) -> None:
        await self._send("stream_end")

    async def _switch_session(self, frame: Json) -> None:
        name = str(frame.get("session_id") or "")
        history = await self._resume(name)
        await self._send("session_history", session_id=name, messages=history or [])

    async def _new_session(self, _frame: Json) -> None:
        self._session = f"websocket_{uuid4()}"
        await self._send("new_session", id=self._session)

    async def _resume(self, name: str) -> list[Json] | None:
        """Go on with this session; its history, or None where there is no such session."""
        if not name:
            return None
        self._principal.require("sessions:read")
        try:
            session, messages = await self._service.transcripts.spoken(
                self._principal, name, HISTORY
            )
        except NotFound:
            return None
        self._session = name_of(session)
        return [
            {"role": message.role, "content": parts.text(message.parts)} for message in messages
        ]

    async def _send(self, kind: str, **fields: object) -> None:
        await self._socket.send_text(msgspec.json.encode({"type": kind, **fields}).decode())


def _decoded(text: str) -> Json:
    try:
        frame = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise Invalid("the message is not valid JSON") from problem
    if not isinstance(frame, dict):
        raise Invalid("the message is not an object")
    return frame


def _pieces(frame: Json) -> list[Json]:
    """The text and the attached media as parts; none when there is neither."""
    text = frame.get("message")
    pieces: list[Json] = (
        [{"type": "text", "content": text}] if isinstance(text, str) and text.strip() else []
    )
    media = frame.get("media")
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
