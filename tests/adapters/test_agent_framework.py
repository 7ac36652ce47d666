"""The history provider of Microsoft's Agent Framework, over a real server."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

import pytest
from agent_framework import (
    Agent,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FunctionInvocationLayer,
    Message,
    ResponseStream,
    UsageDetails,
    tool,
)

from hansard.adapters.agent_framework import HansardHistory
from hansard.adapters.agent_framework_messages import draft
from hansard.client import AsyncHansard, Hansard


class Scripted(FunctionInvocationLayer, ChatMiddlewareLayer, BaseChatClient):
    """A model that answers what its script says, and keeps what it was sent."""

    def __init__(self, *script: Content) -> None:
        super().__init__()
        self.script = [*script]
        self.inputs: list[Any] = []

    def _inner_get_response(self, *, messages: Any, stream: bool, **_: Any) -> Any:
        self.inputs.append([*messages])
        return self._streamed() if stream else self._whole()

    async def _whole(self) -> ChatResponse:
        usage = UsageDetails(input_token_count=3, output_token_count=2)
        answer = Message("assistant", [self.script.pop(0)])
        return ChatResponse(messages=[answer], usage_details=usage)

    def _streamed(self) -> Any:
        async def updates() -> AsyncIterable[ChatResponseUpdate]:
            yield ChatResponseUpdate(role="assistant", contents=[self.script.pop(0)])

        return ResponseStream(updates(), finalizer=ChatResponse.from_updates)


@tool(approval_mode="never_require")
def look_up(order: str) -> dict[str, str]:
    """Look an order up."""
    return {"order": order, "state": "on its way"}


@pytest.fixture
def history(ahansard: AsyncHansard) -> HansardHistory:
    return HansardHistory(ahansard, start={"user": "ada"})


def text(content: str) -> Content:
    return Content.from_text(content)


async def test_an_agent_goes_on_where_another_process_stopped(
    history: HansardHistory, ahansard: AsyncHansard, hansard: Hansard, name: str
) -> None:
    call = Content.from_function_call("c1", "look_up", arguments='{"order": "17"}')
    agent = Agent(
        client=Scripted(call, text("It is on its way.")), tools=[look_up],
        context_providers=[history],
    )  # fmt: skip
    await agent.run("Where is 17?", session=agent.create_session(session_id=name))
    later = Scripted(text("Yes."))
    agent = Agent(client=later, context_providers=[HansardHistory(ahansard)])
    await agent.run("Sure?", session=agent.create_session(session_id=name))
    assert [each.role for each in later.inputs[0]] == [
        "user", "assistant", "tool", "assistant", "user",
    ]  # fmt: skip
    messages = list(hansard.messages.list(name))
    assert [each.role for each in messages] == [
        "user", "assistant", "tool", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert messages[1].parts[0]["arguments"] == {"order": "17"}
    assert messages[2].parts[0]["response"] == {"order": "17", "state": "on its way"}
    session = hansard.sessions.read(name)
    assert (session.channel, session.user, session.title) == (
        "agent-framework", "ada", "Where is 17?",
    )  # fmt: skip
    assert (session.input_tokens, session.output_tokens) == (9, 6)


async def test_a_streamed_answer_is_stored_too(history: HansardHistory, name: str) -> None:
    agent = Agent(client=Scripted(text("Yes.")), context_providers=[history])
    async for _ in agent.run("Sure?", session=agent.create_session(session_id=name), stream=True):
        pass
    assert [each.text for each in await history.get_messages(name)] == ["Sure?", "Yes."]


async def test_messages_come_back_as_they_were_stored(history: HansardHistory, name: str) -> None:
    messages = [
        Message("user", ["Look:", Content.from_data(b"\xff\x00", "image/png")]),
        Message(
            "assistant",
            [Content.from_text_reasoning(text="hm"), text("Nice.")],
            author_name="desk",
            message_id="m1",
            additional_properties={"a": None},
        ),
        Message("tool", [Content.from_function_result("c1", result="ok")]),
    ]
    assert await history.get_messages(name) == []
    await history.save_messages(name, [])
    await history.save_messages(name, messages * 40)
    read = await history.get_messages(name)
    assert [each.to_dict() for each in read] == [each.to_dict() for each in messages] * 40


async def test_what_is_sent_again_is_not_stored_again(history: HansardHistory, name: str) -> None:
    def talk(*texts: str) -> list[Message]:
        roles = ("user", "assistant")
        return [Message(roles[at % 2], [each]) for at, each in enumerate(texts)]

    await history.save_messages(name, talk("one", "1"))
    await history.save_messages(name, talk("one", "1", "two", "2"))
    await history.save_messages(name, talk("two", "2", "three"))
    await history.save_messages(name, talk("three", "3"))
    texts = [each.text for each in await history.get_messages(name)]
    assert texts == ["one", "1", "two", "2", "three", "three", "3"]


async def test_a_turn_that_says_the_same_again_is_stored_again(
    history: HansardHistory, name: str
) -> None:
    def turn(**known: str) -> list[Message]:
        return [Message("user", ["ping"], **known), Message("assistant", ["pong"])]

    for messages in (turn(), turn(), turn()[1:], turn()[1:]):
        await history.save_messages(name, messages)
    assert len(await history.get_messages(name)) == 6
    for _ in range(2):
        await history.save_messages(name, turn(message_id="m1"))
    assert len(await history.get_messages(name)) == 8, "an id says that it is the same message"


async def test_excluded_messages_are_left_out_where_that_is_asked_for(
    ahansard: AsyncHansard, name: str
) -> None:
    history = HansardHistory(ahansard, skip_excluded=True)
    excluded = Message("user", ["old"], additional_properties={"_excluded": True})
    await history.save_messages(name, [excluded, Message("user", ["new"])])
    assert [each.text for each in await history.get_messages(name)] == ["new"]


async def test_a_run_without_a_session_is_refused(history: HansardHistory) -> None:
    with pytest.raises(ValueError, match="is empty"):
        await history.get_messages(None)


async def test_messages_of_other_apis_are_given_as_their_text(
    history: HansardHistory, hansard: Hansard, name: str
) -> None:
    hansard.messages.append(
        name, {"role": "user", "text": "a"}, {"role": "assistant", "text": "b"}, start={}
    )
    read = await history.get_messages(name)
    assert [(each.role, each.text) for each in read] == [("user", "a"), ("assistant", "b")]


def test_other_contents_say_what_they_are() -> None:
    contents = [
        Content.from_uri("https://a.example/b.png", media_type="image/png"),
        Content.from_error(message="No."),
        Content("usage", usage_details={"input_token_count": 1}),
        Content.from_function_call("c", "f", arguments="not JSON"),
    ]
    assert draft(Message("assistant", contents))["parts"] == [
        {"type": "text", "content": "[uri]"},
        {"type": "text", "content": "No."},
        {"type": "tool_call", "id": "c", "name": "f", "arguments": "not JSON"},
    ]
    assert draft(Message("critic", []))["role"] == "assistant"
