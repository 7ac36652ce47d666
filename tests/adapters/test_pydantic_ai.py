"""pydantic-ai's conversation store over a real server, beside the one that it brings itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic_ai import Agent, BinaryImage, ImageUrl
from pydantic_ai.conversation import Conversation
from pydantic_ai.conversation_store import (
    ConversationConflict,
    ConversationEntry,
    ConversationStore,
    InMemoryConversationStore,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage

from hansard.adapters.pydantic_ai import HansardConversationStore
from hansard.adapters.pydantic_ai_messages import draft
from hansard.client import AsyncHansard, Hansard


def answer(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
    usage = RequestUsage(input_tokens=3, output_tokens=2)
    return ModelResponse([TextPart(f"Seen {len(messages)}.")], usage=usage)


def look_up(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    if isinstance(messages[-1].parts[-1], ToolReturnPart):
        return answer(messages, info)
    call = ToolCallPart("look_up", {"order": "17"}, tool_call_id="c1")
    return ModelResponse([ThinkingPart("An order."), call])


def agent(function: Any = answer) -> Agent:
    scripted = Agent(FunctionModel(function, model_name="scripted"))

    @scripted.tool_plain(name="look_up")
    def _(order: str) -> dict[str, str]:
        return {"order": order, "state": "on its way"}

    return scripted


async def run(store: ConversationStore, id: str, prompt: str, **scope: str) -> None:
    conversation = await store.load(id) or Conversation(conversation_id=id)
    await store.save(await agent().run(prompt, conversation=conversation), **scope)


@pytest.fixture
def store(ahansard: AsyncHansard) -> HansardConversationStore:
    return HansardConversationStore(ahansard)


@pytest.fixture(params=["pydantic-ai's own", "ours"])
def any_store(request: pytest.FixtureRequest, store: HansardConversationStore) -> ConversationStore:
    return store if request.param == "ours" else InMemoryConversationStore()


def texts(conversation: Conversation | None) -> list[str]:
    assert conversation is not None
    return [str(getattr(each.parts[-1], "content", "")) for each in conversation.messages]


async def test_a_conversation_goes_on_where_it_was_saved(
    any_store: ConversationStore, name: str
) -> None:
    assert await any_store.load(name) is None
    await run(any_store, name, "one", scope=f"{name}-ada")
    await run(any_store, name, "two")
    loaded = await any_store.load(name, scope=f"{name}-ada")
    assert texts(loaded) == ["one", "Seen 1.", "two", "Seen 3."]
    assert loaded is not None
    assert (loaded.usage.requests, loaded.usage.output_tokens) == (2, 4)
    assert texts(await any_store.load(name, limit=1)) == ["Seen 3."]
    assert texts(await any_store.load(name, limit=0)) == []
    assert await any_store.load(name, scope="another") is None


async def test_a_save_over_anothers_is_refused_and_leaves_nothing(
    any_store: ConversationStore, name: str
) -> None:
    await run(any_store, name, "one")
    stale = await any_store.load(name)
    await run(any_store, name, "two")
    with pytest.raises(ConversationConflict):
        await any_store.save(await agent().run("late", conversation=stale))
    with pytest.raises(ConversationConflict):
        await any_store.save(Conversation(conversation_id=name))
    assert texts(await any_store.load(name)) == ["one", "Seen 1.", "two", "Seen 3."]


async def test_a_branch_leaves_the_history_that_it_can_return_to(
    any_store: ConversationStore, name: str
) -> None:
    await run(any_store, name, "one")
    await run(any_store, name, "two")
    entries = await any_store.load_entries(name)
    loaded = await any_store.load(name)
    assert entries is not None
    assert loaded is not None
    branch = await any_store.branch(name, at=2, expected_revision=loaded.revision)
    await any_store.save(await agent().run("three", conversation=branch))
    current = await any_store.load(name)
    assert texts(current) == ["one", "Seen 1.", "three", "Seen 3."]
    assert current is not None
    back = await any_store.branch(
        name, from_entry=entries[-1].id, expected_revision=current.revision
    )
    assert texts(back) == ["one", "Seen 1.", "two", "Seen 3."]
    with pytest.raises(ConversationConflict):
        await any_store.branch(name, at=1, expected_revision=current.revision)


async def test_a_fork_goes_its_own_way_and_outlives_its_original(
    any_store: ConversationStore, name: str
) -> None:
    await run(any_store, name, "one", scope=f"{name}-ada")
    await run(any_store, name, "two")
    fork = await any_store.fork(name, at=2, new_conversation_id=f"{name}/f", scope=f"{name}-bob")
    with pytest.raises(ConversationConflict):
        await any_store.fork(name, new_conversation_id=f"{name}/f")
    await any_store.save(await agent().run("three", conversation=fork))
    assert texts(await any_store.load(name)) == ["one", "Seen 1.", "two", "Seen 3."]
    await any_store.delete(name)
    await any_store.delete(name)
    assert await any_store.load(name) is None
    expected = ["one", "Seen 1.", "three", "Seen 3."]
    assert texts(await any_store.load(f"{name}/f", scope=f"{name}-bob")) == expected
    assert await any_store.load_entries(f"{name}/f", limit=1) is not None


async def test_conversations_are_listed_by_scope_the_last_saved_first(
    any_store: ConversationStore, name: str
) -> None:
    for number in range(3):
        await run(any_store, f"{name}-{number}", "hello", scope=name)
    await any_store.save(Conversation(conversation_id=f"{name}-empty"), scope=name)
    await run(any_store, f"{name}-other", "hello", scope=f"{name}-other")
    listed = await any_store.list_conversations(scope=name)
    order = [f"{name}-{end}" for end in ("empty", "2", "1", "0")]
    assert [record.conversation_id for record in listed] == order
    assert len(await any_store.list_conversations(scope=name, limit=2)) == 2
    assert len(await any_store.list_conversations()) >= 5


async def test_of_saves_at_once_one_wins(store: HansardConversationStore, name: str) -> None:
    def saves(conversations: list[Conversation]) -> Any:
        return asyncio.gather(*map(store.save, conversations), return_exceptions=True)

    for attempt in range(2):
        conversations = [
            await store.load(name) or Conversation(conversation_id=name) for _ in range(10)
        ]
        for number, each in enumerate(conversations):
            each.messages.append(ModelRequest([UserPromptPart(f"{attempt} {number}")]))
        outcomes = await saves(conversations)
        assert sum(isinstance(each, ConversationConflict) for each in outcomes) == 9
        assert len(texts(await store.load(name))) == attempt + 1


async def test_messages_come_back_as_they_were_saved(
    store: HansardConversationStore, ahansard: AsyncHansard, name: str
) -> None:
    image = BinaryImage(data=b"\xff\x00", media_type="image/png")
    prompt = ["Look:", image, ImageUrl("https://a.example/b.png")]
    messages: list[ModelMessage] = [
        ModelRequest([SystemPromptPart("Be kind."), UserPromptPart(prompt)], instructions="Help."),
        ModelResponse([TextPart("Nice.")], model_name="m", usage=RequestUsage(output_tokens=7)),
    ] * 130
    await store.save(Conversation(messages=messages, conversation_id=name))
    again = HansardConversationStore(ahansard)  # which remembers nothing
    loaded = await again.load(name)
    assert loaded is not None
    assert loaded.messages[:2] == messages[:2]
    assert len(loaded.messages) == 260
    assert len(await again.save(await agent().run("on", conversation=loaded))) == 2
    entries = await again.load_entries(name, limit=3)
    assert entries is not None
    assert await again.read_entry(entries[0].id) == entries[0]
    with pytest.raises(LookupError):
        await again.read_entry("nobody")


async def test_people_read_what_an_agent_said_and_did(
    store: HansardConversationStore, hansard: Hansard, name: str
) -> None:
    conversation = Conversation(conversation_id=name)
    result = await agent(look_up).run("Where is order 17?", conversation=conversation)
    await store.save(result, scope="ada")
    messages = list(hansard.messages.list(name))
    assert [each.role for each in messages] == ["user", "assistant", "tool", "assistant"]
    assert [part["type"] for part in messages[1].parts] == ["reasoning", "tool_call"]
    assert messages[1].parts[1]["arguments"] == {"order": "17"}
    assert messages[2].parts[0]["response"] == {"order": "17", "state": "on its way"}
    assert (messages[3].model, messages[3].usage.output_tokens) == ("scripted", 2)
    session = hansard.sessions.read(name)
    assert (session.channel, session.user, session.title) == (
        "pydantic-ai", "ada", "Where is order 17?",
    )  # fmt: skip


def test_a_system_prompt_is_shown_where_it_is_alone() -> None:
    system = SystemPromptPart("Be kind.")
    alone = draft(ConversationEntry(parent_id=None, message=ModelRequest([system])))
    assert (alone["role"], alone["parts"]) == (
        "system", [{"type": "text", "content": "Be kind."}],
    )  # fmt: skip
    both = ModelRequest([system, UserPromptPart(["Hi", ImageUrl("https://a.example/b")])])
    drafted = draft(ConversationEntry(parent_id=None, message=both))
    assert drafted["role"] == "user"
    assert [part["content"] for part in drafted["parts"]] == ["Hi", "[image-url]"]
