"""The conversation of ``otlp_spans`` as each emitter of telemetry sends it.

The shapes are those of real exporters, the words are made up. Each emitter is a function that gives
the records in the order in which it sends them.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.dialects.otlp_spans import (
    CALL_ID,
    MODEL,
    TURNS,
    Called,
    Json,
    Message,
    Record,
    agent_span,
    by_turns,
    chat_span,
    conversation,
    genai,
    usage,
)


def pydantic_ai() -> list[Record]:
    common = {"gen_ai.conversation.id": "thread-9", "gen_ai.agent.name": "Helper"}

    def chat(called: Called) -> list[Record]:
        history = [
            genai(message, role="user" if message.response else None, response="result")
            for message in called.sent[1:]
        ]
        attributes = common | {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps(history),
            "gen_ai.output.messages": json.dumps([genai(called.answer)]),
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be kind."}]),
        }
        return [chat_span(called, "chat", attributes | usage())]

    def agent(turn: int) -> list[Record]:
        last = [called for called in conversation() if called.turn == turn][-1]
        whole = [genai(message) for message in (*last.sent[1:], last.answer)]
        return [
            agent_span(
                turn,
                common
                | {
                    "gen_ai.operation.name": "invoke_agent",
                    "pydantic_ai.all_messages": json.dumps(whole),
                    "gen_ai.aggregated_usage.input_tokens": 22,
                },
            )
        ]

    return by_turns(chat, agent, common)


def adk() -> list[Record]:
    """Messages only in log records; the spans have the usage."""
    common = {"gen_ai.conversation.id": "thread-9"}

    def chat(called: Called) -> list[Record]:
        attributes = common | {"gen_ai.operation.name": "generate_content"} | usage()
        span = chat_span(called, "generate", attributes)
        details = common | {
            "user.id": "ada",
            "gen_ai.input.messages": [genai(message) for message in called.sent[1:]],
            "gen_ai.output.messages": [genai(called.answer)],
            "gen_ai.system_instructions": [{"type": "text", "content": "Be kind."}],
        }
        log = Record(
            span.trace,
            span.span,
            start=span.start,
            attributes=details,
            event="gen_ai.client.inference.operation.details",
        )
        return [log, span]

    def agent(turn: int) -> list[Record]:
        operation = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Helper"}
        return [agent_span(turn, common | operation)]

    return by_turns(chat, agent, {})


def agent_framework() -> list[Record]:
    """Messages on the calls, on the agents around them, and as older log records."""

    def chat(called: Called) -> list[Record]:
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps([genai(message) for message in called.sent]),
            "gen_ai.output.messages": json.dumps([genai(called.answer)]),
        }
        span = chat_span(called, "chat", attributes | usage())
        log = Record(
            span.trace,
            span.span,
            start=span.start,
            attributes={"content": called.sent[-1].text},
            event="gen_ai.user.message",
        )
        return [log, span]

    def agent(turn: int) -> list[Record]:
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Helper",
            "gen_ai.conversation.id": "thread-9",
            "gen_ai.input.messages": json.dumps([genai(Message("user", TURNS[turn]))]),
            "gen_ai.output.messages": json.dumps([genai(Message("assistant", f"Answer {turn}"))]),
        }
        return [agent_span(turn, attributes | usage())]

    return by_turns(chat, agent, {})


def strands() -> list[Record]:
    """Messages as events of spans, in Bedrock's shape, on every kind of span."""
    common = {"session.id": "thread-9", "user.id": "ada", "gen_ai.system": "strands-agents"}

    def event(message: Message) -> tuple[str, Json]:
        content: list[Json] = [{"text": message.text}]
        if message.call:
            use = {"toolUseId": message.call, "name": "weather", "input": {"city": "Oslo"}}
            content = [{"toolUse": use}]
        elif message.response:
            result = {"toolUseId": CALL_ID, "status": "success", "content": [{"text": "sun"}]}
            content = [{"toolResult": result}]
        return f"gen_ai.{message.role}.message", {"content": json.dumps(content)}

    def chat(called: Called) -> list[Record]:
        answer = json.loads(event(called.answer)[1]["content"])
        choice = ("gen_ai.choice", {"message": json.dumps(answer), "finish_reason": "end_turn"})
        events = [*map(event, called.sent), choice]
        attributes = common | {"gen_ai.operation.name": "chat"} | usage()
        loop = chat_span(
            called,
            "loop",
            common | {"gen_ai.operation.name": "execute_event_loop_cycle"},
            events=events[1:-1],
        )
        return [chat_span(called, "chat", attributes, events=events), loop]

    def agent(turn: int) -> list[Record]:
        attributes = common | {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "Helper",
        }
        choice = ("gen_ai.choice", {"message": f"Answer {turn}\n", "finish_reason": "end_turn"})
        return [agent_span(turn, attributes, events=[event(Message("user", TURNS[turn])), choice])]

    return by_turns(chat, agent, common)


def strands_details() -> list[Record]:
    """The newer conventions of Strands: an event for each attribute."""
    common = {"session.id": "thread-9", "user.id": "ada"}
    details = "gen_ai.client.inference.operation.details"

    def chat(called: Called) -> list[Record]:
        system = json.dumps([{"type": "text", "content": "Be kind."}])
        sent = json.dumps([genai(message) for message in called.sent[1:]])
        events = [
            (details, {"gen_ai.system_instructions": system}),
            (details, {"gen_ai.input.messages": sent}),
            (details, {"gen_ai.output.messages": json.dumps([genai(called.answer)])}),
        ]
        attributes = common | {"gen_ai.operation.name": "chat"} | usage()
        return [chat_span(called, "chat", attributes, events=events)]

    return by_turns(chat, lambda _: [], common)


