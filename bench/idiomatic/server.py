"""The same endpoints as most teams write them.

FastAPI, response models, an async ORM, ``COUNT(*)`` for the total.

usage: python bench/idiomatic/server.py URL PORT

URL is SQLAlchemy's: ``sqlite+aiosqlite:///file`` or ``postgresql+asyncpg://…``. It is given what
helps it: the index that the list needs, durable but not slower settings, a key check that reads no
table, no access log.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from models import Message, Session
from pydantic import BaseModel, ConfigDict
from sqlalchemy import event, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine(sys.argv[1], pool_size=16, max_overflow=0, pool_timeout=120)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class SessionOut(BaseModel):
    """A session as the list shows it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    title: str
    channel: str
    state: str | None
    agent: str
    user_id: str
    message_count: int
    created_at: datetime
    updated_at: datetime
    extra: dict[str, Any]


class SessionPage(BaseModel):
    """One answer of the list."""

    data: list[SessionOut]
    total: int | None
    has_more: bool


class MessageIn(BaseModel):
    """A message on its way in."""

    role: str
    parts: list[dict[str, Any]]


class MessagesIn(BaseModel):
    """A batch of them."""

    messages: list[MessageIn]


class MessageOut(BaseModel):
    """A message as it is shown."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    session_id: str
    seq: int
    role: str
    content: str
    parts: list[dict[str, Any]]
    created_at: datetime


class MessagePage(BaseModel):
    """One answer of the history or of the search."""

    data: list[MessageOut]


async def database() -> AsyncIterator[AsyncSession]:
    """A unit of work for one request."""
    async with sessions() as session:
        yield session


async def workspace(authorization: Annotated[str, Header()]) -> str:
    """The caller's workspace; the key is its name, so that no table is read for it."""
    scheme, _, key = authorization.partition(" ")
    if scheme != "Bearer" or not key:
        raise HTTPException(401)
    return key


Database = Annotated[AsyncSession, Depends(database)]
Workspace = Annotated[str, Depends(workspace)]
Limit = Annotated[int, Query(ge=1, le=200)]


@app.get("/v1/sessions")
async def list_sessions(
    db: Database,
    workspace_id: Workspace,
    *,
    limit: Limit = 50,
    offset: int = 0,
    total: bool = False,
) -> SessionPage:
    """The newest sessions of the caller's workspace."""
    sessions = select(Session).where(Session.workspace_id == workspace_id)
    count = (
        await db.scalar(select(func.count()).select_from(sessions.subquery())) if total else None
    )
    page = await db.scalars(
        sessions.order_by(Session.updated_at.desc(), Session.id.desc())
        .limit(limit + 1)
        .offset(offset)
    )
    rows = list(page)
    return SessionPage(
        data=[SessionOut.model_validate(row) for row in rows[:limit]],
        total=count,
        has_more=len(rows) > limit,
    )


@app.get("/v1/sessions/{session_id}/messages")
async def list_messages(
    session_id: str, db: Database, workspace_id: Workspace, limit: Limit = 50
) -> MessagePage:
    """The newest messages of a session, in the order they were said."""
    await _session(db, workspace_id, session_id)
    page = await db.scalars(
        select(Message)
        .where(Message.session_id == session_id)
        .order_by(Message.seq.desc())
        .limit(limit)
    )
    return MessagePage(data=[MessageOut.model_validate(row) for row in reversed(list(page))])


@app.post("/v1/sessions/{session_id}/messages", status_code=201)
async def append(
    session_id: str, body: MessagesIn, db: Database, workspace_id: Workspace
) -> MessagePage:
    """Append messages; answers when they are on disk."""
    now = datetime.now(UTC).replace(tzinfo=None)
    counted = (
        update(Session)
        .where(Session.id == session_id, Session.workspace_id == workspace_id)
        .values(message_count=Session.message_count + len(body.messages), updated_at=now)
        .returning(Session.message_count)
    )
    last = await db.scalar(counted)
    if last is None:
        raise HTTPException(404)
    rows = [
        _row(session_id, last - len(body.messages) + number, message, now)
        for number, message in enumerate(body.messages, 1)
    ]
    db.add_all(rows)
    await db.commit()
    return MessagePage(data=[MessageOut.model_validate(row) for row in rows])


@app.get("/v1/search")
async def search(q: str, db: Database, workspace_id: Workspace, limit: Limit = 20) -> MessagePage:
    """The newest messages that hold a word."""
    selected = (
        select(Message)
        .join(Session)
        .where(Session.workspace_id == workspace_id, Message.content.icontains(q, autoescape=True))
    )
    page = await db.scalars(selected.order_by(Message.created_at.desc()).limit(limit))
    return MessagePage(data=[MessageOut.model_validate(row) for row in page])


async def _session(db: AsyncSession, workspace_id: str, session_id: str) -> Session:
    selected = await db.scalar(
        select(Session).where(Session.id == session_id, Session.workspace_id == workspace_id)
    )
    if selected is None:
        raise HTTPException(404)
    return selected


def _row(session_id: str, seq: int, message: MessageIn, now: datetime) -> Message:
    content = "\n".join(
        str(part["content"]) for part in message.parts if part.get("type") == "text"
    )
    return Message(
        session_id=session_id,
        seq=seq,
        role=message.role,
        content=content,
        parts=message.parts,
        created_at=now,
    )


if engine.dialect.name == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def _durable(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=60000",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
