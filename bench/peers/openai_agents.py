"""The OpenAI Agents SDK's SQLiteSession behind a minimal server.

It has no server of its own, and no list.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import adapter
import uvicorn
from agents import SQLiteSession
from fastapi import FastAPI


def _file(folder: Path) -> Path:
    return folder / "openai_agents.db"


def fill(folder: Path) -> adapter.Requests:
    """Its own class makes the tables; rows go straight in."""
    SQLiteSession("tables", _file(folder)).close()
    connection = sqlite3.connect(_file(folder))
    measured = []
    for record in adapter.records():
        if adapter.is_measured(record):
            measured.append(record["id"])
        connection.execute("insert into agent_sessions (session_id) values (?)", (record["id"],))
        items = [
            (record["id"], json.dumps({"role": message["role"], "content": adapter.text(message)}))
            for message in record["messages"]
        ]
        connection.executemany(
            "insert into agent_messages (session_id, message_data) values (?, ?)", items
        )
    connection.commit()
    connection.close()
    body = json.dumps(
        [{"role": "user", "content": "Where is my order? It should have come yesterday."}]
    )
    return {
        "history": [
            {"method": "GET", "target": f"/sessions/{name}/items?limit={adapter.HISTORY_LENGTH}"}
            for name in measured[::2]
        ],
        "append": [
            {"method": "POST", "target": f"/sessions/{name}/items", "body": body}
            for name in measured[1::2]
        ],
    }


def serve(folder: Path, port: int) -> None:
    """Two routes, each one call of the SDK."""
    app = FastAPI()

    @contextmanager
    def session(name: str) -> Iterator[SQLiteSession]:
        """The library's object for one session.

        A server of many opens one for each request, and must close it.
        """
        opened = SQLiteSession(name, _file(folder))
        try:
            yield opened
        finally:
            opened.close()

    @app.get("/sessions/{name}/items")
    async def read(name: str, limit: int) -> list[Any]:
        with session(name) as opened:
            return await opened.get_items(limit)

    @app.post("/sessions/{name}/items", status_code=201)
    async def append(name: str, items: list[dict[str, Any]]) -> dict[str, int]:
        with session(name) as opened:
            await opened.add_items(items)  # type: ignore[arg-type]  # any item type goes in
        return {"appended": len(items)}

    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    adapter.main(fill, serve)
