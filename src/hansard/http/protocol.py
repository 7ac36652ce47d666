"""uvicorn's HTTP connection, with bounds on what a client may send before any of it is kept.

uvicorn and its parser keep a request's head, the framing of its body and its trailers without a
limit, in size and in time. Here they are counted before they reach the parser.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from websockets.http11 import MAX_LINE_LENGTH, MAX_NUM_HEADERS

from hansard.errors import Error, Invalid, TooLarge
from hansard.http.answers import REFUSAL

HEAD_BYTES = 64 * 1024
HEADERS = 256
_PIECE = 16 * 1024
"""The most bytes parsed between two checks of the bounds."""
_FRAMING = 9
"""A byte of a body pays for so many bytes on the wire: itself, and the framing of a chunk of its
own.
"""
_UNREAD_BYTES = 16 * 1024 * 1024
"""So much of a body is dropped behind an early answer, so that the client gets to read the
answer.
"""
_PIPELINED = 64
_LINE_FRAME = len("GET  HTTP/1.1\r\n")
_LINGER_SECONDS, _LINGER_BYTES = 0.1, 1024 * 1024
"""A refused client is read on so far, for the same reason: a close on unread bytes loses the
answer.
"""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP connection with bounds.

    It answers 414 or 431 to a head over ``HEAD_BYTES`` or ``HEADERS``, and 408 to one that takes
    ``head_seconds``.

    A body may pause for ``body_seconds``. Chunk extensions, trailers and blank lines are under the
    same bound. The application makes the answer, in the shape of the API called, and the connection
    is closed behind it.
    """

    head_seconds: float
    body_seconds = 60.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever uvicorn passes
        super().__init__(*args, **kwargs)
        self.headers = []
        self._uncovered = 0
        self._unread = 0
        self._requests = 0
        self._began = self._in_head = self._in_body = self._upgraded = False
        self._problem: Error | None = None
        self._refusal: Error | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, and no more at a time than the bound leaves room for."""
        while data and not self._upgraded:
            if self._refusal is not None:
                self._drop(len(data))
                return
            room = min(HEAD_BYTES - self._uncovered, _PIECE)
            if room <= 0 or len(self.headers) > HEADERS:
                self._refuse(self._too_large())
                continue
            part, data = (data, b"") if len(data) <= room else (data[:room], data[room:])
            self._uncovered += len(part)
            super().data_received(part)
        if not self._upgraded and self._refusal is None:
            self._watch()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls where the parser gives up; ``msg`` is always the same."""
        del msg
        self._refuse(self._problem or Invalid("this is not valid HTTP", code="bad_request"))

    def handle_websocket_upgrade(self) -> None:
        if (
            problem := _handshake_problem(self.scope["method"], self.url, self.headers)
        ) is not None:
            self._refuse(problem)
            return
        self._upgraded = True
        self._stop_watching()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        if len(self.pipeline) >= _PIPELINED:
            self._stop(Invalid("too many requests are sent ahead of their answers"))
        super().on_message_begin()
        self._began, self._in_head, self._unread = True, True, 0

    def on_headers_complete(self) -> None:
        if len(self.headers) > HEADERS:
            self._stop(self._too_large())
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            self._stop(Invalid("a request has exactly one Host header", code="bad_request"))
        self._uncovered = 0
        self._in_head = False
        self._stop_watching()
        super().on_headers_complete()
        if not (self.parser.should_upgrade() and self._should_upgrade()):
            self._in_body = True
            self._requests += 1
            self.headers = []  # trailers are no headers of this request

    def on_body(self, body: bytes) -> None:
        self._uncovered = max(0, self._uncovered - _FRAMING * len(body))
        if self._is_answered():
            self._unread += len(body)
            if self._unread > _UNREAD_BYTES:
                self._stop(TooLarge("the body goes on behind its answer"))
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._uncovered = 0
        self._in_body = False
        self._stop_watching()
        super().on_message_complete()

    def _stop(self, problem: Error) -> None:
        """End the parser's work within one of its callbacks; ``send_400_response`` follows."""
        self._problem = problem
        raise problem

    def _too_large(self) -> Error:
        if self._in_head and len(self.url) > HEAD_BYTES // 2:
            return TooLarge(
                f"the request line is too long: a request has at most {HEAD_BYTES} bytes before "
                "its body",
                code="uri_too_long",
                limit=HEAD_BYTES,
            )
        return TooLarge(
            f"the headers, trailers or chunk extensions are too large: at most {HEAD_BYTES} bytes "
            f"and {HEADERS} headers",
            code="headers_too_large",
            limit=HEAD_BYTES,
        )

    def _is_answered(self) -> bool:
        """Whether no request waits for its answer."""
        return not self._requests or self.cycle.response_complete

    def _watch(self) -> None:
        """Let the clock run while the client owes something.

        For a head it runs from its beginning, for a body from one arrival to the next, and for what
        is left of a body from its answer on.
        """
        if self._in_body and not self._is_answered():
            self._stop_watching()
        if self._timer is None and (self._in_head or self._in_body or self._is_answered()):
            seconds = self.body_seconds if self._in_body else self.head_seconds
            self._timer = self.loop.call_later(seconds, self._too_slow)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._in_body and self.flow.read_paused:  # it is the application that is slow
            self._watch()
        elif self._in_head or self._in_body:
            self._refuse(Invalid("the request did not arrive in time", code="request_timeout"))
        else:
            self.transport.close()

    def _refuse(self, error: Error) -> None:
        """Answer with the error where an answer still has a meaning, and read no more."""
        self._refusal = error
        self._stop_watching()
        if not self._is_answered() and not self._in_body:
            self.cycle.keep_alive = False  # it closes the connection behind its own answer
        elif self.pipeline or (self._in_body and self.cycle.response_started):
            self.transport.close()
        else:
            if not self._is_answered():
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self._uncovered = 0
            self._timer = self.loop.call_later(_LINGER_SECONDS, self._answer_refusal)

    def _drop(self, size: int) -> None:
        """Count what comes behind a refusal; the answer does not wait for the end of a flood."""
        self._uncovered += size
        if self._uncovered > _LINGER_BYTES and self._timer is not None:
            self._stop_watching()
            self._answer_refusal()

    def _answer_refusal(self) -> None:
        self._timer = None
        if not self._began:  # nothing that it sent was the beginning of a request
            super().on_message_begin()
        scope: Any = self.scope
        scope.setdefault("method", self.parser.get_method().decode() if self.url else "GET")
        scope.setdefault("path", _path_of(self.url))
        scope.setdefault("query_string", b"")
        scope["extensions"] = {REFUSAL: self._refusal}
        self.cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )
        self._start_asgi_task(self.cycle, self.app)


