"""What a process does, for whoever listens: the access log and the metrics.

The layers call an observer where something happens, and do not know what becomes of it. Where
nobody listens there is no observer, and nothing is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any, NamedTuple, ParamSpec, TypeVar

from msgspec import Struct

P = ParamSpec("P")
T = TypeVar("T")


class SeenRequest(Struct, frozen=True, gc=False):
    """An answered HTTP request; without the query, the body and any secret."""

    api: str
    """The name of the dialect; empty where no route answers."""
    method: str
    route: str
    """The pattern of the path, such as ``/v1/sessions/{session_id}``; empty where there is none."""
    path: str
    """The path as a log may have it."""
    status: int
    seconds: float
    """From the first look at the request to the end of the answer."""
    request_id: str
    workspace_id: str | None
    key_id: str | None
    traceparent: str = ""
    """The caller's span, as W3C writes it; empty or worthless where it says none."""


class Usage(NamedTuple):
    """How much is taken of something that has a bound, at this moment."""

    kind: str
    """``queue``, ``pool`` or ``cache``."""
    name: str
    used: int
    """Entries of a queue, members of a pool, bytes of a cache."""
    limit: int


class Observer:
    """Hears of what happens. Each method does nothing unless a subclass says otherwise.

    A method must be quick and must not raise. ``statement`` and ``commit`` are called on any
    thread, all others on that of the event loop. Names and tasks are from a fixed set.
    """

    def begin(self) -> None:
        """An HTTP request begins; its statements are seen in this context, or in a copy of it."""

    def request(self, request: SeenRequest) -> None:
        """An HTTP request was answered."""

    def statement(self, name: str, seconds: float) -> None:
        """The database answered a named statement, or failed to; ``composed`` has no name."""

    def commit(self, transactions: int, seconds: float) -> None:
        """So many transactions that write became durable by one commit."""

    def retry(self, reason: str) -> None:
        """A transaction is tried again; ``reason`` is the SQLSTATE or the kind of failure."""

    def background(self, task: str, seconds: float, done: int, error: str | None) -> None:
        """A round of a background task ended.

        ``done`` is how many things it dealt with, ``error`` why it failed.
        """

    def flush(self) -> None:
        """The process is about to end: write what waits."""


class _Several(Observer):
    """Hands everything on to those of several observers that listen to it."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        for name in (name for name in vars(Observer) if not name.startswith("_")):
            listening = [observer for observer in observers if _listens(observer, name)]
            setattr(self, name, _each([getattr(observer, name) for observer in listening]))


def combined(*observers: Observer | None) -> Observer | None:
    """One observer that stands for all of these; None where there is none."""
    present = [observer for observer in observers if observer is not None]
    if len(present) > 1:
        return _Several(present)
    return present[0] if present else None


def in_this_context(work: Callable[P, T]) -> Callable[P, T]:
    """``work`` for another thread: its statements belong to the request of whoever asked."""
    context = copy_context()

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.run(work, *args, **kwargs)

    return call


def _listens(observer: Observer, name: str) -> bool:
    """Whether it does anything in this method."""
    return name in vars(observer) or getattr(type(observer), name) is not getattr(Observer, name)


def _each(methods: list[Callable[..., None]]) -> Callable[..., None]:
    if len(methods) == 1:
        return methods[0]

    def call(*args: Any) -> None:  # noqa: ANN401 - whatever the method takes
        for method in methods:
            method(*args)

    return call
