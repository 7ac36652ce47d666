"""A neighbour: a process that sends requests one after the other and throws the answers away."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import socket
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from hansard_bench.servers import cores, pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection as Pipe

_NICE = 5
"""So that the measuring process, which shares the core, is scheduled first."""
_BUFFER = 1 << 18
_PATIENCE = 120.0


class Work(Struct):
    """What a neighbour did: answers, the statuses among them, and the slowest answer in seconds."""

    answers: int = 0
    bytes: int = 0
    slowest: float = 0.0
    statuses: dict[int, int] = {}


@contextlib.contextmanager
def neighbour(port: int, requests: Sequence[bytes]) -> Iterator[Callable[[], Work]]:
    """Send ``requests`` in a circle for the length of a block; the function tells what was done."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(port, list(requests), theirs), daemon=True)
    with pinned(cores()[1]):
        process.start()
    ours.recv()
    report = Work()

    def work() -> Work:
        return report

    try:
        yield work
    finally:
        ours.send("stop")
        with contextlib.suppress(EOFError):
            done: Work = ours.recv()
            for name in report.__struct_fields__:
                setattr(report, name, getattr(done, name))
        process.join(_PATIENCE)


def _work(port: int, requests: Sequence[bytes], pipe: Pipe) -> None:
    """Send until the parent says to stop; a connection that the server closes is opened anew."""
    os.nice(_NICE)
    work, buffer = Work(), bytearray(_BUFFER)
    pipe.send("ready")
    requests_in_turn = itertools.cycle(requests)
    while not pipe.poll():
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as connection,
        ):
            while not pipe.poll() and _exchange(connection, next(requests_in_turn), work, buffer):
                pass
    pipe.send(work)


def _exchange(connection: socket.socket, data: bytes, work: Work, buffer: bytearray) -> bool:
    """One request and its whole answer; False where the connection cannot be used again."""
    began = time.perf_counter()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(data)  # a refusal may come before all was sent
    head, rest = _head(connection)
    if not head:
        return False
    status = int(head[9:12])
    length = _rest_of(connection, head, rest, buffer)
    work.answers += 1
    work.bytes += len(head) + length
    work.slowest = max(work.slowest, time.perf_counter() - began)
    work.statuses[status] = work.statuses.get(status, 0) + 1
    return b"connection: close" not in head.lower()


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(_BUFFER)
        if not more:
            return b"", b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _rest_of(connection: socket.socket, head: bytes, rest: bytes, buffer: bytearray) -> int:
    """Read the body that ``rest`` begins with; how many bytes came."""
    lower = head.lower()
    position = lower.find(b"content-length:")
    length_left = None if position < 0 else int(lower[position + 15 :].partition(b"\r\n")[0])
    length, tail = len(rest), rest[-8:]
    while length < length_left if length_left is not None else not tail.endswith(b"0\r\n\r\n"):
        count = connection.recv_into(buffer)
        if not count:
            break
        length += count
        tail = (tail + bytes(buffer[max(0, count - 8) : count]))[-8:]
    return length
