"""Hostile imports.

Small files that cost much, numbers that size something, lines that rewrite a session.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from hansard.model import MessageDraft, SessionDraft, parts
from hansard.store import chain
from tests.attack.target import Caller, Result, Target, caller_with
from tests.interchange import hostile

_PATIENCE = 30.0
"""Seconds within which each is answered, on a machine that does other things as well."""
_MOST_BAD = 1500
Line = dict[str, Any]


async def hostile_imports(target: Target, size: int = 63 * hostile.MIB) -> Result:
    """Each is refused or set aside, soon, and changes no session that is there."""
    result = Result("hostile imports")
    for what, format_, data in hostile.files(size):
        began = time.perf_counter()
        answer = await _send(target, target.caller, data, format_)
        seconds = time.perf_counter() - began
        result.count += 1
        report = answer.json()
        if answer.status_code not in {200, 400}:
            result.findings.append(f"{what}: {answer.status_code}")
        if answer.status_code == 200 and not report["bad"]:
            result.findings.append(f"{what}: taken for a sound file")
        if report.get("bad", 0) > _MOST_BAD or report.get("new"):
            result.findings.append(f"{what}: {report}")
        if seconds > _PATIENCE:
            result.findings.append(f"{what}: {seconds:.0f} s")
    await _rewriting(target, result)
    await _counting(target, result)
    return result


async def _send(
    target: Target, caller: Caller, data: bytes, format_: str = "hansard"
) -> httpx.Response:
    headers = caller.headers(target.app.dialects[0]) | {"Content-Type": "application/octet-stream"}
    return await target.client.post(
        "/v1/import", params={"format": format_}, content=data, headers=headers
    )


async def _own_line(target: Target, name: str) -> Line:
    """A session of the attacker's own, as it is exported."""
    here = target.attacker
    await target.service.sessions.start(here, SessionDraft(id=name, user_id="ann"))
    drafts = [
        MessageDraft(role="user", parts=parts.text_part(text), text=text, client_id=text)
        for text in ("one", "two", "three")
    ]
    await target.service.messages.append(here, name, drafts)
    headers = target.caller.headers(target.app.dialects[0])
    answer = await target.client.get("/v1/export", params={"user": "ann"}, headers=headers)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return next(line for line in lines if line["session"]["own_id"] == name)


def _forge(line: Line) -> None:
    line["messages"][0]["parts"] = [{"type": "text", "content": "forged"}]


def _delete(line: Line) -> None:
    """Whoever knows a message can compute its hash."""
    line["messages"][0] |= {
        "parts": [], "client_id": None, "deleted_at": "2026-01-01T00:00:00Z", "hash": line["hash"],
    }  # fmt: skip
    line["session"]["message_count"] -= 1


def _swap(line: Line) -> None:
    first, second = line["messages"][:2]
    first["id"], second["id"] = second["id"], first["id"]


def _move(line: Line) -> None:
    line["session"]["user_id"] = "eve"


async def _rewriting(target: Target, result: Result) -> None:
    """A key that may only write changes nothing that is there by a line of a higher version."""
    writer = await caller_with(target, ("sessions:write",))
    changes: tuple[Callable[[Line], None], ...] = (_forge, _delete, _swap, _move)
    for change in changes:
        name = f"rewritten-{change.__name__}-{time.time_ns()}"
        line = await _own_line(target, name)
        before = await target.service.transfers.take(target.attacker, [line["session"]["id"]])
        line["hash"] = chain.link(chain.ROOT, before[0].messages[0].message).hex()
        change(line)
        del line["hash"]
        line["session"]["version"] += 1
        data = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode()
        answer = await _send(target, writer, data)
        result.count += 1
        after = await target.service.transfers.take(target.attacker, [line["session"]["id"]])
        if answer.status_code != 200:
            result.findings.append(f"{change.__name__}: {answer.status_code}")
        if after[0].messages != before[0].messages:
            result.findings.append(f"{change.__name__}: a line rewrote the messages of a session")
        if after[0].session.user_id != before[0].session.user_id:
            result.findings.append(f"{change.__name__}: a line moved a session to another user")


async def _counting(target: Target, result: Result) -> None:
    """Counts that no message can have do not get into the sums of the workspace."""
    line = await _own_line(target, f"counted-{time.time_ns()}")
    line["session"] |= {"id": "0190163d-8694-739b-aea5-966c26f8ad92", "own_id": None}
    for number in (2**62, 2**63 - 1):
        line["messages"][0]["input_tokens"] = line["session"]["cost_nanos"] = number
        answer = await _send(target, target.caller, json.dumps(line).encode())
        headers = target.caller.headers(target.app.dialects[0])
        stats = await target.client.get("/v1/stats", headers=headers)
        result.count += 2
        if answer.status_code != 200 or answer.json()["bad"] != 1:
            result.findings.append(f"{number} tokens: {answer.status_code} {answer.text[:200]}")
        if stats.status_code != 200:
            result.findings.append(f"statistics after {number} tokens: {stats.status_code}")
