"""What an error says is plain English in the words of the API that was called."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import httpx
import pytest

from hansard.app import DIALECTS
from hansard.http.openapi import document
from hansard.native.schemas import ProblemDetails
from tests.web.conftest import Reader
from tests.web.conftest import reader as reader  # noqa: PLC0414 - fixtures of the page
from tests.web.conftest import stranger as stranger  # noqa: PLC0414 - as above

_CLUMSY = re.compile(r"(?<!there )\b(?:is|are) no (?!longer)\w|\bhas has\b|\bis none\b")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "/v1/sessions?chanel=web",
            "unknown parameter 'chanel': did you mean 'channel'?",
        ),
        ("/v1/workspace?x=1", "unknown parameter 'x': it takes none"),
        (
            "/v1/stats?tz=Mars",
            "tz: unknown time zone 'Mars': write an IANA name such as Europe/Berlin or UTC",
        ),
        ("/v1/checkpoints?fact=x", "fact: 'x' is not a fact: write name:value"),
        (
            "/v1/sessions?created_from=soon",
            "created_from: 'soon' is not a time: write one such as 2026-01-31T09:30:00Z",
        ),
    ],
)
async def test_a_wrong_parameter_says_what_to_write(
    client: httpx.AsyncClient, path: str, text: str
) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["detail"]) == (400, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("has:faild-call", "unknown value 'faild-call' of has: did you mean has:failed-call?"),
        ("channel:web", "unknown value 'web' of channel: no session has any channel"),
        ("after:soon", "after: 'soon' is not a time: "),
        ("chanel:web", "unknown qualifier 'chanel': did you mean channel:web?"),
    ],
)
async def test_a_note_of_the_search_says_what_to_write(
    client: httpx.AsyncClient, query: str, text: str
) -> None:
    (note,) = (await client.get("/v1/search", params={"q": query})).json()["notes"]
    assert note["message"].startswith(text)


@pytest.mark.parametrize(
    ("path", "status"), [("/metrics", 401), ("/openapi/nope.json", 404), ("/nope", 404)]
)
async def test_what_no_api_owns_fails_as_the_native_one(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path, headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert set(ProblemDetails.__struct_fields__) - {"param", "reason"} <= set(answer.json())


async def test_anthropics_wrong_method_is_an_invalid_request(client: httpx.AsyncClient) -> None:
    answer = await client.put("/anthropic/v1/sessions")
    assert (answer.status_code, answer.json()["error"]["type"]) == (405, "invalid_request_error")


async def test_openais_errors_name_a_conversation_and_an_item(client: httpx.AsyncClient) -> None:
    path = "/openai/v1/conversations"
    absent = (await client.get(f"{path}/conv_none")).json()["error"]
    assert absent["param"] == "conversation_id"
    assert absent["message"].startswith("no conversation 'conv_none'")
    made = (await client.post(path, json={})).json()["id"]
    item = (await client.get(f"{path}/{made}/items/msg_none")).json()["error"]
    assert item["message"] == "no item 'msg_none' in this conversation"
    assert item["param"] == "item_id"


@pytest.mark.parametrize("path", ["/ui/import", "/ui/insights?days=abc"])
async def test_a_screen_says_what_was_wrong_with_what_was_sent(reader: Reader, path: str) -> None:
    kind = "application/octet-stream"
    answer = await (
        reader.client.post(path, headers={"X-CSRF-Token": reader.token, "Content-Type": kind})
        if path == "/ui/import"
        else reader.get(path)
    )
    assert answer.status_code == 400
    assert "Something went wrong" not in answer.text
    assert "Check what was sent" in answer.text
    wanted = "choose one with sessions" if path == "/ui/import" else "days: expected a whole number"
    assert wanted in answer.text


def test_every_code_of_an_error_is_written_out() -> None:
    """On the page of errors each code is one that a program can branch on."""
    kinds = json.loads((files("hansard.web") / "errors.json").read_bytes())
    codes = [each["code"] for rows in kinds.values() for each in rows]
    assert [code for code in codes if not re.fullmatch(r"[a-z_]+", code)] == []
    assert {"note_not_found", "score_not_found", "too_many_notes", "other_app"} <= set(codes)
    assert [
        text for rows in kinds.values() for each in rows for text in each["says"] if not text
    ] == []


def test_no_text_of_an_error_is_clumsy() -> None:
    kinds = json.loads((files("hansard.web") / "errors.json").read_bytes())
    texts = [text for rows in kinds.values() for each in rows for text in each["says"]]
    assert [text for text in texts if _CLUMSY.search(text)] == []


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_an_objects_name_in_the_reference_is_a_word(dialect: Any) -> None:
    schemas = document([dialect], title="", description="")["components"]["schemas"]
    assert [name for name in schemas if "." in name] == []
