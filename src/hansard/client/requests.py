"""One exchange with the server, without input or output.

It decides what to send, when to wait, and what the answer means.

A driver runs ``exchange``: it sends each Request that the generator yields and gives back the
response or the network's error, and sleeps for each Pause. So retries are written once for the
blocking and the async client.
"""

from __future__ import annotations

import math
import random
import secrets
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from hansard.client.errors import HansardError, Refused, Unreachable, Unreadable, refused

T = TypeVar("T")
Sent = httpx.Response | httpx.RequestError

POSITION = "Hansard-Position"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0
"""Seconds: a pause is drawn between nothing and a bound that doubles with each try (full
jitter).
"""
PATIENCE = 30.0
"""The longest Retry-After, in seconds, that a client sits through by itself."""
_NO_IDS = {"", ".", ".."}
_TOO_MANY = 429
_TRANSIENT = {408, _TOO_MANY}
_SERVER_FAULT = 500
_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Request(Generic[T]):
    """One call of the API; ``parse`` makes the result from the decoded answer.

    A write carries an idempotency key: ``key``, or one made for it. ``repeatable`` is False where
    the server knows no idempotency: then it is repeated only if it certainly was not done.
    ``renamed`` maps the API's name of a parameter to the client's, for errors. ``anchors`` are
    the parameters that say where a list begins, which its further pages do not take. With
    ``notes_creation`` the decoded answer has ``created``: whether its status was 201.
    """

    method: str
    path: str
    parse: Callable[[Any], T]
    _: KW_ONLY
    query: Mapping[str, object] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    repeatable: bool = True
    renamed: Mapping[str, str] = field(default_factory=dict)
    anchors: Sequence[str] = ()
    notes_creation: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """The headers to send."""
        fields = {
            "Content-Type": None if self.body is None else "application/json",
            "Idempotency-Key": self.key,
        }
        return {
            **self.headers,
            **{name: value for name, value in fields.items() if value is not None},
        }

    @property
    def content(self) -> bytes | None:
        return None if self.body is None else msgspec.json.encode(wire(self.body))

    @property
    def params(self) -> tuple[tuple[str, str], ...]:
        """The query string's pairs; None is left out, a list is a repeated parameter."""
        named = [
            (name, item)
            for name, value in self.query.items()
            for item in (map(_escaped, value) if isinstance(value, list | tuple) else [value])
        ]
        return tuple((name, _text(value)) for name, value in named if value is not None)


@dataclass(frozen=True)
class Pause:
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a client tries again, and where its chance and its keys come from."""

    retries: int = 2
    chance: Callable[[], float] = random.random
    new_key: Callable[[], str] = lambda: secrets.token_hex(16)


class Position:
    """The newest state that this client's writes led to: a replica must show no older one."""

    def __init__(self) -> None:
        self.at = 0

    @property
    def headers(self) -> dict[str, str]:
        """What asks for that state; a server without a replica gives none."""
        return {POSITION: str(self.at)} if self.at else {}

    def note(self, response: httpx.Response) -> None:
        position = response.headers.get(POSITION, "")
        self.at = max(self.at, int(position) if position.isdigit() else 0)


def exchange(
    request: Request[T], policy: RetryPolicy, position: Position
) -> Generator[Request[T] | Pause, Sent | None, T]:
    """Send until there is a result or no hope; raises the last HansardError."""
    request = replace(request, headers={**request.headers, **position.headers})
    if request.method != "GET":
        request = replace(request, key=request.key or policy.new_key())
    for attempt in range(policy.retries + 1):
        answer = yield request
        assert answer is not None, "a driver answers each request"  # noqa: S101 - an invariant of the drivers
        if isinstance(answer, httpx.Response) and answer.is_success:
            position.note(answer)
            return result(request, answer)
        error = error_of(answer, request.renamed)
        wait = _wait(answer, error, attempt, policy.chance)
        if (
            attempt == policy.retries
            or wait is None
            or not (request.repeatable or _not_done(answer))
        ):
            raise error from None  # its text has all that the cause says, in one line
        yield Pause(wait)
    raise AssertionError  # pragma: no cover - the last try returns or raises


