"""Sessions that belong together, in whatever order and however often their files come."""

from __future__ import annotations

import json
from pathlib import Path

from hansard.access import Principal
from hansard.model import MessageQuery
from hansard.service import Service
from tests.interchange.homes import Json, claude_line, write_document, write_lines
from tests.interchange.test_import_history import faults
from tests.interchange.test_importer import counts, imported, sessions


def agent_line(session: str = "c1", agent: str = "x") -> Json:
    return claude_line("s1", None, 2, "find it", session, isSidechain=True, agentId=agent)


def conversation(current: str, *answers: str, title: str = "T") -> list[Json]:
    """A ChatGPT conversation with a question and answers beside each other."""

    def node(key: str, parent: str | None, role: str, second: int) -> Json:
        message = {
            "id": key,
            "author": {"role": role},
            "create_time": 1_756_000_000.0 + second,
            "content": {"content_type": "text", "parts": [f"text {key}"]},
        }
        return {"id": key, "parent": parent, "children": [], "message": message}

    nodes = {"q": node("q", None, "user", 1)}
    nodes |= {key: node(key, "q", "assistant", 2 + n) for n, key in enumerate(answers)}
    return [
        {"id": "c1", "conversation_id": "c1", "title": title, "create_time": 1_756_000_000.0}
        | {"current_node": current, "mapping": nodes}
    ]


async def texts(service: Service, here: Principal, session: str) -> list[str]:
    _, messages, _ = await service.messages.list(here, session, MessageQuery(limit=200))
    return [part["content"] for message in messages for part in json.loads(bytes(message.parts))]


async def test_a_sub_agent_that_comes_before_its_session_is_below_it(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    write_lines(tmp_path / "agent-x.jsonl", agent_line())
    write_lines(tmp_path / "c1.jsonl", claude_line("u1", None, 1, "go"))
    assert counts(await imported(service, here, tmp_path)) == (2, 0, 0, 0)
    stored = await sessions(service, here)
    assert stored["c1:x"].parent_id == stored["c1"].id
    assert counts(await imported(service, here, tmp_path)) == (0, 2, 0, 0)


async def test_a_second_import_links_a_sub_agent_whose_session_came_later(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    agent = write_lines(tmp_path / "agent-x.jsonl", agent_line())
    await imported(service, here, agent)
    await imported(
        service, here, write_lines(tmp_path / "c1.jsonl", claude_line("u1", None, 1, "go"))
    )
    assert counts(await imported(service, here, agent)) == (0, 0, 1, 0)
    stored = await sessions(service, here)
    assert stored["c1:x"].parent_id == stored["c1"].id
    assert stored["c1:x"].updated_at == stored["c1:x"].last_message_at
    assert counts(await imported(service, here, agent)) == (0, 1, 0, 0)


async def test_no_import_makes_a_session_its_own_ancestor(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    def export(name: str, parent: str | None) -> Json:
        message = {"info": {"id": f"m-{name}", "role": "user"}}
        return {
            "info": {"id": name, "parentID": parent},
            "messages": [message | {"parts": [{"type": "text", "text": "hi"}]}],
        }

    await imported(service, here, write_document(tmp_path / "b.json", export("b", "a")))
    await imported(service, here, write_document(tmp_path / "a.json", export("a", "b")))
    await imported(service, here, write_document(tmp_path / "b.json", export("b", "a")))
    stored = await sessions(service, here)
    assert (stored["a"].parent_id, stored["b"].parent_id) == (stored["b"].id, None)


async def test_an_answer_that_was_made_anew_replaces_the_old_one_on_the_line(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    """The old answer becomes a branch, also of a session that was imported with it."""
    file = tmp_path / "conversations.json"
    await imported(service, here, write_document(file, conversation("a1", "a1")))
    assert counts(
        await imported(service, here, write_document(file, conversation("a2", "a1", "a2")))
    ) == (1, 0, 1, 0)
    assert await texts(service, here, "c1") == ["text q", "text a2"]
    assert await texts(service, here, "c1:a1") == ["text a1"]
    stored = await sessions(service, here)
    assert stored["c1:a1"].parent_id == stored["c1"].id
    assert stored["c1"].updated_at == stored["c1"].last_message_at == 1_756_000_003_000_000
    assert counts(await imported(service, here, file)) == (0, 2, 0, 0)
    assert await faults(service, here) == []


async def test_whoever_goes_back_to_an_old_answer_has_it_on_the_line_again(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    file = tmp_path / "conversations.json"
    for current in ("a1", "a2", "a1"):
        await imported(service, here, write_document(file, conversation(current, "a1", "a2")))
    assert await texts(service, here, "c1") == ["text q", "text a1"]
    assert await texts(service, here, "c1:a2") == ["text a2"]


async def test_messages_without_ids_stay_where_they_are(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    """Their names are positions, which say nothing about another session."""
    answers = [{"role": "assistant", "content": "same"}] * 2
    record = {
        "id": "c1",
        "prompt": [{"role": "user", "content": "hi"}],
        "chosen": answers,
        "rejected": answers,
    }
    file = write_document(tmp_path / "pairs.json", [record])
    await imported(service, here, file)
    await imported(service, here, file)
    assert await texts(service, here, "c1") == ["hi", "same", "same"]
