"""The benchmark's data: seeded, skewed and neutral, the same for every store."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from hansard_bench.vocabulary import LANGUAGES, Prose

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOW = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, so that the same seed always makes the same data."""
_SPAN = 730 * 86_400 * 1_000_000
_SECOND = 1_000_000
_LARGEST = 0.2
_CHANNELS = (
    ("web", 50),
    ("api", 20),
    ("whatsapp", 12),
    ("telegram", 8),
    ("email", 6),
    ("slack", 4),
)
_STATES = (("completed", 88), (None, 5), ("failed", 4), ("cancelled", 2), ("running", 1))
_AGENTS = ("concierge", "billing", "returns", "onboarding", "travel", "triage")
_TOOLS = ("lookup_order", "issue_refund", "search_articles", "book_flight")
_TOOL_SHARE = 0.25
MARKED_WORD, MARKED = "xylograph", 20
"""A word that no prose has, and how many sessions of the largest workspace have it in their title
and their first message: as many in a store of any size.
"""


class MessageRecord(Struct, frozen=True):
    """One message; ``parts`` have the native API's names, ``created_at`` is in microseconds."""

    role: str
    text: str
    parts: tuple[dict[str, Any], ...]
    created_at: int


class SessionRecord(Struct, frozen=True):
    """One session with all that was said in it."""

    workspace: int
    id: str
    title: str
    channel: str
    state: str | None
    agent: str
    user: str
    created_at: int
    updated_at: int
    messages: tuple[MessageRecord, ...]


class Plan(Struct, frozen=True, kw_only=True):
    """How much data: the largest workspace holds a fifth of the sessions and all the giants."""

    sessions: int
    messages: int
    workspaces: int
    giants: tuple[int, ...] = ()
    seed: int = 1

    @property
    def name(self) -> str:
        return f"{self.sessions}x{self.workspaces}"


PLANS = {
    "tinier": Plan(sessions=300, messages=1_200, workspaces=2, giants=(100,)),
    "tiny": Plan(sessions=500, messages=3_000, workspaces=2, giants=(400,)),
    "quick": Plan(sessions=20_000, messages=100_000, workspaces=50, giants=(10_000,)),
    "small": Plan(sessions=6_000, messages=30_000, workspaces=10, giants=(1_000,)),
    "10k": Plan(sessions=10_000, messages=50_000, workspaces=100, giants=(10_000,)),
    "100k": Plan(sessions=100_000, messages=500_000, workspaces=200, giants=(10_000, 10_000)),
    "full": Plan(
        sessions=1_000_000,
        messages=5_000_000,
        workspaces=1_000,
        giants=(100_000, 100_000, 10_000, 10_000, 10_000, 10_000),
    ),
    "peers": Plan(sessions=10_000, messages=100_000, workspaces=1),
}


