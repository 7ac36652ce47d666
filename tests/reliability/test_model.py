"""The store against a dictionary.

Any sequence of calls answers as the model says, on both backends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Sequence
from itertools import count
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hansard.app import opened
from hansard.errors import Conflict, Error, NotFound
from hansard.model import (
    Message,
    MessageQuery,
    RunDraft,
    RunPatch,
    SessionDraft,
    SessionFilter,
    SessionPatch,
    SessionQuery,
)
from hansard.model.idempotency import IdempotentRequest, Replayed
from hansard.service import Service
from hansard.settings import Settings
from tests.reliability.conftest import Figure
from tests.reliability.disks import draft

NAMES = st.sampled_from(("a", "a", "b", "c:1"))
TOKENS = st.sampled_from([f"t{number}" for number in range(8)])
KEYS = st.sampled_from(("k1", "k2", None))
NUMBERS = count()


class Modelled:
    """What a session of the model is."""

    def __init__(self, parent: str | None = None) -> None:
        self.messages: list[str | None] = []
        self.title: str | None = None
        self.resolution = "open"
        self.run: str | None = None
        self.state: str | None = None
        self.parent = parent

    @property
    def living(self) -> list[tuple[int, str]]:
        return [(seq, token) for seq, token in enumerate(self.messages, 1) if token is not None]


def spelled(messages: Sequence[Message]) -> str:
    """What an answer says of messages."""
    return "".join(f",{message.seq}:{message.id}" for message in messages)


class Machine(RuleBasedStateMachine):
    """The rules; every example has a workspace of its own.

    `fault` is one in the model, to be found.
    """

    service: ClassVar[Service]
    loop: ClassVar[asyncio.AbstractEventLoop]
    counters: ClassVar[dict[str, int]]
    fault: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Modelled] = {}
        self.keys: dict[str, tuple[str, Any]] = {}
        workspace = self.wait(self.service.workspaces.create(f"model-{next(NUMBERS)}"))
        self.principal = self.service.workspaces.operator(workspace)
        self.counters["examples"] = self.counters.get("examples", 0) + 1
        for name in ("a", "b"):
            self.start_session(name, None)

    def wait(self, work: Awaitable[Any]) -> Any:
        self.counters["steps"] = self.counters.get("steps", 0) + 1
        return self.loop.run_until_complete(work)

    def refused(self, work: Awaitable[Any]) -> Error:
        with pytest.raises(Error) as problem:
            self.wait(work)
        return problem.value

    @rule(name=NAMES, parent=st.none() | NAMES)
    def start(self, name: str, parent: str | None) -> None:
        self.start_session(name, parent)

    def start_session(self, name: str, parent: str | None) -> None:
        parent = parent if parent in self.sessions and parent != name else None
        session, new = self.wait(
            self.service.sessions.start(self.principal, SessionDraft(id=name, parent=parent))
        )
        assert new == (name not in self.sessions)
        if new:
            self.sessions[name] = Modelled(parent)
        assert session.message_count == len(self.sessions[name].living)

    @rule(
        name=NAMES,
        tokens=st.lists(TOKENS, min_size=1, max_size=4, unique=True),
        key=KEYS,
        offset=st.sampled_from((None, 0, 0, 1)),
    )
    def append(self, name: str, tokens: list[str], key: str | None, offset: int | None) -> None:
        model = self.sessions.get(name)
        expected = None if offset is None or model is None else len(model.messages) + offset
        once = key and IdempotentRequest(
            key, repr((name, tokens, expected)), lambda result: (201, spelled(result[1]).encode())
        )
        work = self.service.messages.append(
            self.principal,
            name,
            [draft(token) for token in tokens],
            expected_seq=expected,
            once=once or None,
        )
        if key in self.keys:
            self._again(work, key, repr((name, tokens, expected)))
        elif model is None:
            assert isinstance(self.refused(work), NotFound)
        else:
            self._append(model, tokens, expected, work, key, repr((name, tokens, expected)))

    def _again(self, work: Awaitable[Any], key: str | None, request: str) -> None:
        before, answer = self.keys[key or ""]
        if before != request:
            assert self.refused(work).code == "idempotency_key_reused"
        elif answer is None:
            assert self.refused(work).code == "deleted_since"
        else:
            with pytest.raises(Replayed) as problem:
                self.wait(work)
            assert problem.value.answer.body.decode() == answer

    def _append(
        self,
        model: Modelled,
        tokens: list[str],
        expected: int | None,
        work: Awaitable[Any],
        key: str | None,
        request: str,
    ) -> None:
        fresh = [token for token in tokens if token not in model.messages]
        if fresh and expected is not None and expected != len(model.messages):
            refused = self.refused(work)
            assert isinstance(refused, Conflict)
            assert refused.extra["seq"] == len(model.messages)
            return
        _, stored = self.wait(work)
        if self.fault != "lost append" or not model.messages:
            model.messages += fresh
        assert [(item.seq, item.client_id) for item in stored] == [
            (model.messages.index(token) + 1, token) for token in tokens
        ]
        if key:
            self.keys[key] = (request, spelled(stored))

    @rule(name=NAMES, token=TOKENS)
    def delete_message(self, name: str, token: str) -> None:
        model = self.sessions.get(name)
        work = self.service.messages.delete(self.principal, name, token)
        if model is None or token not in model.messages:
            assert isinstance(self.refused(work), NotFound)
            return
        self.wait(work)
        index = model.messages.index(token)
        model.messages[index] = None
        for key, (request, answer) in self.keys.items():
            if (
                request.startswith(f"('{name}',")
                and answer is not None
                and f",{index + 1}:" in answer
            ):
                self.keys[key] = (request, None)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        work = self.service.sessions.delete(self.principal, name)
        if name not in self.sessions:
            assert isinstance(self.refused(work), NotFound)
            return
        children = [model for model in self.sessions.values() if model.parent == name]
        deleted = self.wait(work)
        assert (deleted.sessions, deleted.detached) == (1, len(children))
        for child in children:
            child.parent = None
        del self.sessions[name]
        self.keys = {
            key: (request, None if request.startswith(f"('{name}',") else answer)
            for key, (request, answer) in self.keys.items()
        }

    @rule(
        name=NAMES,
        title=st.sampled_from(("T", "", "ß", None)),
        resolution=st.sampled_from(("open", "resolved", "unresolved")),
    )
    def change(self, name: str, title: str | None, resolution: str) -> None:
        work = self.service.sessions.update(
            self.principal,
            name,
            SessionPatch(title=title, resolution=resolution),  # type: ignore[arg-type]  # one of the three
        )
        if name not in self.sessions:
            assert isinstance(self.refused(work), NotFound)
            return
        changed = self.wait(work)
        model = self.sessions[name]
        model.title, model.resolution = title or None, resolution
        assert (changed.title, changed.resolution) == (model.title, model.resolution)

    @rule(name=NAMES, ident=st.sampled_from(("r1", "r2")))
    def start_run(self, name: str, ident: str) -> None:
        work = self.service.runs.start(self.principal, name, RunDraft(id=ident, lease_us=None))
        if name not in self.sessions:
            assert isinstance(self.refused(work), NotFound)
            return
        _, _, new = self.wait(work)
        if new:
            self.sessions[name].run, self.sessions[name].state = ident, "running"

    @rule(
        name=NAMES,
        ident=st.sampled_from(("r1", "r2")),
        state=st.sampled_from(("completed", "failed")),
    )
    def finish_run(self, name: str, ident: str, state: str) -> None:
        try:
            _, run = self.wait(
                self.service.runs.update(self.principal, name, ident, RunPatch(state=state))  # type: ignore[arg-type]  # one of the states
            )
        except (NotFound, Conflict):
            return
        model = self.sessions[name]
        if model.run == ident:
            model.state = run.state

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        page = self.wait(
            self.service.sessions.list(self.principal, SessionQuery(limit=200, with_total=True))
        )
        by_name = {item.name: item for item in page.items}
        assert by_name.keys() == self.sessions.keys()
        assert (
            page.total
            == len(by_name)
            == self.wait(self.service.sessions.count(self.principal, SessionFilter()))
        )
        for name, model in self.sessions.items():
            session = by_name[name]
            assert (session.last_seq, session.message_count, session.state, session.resolution) == (
                len(model.messages),
                len(model.living),
                model.state,
                model.resolution,
            )
            _, messages, _ = self.wait(
                self.service.messages.list(self.principal, name, MessageQuery(limit=200))
            )
            assert [(message.seq, message.client_id) for message in messages] == model.living

    def teardown(self) -> None:
        findings = (
            self.loop.run_until_complete(self.service.verification.verify())
            if self.counters["examples"] % 10 == 0
            else None
        )
        assert findings is None or findings.is_sound


@pytest.fixture
def own_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def check(
    url: str, loop: asyncio.AbstractEventLoop, *, examples: int, fault: str = ""
) -> dict[str, int]:
    """Run the machine on the store at `url`; how many examples and steps."""
    counters: dict[str, int] = {}
    context = opened(Settings(store=url))
    service = loop.run_until_complete(context.__aenter__())
    try:
        chosen = settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        bound = type(
            "ImportTarget",
            (Machine,),
            {"service": service, "loop": loop, "counters": counters, "fault": fault},
        )
        run_state_machine_as_test(bound, settings=chosen)
    finally:
        loop.run_until_complete(context.__aexit__(None, None, None))
    return counters


def test_any_sequence_of_calls_answers_as_the_model(
    store_url: str, own_loop: asyncio.AbstractEventLoop, figure: Figure
) -> None:
    counters = check(store_url, own_loop, examples=20)
    figure(f"{counters['examples']} examples, {counters['steps']} calls, 0 failures")


def test_a_fault_in_the_model_is_found(
    tmp_path: Any, own_loop: asyncio.AbstractEventLoop, figure: Figure
) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(f"sqlite:///{tmp_path / 'hansard.db'}", own_loop, examples=400, fault="lost append")
    figure("a model that loses an append disagrees with the store")
