"""What a caller keeps of a session and shows again.

Its ETag in ``If-Match``, and the key of a request that was answered before.
"""

from __future__ import annotations

import httpx
import pytest


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"id": "abc"}),
        ("PATCH", "/s", {"title": "Changed"}),
        ("POST", "/s/end", {}),
        ("POST", "/s/fork", {}),
    ],
)
async def test_a_replay_has_the_headers_of_the_first_answer(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, str]
) -> None:
    """A replay has the first answer's ETag.

    Otherwise a retry could lose or overwrite a change in between.
    """
    await client.post("/v1/sessions", json={"id": "s"})
    first, again = [
        await client.request(
            method, f"/v1/sessions{path}", json=body, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert again.headers.pop("idempotent-replayed") == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    own = {"x-request-id", "date", "ratelimit-remaining", "ratelimit-reset"}
    assert {name: text for name, text in again.headers.items() if name not in own} == {
        name: text for name, text in first.headers.items() if name not in own
    }
    assert ("etag" in first.headers) == (path != "/s/fork")


async def test_if_match_refuses_a_stale_change_and_says_the_version(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/v1/sessions", json={"id": "s"})
    ok = await client.patch(
        "/v1/sessions/s", json={"title": "A"}, headers={"If-Match": answer.headers["etag"]}
    )
    stale = await client.patch(
        "/v1/sessions/s", json={"title": "B"}, headers={"If-Match": answer.headers["etag"]}
    )
    assert (ok.status_code, stale.status_code, stale.json()["version"]) == (200, 412, 2)
    assert (await client.get("/v1/sessions/s")).json()["title"] == "A"


async def test_if_match_takes_a_list_of_etags(client: httpx.AsyncClient) -> None:
    """RFC 9110, 13.1.1: on one line or on several, and foreign ones match nothing."""
    tag = (await client.post("/v1/sessions", json={"id": "s"})).headers["etag"]

    async def status_with(*lines: str) -> int:
        return (
            await client.patch(
                "/v1/sessions/s", json={}, headers=[("If-Match", line) for line in lines]
            )
        ).status_code

    for lines in (
        (f'"v9", {tag}',),
        (f'"a,b" , W/{tag},"x"',),
        ('"v9"', tag),
        ("v9, v1",),
        (f", {tag} ,,",),
        ("*",),
    ):
        assert await status_with(*lines) == 200
        tag = (await client.get("/v1/sessions/s")).headers["etag"]
    for lines in (('"v9", "v8"',), ('"x"',), ('""',), (f'"a,{tag[1:]}',)):
        assert await status_with(*lines) == 412
    for lines in (('"v1',), ("nonsense",), (f"{tag} {tag}",), (f"*, {tag}",)):
        assert await status_with(*lines) == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", ""), ("POST", "/end"), ("POST", "/archive"), ("POST", "/unarchive")],
)
async def test_if_match_guards_every_change_of_a_session(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    stale = (await client.post("/v1/sessions", json={"id": "s"})).headers["etag"]
    tag = (await client.patch("/v1/sessions/s", json={"title": "A"})).headers["etag"]
    refused = await client.request(method, f"/v1/sessions/s{path}", headers={"If-Match": stale})
    assert (refused.status_code, refused.json()["code"]) == (412, "version_mismatch")
    assert (await client.get("/v1/sessions/s")).headers["etag"] == tag
    assert (
        await client.request(method, f"/v1/sessions/s{path}", headers={"If-Match": tag})
    ).status_code == 200


@pytest.mark.parametrize("name", ["s", "ses_01900000-0000-7000-8000-000000000000"])
async def test_nothing_of_a_deleted_session_is_shown_of_the_next_one_of_its_name(
    client: httpx.AsyncClient, name: str
) -> None:
    """Neither from a cache of ours, nor as a 304 from one of the caller's.

    Nor does a change meant for the one reach the other.
    """
    shown: list[list[httpx.Response]] = []
    for word in ("first", "other"):
        answer = await client.post("/v1/sessions", json={"id": name, "title": word})
        await client.post(
            f"/v1/sessions/{name}/messages", json={"messages": [{"role": "user", "text": word}]}
        )
        assert [item["title"] for item in (await client.get("/v1/sessions")).json()["data"]] == [
            word
        ]
        reads = [await client.get(f"/v1/sessions/{name}{path}") for path in ("", "/messages")]
        for before, now in zip(shown[-1] if shown else (), reads, strict=False):
            again = await client.get(before.url, headers={"If-None-Match": before.headers["etag"]})
            assert (again.status_code, again.json()) == (200, now.json())
            stale = await client.patch(
                f"/v1/sessions/{name}",
                json={"title": "x"},
                headers={"If-Match": before.headers["etag"]},
            )
            assert stale.status_code == 412
        shown.append(reads)
        assert answer.status_code == 201
        await client.delete(f"/v1/sessions/{name}")
