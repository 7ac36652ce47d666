"""Sessions go out as other programs take them, and what comes back says the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from msgspec import Raw

from hansard.access import Principal
from hansard.cli.root import root
from hansard.interchange.exporter import Choice, export, form_of
from hansard.interchange.exports import FORMS, NAMES
from hansard.interchange.importer import Import
from hansard.interchange.report import Options
from hansard.model import MessageDraft, MessageQuery, SessionDraft, SessionFilter
from hansard.model.message import Role
from hansard.service import Service
from tests.interchange.reading import format_of
from tests.interchange.samples import summed

PARTS: list[tuple[Role, list[dict[str, Any]]]] = [
    ("system", [{"type": "text", "content": "Be brief."}]),
    (
        "user",
        [
            {"type": "text", "content": "How far?"},
            {"type": "uri", "modality": "image", "uri": ("https://x/map.png")},
        ],
    ),
    (
        "assistant",
        [
            {"type": "reasoning", "content": "A map."},
            {"type": "tool_call", "id": "c1", "name": "route", "arguments": {"to": "Oslo"}},
        ],
    ),
    ("tool", [{"type": "tool_call_response", "id": "c1", "response": "12 km"}]),
    (
        "assistant",
        [{"type": "text", "content": "Twelve ```kilometres```."}, {"type": "novel", "n": 1}],
    ),
]


async def session(service: Service, principal: Principal, name: str, **more: Any) -> None:
    await service.sessions.start(principal, SessionDraft(id=name, **more))
    drafts = [
        MessageDraft(
            role=role,
            parts=Raw(msgspec.json.encode(parts)),
            text="\n".join(str(part.get("content")) for part in parts if part["type"] == "text"),
            client_id=f"m{number}",
            output_tokens=number,
            cost_nanos=number * 250_000_000,
        )
        for number, (role, parts) in enumerate(PARTS, 1)
    ]
    await service.messages.append(principal, name, drafts)


async def exported(service: Service, principal: Principal, name: str, **more: Any) -> str:
    out: list[bytes] = []
    await export(service, principal, Choice(form=form_of(name), **more), out.append)
    return b"".join(out).decode()


async def read_back(
    service: Service, principal: Principal, name: str
) -> list[tuple[str, list[str]]]:
    _, messages, _ = await service.messages.list(principal, name, MessageQuery(limit=50))
    return [
        (message.role, [summed(part) for part in msgspec.json.decode(message.parts)])
        for message in messages
    ]


async def brought(service: Service, principal: Principal, text: str, folder: Path) -> None:
    path = folder / "export.jsonl"
    path.write_text(text, "utf-8")
    report = await Import(service, principal, Options()).paths([path])
    assert (report.new, report.bad) == (1, 0)


async def test_openai_messages_come_back_as_they_were(
    service: Service, here: Principal, there: Principal, tmp_path: Path
) -> None:
    await session(service, here, "s-1", title="A trip", channel="web")
    text = await exported(service, here, "openai")
    assert format_of(text.encode()) == "openai"
    await brought(service, there, text, tmp_path)
    assert await read_back(service, there, "s-1") == await read_back(service, here, "s-1")
    restored = await service.sessions.read(there, "s-1")
    assert (restored.title, restored.channel) == ("A trip", "web")


async def test_sharegpt_keeps_what_was_said_and_called(
    service: Service, here: Principal, there: Principal, tmp_path: Path
) -> None:
    await session(service, here, "s-1")
    text = await exported(service, here, "sharegpt")
    assert format_of(text.encode()) == "sharegpt"
    await brought(service, there, text, tmp_path)
    assert await read_back(service, there, "s-1") == [
        ("system", ["Be brief."]),
        ("user", ["How far?"]),
        ("assistant", ['route({"to": "Oslo"})']),
        ("tool", ['-> "12 km"']),
        ("assistant", ["Twelve ```kilometres```."]),
    ]


async def test_markdown_is_a_document_to_read(service: Service, here: Principal) -> None:
    await session(service, here, "s-1", title="A\ntrip", channel="web", agent="guide")
    text = await exported(service, here, "markdown")
    assert text.startswith("# A trip\n\n`s-1` · ")
    assert "\n\n## Assistant, " in text
    for expected in (
        "[https://x/map.png](https://x/map.png)",
        "> A map.",
        '**Call** `route`\n\n```\n{"to": "Oslo"}\n```',
        "**Result**\n\n```\n12 km\n```",
        "Twelve ```kilometres```.",
        '```\n{"type": "novel", "n": 1}\n```',
    ):
        assert expected in text


async def test_a_fence_is_longer_than_any_in_what_it_holds(
    service: Service, here: Principal
) -> None:
    await service.sessions.start(here, SessionDraft(id="s-1"))
    parts = [{"type": "tool_call_response", "id": "c", "response": "````\ncode"}]
    draft = MessageDraft(role="tool", parts=Raw(msgspec.json.encode(parts)))
    await service.messages.append(here, "s-1", [draft])
    assert "`````\n````\ncode\n`````" in await exported(service, here, "markdown")


async def test_csv_has_a_row_a_message_and_runs_nothing_in_a_spreadsheet(
    service: Service, here: Principal
) -> None:
    await session(service, here, "s-1", title="=HYPERLINK(1)")
    rows = list(csv.DictReader(io.StringIO(await exported(service, here, "csv"))))
    assert [row["role"] for row in rows] == [role for role, _ in PARTS]
    assert {row["title"] for row in rows} == {"'=HYPERLINK(1)"}
    assert json.loads(rows[2]["tool_calls"]) == [{"name": "route", "arguments": {"to": "Oslo"}}]
    assert [row["tool_results"] for row in rows] == ["", "", "", "12 km", ""]
    assert (rows[4]["output_tokens"], rows[4]["cost_usd"]) == ("5", "1.25")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), ["s-1", "s-2", "s-3"]),
        (Choice(filter=SessionFilter(channel=("web",))), ["s-2", "s-3"]),
        (Choice(text="zebra"), ["s-3"]),
        (Choice(text="zebra", filter=SessionFilter(channel=("api",))), []),
    ],
)
async def test_a_list_or_a_search_goes_out(
    service: Service, here: Principal, choice: Choice, expected: Sequence[str]
) -> None:
    for name, channel in (("s-1", "api"), ("s-2", "web"), ("s-3", "web")):
        await session(service, here, name, channel=channel)
    zebra = Raw(b'[{"type":"text","content":"zebra"}]')
    await service.messages.append(
        here, "s-3", [MessageDraft(role="user", parts=zebra, text="zebra")]
    )
    out: list[bytes] = []
    await export(service, here, choice, out.append)
    lines = b"".join(out).splitlines()
    assert [json.loads(line)["session"]["own_id"] for line in lines] == expected


async def test_single_sessions_go_out_by_their_ids(service: Service, here: Principal) -> None:
    for name in ("s-1", "s-2"):
        await session(service, here, name)
    ids = [(await service.sessions.read(here, "s-2")).id]
    assert '"id":"s-2"' in (text := await exported(service, here, "openai", ids=ids))
    assert len(text.splitlines()) == 1


async def test_the_api_exports_in_every_form(client: httpx.AsyncClient) -> None:
    for name in ("s-1", "s-2"):
        await client.post("/v1/sessions", json={"id": name, "channel": "web"})
        message = {"role": "user", "text": f"hello from {name}"}
        await client.post(f"/v1/sessions/{name}/messages", json={"messages": [message]})
    for name in NAMES:
        answer = await client.get("/v1/export", params={"format": name, "id": "s-1"})
        assert answer.status_code == 200
        assert "hello from s-1" in answer.text
        assert "hello from s-2" not in answer.text
        file = f'attachment; filename="hansard.{FORMS[name].suffix}"'
        assert answer.headers["content-disposition"] == file
        assert answer.headers["content-type"].startswith(FORMS[name].media_type)
    absent = await client.get("/v1/export", params={"id": "absent"})
    assert absent.status_code == 404
    unknown = await client.get("/v1/export", params={"format": "word"})
    assert (unknown.status_code, unknown.json()["param"]) == (400, "format")
    exported = await client.get("/v1/export", params={"q": "hello s-2", "format": "markdown"})
    assert exported.text.count("\n# ") + exported.text.startswith("# ") == 1


def test_the_command_line_exports_in_every_form(tmp_path: Path) -> None:
    lines = tmp_path / "talk.jsonl"
    lines.write_text('{"id": "s-1", "messages": [{"role": "user", "content": "hello"}]}\n', "utf-8")
    store = ["--store", f"sqlite:///{tmp_path}/h.db"]
    assert CliRunner().invoke(root, ["import", str(lines), *store], obj=()).exit_code == 0
    for name in NAMES:
        arguments = ["export", "--format", name, "--session", "s-1", "--search", "hello", *store]
        result = CliRunner().invoke(root, arguments, obj=())
        assert (result.exit_code, "hello" in result.output) == (0, True), result.output
