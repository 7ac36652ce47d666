"""Any id of a framework names a session, and no two ids the same."""

from __future__ import annotations

import pytest
from langchain_core.messages import HumanMessage

from hansard.adapters.langchain import HansardChatHistory
from hansard.adapters.naming import framework_id, session_name
from hansard.client import AsyncHansard


@pytest.mark.parametrize(
    "id", ["a", "a/b", "100%", "a%2Fb", ".", "..", "a:b", "a_b", "a\nb", "\ud800", "žluť"]
)
def test_a_name_leads_back_to_its_id(id: str) -> None:
    assert framework_id(session_name(id)) == id
    assert not {"/", ":"} & {*session_name(id)}


def test_names_differ_where_ids_do() -> None:
    ids = ["a/b", "a%2Fb", "a%252Fb", "x" * 256, "x" * 257, "x" * 258, "/" * 100, "/" * 101]
    ids += ["a:b", "a_b", "a%3Ab"]
    assert len({session_name(id) for id in ids}) == len(ids)
    assert max(len(session_name(id)) for id in ids) <= 256
    assert session_name("x" * 256) == "x" * 256


async def test_ids_that_differ_by_a_colon_are_different_sessions(
    ahansard: AsyncHansard, name: str
) -> None:
    ids = [f"{name}{each}1" for each in ":/_"]
    for id in ids:
        await HansardChatHistory(id, async_client=ahansard).aadd_messages([HumanMessage(id)])
    for id in ids:
        (message,) = await HansardChatHistory(id, async_client=ahansard).aget_messages()
        assert message.content == id


async def test_a_session_that_was_named_with_a_colon_goes_on(
    ahansard: AsyncHansard, name: str
) -> None:
    id = f"{name}:1"
    history = HansardChatHistory(id, async_client=ahansard)
    await ahansard.messages.append(id, {"role": "user", "text": "before"}, start={})
    await history.aadd_messages([HumanMessage("after")])
    assert [each.content for each in await history.aget_messages()] == ["before", "after"]
    assert [each.text async for each in ahansard.messages.list(id)] == ["before", "after"]


async def test_an_id_does_not_take_up_a_session_that_was_named_with_a_colon(
    ahansard: AsyncHansard, name: str
) -> None:
    await ahansard.messages.append(f"{name}:1", {"role": "user", "text": "other"}, start={})
    history = HansardChatHistory(f"{name}_1", async_client=ahansard)
    assert await history.aget_messages() == []
    await history.aadd_messages([HumanMessage("mine")])
    assert [each.content for each in await history.aget_messages()] == ["mine"]
    assert [each.text async for each in ahansard.messages.list(f"{name}:1")] == ["other"]


async def test_a_program_reads_a_session_by_the_id_of_the_framework(
    ahansard: AsyncHansard, name: str
) -> None:
    history = HansardChatHistory(f"{name}:1", async_client=ahansard)
    await history.aadd_messages([HumanMessage("hello")])
    assert [each.text async for each in ahansard.messages.list(f"{name}:1")] == ["hello"]


def test_an_empty_id_is_refused() -> None:
    with pytest.raises(ValueError, match="is empty"):
        session_name("")