def _handshake_problem(method: str, url: bytes, headers: list[tuple[bytes, bytes]]) -> Error | None:
    """What the websocket library takes for no handshake, and would leave without an answer."""
    names = {name for name, _ in headers}
    if method != "GET" or names & {b"content-length", b"transfer-encoding"}:
        return Invalid("a websocket begins with GET and without a body", code="bad_request")
    longest = max(len(url), *(len(name) + len(value) for name, value in headers))
    if longest + _LINE_FRAME > MAX_LINE_LENGTH or len(headers) > MAX_NUM_HEADERS:
        return TooLarge(
            f"the headers of a websocket are too large: at most {MAX_LINE_LENGTH} bytes each and "
            f"{MAX_NUM_HEADERS} headers",
            code="headers_too_large",
            limit=MAX_LINE_LENGTH,
        )
    return None


def bounded(head_seconds: float) -> type[BoundedProtocol]:
    """The protocol with this limit; uvicorn makes one of it for each connection."""
    return type("BoundedProtocol", (BoundedProtocol,), {"head_seconds": head_seconds})


def _path_of(url: bytes) -> str:
    """The path of a URL that may be cut off; the root where none can be read."""
    try:
        return unquote((httptools.parse_url(url).path or b"/").decode("ascii"))
    except (httptools.HttpParserError, UnicodeDecodeError):
        return "/"
