"""uvicorn's websocket connection with bounds.

They limit the pieces of a message and what is parsed at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent
    from websockets.frames import Frame

FRAGMENTS = 1024
_PIECE = 4 * 1024
_TOO_BIG, _NOT_TEXT = 1009, 1007


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """Parses a few kilobytes in one iteration of the event loop.

    It parses more when the application has taken what is in them.

    A message of more than ``FRAGMENTS`` fragments ends the connection, as one of too many bytes
    does.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever uvicorn passes
        super().__init__(*args, **kwargs)
        self._unparsed = bytearray()

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:  # the head came whole, and was bounded before
            super().data_received(data)
            return
        self._unparsed += data
        self._parse()

    async def receive(self) -> ASGIReceiveEvent:
        event = await super().receive()
        self._parse()
        return event

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= FRAGMENTS:
            self.conn.fail(_TOO_BIG, "too many fragments")
            self.handle_parser_exception()
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Close for text that is not UTF-8, as for any other fault of the caller's: unlogged."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.fail(_NOT_TEXT, "a text is UTF-8")
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def _parse(self) -> None:
        if not self._unparsed or self.read_paused or self.transport.is_closing():
            return
        piece = bytes(self._unparsed[:_PIECE])
        del self._unparsed[:_PIECE]
        super().data_received(piece)
        if self._unparsed:
            self.transport.pause_reading()
            self.loop.call_soon(self._parse)
        elif not self.read_paused:
            self.transport.resume_reading()
