"""What can go wrong for a client.

    HansardError
    ├── Misconfigured       the client was not told where to go or with which key
    ├── Unreachable         no answer came: no connection, or none in time
    ├── Unreadable          an answer came that is not one of Hansard's
    └── Refused             the server said no
        ├── Invalid            400, 405, 415, 422: the request itself is wrong
        ├── Unauthenticated    401: no key, or not a valid one
        ├── Forbidden          403: a valid key that may not do this
        ├── NotFound           404: absent, or another workspace's
        ├── Conflict           409, 412: the object is not in the state that the request needs
        ├── TooLarge           413: a body, batch or field over its limit
        ├── TooMany            429: a rate limit
        └── Unavailable        408, 5xx: the server cannot serve now

Branch on the class or on ``code``, which is stable; the text is for people.
"""

from __future__ import annotations

from typing import Any


class HansardError(Exception):
    """The root: ``fix`` says what to do about it, where that is known."""

    def __init__(self, message: str, *, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}: {self.fix}" if self.fix else self.message


class Misconfigured(HansardError):
    pass


class Unreachable(HansardError):
    pass


class Unreadable(HansardError):
    pass


class Refused(HansardError):
    """The server refused the request; ``code`` says why.

    ``param`` is the parameter that was wrong, by the caller's name of it. ``extra`` holds the other
    fields of the answer, such as the current ``seq`` of a conflict. ``retry_after`` is in seconds.
    ``doc_url`` is where the server explains the code.
    """

    def __init__(
        self,
        status: int,
        problem: dict[str, Any],
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
        doc_url: str | None = None,
    ) -> None:
        self.status = status
        self.code: str = problem.get("code") or "error"
        self.param: str | None = problem.get("param")
        self.request_id: str | None = problem.get("request_id") or request_id
        self.retry_after = retry_after
        self.doc_url = doc_url
        self.extra = {name: value for name, value in problem.items() if name not in _OWN}
        super().__init__(problem.get("detail") or f"the server answered {status}", fix=_fix(self))

    def __str__(self) -> str:
        request_id = self.request_id or "unknown"
        return f"{super().__str__()} [{self.code}, status {self.status}, request {request_id}]"


class Invalid(Refused):
    pass


class Unauthenticated(Refused):
    pass


class Forbidden(Refused):
    pass


class NotFound(Refused):
    pass


class Conflict(Refused):
    pass


class TooLarge(Refused):
    pass


class TooMany(Refused):
    pass


class Unavailable(Refused):
    pass


_OWN = {"type", "title", "status", "detail", "instance", "code", "param", "request_id"}
_BY_STATUS: dict[int, type[Refused]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    413: TooLarge,
    429: TooMany,
}
_SERVER_FAULT = 500


def refused(
    status: int,
    problem: dict[str, Any],
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
    doc_url: str | None = None,
) -> Refused:
    """The error that an answer with this status and body stands for."""
    kind = _BY_STATUS.get(status, Unavailable if status >= _SERVER_FAULT else Invalid)
    return kind(status, problem, request_id=request_id, retry_after=retry_after, doc_url=doc_url)


def _fix(error: Refused) -> str | None:
    wait = f"try again in {error.retry_after:g} s" if error.retry_after else "try again later"
    scope = error.extra.get("scope", "all")
    by_code = {
        "missing_scope": f"make a key that has it: hansard keys create --scopes {scope}",
        "version_mismatch": "read the session again, then repeat the change",
        "run_open": "wait until that run has finished, or start yours without exclusive",
        "internal": "the server's log has the cause under the request id",
    }
    by_class = {
        Unauthenticated: "give api_key= or set HANSARD_API_KEY; 'hansard keys create' makes a key",
        TooMany: wait,
        Unavailable: wait,
    }
    return by_code.get(error.code) or by_class.get(type(error))