def openllmetry() -> list[Record]:
    """Every call is a trace of its own; the application names the session."""
    association = {
        "traceloop.association.properties.session_id": "thread-9",
        "traceloop.association.properties.user_id": "ada",
    }
    records = []
    for called in conversation():
        attributes = association | {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps([genai(message) for message in called.sent]),
            "gen_ai.output.messages": json.dumps([genai(called.answer)]),
        }
        span = chat_span(called, "chat", attributes | usage())
        span.trace, span.parent = f"{called.number + 100:032x}", ""
        records.append(span)
    return records


def openai_v2() -> list[Record]:
    """The same as log records, with the session on the application's own span, which comes last."""
    records = []
    for called in conversation():
        span = chat_span(called, "chat", {"gen_ai.operation.name": "chat"} | usage())
        details = {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": [genai(message) for message in called.sent],
            "gen_ai.output.messages": [genai(called.answer)],
        }
        log = Record(
            span.trace,
            span.span,
            start=span.start,
            attributes=details | usage(),
            event="gen_ai.client.inference.operation.details",
        )
        records += [log, span]
    about = {"session.id": "thread-9", "user.id": "ada", "http.route": "/chat"}
    return records + [agent_span(turn, about) for turn in range(len(TURNS))]


def openinference() -> list[Record]:
    common = {"session.id": "thread-9", "user.id": "ada", "openinference.span.kind": "LLM"}

    def flat(prefix: str, message: Message) -> Json:
        fields: Json = {f"{prefix}.message.role": message.role}
        if message.call:
            call = f"{prefix}.message.tool_calls.0.tool_call"
            return fields | {
                f"{call}.id": message.call,
                f"{call}.function.name": "weather",
                f"{call}.function.arguments": '{"city": "Oslo"}',
            }
        if message.response:
            fields[f"{prefix}.message.tool_call_id"] = CALL_ID
        return fields | {f"{prefix}.message.content": message.text or message.response}

    records = []
    for called in conversation():
        attributes = common | {
            "llm.model_name": MODEL,
            "llm.token_count.prompt": 11,
            "llm.token_count.completion": 7,
            "input.value": "{}",
        }
        for index, message in enumerate(called.sent):
            attributes |= flat(f"llm.input_messages.{index}", message)
        attributes |= flat("llm.output_messages.0", called.answer)
        records.append(chat_span(called, "chat", attributes))
    return records


def langfuse() -> list[Record]:
    common = {"session.id": "thread-9", "user.id": "ada"}

    def spelled(message: Message) -> Json:
        if message.call:
            function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
            call = {"id": message.call, "type": "function", "function": function}
            return {"role": "assistant", "content": None, "tool_calls": [call]}
        if message.response:
            return {"role": "tool", "tool_call_id": CALL_ID, "content": message.response}
        return {"role": message.role, "content": message.text}

    def chat(called: Called) -> list[Record]:
        attributes = common | {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": MODEL,
            "langfuse.observation.input": json.dumps([spelled(message) for message in called.sent]),
            "langfuse.observation.output": json.dumps(spelled(called.answer)),
            "langfuse.observation.usage_details": json.dumps(
                {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
            ),
        }
        return [chat_span(called, "chat", attributes)]

    def agent(turn: int) -> list[Record]:
        root = {"langfuse.observation.type": "span", "langfuse.observation.output": "done"}
        return [agent_span(turn, common | root)]

    return by_turns(chat, agent, common)


def openai_agents() -> list[Record]:
    """Python's text of objects: what the assistant said before, calls of tools.

    A tool's answer is on the tool's span alone, and no history has the call or the answer.
    """
    common = {"gen_ai.provider.name": "openai", "gen_ai.agent.name": "Helper"}

    def remembered(message: Message) -> Message:
        if message.role != "assistant":
            return message
        content = {"annotations": [], "text": message.text, "type": "output_text"}
        return Message("assistant", str(content))

    def spelled(message: Message) -> Message:
        arguments = '{"city":"Oslo"}'
        call = (
            f"ResponseFunctionToolCall(arguments={arguments!r}, call_id={CALL_ID!r},"
            " name='weather', type='function_call', id='fc_1', async_=None, status='completed')"
        )
        return Message("assistant", call) if message.call else message

    def chat(called: Called) -> list[Record]:
        history = [message for message in called.sent if not (message.call or message.response)]
        attributes = common | {
            "gen_ai.operation.name": "chat",
            "gen_ai.input.messages": json.dumps(
                [genai(remembered(message)) for message in history]
            ),
            "gen_ai.output.messages": json.dumps([genai(spelled(called.answer))]),
        }
        return [chat_span(called, "chat", attributes | usage())]

    def agent(turn: int) -> list[Record]:
        about = {
            "session.id": "thread-9",
            "user.id": "ada",
            "gen_ai.operation.name": "invoke_agent",
        }
        return [agent_span(turn, common | about)]

    records = by_turns(chat, agent, common | {"gen_ai.tool.call.arguments": '{"city":"Oslo"}'})
    for record in records:
        record.scope = "opentelemetry.instrumentation.openai_agents"
        record.attributes.pop("gen_ai.tool.call.id", None)
    return records


EMITTERS: dict[str, tuple[Callable[[], list[Record]], str | None]] = {
    "pydantic-ai": (pydantic_ai, None),
    "adk": (adk, "ada"),
    "agent-framework": (agent_framework, None),
    "strands": (strands, "ada"),
    "strands-details": (strands_details, "ada"),
    "openllmetry": (openllmetry, "ada"),
    "openai-v2": (openai_v2, "ada"),
    "openinference": (openinference, "ada"),
    "langfuse": (langfuse, "ada"),
    "openai-agents-v2": (openai_agents, "ada"),
}
"""What each sends, and the end user that it names."""
