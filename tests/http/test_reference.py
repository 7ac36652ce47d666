"""The reference shows what the documents say: descriptions, bounds, defaults, examples, errors."""

from __future__ import annotations

import msgspec
import pytest

from hansard.app import DIALECTS
from hansard.http.reference import Field, Object, Operation, Reference, reference

REFERENCES = {dialect.name: reference(dialect) for dialect in DIALECTS}
NATIVE = REFERENCES["native"]


def operation(shown: Reference, method: str, path: str) -> Operation:
    (match,) = (
        operation
        for group in shown.groups
        for operation in group.operations
        if (operation.method, operation.path) == (method, path)
    )
    return match


def field(fields: list[Field], name: str) -> Field:
    (match,) = (field for field in fields if field.name == name)
    return match


def object_of(shown: Reference, name: str) -> Object:
    (match,) = (part for part in shown.objects if part.name == name)
    return match


def words(shown: Field) -> str:
    return "".join(text for text, _ in shown.kind)


def test_a_parameter_is_shown_with_its_bounds_its_default_and_an_example() -> None:
    listing = operation(NATIVE, "GET", "/v1/sessions")
    limit, state = field(listing.parameters, "limit"), field(listing.parameters, "state")
    assert limit.text == (
        "The most sessions that a page may have. At least 1, at most 200, default 50."
    )
    assert words(state).startswith("list of any of queued, running")
    assert state.example == "failed,interrupted"
    assert field(listing.parameters, "If-None-Match").location == "header"


def test_a_default_that_the_description_names_is_not_said_twice() -> None:
    body = object_of(NATIVE, "SessionIn")
    assert field(body.fields, "kind").text.count("default") == 1


def test_a_request_is_one_that_can_be_sent() -> None:
    append = operation(NATIVE, "POST", "/v1/sessions/{session_id}/messages")
    assert append.curl.startswith('curl -X POST "$HANSARD_URL/v1/sessions/order-17/messages"')
    assert '"text": "Where is my order?"' in append.curl
    assert "{" not in operation(NATIVE, "GET", "/v1/sessions/{session_id}").curl


def test_an_answer_leads_to_its_object_and_is_shown_by_an_example() -> None:
    listing = operation(NATIVE, "GET", "/v1/sessions")
    assert (listing.status, listing.answer) == ("200", [("SessionList", "SessionList")])
    shown = object_of(NATIVE, "SessionList")
    assert field(shown.fields, "data").kind == [("list of ", ""), ("SessionOut", "SessionOut")]
    assert msgspec.json.decode(listing.sample)["data"][0]["title"] == "A late parcel"


def test_errors_are_shown_by_status() -> None:
    append = operation(NATIVE, "POST", "/v1/sessions/{session_id}/messages")
    failures = {failure.status: failure.text for failure in append.failures}
    assert "`seq_mismatch`" in failures["409"]
    assert "8,388,608 bytes" in failures["413"]
    assert not {"4XX", "5XX"} & set(failures)


@pytest.mark.parametrize("name", REFERENCES)
def test_every_object_that_is_named_is_shown(name: str) -> None:
    shown = REFERENCES[name]
    names = {part.name for part in shown.objects}
    fields = [field for part in shown.objects for field in part.fields]
    operations = [operation for group in shown.groups for operation in group.operations]
    kinds = [field.kind for field in fields] + [operation.answer for operation in operations]
    assert {target for kind in kinds for _, target in kind if target} <= names
    assert all(field.text for field in fields)
    for part in shown.objects:
        assert msgspec.json.decode(part.sample), part.name


@pytest.mark.parametrize(
    ("api", "name", "shown"),
    [
        ("native", "SessionOut.title", "string or null"),
        ("native", "SessionOut.created_at", "time"),
        ("native", "SessionOut.metadata", "object"),
        ("native", "DayOut.day", "date"),
        ("native", "ForkIn.message", "string or integer or null"),
        ("athena", "Trace.export_format", "always trace"),
    ],
)
def test_a_type_is_shown_in_words(api: str, name: str, shown: str) -> None:
    part, _, name = name.partition(".")
    assert words(field(object_of(REFERENCES[api], part).fields, name)) == shown
