"""What every server offers besides its APIs: the OpenAPI documents."""

from __future__ import annotations

import httpx
import pytest

NAMES = ("native", "b3os", "athena", "konvo", "pocketpaw")


@pytest.mark.parametrize("path", ["/openapi.json", *(f"/openapi/{name}.json" for name in NAMES)])
async def test_each_openapi_document_can_be_read(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert document["paths"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["responses"]


async def test_an_unknown_document_says_which_there_are(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi/nonsense.json")
    assert answer.status_code == 404
    assert "athena" in answer.json()["detail"]
