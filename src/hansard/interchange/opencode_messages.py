"""The messages of opencode 2 as those of an export: one row each, typed, with their content."""

from __future__ import annotations

from typing import Any

from hansard.interchange.content.text import Json, kind_of, words

_BOOKKEEPING = {"agent-switched", "model-switched", "idle"}
_INSTRUCTIONS = {"system", "synthetic", "skill", "compaction"}
"""What the program tells the model."""


def message_of(row: dict[str, Any], data: Json) -> Json | None:
    """A row and its content as ``{info, parts}``; None for what is no message.

    A type that is not known stays whole, and is the role.
    """
    kind = str(row["type"])
    if kind in _BOOKKEEPING:
        return None
    model = data["model"] if isinstance(data.get("model"), dict) else {}
    same = ("agent", "finish", "error", "tokens", "cost")
    info = {name: data[name] for name in same if data.get(name) is not None} | {
        "id": row["id"],
        "role": "system" if kind in _INSTRUCTIONS else "assistant" if kind == "shell" else kind,
        "time": {"created": row.get("time_created")},
        "modelID": model.get("id"),
        "providerID": model.get("providerID"),
        "mode": kind if kind in _INSTRUCTIONS else None,
    }
    return {"info": info, "parts": _parts(kind, data)}


def _parts(kind: str, data: Json) -> list[Json]:
    if kind == "assistant":
        content = data["content"] if isinstance(data.get("content"), list) else []
        return [_tool(item) if kind_of(item) == "tool" else item for item in _objects(content)]
    if kind == "shell":
        return [_shell(data)]
    text = data.get("summary") if kind == "compaction" else data.get("text")
    files = [_file(item) for item in _objects(data.get("files"))]
    if not isinstance(text, str):
        return [{**data, "type": kind}, *files]
    return [{"type": "text", "text": text}, *files]


def _objects(items: object) -> list[Json]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _file(item: Json) -> Json:
    return {
        "type": "file",
        "mime": item.get("mime"),
        "filename": item.get("name"),
        "url": item.get("uri") or item.get("url"),
    }


def _shell(data: Json) -> Json:
    """A command that the user ran; since 2.0 what describes it is an object of its own."""
    shell = data["shell"] if isinstance(data.get("shell"), dict) else data
    output = data.get("output")
    inner = output.get("output", output) if isinstance(output, dict) else output
    answered = {} if output is None else {"output": words(inner)}
    return {
        "type": "tool",
        "callID": shell.get("id") or shell.get("callID"),
        "tool": "shell",
        "state": {"input": {"command": shell.get("command")}, **answered},
    }


def _tool(item: Json) -> Json:
    state = item["state"] if isinstance(item.get("state"), dict) else {}
    read: Json = {"input": state.get("input")}
    error = state.get("error")
    if error is not None:
        read["error"] = error.get("message", error) if isinstance(error, dict) else error
    elif kind_of(state, "status") == "completed":
        read["output"] = _output(state)
    return {"type": "tool", "callID": item.get("id"), "tool": item.get("name"), "state": read}


def _output(state: Json) -> object:
    """What a tool answered: its text where it is nothing else."""
    content = _objects(state.get("content"))
    if content and all(isinstance(item.get("text"), str) for item in content):
        return "\n".join(item["text"] for item in content)
    return content or state.get("result", state.get("structured"))
