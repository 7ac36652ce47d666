"""The documents' own snippets, run unchanged but for the host and the key.

A snippet passes when it ends well and its output holds the words that the document promises.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from environments import BUILD
from tools import Tool, tool_for

SNIPPETS = Path(__file__).with_name("snippets")
HOSTS = ("https://api.example.com", "http://localhost:8000", "https://api.konvoai.com")
KEYS = ("YOUR_API_TOKEN", "<token>", "<api-key>")

Report = Callable[[str, str, str], None]


@dataclass(frozen=True)
class Snippet:
    """A file, the words its output must have, and what is put behind its path.

    That is a query which the document describes.
    """

    file: str
    words: tuple[str, ...]
    exit_code: int = 0
    query: str = ""


def all_snippets(preview: str, session_id: str, title: str) -> Iterator[Snippet]:
    sessions = ("contextType", "firstMessageAt", "hasMore", "success", "requestId", preview)
    refused = ("400", "requestId", "details")
    history = ("linkedRunStatus", "organizationId", "tokensUsed", preview, session_id)
    for kind in ("sh", "py", "go"):
        yield Snippet(f"b3os-sessions.{kind}", sessions)
        yield Snippet(f"b3os-history.{kind}", refused)
        yield Snippet(f"b3os-history.{kind}", history, query=f"?sessionId={session_id}")
    for kind in ("sh", "py", "mjs"):
        yield Snippet(f"pocketpaw-limit.{kind}", ("sessions", "message_count", "total", title))
    for kind in ("sh", "py", "mjs", "go"):
        yield Snippet(f"pocketpaw-plain.{kind}", ("sessions", "message_count", "total", title))
    yield Snippet("konvo.sh", ("count", "result", "external_user_id", "workspace_id"))
    for name in ("sessions", "history"):  # fetch refuses a body on GET, whatever the server
        yield Snippet(f"b3os-{name}.mjs", ("TypeError",), exit_code=1)


def run(snippets: Iterator[Snippet], url: str, key: str, report: Report) -> None:
    tools: dict[str, Tool | str] = {}
    for snippet in snippets:
        suffix = Path(snippet.file).suffix
        if suffix not in tools:
            tools[suffix] = tool_for(suffix)
        tool = tools[suffix]
        what = (
            snippet.file
            + snippet.query.partition("=")[0]
            + (
                " fails before it sends anything, as it does everywhere"
                if snippet.exit_code
                else ""
            )
        )
        if isinstance(tool, str):
            report("note", what, f"NOT RUN: {tool}")
        else:
            report(*_verdict(snippet, tool, url, key, what))


def _verdict(snippet: Snippet, tool: Tool, url: str, key: str, what: str) -> tuple[str, str, str]:
    done = subprocess.run(
        [*tool.command, str(_written(snippet, url, key))],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | dict(tool.environment),
    )
    output = done.stdout + done.stderr
    missing = [word for word in snippet.words if word not in output]
    if missing or done.returncode != snippet.exit_code:
        return (
            "FAIL",
            what,
            (
                f"exit code {done.returncode}, missing {missing}, said: "
                f"{' '.join(output.split())[:600]}"
            ),
        )
    return "ok", what, ""


def _written(snippet: Snippet, url: str, key: str) -> Path:
    text = (SNIPPETS / snippet.file).read_text("utf-8")
    for host in HOSTS:
        text = text.replace(host, url)
    for placeholder in KEYS:
        text = text.replace(placeholder, key)
    if snippet.query:
        path = url + "/v1/ai/workflow/chat/history"
        text = text.replace(path, path + snippet.query)
    file = BUILD / "snippets" / snippet.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file
