"""Pages of the origins that a setting names may call the API from a browser, and no others."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from hansard.app import application
from hansard.errors import Invalid
from hansard.http.cross_origin import origins_of
from hansard.http.route import IF_MATCH, IF_NONE_MATCH, LAST_EVENT, ONCE, POSITION
from hansard.service import Service
from hansard.settings import Settings

OURS = "https://app.example.com"
FOR_THE_BROWSER = {
    "cache-control", "content-encoding", "content-length", "content-type", "vary",
    "x-content-type-options",
}  # fmt: skip


@pytest.fixture
async def browser(service: Service, key: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        store=service.store.url, cors_origins=f"{OURS}/, http://localhost:3000", rate_limit=100
    )
    transport = httpx.ASGITransport(application(service, settings))
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://hansard.test",
        headers={"Authorization": f"Bearer {key}"},
    ) as client:
        yield client


@pytest.mark.parametrize(
    "header",
    [
        "authorization",
        *(name.lower() for name in (ONCE, IF_MATCH, IF_NONE_MATCH, LAST_EVENT, POSITION)),
    ],
)
async def test_a_preflight_request_of_an_allowed_origin_is_answered_and_may_be_kept(
    browser: httpx.AsyncClient, header: str
) -> None:
    preflight = {
        "Origin": OURS,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": header,
    }
    answer = await browser.options("/v1/sessions/one", headers=preflight)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == OURS
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert header in answer.headers["access-control-allow-headers"].lower()
    assert int(answer.headers["access-control-max-age"]) >= 600
    assert "access-control-allow-credentials" not in answer.headers


async def test_an_answer_and_an_error_may_be_read_by_an_allowed_origin(
    browser: httpx.AsyncClient,
) -> None:
    for path, status in (("/v1/sessions", 200), ("/v1/sessions/absent", 404)):
        answer = await browser.get(path, headers={"Origin": "http://localhost:3000"})
        assert answer.status_code == status
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        exposed = answer.headers["access-control-expose-headers"]
        assert {"ETag", "Retry-After", "X-Request-ID", POSITION} <= set(exposed.split(", "))


async def test_every_header_of_an_answer_may_be_read_by_an_allowed_origin(
    browser: httpx.AsyncClient,
) -> None:
    """But those that a browser shows always, or that are for it alone."""
    headers = {"Origin": OURS, ONCE: "one"}
    answers = [
        await browser.post("/v1/sessions", json={"id": "one"}, headers=headers),
        await browser.post("/v1/sessions", json={"id": "one"}, headers=headers),
        await browser.get("/v1/export", headers=headers),
        await browser.get("/v1/sessions", headers=headers),
        await browser.get("/api/v1/sessions", headers=headers),
    ]
    for answer in answers:
        exposed = answer.headers["access-control-expose-headers"].lower().split(", ")
        hidden = {*answer.headers} - {*exposed} - FOR_THE_BROWSER
        assert {name for name in hidden if not name.startswith("access-control-")} == set()
    assert "idempotent-replayed" in answers[1].headers
    assert "content-disposition" in answers[2].headers
    assert "ratelimit-limit" in answers[3].headers
    assert "x-ratelimit-limit" in answers[4].headers


async def test_another_origin_is_told_nothing(
    browser: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    for caller, origin in ((browser, "https://evil.example"), (client, OURS)):
        answer = await caller.get("/v1/sessions", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
    refused = await browser.options(
        "/v1/sessions",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
    )
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("text", ["app.example.com", "ftp://x", "https://x/path", "https"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="cors_origins"):
        origins_of(text)
