"""A model of the OpenAI Agents SDK that follows a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from agents import Model, ModelResponse, Usage
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)


class Scripted(Model):
    """A model that answers what its script says, and keeps what it was sent."""

    def __init__(self, *script: Any) -> None:
        self._script = [*script]
        self.inputs: list[Any] = []

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        self.inputs.append(kwargs.get("input", args[1] if len(args) > 1 else None))
        return ModelResponse(output=[self._script.pop(0)], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        raise NotImplementedError


def answer(text: str) -> ResponseOutputMessage:
    content = ResponseOutputText(text=text, type="output_text", annotations=[])
    return ResponseOutputMessage(
        id="msg_1", role="assistant", status="completed", type="message", content=[content]
    )


def call() -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        call_id="c1", name="look_up", arguments='{"order": "17"}', type="function_call"
    )