class Maker:
    """Makes the records of a plan, workspace after workspace, oldest session first.

    The same plan gives the same records.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        random = Random(f"{plan.seed}/prose")
        words = min(400_000, max(40_000, plan.messages))
        self._prose = [
            Prose(language, int(words * max(language.share, 0.1)), random) for language in LANGUAGES
        ]
        self.common_word, self.rare_word = self._prose[0].common, self._prose[0].rare

    def __iter__(self) -> Iterator[SessionRecord]:
        for workspace in range(self.plan.workspaces):
            yield from self.of_workspace(workspace)

    def sizes(self) -> list[int]:
        """Sessions per workspace.

        The first has a fifth of all, the others share the rest by Zipf's law.
        """
        plan = self.plan
        if plan.workspaces == 1:
            return [plan.sessions]
        first = int(plan.sessions * _LARGEST)
        weights = [1 / rank for rank in range(2, plan.workspaces + 1)]
        others = [
            max(1, int((plan.sessions - first) * weight / sum(weights))) for weight in weights
        ]
        others[0] += plan.sessions - first - sum(others)
        return [first, *others]

    def giant_ids(self) -> list[tuple[int, str]]:
        """(messages, id) of each of the giant sessions; all are in workspace 0."""
        return [
            (size, _session_id(self._random(0, giant), _NOW - _SPAN // 2))
            for giant, size in enumerate(self.plan.giants)
        ]

    def of_workspace(self, workspace: int) -> Iterator[SessionRecord]:
        random = self._random(workspace)
        size = self.sizes()[workspace]
        mean = (self.plan.messages - sum(self.plan.giants)) / self.plan.sessions
        prose = self._prose_of(workspace, random)
        if workspace == 0:
            for giant, count in enumerate(self.plan.giants):
                yield self._session(
                    workspace, self._random(0, giant), prose, _NOW - _SPAN // 2, count
                )
        step = max(1, size // MARKED)
        for index in range(size - (len(self.plan.giants) if workspace == 0 else 0)):
            started = _NOW - _SPAN + _SPAN * index // size
            record = self._session(workspace, random, prose, started, _length(random, mean))
            is_marked = workspace == 0 and index % step == 0 and index // step < MARKED
            yield _marked(record) if is_marked else record

    def _random(self, workspace: int, giant: int | None = None) -> Random:
        return Random(f"{self.plan.seed}/{workspace}/{giant}")

    def _prose_of(self, workspace: int, random: Random) -> Prose:
        """The largest workspace speaks English; each other has one language."""
        return (
            self._prose[0]
            if workspace == 0
            else random.choices(self._prose, weights=[language.share for language in LANGUAGES])[0]
        )

    def _session(
        self, workspace: int, random: Random, prose: Prose, started: int, count: int
    ) -> SessionRecord:
        session_id = _session_id(random, started)
        agent = _AGENTS[int(random.random() * len(_AGENTS))]
        messages = tuple(_messages(random, prose, started, count))
        return SessionRecord(
            workspace=workspace,
            id=session_id,
            title=messages[0].text[:60],
            channel=_pick(random, _CHANNELS),
            state=_pick(random, _STATES),
            agent=agent,
            user=f"user-{int(random.random() ** 2 * self.plan.sessions / 4):06d}",
            created_at=started,
            updated_at=messages[-1].created_at,
            messages=messages,
        )


def _marked(record: SessionRecord) -> SessionRecord:
    """The session with the marked word before its title and its first message."""
    first, *others = record.messages
    text = f"{MARKED_WORD} {first.text}"
    part = {"type": "text", "content": text}
    first = msgspec.structs.replace(first, text=text, parts=(part,))
    return msgspec.structs.replace(record, title=text[:60], messages=(first, *others))


def _session_id(random: Random, started: int) -> str:
    number = (
        (started // 1000) << 80
        | 0x7 << 76
        | random.getrandbits(12) << 64
        | 0b10 << 62
        | random.getrandbits(62)
    )
    text = f"{number:032x}"
    return f"ses_{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _length(random: Random, mean: float) -> int:
    """How many messages a session has.

    Most are short, a few are long, ``mean`` on average and at least one.
    """
    scale = mean - 1
    return 1 + int(
        random.expovariate(1 / (scale * 0.6 if random.random() < 0.9 else scale * 4.6)) + 0.5  # noqa: PLR2004 - a share of the data, or a depth
    )


def _pick(random: Random, choices: tuple[tuple[Any, int], ...]) -> Any:
    weight_left = random.random() * 100
    for value, weight in choices:
        weight_left -= weight
        if weight_left < 0:
            return value
    return choices[0][0]


def _messages(random: Random, prose: Prose, at: int, count: int) -> Iterator[MessageRecord]:
    written = 0
    while written < count:
        role = "assistant" if written % 2 else "user"
        if role == "assistant" and written + 2 < count and random.random() < _TOOL_SHARE:
            yield from _tool_use(random, prose, at)
            written += 2
            at += 2 * _SECOND
            continue
        text = prose.piece(random.random(), _sentences(random, role))
        yield MessageRecord(role, text, ({"type": "text", "content": text},), at)
        written += 1
        at += _SECOND + int(random.random() * 90 * _SECOND)


def _sentences(random: Random, role: str) -> int:
    """People say a sentence or two, agents a few.

    Lengths are those of real service dialogues with tools.
    """
    return (
        min(40, 1 + int(random.expovariate(1 / 0.5)))
        if role == "user"
        else min(40, 1 + int(random.expovariate(1 / 3.6)))
    )


def _tool_use(random: Random, prose: Prose, at: int) -> Iterator[MessageRecord]:
    call, name = f"call_{random.getrandbits(48):012x}", _TOOLS[int(random.random() * len(_TOOLS))]
    result = prose.piece(random.random(), 1 + int(random.expovariate(1 / 7)))
    yield MessageRecord(
        "assistant",
        "",
        ({"type": "tool_call", "id": call, "name": name, "arguments": {"query": result[:24]}},),
        at,
    )
    yield MessageRecord(
        "tool",
        "",
        ({"type": "tool_call_response", "id": call, "response": {"found": result}},),
        at + _SECOND,
    )
