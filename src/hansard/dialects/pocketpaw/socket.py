"""``/ws``: the dashboard's websocket. A chat is stored as a user message; no agent answers here.

The credential is checked again with every action: a revoked key or a sign-out ends the
conversation.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Raw, Struct
from starlette.websockets import WebSocket, WebSocketDisconnect

from hansard.access import Principal
from hansard.dialects.pocketpaw.errors import detail
from hansard.dialects.pocketpaw.shapes import name_of
from hansard.errors import Error, Invalid, NotFound, Unauthenticated
from hansard.http.error_redaction import redacted
from hansard.http.route import SocketCaller
from hansard.model import MessageDraft, SessionDraft, parts
from hansard.service import Service

HISTORY = 100
MOST_BYTES = 8 * 1024 * 1024
UNSUPPORTED, UNAUTHORIZED = 1003, 4003
Json = dict[str, Any]
_LONG = 64 * 1024
_COMMAS = 5000
"""In the JSON of the attached files: they are between files and between the fields of one."""
_NULL = Raw(b"null")


class Media(Struct):
    """An attached file as it came."""

    data: Raw = _NULL
    mime_type: Raw = _NULL
    name: Raw = _NULL


class Frame(Struct):
    """A frame whose fields are read when an action needs them.

    Reading the frame itself is cheap whatever it holds.
    """

    action: Raw = _NULL
    message: Raw = _NULL
    session_id: Raw = _NULL
    media: Raw = _NULL


async def converse(socket: WebSocket, caller: SocketCaller) -> None:
    """Answer the dashboard's actions until it leaves."""
    await socket.accept()
    talk = Talk(socket, caller)
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


_decode_frame = msgspec.json.Decoder(Frame).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_media = msgspec.json.Decoder(Media).decode


class Talk:
    """One connection: which session its chats go to, and what each action does."""

    def __init__(self, socket: WebSocket, caller: SocketCaller) -> None:
        self._socket = socket
        self._principal: Principal = caller.principal
        self._service: Service = caller.service
        self._identify = caller.identify
        self._charge = caller.charge
        self._session = f"websocket_{uuid4()}"
        self._actions: dict[str, Callable[[Frame], Awaitable[None]]] = {
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
            self._principal = await self._identify()
            self._charge(self._principal)
            if len(text) > MOST_BYTES:
                raise Invalid("the message is too large")
            frame = _decoded(text)
            action = self._actions.get(_text(frame.action))
            if action is not None:
                await action(frame)
        except Unauthenticated:
            raise
        except Error as error:
            await self._send("error", content=detail(redacted(error, self._session)))

    async def _chat(self, frame: Frame) -> None:
        self._principal.require("sessions:write")
        size = len(bytes(frame.media)) + len(bytes(frame.message))
        message = await asyncio.to_thread(_draft, frame) if size > _LONG else _draft(frame)
        await self._send("stream_start")
        if message is not None:
            await self._service.sessions.record(
                self._principal, SessionDraft(id=self._session, channel="websocket"), [message]
            )
        await self._send("stream_end")

    async def _stop(self, _frame: Frame) -> None:
        await self._send("stream_end")

    async def _switch_session(self, frame: Frame) -> None:
        name = _text(frame.session_id)
        history = await self._resume(name)
        await self._send("session_history", session_id=name, messages=history or [])

    async def _new_session(self, _frame: Frame) -> None:
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
            {"role": message.known_role, "content": parts.text(message.parts)}
            for message in messages
        ]

    async def _send(self, kind: str, **fields: object) -> None:
        await self._socket.send_text(msgspec.json.encode({"type": kind, **fields}).decode())


def _decoded(text: str) -> Frame:
    try:
        return _decode_frame(text)
    except msgspec.ValidationError as problem:
        raise Invalid("the message is not an object") from problem
    except (msgspec.DecodeError, UnicodeError, RecursionError) as problem:
        raise Invalid("the message is not valid JSON") from problem


def _draft(frame: Frame) -> MessageDraft | None:
    """The text and the attached media as a message; None when there is neither."""
    text = _text(frame.message)
    pieces: list[Json] = [{"type": "text", "content": text}] if text.strip() else []
    media = _media(bytes(frame.media))
    items = [_decode_media(item) for item in media if bytes(item)[:1] == b"{"]
    pieces += [_blob(item, data) for item in items if (data := _text(item.data))]
    if not pieces:
        return None
    raw = Raw(msgspec.json.encode(pieces))
    return MessageDraft(role="user", parts=raw, text=parts.check(raw, "message"))


def _media(sent: bytes) -> list[Raw]:
    """The attached files, each as it came; Invalid for more of them than are worth reading."""
    if sent[:1] != b"[":
        return []
    if sent.count(b",") > _COMMAS:  # reading a list makes a value of each of its items
        raise Invalid("media: attach fewer files")
    return _decode_list(sent)


def _blob(item: Media, data: str) -> Json:
    kind = _text(item.mime_type) or "application/octet-stream"
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Invalid("media: data is not base64") from problem
    return {
        "type": "blob",
        "modality": kind.partition("/")[0],
        "mime_type": kind,
        "content": data,
        "name": _text(item.name) or "upload",
    }


def _text(value: Raw) -> str:
    """The text that a field holds; empty where it is none."""
    data = bytes(value)
    return str(msgspec.json.decode(data)) if data[:1] == b'"' else ""
