"""One exchange: what is tried again, after how long, and with which idempotency key.

Nothing is sent here.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from hansard.client.errors import (
    Conflict,
    HansardError,
    Invalid,
    TooMany,
    Unavailable,
    Unreachable,
    Unreadable,
)
from hansard.client.requests import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    Pause,
    Position,
    Request,
    RetryPolicy,
    Sent,
    backoff,
    exchange,
    path,
    wire,
)

PLAIN_REQUEST = httpx.Request("GET", "http://hansard.test/v1/x")
READ = Request("GET", "/v1/x", lambda answer: answer["data"])
WRITE = Request("POST", "/v1/x", lambda answer: answer["data"], body={})
ONCE = Request("POST", "/v1/x", lambda answer: answer["data"], body={}, repeatable=False)


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.Response(
        status,
        json=body or {},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        request=PLAIN_REQUEST,
    )


GOOD = answer(200, {"data": 1})
DOWN = httpx.ConnectError("refused")
CUT = httpx.ReadError("cut")


def played(
    request: Request[Any], *answers: Sent, retries: int = 2, position: Position | None = None
) -> tuple[Any, list[Request[Any]], list[float]]:
    """What comes of an exchange with these answers, what it sent and how long it paused.

    Chance is always 1.
    """
    steps = exchange(
        request, RetryPolicy(retries=retries, chance=lambda: 1.0), position or Position()
    )
    sent: list[Request[Any]] = []
    pauses: list[float] = []
    step, coming = next(steps), iter(answers)
    try:
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = steps.send(None)
            else:
                sent.append(step)
                step = steps.send(next(coming))
    except StopIteration as done:
        return done.value, sent, pauses
    except HansardError as error:
        return error, sent, pauses


def test_what_a_write_led_to_is_asked_for_from_then_on() -> None:
    position = Position()
    for header in ("7", "5", "soon"):
        written = answer(201, {"data": 1}, hansard_position=header)
        played(WRITE, written, position=position)
    _, (sent,), _ = played(READ, GOOD, position=position)
    assert sent.fields["Hansard-Position"] == "7"


def test_a_good_answer_is_told_at_once() -> None:
    assert played(READ, GOOD) == (1, [READ], [])


@pytest.mark.parametrize(
    "passing",
    [
        DOWN,
        CUT,
        httpx.ReadTimeout("slow"),
        answer(408),
        answer(429),
        answer(500),
        answer(502),
        answer(503),
    ],
    ids=repr,
)
def test_what_passes_by_itself_is_tried_twice_more(passing: Sent) -> None:
    assert played(READ, passing, passing, GOOD) == (1, [READ] * 3, [0.5, 1.0])
    error, sent, _ = played(READ, *[passing] * 4)
    assert isinstance(error, Unreachable | Unavailable | TooMany)
    assert len(sent) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 413, 422])
def test_what_the_caller_must_mend_is_not_tried_again(status: int) -> None:
    error, sent, pauses = played(READ, answer(status, {"code": "x", "detail": "no"}))
    assert (error.status, error.code, error.message, len(sent), pauses) == (
        status,
        "x",
        "no",
        1,
        [],
    )


def test_a_conflict_that_says_when_to_come_back_is_asked_again() -> None:
    assert played(WRITE, answer(409, {"code": "idempotency_in_flight"}, Retry_After="1"), GOOD)[
        ::2
    ] == (1, [1.0])
    assert isinstance(played(WRITE, answer(409, {"code": "seq_mismatch"}))[0], Conflict)


def test_the_server_says_how_long_to_wait() -> None:
    assert played(READ, answer(429, Retry_After="7"), GOOD)[2] == [7.0]


def test_a_wait_that_is_too_long_is_the_callers_to_decide() -> None:
    error, sent, pauses = played(READ, answer(503, Retry_After="600"))
    assert (error.retry_after, len(sent), pauses) == (600.0, 1, [])
    assert "try again in 600 s" in str(error)


def test_a_date_as_retry_after_counts_as_none() -> None:
    assert played(READ, answer(503, Retry_After="Wed, 21 Oct 2037 07:28:00 GMT"), GOOD)[2] == [0.5]


def test_pauses_are_drawn_between_nothing_and_a_bound_that_doubles() -> None:
    assert [backoff(tried, lambda: 1.0) for tried in range(6)] == [
        FIRST_PAUSE,
        1.0,
        2.0,
        4.0,
        LONGEST_PAUSE,
        LONGEST_PAUSE,
    ]
    assert backoff(3, lambda: 0.0) == 0.0


def test_a_write_has_one_idempotency_key_for_all_its_tries() -> None:
    keys = {request.fields["Idempotency-Key"] for request in played(WRITE, DOWN, CUT, GOOD)[1]}
    assert len(keys) == 1
    assert keys != {played(WRITE, GOOD)[1][0].fields["Idempotency-Key"]}


def test_a_callers_own_idempotency_key_is_kept_and_a_read_has_none() -> None:
    request = Request("POST", "/v1/x", lambda _: None, body={}, key="mine")
    assert played(request, GOOD)[1][0].fields == {
        "Content-Type": "application/json",
        "Idempotency-Key": "mine",
    }
    assert played(READ, GOOD)[1][0].fields == {}


def test_what_cannot_be_done_just_once_is_repeated_only_where_it_was_certainly_not_done() -> None:
    assert played(ONCE, DOWN, answer(429), GOOD)[0] == 1
    for unsure in (CUT, answer(500), answer(503)):
        assert len(played(ONCE, unsure)[1]) == 1


@pytest.mark.parametrize(
    "strange",
    [httpx.Response(200, text="<html>", request=PLAIN_REQUEST), answer(200, {"other": 1})],
    ids=["html", "json"],
)
def test_an_answer_that_is_not_hansards_is_unreadable(strange: httpx.Response) -> None:
    error, _, _ = played(READ, strange)
    assert isinstance(error, Unreadable)
    assert "GET /v1/x" in str(error)


def test_a_refusal_without_a_problem_still_says_who_refused() -> None:
    error, _, _ = played(READ, httpx.Response(404, text="nginx", request=PLAIN_REQUEST))
    assert str(error).startswith(
        "http://hansard.test/v1/x answered 404 Not Found [error, status 404"
    )


def test_an_unreachable_server_is_named_where_it_is_known() -> None:
    known = httpx.ConnectError("refused", request=PLAIN_REQUEST)
    assert "no answer from http://hansard.test/v1/x (refused)" in str(
        played(READ, known, retries=0)[0]
    )
    assert "no answer from the server" in str(played(READ, DOWN, retries=0)[0])


def test_a_refusal_carries_what_a_program_needs() -> None:
    body = {
        "code": "seq_mismatch",
        "detail": "moved on",
        "param": "expected_seq",
        "request_id": "req_1",
        "seq": 7,
        "status": 409,
        "type": "about:blank",
    }
    error = played(WRITE, answer(409, body))[0]
    assert (error.code, error.param, error.request_id, error.status, error.extra) == (
        "seq_mismatch",
        "expected_seq",
        "req_1",
        409,
        {"seq": 7},
    )
    assert str(error) == "moved on [seq_mismatch, status 409, request req_1]"
    assert error.doc_url is None
    explained = played(
        READ, answer(404, {"code": "run_not_found", "type": "/docs/errors#run_not_found"})
    )[0]
    assert explained.doc_url == "http://hansard.test/docs/errors#run_not_found"
    assert played(READ, answer(400, {}, X_Request_ID="req_2"))[0].request_id == "req_2"
    assert isinstance(played(READ, answer(418))[0], Invalid)


def test_queries_repeat_lists_and_leave_out_what_is_not_given() -> None:
    query = {
        "state": ["failed", "partial"],
        "tag": ["a,b"],
        "total": True,
        "cursor": None,
        "limit": 5,
    }
    assert Request("GET", "/", lambda _: None, query=query).params == (
        ("state", "failed"),
        ("state", "partial"),
        ("tag", "a\\,b"),
        ("total", "true"),
        ("limit", "5"),
    )


def test_ids_are_quoted_in_paths() -> None:
    assert path("sessions", "a b?c#d%é") == "/v1/sessions/a%20b%3Fc%23d%25%C3%A9"


def test_times_go_out_in_utc() -> None:
    east = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert (
        Request("POST", "/", lambda _: None, body={"a": [{"at": east}]}).content
        == b'{"a":[{"at":"2026-01-01T00:00:00Z"}]}'
    )
    assert Request("GET", "/", lambda _: None, query={"at": east}).params == (
        ("at", "2026-01-01T00:00:00+00:00"),
    )
    naive = wire(datetime(2026, 1, 1))  # noqa: DTZ001 - what is tested
    assert naive == datetime(2026, 1, 1).astimezone()


def test_a_refused_parameter_has_the_name_that_the_caller_gave_it() -> None:
    listing = Request("GET", "/v1/x", lambda body: body, renamed={"limit": "page_size"})
    refusal = answer(
        400, {"code": "invalid", "param": "limit", "detail": "at most 200, whatever the limit is"}
    )
    error, _, _ = played(listing, refusal)
    assert (error.param, error.message, error.fix) == (
        "page_size",
        "at most 200, whatever the limit is",
        "limit is called page_size here",
    )
    other, _, _ = played(
        listing, answer(400, {"code": "invalid", "param": "sort", "detail": "sort: no"})
    )
    assert (other.param, other.fix) == ("sort", None)
