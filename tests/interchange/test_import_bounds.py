"""What a file says is bounded as what the API takes is.

Its numbers size nothing and break no sum.
"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hansard.access import Principal
from hansard.errors import Invalid
from hansard.interchange.importer import Import
from hansard.interchange.report import Options
from hansard.model import MessageDraft, RunDraft, RunPatch, SessionDraft, parts
from hansard.model.message import MOST_NANOS, MOST_TOKENS
from hansard.model.stats import StatsQuery
from hansard.model.usage import MOST_SUM
from hansard.service import Service
from hansard.store import statements
from hansard.store.steps import Steps, composed
from tests.interchange.test_exporter import all_of, counts, restored
from tests.interchange.test_import_history import Line, begun, bring, line_of

FAR = "2999-01-01T00:00:00Z"


def deep(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels - 1):
        nested = [nested]
    return nested


@pytest.mark.parametrize("last_seq", [30_000_000, 2**62, 2**63 - 1])
async def test_a_number_in_a_file_sizes_nothing(
    service: Service, here: Principal, last_seq: int
) -> None:
    session = {
        "id": "0190163d-8694-739b-aea5-966c26f8ad91", "version": 1, "kind": "session",
        "resolution": "open", "last_seq": last_seq, "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "active_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    tracemalloc.start()
    report = await restored(
        service, here, json.dumps({"hansard": 1, "session": session}).encode(), format="hansard"
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts(report) == (0, 0, 0, 1)
    assert f"the messages are not the {last_seq}" in report.problems[0].reason
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda line: line["messages"][0].update(input_tokens=MOST_TOKENS + 1), "input_tokens"),
        (lambda line: line["messages"][0].update(output_tokens=2**62), "output_tokens"),
        (lambda line: line["messages"][0].update(cost_nanos=MOST_NANOS + 1), "cost_nanos"),
        (lambda line: line["messages"][0].update(cost_nanos=-1), "cost_nanos"),
        (lambda line: line["messages"][0].update(created_at=FAR), "messages[0].created_at"),
        (lambda line: line["messages"][0].update(model="m" * 257), "messages[0].model"),
        (lambda line: line["messages"][0].update(client_id="a/b"), "messages[0].client_id"),
        (lambda line: line["messages"][0].update(sender="owner"), "messages[0].sender"),
        (lambda line: line["messages"][0].update(metadata={"a": deep(66)}), "nested more than 64"),
        (lambda line: line["session"].update(input_tokens=MOST_SUM + 1), "input_tokens"),
        (lambda line: line["session"].update(cost_nanos=2**62), "cost_nanos"),
        (lambda line: line["session"].update(version=2**62), "version"),
        (lambda line: line["session"].update(forked_seq=2**62), "forked_seq"),
        (lambda line: line["session"].update(created_at=FAR), "created_at"),
        (lambda line: line["session"].update(archived_at=FAR), "archived_at"),
        (lambda line: line["session"].update(title="t" * 501), "title"),
        (lambda line: line["session"].update(preview="p" * 201), "preview"),
        (lambda line: line["session"].update(agent="a" * 257), "agent"),
        (lambda line: line["session"].update(title_by="nobody"), "title_by"),
        (lambda line: line["session"].update(tags=["t"] * 65), "tags"),
        (lambda line: line["session"].update(metadata={"a": "x" * 65_536}), "metadata would be"),
        (lambda line: line["session"].update(metadata={"a": deep(66)}), "nested more than 64"),
        (lambda line: line["runs"][0].update(input_tokens=2**62), "input_tokens"),
        (lambda line: line["runs"][0].update(finished_at=FAR), "finished_at"),
        (lambda line: line["runs"][0].update(error="e" * 8001), "error"),
        (lambda line: line["runs"][0].update(lease_us=2**50), "lease_us"),
        (lambda line: line["runs"][0].update(lease_expires_at=FAR), "lease_expires_at"),
    ],
)
async def test_a_line_beyond_the_bounds_of_the_api_is_set_aside(
    service: Service, here: Principal, there: Principal, change: Callable[[Line], None], reason: str
) -> None:
    await begun(service, here)
    line = await line_of(service, here)
    change(line)
    report = await bring(service, there, line)
    assert counts(report) == (0, 0, 0, 1)
    assert reason in report.problems[0].reason
    assert await all_of(service, there) == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"created_at": FAR, "messages": [{"role": "user", "content": "a"}]}, "created_at"),
        (
            {"messages": [{"role": "user", "content": "a", "created_at": FAR}]},
            "messages[0].created_at is more than a day in the future",
        ),
        (
            {"messages": [{"role": "user", "content": "a", "model": "m" * 257}]},
            "messages[0].model is longer",
        ),
        (
            {"messages": [{"role": "user", "content": "a", "deep": "[" * 65}]},
            "messages[0].metadata is nested more than 64 deep",
        ),
    ],
)
async def test_a_foreign_record_beyond_the_bounds_of_the_api_is_set_aside(
    service: Service, here: Principal, tmp_path: Path, record: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "a.json"
    text = json.dumps([record]).replace('"' + "[" * 65 + '"', "[" * 65 + "]" * 65)
    path.write_text(text, "utf-8")
    report = await Import(service, here, Options()).paths([path])
    assert counts(report) == (0, 0, 0, 1)
    assert reason in report.problems[0].reason


async def test_token_counts_that_no_message_can_have_count_nothing(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    usage = {"prompt_tokens": 2**62, "completion_tokens": 5}
    path = tmp_path / "a.json"
    message = {"role": "user", "content": "a", "usage": usage}
    path.write_text(json.dumps([{"id": "s", "messages": [message]}]), "utf-8")
    await Import(service, here, Options()).paths([path])
    session = await service.sessions.read(here, "s")
    assert (session.input_tokens, session.output_tokens) == (0, 5)


def dear(number: int) -> list[MessageDraft]:
    return [
        MessageDraft(
            role="user",
            parts=parts.text_part("a"),
            text="a",
            input_tokens=MOST_TOKENS,
            output_tokens=MOST_TOKENS,
            cost_nanos=MOST_NANOS,
        )
    ] * number


async def spent(service: Service, principal: Principal) -> tuple[int, int]:
    """The sessions and the cost of today, when the statistics have caught up."""
    while not await service.stats.follow(principal.workspace_id, 10):
        pass
    day = service.clock() // 86_400_000_000
    stats = await service.stats.read(principal, StatsQuery(first=day, last=day))
    return sum(tally.sessions for tally in stats.tallies), sum(
        tally.cost_nanos for tally in stats.tallies
    )


async def test_the_sums_of_a_session_stay_at_their_bound(service: Service, here: Principal) -> None:
    await service.sessions.start(here, SessionDraft(id="s"))
    for _ in range(3):
        await service.messages.append(here, "s", dear(100))
    session = await service.sessions.read(here, "s")
    assert (session.input_tokens, session.cost_nanos) == (300 * MOST_TOKENS, MOST_SUM)
    await service.runs.start(here, "s", RunDraft(id="r"))
    await service.runs.update(here, "s", "r", RunPatch(state="failed", cost_nanos=MOST_NANOS))
    assert (await service.sessions.read(here, "s")).cost_nanos == MOST_SUM
    _, (last,) = await service.messages.append(here, "s", dear(1))
    await service.messages.delete(here, "s", last.id)
    assert 0 <= (await service.sessions.read(here, "s")).cost_nanos <= MOST_SUM


async def test_statistics_go_on_beyond_any_sum(service: Service, here: Principal) -> None:
    """Over 1,024 sessions at their bound the sum of a day does not fit 64 bits."""
    for number in range(40):
        await service.sessions.start(here, SessionDraft(id=f"s-{number}", channel=f"c{number % 3}"))
        await service.messages.append(here, f"s-{number}", dear(100))
    assert await spent(service, here) == (40, 40 * 100 * MOST_NANOS)
    await service.store.write(filled, here.workspace_id)
    assert await spent(service, here) == (40, 2**63 - 1)
    await service.sessions.start(here, SessionDraft(id="s-40", channel="c0"))
    await service.messages.append(here, "s-40", dear(100))
    assert await spent(service, here) == (41, 2**63 - 1)
    assert await service.store.read(largest_cell, here.workspace_id) == 2**62
    for number in range(41):
        await service.sessions.delete(here, f"s-{number}")
    sessions, cost = await spent(service, here)
    assert sessions == 0
    assert cost >= 0


def filled(workspace_id: str) -> Steps[None]:
    """Bring each sum of the statistics to the largest that it may be."""
    yield from composed(
        "update stats_sums set cost_nanos = 4611686018427387904 where workspace_id = :workspace_id",
        {"workspace_id": workspace_id},
    )


def largest_cell(workspace_id: str) -> Steps[int]:
    got = yield from composed(
        "select max(cost_nanos) from stats_sums where workspace_id = :workspace_id",
        {"workspace_id": workspace_id},
    )
    return int(got[0][0])


def poisoned(workspace_id: str) -> Steps[None]:
    """What an import used to let in."""
    yield from composed(
        f"update sessions set cost_nanos = {2**62}, input_tokens = {2**62}"  # noqa: S608 - numbers
        " where workspace_id = :workspace_id",
        {"workspace_id": workspace_id},
    )


def again(sql: str) -> Steps[None]:
    for statement in filter(str.strip, sql.split(";")):
        yield from composed(statement, {})


async def test_a_store_that_holds_what_is_beyond_the_bounds_is_mended(
    lone_service: Service,
) -> None:
    service = lone_service
    here = service.workspaces.operator(await service.workspaces.create("poisoned"))
    well = service.workspaces.operator(await service.workspaces.create("well"))
    for principal in (here, well):
        for name in ("a", "b", "c"):
            await service.sessions.start(principal, SessionDraft(id=name))
            await service.messages.append(
                principal,
                name,
                [MessageDraft(role="user", parts=parts.text_part("a"), text="a", cost_nanos=5)],
            )
        assert await spent(service, principal) == (3, 15)
    await service.store.write(poisoned, here.workspace_id)
    await service.messages.append(here, "a", dear(1))
    sessions, _ = await spent(service, here)
    assert sessions == 3
    backend = service.store.url.partition(":")[0].replace("postgresql", "postgres")
    (sums,) = [sql for _, name, sql in statements.migrations(backend) if name.endswith("_sums")]
    await service.store.write(again, sums)
    assert await spent(service, here) == (3, 15 + MOST_NANOS)
    assert (await service.sessions.read(here, "b")).input_tokens == MOST_SUM
    assert await spent(service, well) == (3, 15)


async def test_the_service_itself_refuses_what_no_message_or_run_can_cost(
    service: Service, here: Principal
) -> None:
    await service.sessions.start(here, SessionDraft(id="s"))
    message = MessageDraft(role="user", parts=parts.text_part("a"), cost_nanos=MOST_NANOS + 1)
    with pytest.raises(Invalid, match=r"messages\[0\].cost_nanos must be from 0 to"):
        await service.messages.append(here, "s", [message])
    with pytest.raises(Invalid, match=r"messages\[0\].cost_nanos"):
        await service.sessions.record(here, SessionDraft(id="s"), [message])
    with pytest.raises(Invalid, match=r"run\.input_tokens"):
        await service.runs.start(here, "s", RunDraft(input_tokens=-1))
    await service.runs.start(here, "s", RunDraft(id="r"))
    with pytest.raises(Invalid, match=r"run\.output_tokens"):
        await service.runs.update(here, "s", "r", RunPatch(output_tokens=2**62))
    with pytest.raises(Invalid, match="finished_at is more than a day"):
        await service.runs.update(here, "s", "r", RunPatch(state="failed", finished_at=2**55))
