"""How a client of assistant-ui's cloud calls: threads, messages, and errors."""

from __future__ import annotations

from typing import Any

import httpx

THREADS = "/assistant-ui/v1/threads"
ADA = {"Aui-User-Id": "ada", "Aui-Workspace-Id": "acme"}
Json = dict[str, Any]


async def sent(
    api: httpx.AsyncClient, method: str, path: str, status: int = 200, **more: Any
) -> Any:
    """The answer to a request below the threads; a 204 has none."""
    answer = await api.request(method, f"{THREADS}{path}", **more)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def thread(api: httpx.AsyncClient, **fields: Any) -> str:
    created: str = (await sent(api, "POST", "", json=fields))["thread_id"]
    return created


async def append(api: httpx.AsyncClient, name: str, text: str = "hello", **fields: Any) -> Json:
    content = {"role": "user", "content": [{"type": "text", "text": text}]}
    body = {"parent_id": None, "format": "aui/v0", "content": content} | fields
    created: Json = await sent(api, "POST", f"/{name}/messages", json=body)
    return created


async def listed(api: httpx.AsyncClient, name: str, **params: Any) -> list[Json]:
    messages: list[Json] = (await sent(api, "GET", f"/{name}/messages", params=params))["messages"]
    return messages


def failed(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]
