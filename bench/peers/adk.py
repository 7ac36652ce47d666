"""Google ADK's api_server with its SQLite session service.

An append is a run of an agent that answers at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from pathlib import Path

import adapter
import uvicorn
from google.adk.cli.fast_api import get_fast_api_app
from google.adk.events import Event
from google.adk.sessions.sqlite_session_service import SqliteSessionService
from google.genai import types

_APP = "bench"
_AGENT = '''"""An agent without a model: its constant answer leaves the store to measure."""

from collections.abc import AsyncGenerator

from google.adk.agents import BaseAgent
from google.adk.agents.invocation_context import InvocationContext
from google.adk.events import Event
from google.genai import types


class Parrot(BaseAgent):
    async def _run_async_impl(self, ctx: InvocationContext) -> AsyncGenerator[Event, None]:
        content = types.Content(role="model", parts=[types.Part(text="Noted.")])
        yield Event(author=self.name, invocation_id=ctx.invocation_id, content=content)


root_agent = Parrot(name="parrot")
'''


def _file(folder: Path) -> Path:
    return folder / "adk.db"


def fill(folder: Path) -> adapter.Requests:
    """Its own service makes the tables.

    Rows go straight in, because one event at a time takes an hour.
    """
    agent = folder / "agents" / _APP
    agent.mkdir(parents=True, exist_ok=True)
    (agent / "__init__.py").write_text("from . import agent\n", encoding="utf-8")
    (agent / "agent.py").write_text(_AGENT, encoding="utf-8")
    asyncio.run(
        SqliteSessionService(str(_file(folder))).create_session(
            app_name=_APP, user_id="nobody", session_id="tables"
        )
    )
    return _requests(_load(folder))


def _load(folder: Path) -> list[str]:
    """The names of the sessions that are measured, after all are stored."""
    connection = sqlite3.connect(_file(folder))
    measured = []
    for record in adapter.records():
        if adapter.is_measured(record):
            measured.append(record["id"])
        key = (_APP, adapter.USER, record["id"])
        connection.execute(
            "insert into sessions values (?, ?, ?, ?, ?, ?)",
            (*key, "{}", record["created_at"] / 1e6, record["updated_at"] / 1e6),
        )
        events = [_event(message) for message in record["messages"]]
        rows = [
            (
                event.id,
                *key,
                event.invocation_id,
                event.timestamp,
                event.model_dump_json(exclude_none=True),
            )
            for event in events
        ]
        connection.executemany("insert into events values (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return measured


def _requests(measured: list[str]) -> adapter.Requests:
    sessions = f"/apps/{_APP}/users/{adapter.USER}/sessions"
    user_message = {
        "role": "user",
        "parts": [{"text": "Where is my order? It should have come yesterday."}],
    }
    return {
        "list": [{"method": "GET", "target": sessions}],
        "history": [{"method": "GET", "target": f"{sessions}/{name}"} for name in measured[::2]],
        "append": [
            {
                "method": "POST",
                "target": "/run",
                "body": json.dumps(
                    {
                        "app_name": _APP,
                        "user_id": adapter.USER,
                        "session_id": name,
                        "new_message": user_message,
                    }
                ),
            }
            for name in measured[1::2]
        ],
    }


def _event(message: adapter.Record) -> Event:
    role = "user" if message["role"] == "user" else "model"
    content = types.Content(role=role, parts=[types.Part(text=adapter.text(message))])
    event = Event(
        author="user" if role == "user" else "parrot",
        invocation_id="filled",
        content=content,
        timestamp=message["created_at"] / 1e6,
    )
    event.id = Event.new_id()
    return event


def serve(folder: Path, port: int) -> None:
    """The api_server's own application, on the same HTTP machinery as every other server here."""
    os.chdir(folder)
    app = get_fast_api_app(
        agents_dir=str(folder / "agents"),
        session_service_uri=f"sqlite:///{_file(folder)}",
        web=False,
    )
    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    adapter.main(fill, serve)
