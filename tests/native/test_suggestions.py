"""What a search box offers while somebody types."""

from __future__ import annotations

import httpx
import pytest

from hansard.access import ALL_SCOPES, Principal
from hansard.service import Service
from tests.conftest import client_of


@pytest.fixture
async def filled(client: httpx.AsyncClient) -> httpx.AsyncClient:
    for ident, channel, user in (
        ("a", "web", "joanna.smith"),
        ("b", "web", "joe"),
        ("c", "wechat", "anna"),
        ("d", "two words", "x"),
    ):
        metadata = {"plan": "pro", "Region": channel, "seats": 3, "nested": {"no": 1}}
        body = {"id": ident, "channel": channel, "user": user, "metadata": metadata}
        assert (await client.post("/v1/sessions", json=body)).status_code == 201
    return client


async def labels(client: httpx.AsyncClient, typed: str) -> list[str]:
    answer = await client.get("/v1/search/suggestions", params={"q": typed})
    assert answer.status_code == 200
    return [item["label"] for item in answer.json()["data"]]


async def test_names_then_values_with_their_counts(filled: httpx.AsyncClient) -> None:
    assert await labels(filled, "refund cha") == ["channel:"]
    answer = await filled.get("/v1/search/suggestions", params={"q": "refund -channel:w"})
    assert answer.json()["data"] == [
        {"text": "refund -channel:web ", "label": "channel:web", "count": 2},
        {"text": "refund -channel:wechat ", "label": "channel:wechat", "count": 1},
    ]
    quoted = await filled.get("/v1/search/suggestions", params={"q": "channel:tw"})
    assert quoted.json()["data"][0]["text"] == 'channel:"two words" '


async def test_words_of_the_language_and_parts_of_a_users_id(filled: httpx.AsyncClient) -> None:
    assert await labels(filled, "has:fail") == ["has:failed-call"]
    assert await labels(filled, "role:") == [
        "role:user",
        "role:assistant",
        "role:tool",
        "role:system",
        "role:title",
    ]
    assert await labels(filled, "unread:") == ["unread:true", "unread:false"]
    assert await labels(filled, "user:ann") == ["user:anna", "user:joanna.smith"]


async def test_keys_of_the_metadata_then_their_values(filled: httpx.AsyncClient) -> None:
    keys = ["metadata.Region:", "metadata.plan:", "metadata.seats:"]
    assert await labels(filled, "metad") == keys
    assert await labels(filled, "-metadata.p") == ["metadata.plan:"]
    assert await labels(filled, "metadata.seats:") == ["metadata.seats:3"]
    assert await labels(filled, "metadata.Region:we") == [
        "metadata.Region:web",
        "metadata.Region:wechat",
    ]
    answer = await filled.get("/v1/search", params={"q": 'metadata.Region:"two words"'})
    assert [item["session"]["id"] for item in answer.json()["data"]] == ["d"]


async def test_as_many_as_are_asked_for(filled: httpx.AsyncClient) -> None:
    answer = await filled.get("/v1/search/suggestions", params={"q": "metadata.", "limit": 2})
    assert len(answer.json()["data"]) == 2
    many = await filled.get("/v1/search/suggestions", params={"q": "is:", "limit": 100})
    assert len(many.json()["data"]) > 8
    refused = await filled.get("/v1/search/suggestions", params={"q": "state:", "limit": 101})
    assert refused.status_code == 400


@pytest.mark.parametrize("typed", ["", " ", "a", "refund", "channel:web", "xyzzy:", '"exact phr'])
async def test_nothing_where_there_is_nothing_to_add(filled: httpx.AsyncClient, typed: str) -> None:
    assert await labels(filled, typed) == []


async def test_a_narrowed_key_is_told_no_values_of_others(
    filled: httpx.AsyncClient, service: Service, principal: Principal
) -> None:
    text, _ = await service.keys.create(principal, "narrow", ALL_SCOPES, app="ours")
    async with client_of(service, text) as narrow:
        assert await labels(narrow, "channel:w") == []
        assert await labels(narrow, "user:anna") == []
        assert await labels(narrow, "metadata.p") == []
        assert await labels(narrow, "metadata.plan:") == []
        assert await labels(narrow, "state:fail") == ["state:failed"]
