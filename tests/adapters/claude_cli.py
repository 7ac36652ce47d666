"""What the Claude Agent SDK starts instead of Claude Code: the same protocol, a scripted model.

Asked for the first time, it calls a tool and waits; resumed, it answers from the transcript that
it was given. It mirrors what it writes, as Claude Code does with ``--session-mirror``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SESSION = "6f1f9a52-6f0e-4b4e-9d5c-0c6d2b8f7a11"
_USAGE = {"input_tokens": 12, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 3}
_CALL = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"order": 17}}
_RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "on its way"}


def main() -> None:
    projects = Path(os.environ["CLAUDE_CONFIG_DIR"]) / "projects"
    file = projects / os.environ["PROJECT_KEY"] / f"{SESSION}.jsonl"
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "control_request":
            response = {"subtype": "success", "request_id": request["request_id"], "response": {}}
            tell({"type": "control_response", "response": response})
        elif f"--resume={SESSION}" in sys.argv:
            entries = [json.loads(each) for each in file.read_text().splitlines()]
            called = entries[-1]["message"]["content"][0]["name"]
            mirror(file, resumed(called))
            tell({"type": "result", "subtype": "success", "is_error": False, "num_turns": 2,
                  "duration_ms": 1, "duration_api_ms": 1, "session_id": SESSION,
                  "result": f"{called} said it"})  # fmt: skip
            return
        else:
            mirror(file, question(request["message"]))
            wait_for_the_end(os.getppid())


def wait_for_the_end(parent: int) -> None:
    """As long as the tool works: until whoever started this is gone."""
    while os.getppid() == parent:
        time.sleep(0.02)


def question(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The question, its title, and an answer of two entries, which both have its usage."""
    yield {"type": "user", "uuid": "u1", "timestamp": "2026-01-31T09:30:00Z", "message": message}
    yield {"type": "ai-title", "sessionId": SESSION, "aiTitle": "Order 17"}
    for uuid, block in (("a1", {"type": "thinking", "thinking": "I look."}), ("a2", _CALL)):
        yield {"type": "assistant", "uuid": uuid, "message": answer("msg_1", block)}


def resumed(called: str) -> Iterator[dict[str, Any]]:
    """What the tool found, and the answer of the model."""
    yield {"type": "user", "uuid": "u2", "message": {"role": "user", "content": [_RESULT]}}
    block = {"type": "text", "text": f"It is on its way, said {called}."}
    yield {"type": "assistant", "uuid": "a3", "message": answer("msg_2", block)}


def answer(id: str, block: dict[str, Any]) -> dict[str, Any]:
    fields = {"id": id, "role": "assistant", "model": "scripted-1", "content": [block]}
    return {**fields, "usage": {**_USAGE, "output_tokens": 4}}


def mirror(file: Path, entries: Iterator[dict[str, Any]]) -> None:
    tell({"type": "transcript_mirror", "filePath": str(file), "entries": [*entries]})


def tell(frame: dict[str, Any]) -> None:
    print(json.dumps(frame), flush=True)


if __name__ == "__main__":
    main()
