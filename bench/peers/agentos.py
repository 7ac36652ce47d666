"""agno AgentOS with its SQLite store.

An append is a run of an agent whose model answers at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import adapter
import uvicorn
from agno.agent import Agent
from agno.db.sqlite import SqliteDb
from agno.db.utils import build_run_rows_for_session
from agno.models.base import Model
from agno.models.message import Message
from agno.models.response import ModelResponse
from agno.os import AgentOS
from agno.run.agent import RunOutput
from agno.run.base import RunStatus
from agno.session import AgentSession
from sqlalchemy import insert

_BATCH = 200
_AGENT = "bench"


class Parrot(Model):
    """A model without a provider: it says the same at once, so that only the store is measured."""

    def invoke(self, *_: Any, **__: Any) -> ModelResponse:
        return ModelResponse(role="assistant", content="Noted.")

    async def ainvoke(self, *_: Any, **__: Any) -> ModelResponse:
        return self.invoke()

    def invoke_stream(self, *_: Any, **__: Any) -> Iterator[ModelResponse]:
        yield self.invoke()

    async def ainvoke_stream(self, *_: Any, **__: Any) -> AsyncIterator[ModelResponse]:
        yield self.invoke()

    def _parse_provider_response(self, response: Any, **_: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: Any) -> ModelResponse:
        return response


def _database(folder: Path) -> SqliteDb:
    return SqliteDb(db_file=str(folder / "agno.db"))


def fill(folder: Path) -> adapter.Requests:
    """Sessions by its own bulk verb, runs straight into its table: one by one takes minutes."""
    database = _database(folder)
    measured, everything = [], adapter.records()
    while batch := list(islice(everything, _BATCH)):
        measured += [record["id"] for record in batch if adapter.is_measured(record)]
        sessions = [_session(record) for record in batch]
        database.upsert_sessions(sessions, deserialize=False, preserve_updated_at=True)
        table = database._get_table(table_type="runs", create_table_if_not_found=True)  # noqa: SLF001 - it has no bulk verb for runs
        with database.Session() as unit, unit.begin():
            unit.execute(
                insert(table),
                [row for session in sessions for row in build_run_rows_for_session(session)],
            )
    newest = {
        "type": "agent",
        "user_id": adapter.USER,
        "limit": 50,
        "page": 1,
        "sort_by": "updated_at",
        "sort_order": "desc",
    }
    form = {
        "message": "Where is my order? It should have come yesterday.",
        "stream": "false",
        "user_id": adapter.USER,
    }
    return {
        "list": [{"method": "GET", "target": f"/sessions?{urlencode(newest)}"}],
        "history": [
            {"method": "GET", "target": f"/sessions/{name}/runs?type=agent&user_id={adapter.USER}"}
            for name in measured[::2]
        ],
        "append": [
            {
                "method": "POST",
                "target": f"/agents/{_AGENT}/runs",
                "type": "application/x-www-form-urlencoded",
                "body": urlencode(form | {"session_id": name}),
            }
            for name in measured[1::2]
        ],
    }


def _session(record: adapter.Record) -> AgentSession:
    runs = [_run(record, number, turn) for number, turn in enumerate(adapter.turns(record))]
    return AgentSession(
        session_id=record["id"],
        agent_id=_AGENT,
        user_id=adapter.USER,
        session_data={"session_name": record["title"]},
        agent_data={"agent_id": _AGENT, "name": "Bench"},
        runs=runs,
        created_at=record["created_at"] // 1_000_000,
        updated_at=record["updated_at"] // 1_000_000,
    )


def _run(record: adapter.Record, number: int, turn: list[adapter.Record]) -> RunOutput:
    messages = [
        Message(
            role=message["role"],
            content=adapter.text(message),
            created_at=message["created_at"] // 1_000_000,
        )
        for message in turn
    ]
    return RunOutput(
        run_id=f"{record['id']}-{number}",
        session_id=record["id"],
        agent_id=_AGENT,
        user_id=adapter.USER,
        content=messages[-1].content,
        messages=messages,
        status=RunStatus.completed,
        created_at=messages[0].created_at,
    )


def serve(folder: Path, port: int) -> None:
    """AgentOS as its documentation starts it."""
    agent = Agent(
        id=_AGENT, name="Bench", model=Parrot(id="parrot"), db=_database(folder), telemetry=False
    )
    app = AgentOS(agents=[agent], telemetry=False).get_app()
    uvicorn.run(
        app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    adapter.main(fill, serve)