def result(request: Request[T], response: httpx.Response) -> T:
    """What a successful answer says; Unreadable when it is not Hansard's."""
    try:
        document = msgspec.json.decode(response.content)
        if request.notes_creation:
            document["created"] = response.status_code == httpx.codes.CREATED
        return request.parse(document)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError) as problem:
        raise Unreadable(
            f"{request.method} {request.path} was answered with something unexpected ({problem})",
            fix="is this a Hansard server?",
        ) from problem


def error_of(answer: Sent, renamed: Mapping[str, str] | None = None) -> HansardError:
    """The error that a failed try stands for."""
    if isinstance(answer, httpx.PoolTimeout):
        return Unreachable(
            "no request was sent: every connection of this client waits for an answer",
            fix="make fewer requests at the same time, or share them between two clients",
        )
    if isinstance(answer, httpx.RequestError):
        try:
            url: object = answer.request.url
        except RuntimeError:
            url = "the server"
        return Unreachable(
            f"no answer from {url} ({str(answer) or type(answer).__name__})",
            fix="is the server running there? Set HANSARD_URL to the address that it printed",
        )
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = {
            "detail": f"{answer.request.url} answered {answer.status_code} {answer.reason_phrase}"
        }
    request_id = answer.headers.get("X-Request-ID")
    error = refused(
        answer.status_code,
        problem,
        request_id=request_id,
        retry_after=_retry_after(answer),
        doc_url=_doc_url(answer, problem),
    )
    if error.param and renamed and error.param in renamed:
        error.fix = f"{error.param} is called {renamed[error.param]} here"
        error.param = renamed[error.param]
    return error


def is_transient(error: HansardError) -> bool:
    """Whether an error goes away by itself.

    Nobody answered, the server failed, or it said when to come back.
    """
    if isinstance(error, Unreachable):
        return True
    return isinstance(error, Refused) and (
        error.status in _TRANSIENT or error.status >= _SERVER_FAULT or error.retry_after is not None
    )


def backoff(tried: int, chance: Callable[[], float]) -> float:
    """How long to wait after this many tries before this one."""
    return float(chance() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**tried))


def path(*segments: str) -> str:
    """A path below ``/v1``, with its ids quoted.

    Raises ValueError for an id that no path can carry: it would lead to another resource.
    """
    for segment in segments:
        if segment in _NO_IDS or "/" in segment:
            message = (
                f"{segment!r} is not an id: use 1-256 characters without a slash, "
                "and neither '.' nor '..'"
            )
            raise ValueError(message)
    return "/".join(("/v1", *(quote(segment, safe="") for segment in segments)))


def _escaped(value: object) -> object:
    """One of several values, whose commas do not separate values."""
    return value.replace(",", "\\,") if isinstance(value, str) else value


def wire(value: object) -> object:
    """A value as JSON holds it: times in UTC, those without a zone being local ones.

    Raises ValueError for a number that JSON has not: it would be sent as null, which deletes.
    """
    if isinstance(value, float) and not math.isfinite(value):
        message = f"{value} cannot be sent: JSON has neither NaN nor Infinity"
        raise ValueError(message)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, Mapping):
        return {name: wire(item) for name, item in value.items()}
    return [wire(item) for item in value] if isinstance(value, list | tuple) else value


def _wait(
    answer: Sent, error: HansardError, tried: int, chance: Callable[[], float]
) -> float | None:
    """Seconds until the next try, None where there is no use in one."""
    if not is_transient(error):
        return None
    seconds = None if isinstance(answer, Exception) else _retry_after(answer)
    if seconds is None:
        return backoff(tried, chance)
    return seconds if seconds <= PATIENCE else None


def _not_done(answer: Sent) -> bool:
    """Whether the server certainly did not act on the request."""
    return isinstance(answer, _BEFORE_SENDING) or (
        isinstance(answer, httpx.Response) and answer.status_code == _TOO_MANY
    )


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return float(seconds) if seconds.isdigit() else None


def _doc_url(response: httpx.Response, problem: dict[str, Any]) -> str | None:
    """A problem's type as an absolute URL; None where it is none to open, as that of a proxy."""
    kind = problem.get("type")
    return (
        str(response.request.url.join(kind))
        if isinstance(kind, str) and kind.startswith(("/", "http://", "https://"))
        else None
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
