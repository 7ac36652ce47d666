"""A user of the Claude Agent SDK, whose process is killed and goes on.

    python -m tests.adapters.claude_agent FOLDER

Its Claude Code is scripted. A first process is killed as soon as a call of a tool is stored; a
second one, which knows nothing of it, resumes the session.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from pathlib import Path

from claude_agent_sdk import ClaudeAgentOptions, ResultMessage, project_key_for_directory, query
from claude_agent_sdk.types import SessionKey

from hansard.adapters.claude_agent_sdk import HansardStore
from tests.adapters import claude_cli


async def main(folder: Path, *, die: bool) -> None:
    store = HansardStore()
    options = ClaudeAgentOptions(
        session_store=store,
        session_store_flush="eager",
        resume=None if die else claude_cli.SESSION,
        cli_path=started_by(folder),
        cwd=folder,
        env={
            "CLAUDE_CONFIG_DIR": str(folder / "config"),
            "PROJECT_KEY": project_key_for_directory(folder),
        },
    )
    watching = asyncio.create_task(end_when_stored(store, folder)) if die else None
    async for message in query(prompt="Where is order 17?", options=options):
        if isinstance(message, ResultMessage):
            print(message.result)
    del watching


def started_by(folder: Path) -> Path:
    """A file that the SDK can start as Claude Code."""
    script = folder / "claude"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {claude_cli.__file__} "$@"\n')
    script.chmod(0o700)
    return script


async def end_when_stored(store: HansardStore, folder: Path) -> None:
    key: SessionKey = {
        "project_key": project_key_for_directory(folder),
        "session_id": claude_cli.SESSION,
    }
    while await store.load(key) is None:  # noqa: ASYNC110 - the store sends no event
        await asyncio.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if (first := os.fork()) == 0:
        asyncio.run(main(Path(sys.argv[1]), die=True))
        os._exit(0)
    print("signal", os.WTERMSIG(os.waitpid(first, 0)[1]), flush=True)
    asyncio.run(main(Path(sys.argv[1]), die=False))
