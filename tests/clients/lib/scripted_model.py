"""A model behind OpenAI's API, chat completions and responses, that follows a script.

It asks for the tool `weather` once, when it is first asked for the weather, and answers every turn
with its number.  Only the standard library.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "gpt-scripted"
INPUT_TOKENS, OUTPUT_TOKENS = 11, 7
CALL = "call_1"
TURNS = (
    "Hello, I am Ada.",
    "How is the weather in Oslo?",
    "And what should I wear?",
    "Is it far from here?",
    "Thank you.",
    "Goodbye.",
)
"""What the user says, one text a turn."""
WEATHER_TURN = 2
SYSTEM = "Be kind."

Json = dict[str, Any]


def answer(turn: int) -> str:
    """What the model says in a turn, counted from 1."""
    return f"Answer {turn}"


@contextmanager
def running() -> Iterator[str]:
    """The base URL of the model's API."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/responses"):
            self._send("application/json", json.dumps(_response(request)))
            return
        completion = _completion(request)
        if not request.get("stream"):
            self._send("application/json", json.dumps(completion))
            return
        chunks = [json.dumps(chunk) for chunk in _chunks(completion)]
        self._send(
            "text/event-stream", "".join(f"data: {each}\n\n" for each in [*chunks, "[DONE]"])
        )

    def _send(self, media_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _turn(users: list[Any], *, has_answer: bool) -> tuple[int, bool]:
    """The number of the turn, and whether the tool is to be called in it."""
    turn = len(users)
    return turn, turn == WEATHER_TURN and not has_answer


def _completion(request: Json) -> Json:
    messages = request["messages"]
    turn, is_calling = _turn(
        [each for each in messages if each["role"] == "user"],
        has_answer=messages[-1]["role"] == "tool",
    )
    message: Json = {"role": "assistant", "content": None if is_calling else answer(turn)}
    if is_calling:
        function = {"name": "weather", "arguments": '{"city": "Oslo"}'}
        message["tool_calls"] = [{"id": CALL, "type": "function", "function": function}]
    finish = "tool_calls" if is_calling else "stop"
    return {
        "id": f"chatcmpl-{len(messages)}",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": INPUT_TOKENS,
            "completion_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        },
    }


def _chunks(completion: Json) -> Iterator[Json]:
    """The same answer as a stream: what is said, why it ends, what it used."""
    head = completion | {"object": "chat.completion.chunk", "usage": None}
    (choice,) = completion["choices"]
    calls = [each | {"index": 0} for each in choice["message"].get("tool_calls", [])]
    delta = choice["message"] | ({"tool_calls": calls} if calls else {})
    yield head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    finish = choice["finish_reason"]
    yield head | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    yield head | {"choices": [], "usage": completion["usage"]}


def _response(request: Json) -> Json:
    items = request["input"]
    turn, is_calling = _turn(
        [each for each in items if each.get("role") == "user"],
        has_answer=items[-1].get("type") == "function_call_output",
    )
    text = {"type": "output_text", "text": answer(turn), "annotations": []}
    output: Json = {
        "type": "message",
        "id": f"msg_{turn}",
        "status": "completed",
        "role": "assistant",
        "content": [text],
    }
    if is_calling:
        output = {
            "type": "function_call",
            "id": f"fc_{turn}",
            "call_id": CALL,
            "name": "weather",
            "arguments": '{"city": "Oslo"}',
            "status": "completed",
        }
    return {
        "id": f"resp_{len(items)}",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": "completed",
        "model": MODEL,
        "output": [output],
        "parallel_tool_calls": False,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": INPUT_TOKENS,
            "output_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        },
    }
