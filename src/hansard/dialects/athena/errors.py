"""Athena's errors: ``{"message"}`` or ``{"detail"}``, with FastAPI's list for bad parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import UNSET, Struct, UnsetType

from hansard.dialects.athena.vocabulary import PREFIX
from hansard.errors import Invalid, Reason

if TYPE_CHECKING:
    from hansard.http.route import Failure

NO_SESSION = {404: "No session of the workspace has this id."}
_ITEM = re.compile(rf"(?:{PREFIX}){{1,2}}/(?:sessions|threads)/.")
_PHRASES = {401: "Unauthorized", 405: "Method Not Allowed"}
_UNPROCESSABLE = 422
_TYPES: dict[Reason, str] = {
    "too_small": "greater_than_equal",
    "too_large": "less_than_equal",
    "too_long": "too_long",
    "not_an_integer": "int_parsing",
    "not_a_boolean": "bool_parsing",
    "not_a_time": "datetime_parsing",
    "not_a_choice": "enum",
}


class Complaint(Struct, kw_only=True):
    """What is wrong with one parameter."""

    example: ClassVar[dict[str, Any]] = {
        "loc": ["query", "limit"],
        "msg": "limit: expected a whole number <= 500, got '501'",
        "type": "less_than_equal",
    }

    loc: list[str]
    """Where it is: `query` and the name of the parameter."""
    msg: str
    """What is wrong, and what to do."""
    type: str
    """In what way it is wrong, in Pydantic's words, else `value_error`."""


class ErrorOut(Struct, kw_only=True):
    """An error, with one of the two fields."""

    example: ClassVar[dict[str, Any]] = {"detail": [Complaint.example]}

    detail: str | list[Complaint] | UnsetType = UNSET
    """What was wrong: a list for bad parameters, else a text."""
    message: str | UnsetType = UNSET
    """What was wrong, for 401 and 404 of a session or thread."""


def error_out(failure: Failure) -> ErrorOut:
    error = failure.error
    if failure.status == _UNPROCESSABLE and isinstance(error, Invalid):
        return ErrorOut(detail=[_complaint(error)])
    if error.code == "route_not_found":
        return ErrorOut(detail="Not Found")
    text = _PHRASES.get(failure.status, error.message)
    return (
        ErrorOut(message=text)
        if failure.status in {401, 404} and _ITEM.match(failure.path)
        else ErrorOut(detail=text)
    )


def _complaint(error: Invalid) -> Complaint:
    return Complaint(
        loc=["query", *([error.param] if error.param else [])],
        msg=error.message,
        type=_TYPES.get(error.reason, "value_error") if error.reason else "value_error",
    )
