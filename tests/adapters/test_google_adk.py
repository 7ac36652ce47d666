"""The session service of Google's ADK over a real server: the semantics of its own services."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from google.adk.cli.service_registry import get_service_registry, load_services_module
from google.adk.errors import StaleSessionError
from google.adk.errors.already_exists_error import AlreadyExistsError
from google.adk.errors.session_not_found_error import SessionNotFoundError
from google.adk.events.event import Event
from google.adk.events.event_actions import EventActions
from google.adk.sessions.base_session_service import GetSessionConfig
from google.adk.sessions.session import Session
from google.genai import types

from hansard.adapters.google_adk import HansardSessionService, register
from hansard.client import AsyncHansard, Hansard
from tests.support.serving import Served

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def service(ahansard: AsyncHansard) -> HansardSessionService:
    return HansardSessionService(ahansard)


@pytest.fixture
def app(name: str) -> str:
    """An app of its own for each test, with what no path can carry in its name."""
    return f"{name}/50%"


def event(text: str = "", *, at: float = 0.0, author: str = "desk", **delta: Any) -> Event:
    content = types.Content(role="model", parts=[types.Part(text=text)]) if text else None
    actions = EventActions(state_delta={key.replace("__", ":"): delta[key] for key in delta})
    when = {"timestamp": at} if at else {}
    return Event(author=author, invocation_id="i", content=content, actions=actions, **when)


async def create(service: HansardSessionService, app: str, id: str | None = "s") -> Session:
    return await service.create_session(app_name=app, user_id="ada", session_id=id)


async def read(service: HansardSessionService, app: str, **config: Any) -> Session:
    session = await service.get_session(
        app_name=app, user_id="ada", session_id="s", config=GetSessionConfig(**config)
    )
    assert session is not None
    return session


async def test_an_id_is_stripped_and_a_blank_one_generated(
    service: HansardSessionService, app: str
) -> None:
    assert (await create(service, app, " s ")).id == "s"
    blank = [await create(service, app, id) for id in (None, "", "  ")]
    assert all(len(session.id) == 32 for session in blank)
    assert (await read(service, app)).id == "s"


async def test_one_of_many_creates_an_id_and_another_user_has_the_same(
    service: HansardSessionService, app: str
) -> None:
    results = await asyncio.gather(
        *(create(service, app) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in results) == ["AlreadyExistsError"] * 4 + [
        "Session"
    ]
    other = await service.create_session(app_name=app, user_id="bob", session_id="s")
    await service.append_event(other, event("for Bob"))
    assert (await read(service, app)).events == []
    with pytest.raises(AlreadyExistsError, match="s already exists"):
        await create(service, app)


async def test_state_is_kept_as_it_is_in_all_scopes(
    service: HansardSessionService, app: str
) -> None:
    first = {"a": None, "b": True, "c": {"x": 1}}
    state = {scope + key: value for scope in ("", "user:", "app:") for key, value in first.items()}
    session = await service.create_session(
        app_name=app, user_id="ada", session_id="s", state=state | {"temp:t": 1}
    )
    assert session.state == state
    change: dict[str, Any] = {"c": {"y": 2}, "user__c": {"y": 2}, "app__b": None}
    await service.append_event(session, event(**change))
    expected = state | {"c": {"y": 2}, "user:c": {"y": 2}, "app:b": None}
    assert session.state == expected
    stored = await read(service, app)
    assert stored.state == expected
    assert stored.state["b"] is True
    other = await service.create_session(app_name=app, user_id="bob")
    assert other.state == {key: expected[key] for key in expected if key.startswith("app:")}


async def test_temporary_state_is_seen_in_memory_and_not_stored(
    service: HansardSessionService, app: str
) -> None:
    session = await create(service, app)
    await service.append_event(session, event("hm", temp__t=1, kept=2))
    assert session.state == {"temp:t": 1, "kept": 2}
    stored = await read(service, app)
    assert stored.state == {"kept": 2}
    assert stored.events[0].actions.state_delta == {"kept": 2}


async def test_a_partial_event_is_not_stored(service: HansardSessionService, app: str) -> None:
    session = await create(service, app)
    await service.append_event(session, Event(author="desk", partial=True))
    assert session.events == (await read(service, app)).events == []


async def test_events_come_back_equal_and_as_few_as_asked_for(
    service: HansardSessionService, app: str
) -> None:
    session = await create(service, app)
    events = [event(f"number {number}", at=1_700_000_000.5 + number) for number in range(5)]
    events[2].long_running_tool_ids = {"b", "a"}
    for each in events:
        await service.append_event(session, each)
    assert (await read(service, app)).events == session.events == events
    assert (await read(service, app, num_recent_events=2)).events == events[3:]
    assert (await read(service, app, num_recent_events=0)).events == []
    assert (await read(service, app, after_timestamp=events[3].timestamp)).events == events[3:]
    both = await read(service, app, num_recent_events=3, after_timestamp=events[3].timestamp)
    assert both.events == events[3:]
    assert both.last_update_time == session.last_update_time == events[-1].timestamp


async def test_sessions_are_listed_oldest_first_with_merged_state_and_no_events(
    service: HansardSessionService, app: str
) -> None:
    for number, (user, id) in enumerate([("ada", "new"), ("bob", "b"), ("ada", "old")]):
        session = await service.create_session(
            app_name=app, user_id=user, session_id=id, state={"id": id, "user:name": user}
        )
        await service.append_event(session, event("hi", at=1_700_000_009.0 - number, app__n=number))
    listed = (await service.list_sessions(app_name=app)).sessions
    assert [(each.user_id, each.id) for each in listed] == [
        ("ada", "old"), ("bob", "b"), ("ada", "new"),
    ]  # fmt: skip
    assert [each.state for each in listed] == [
        {"id": each.id, "user:name": each.user_id, "app:n": 2} for each in listed
    ]
    assert [each.events for each in listed] == [[]] * 3
    of_bob = (await service.list_sessions(app_name=app, user_id="bob")).sessions
    assert of_bob == [listed[1]]
    assert (await service.list_sessions(app_name=app + "x")).sessions == []


async def test_an_append_to_a_deleted_session_finds_none(
    service: HansardSessionService, app: str
) -> None:
    session = await create(service, app)
    for _ in range(2):
        await service.delete_session(app_name=app, user_id="ada", session_id="s")
    with pytest.raises(SessionNotFoundError, match="Session s not found"):
        await service.append_event(session, event("late"))
    assert await service.get_session(app_name=app, user_id="ada", session_id="s") is None
    assert (await create(service, app)).events == []


async def test_a_stale_session_is_refused_and_its_event_not_stored(
    service: HansardSessionService, app: str
) -> None:
    session = await create(service, app)
    stale = await read(service, app)
    await service.append_event(session, event("one"))
    with pytest.raises(StaleSessionError, match="modified in storage"):
        await service.append_event(stale, event("two", lost=1))
    fresh = await read(service, app)
    assert [each.content.parts[0].text for each in fresh.events] == ["one"]
    assert fresh.state == {}
    await service.append_event(fresh, event("three"))


async def test_an_event_that_is_delivered_again_changes_nothing(
    service: HansardSessionService, app: str
) -> None:
    session = await create(service, app)
    stale = await read(service, app)
    first = event("one", n=1)
    await service.append_event(session, first)
    await service.append_event(session, event("two", n=2))
    await service.append_event(session, first.model_copy(deep=True))
    await service.append_event(stale, first.model_copy(deep=True))
    without_events = await read(service, app, num_recent_events=0)
    await service.append_event(without_events, first.model_copy(deep=True))
    stored = await read(service, app)
    assert len(stored.events) == 2
    assert stored.state == {"n": 2}


async def test_events_of_one_session_at_the_same_time_are_all_stored(
    service: HansardSessionService, app: str
) -> None:
    session = await create(service, app)
    with mock.patch("uuid.uuid4", return_value=uuid.UUID(int=0)):  # so their ids are the same
        events = [event(f"number {number}", at=1e9 + number) for number in range(20)]
    await asyncio.gather(*(service.append_event(session, each) for each in events))
    assert (await read(service, app)).events == session.events == events


async def test_the_state_of_a_user_is_readable_before_any_session(
    service: HansardSessionService, app: str
) -> None:
    assert await service.get_user_state(app_name=app, user_id="ada") == {}
    await service.create_session(app_name=app, user_id="ada", state={"user:plan": "pro"})
    assert await service.get_user_state(app_name=app, user_id="ada") == {"plan": "pro"}
    assert await service.get_user_state(app_name=app, user_id="bob") == {}


async def test_messages_of_other_apis_are_events_too(
    service: HansardSessionService, hansard: Hansard, app: str
) -> None:
    await create(service, app)
    (stored,) = hansard.sessions.list(app=app)
    hansard.messages.append(stored.id, {"role": "user", "text": "by mail"})
    session = await read(service, app)
    assert [each.author for each in session.events] == ["user"]
    await service.append_event(session, event("answered"))


def test_a_uri_names_the_service(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in served.environment.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "services.yaml").write_text(
        "services:\n- scheme: hansard\n  type: session\n"
        "  class: hansard.adapters.google_adk.session_service\n"
    )
    load_services_module(str(tmp_path))
    register()
    for uri in ("hansard://", served.url.replace("http:", "hansard:")):
        service = get_service_registry().create_session_service(uri, agents_dir=str(tmp_path))
        assert isinstance(service, HansardSessionService)

        async def created(using: HansardSessionService = service) -> Session:
            session = await using.create_session(app_name="uri", user_id="ada")
            await using._client.close()
            return session

        assert asyncio.run(created()).user_id == "ada"


def test_an_agent_that_is_killed_goes_on_from_what_is_stored(
    served: Served, hansard: Hansard
) -> None:
    user = f"ada-{uuid.uuid4()}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.adapters.google_adk_agent", user],
        cwd=ROOT,
        env={**os.environ, **served.environment},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "signal 9\nIt is on its way.\n"
    (session,) = hansard.sessions.list(user=user)
    messages = [each for each in hansard.messages.list(session.id) if each.role != "system"]
    assert [each.role for each in messages] == ["user", "assistant", "tool", "assistant"]
    assert messages[1].parts[0]["arguments"] == {"order": "17"}
    assert messages[2].parts[0]["response"] == {"status": "on its way"}
    assert (session.title, session.app, session.channel) == ("Where is order 17?", "desk", "adk")
    assert (session.input_tokens, session.output_tokens, session.reasoning_tokens) == (40, 14, 6)
    document = hansard.documents.read("adk.state", scope="user", app="desk", user=user)
    assert document.value == {"orders": ["17"]}
