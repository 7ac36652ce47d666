"""The suites: which tests of which package, and how ours is put into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.conformance import proxy

_CLIENT = ("httpx", "msgspec")
"""What our client needs where it is run from the checkout."""


@dataclass(frozen=True)
class Suite:
    """Tests of a package, and what they need beside it."""

    package: str
    version: str
    tests: Sequence[str]
    """Files of the package's source archive, or a program of this folder."""
    needs: Sequence[str]
    name: str = ""
    """How the table calls it, where not as the package."""
    extras: str = ""
    plugin: str = ""
    """A module of this folder that puts our adapter into the tests."""
    options: Sequence[str] = ()
    """Arguments of pytest."""
    only: str = ""
    """Which tests, by parts of their names."""
    without: Sequence[str] = ()
    """Tests that look into the package's own store, by a part of their names."""
    why: str = ""
    """Why those are left out."""
    examples: proxy.Examples = proxy.OPENAI
    """What a proxy makes for tests that name objects of a mock."""

    @property
    def is_program(self) -> bool:
        """Whether a program of this folder is run, and not pytest."""
        return "/" not in self.tests[0]

    @property
    def title(self) -> str:
        return self.name or self.package


OPENAI = Suite(
    "openai",
    "3.57.0",
    (
        "tests/api_resources/test_conversations.py",
        "tests/api_resources/conversations/test_items.py",
    ),
    (
        "pytest", "pytest-asyncio", "pytest-xdist", "rich", "inline-snapshot", "respx",
        "nest-asyncio", "time-machine", "dirty-equals",
    ),
    extras="[aiohttp]",
    options=("-n", "0"),
)  # fmt: skip

ANTHROPIC = Suite(
    "anthropic",
    "2.14.0",
    ("tests/api_resources/beta/test_sessions.py", "tests/api_resources/beta/sessions"),
    (
        "pytest", "pytest-asyncio", "pytest-xdist", "rich", "inline-snapshot", "respx", "httpx2",
        "http-snapshot[httpx]==0.1.9", "time-machine", "dirty-equals", "opentelemetry-sdk",
    ),
    extras="[aiohttp]",
    options=("-n", "0"),
    without=(
        "TestResources", "TestAsyncResources", "_add", "_archive", "_create", "_delete", "_send",
        "_update",
    ),
    why="they write, or ask for files, which our read side has not",
    examples=proxy.ANTHROPIC,
)  # fmt: skip

OPENAI_AGENTS = Suite(
    "openai-agents",
    "0.24.0",
    ("tests/memory/test_session.py", "tests/memory/test_session_limit.py"),
    ("pytest", "pytest-asyncio", "inline-snapshot", *_CLIENT),
    plugin="openai_agents_plugin",
    without=(
        "worker_thread", "retired_connections", "closed_rejects", "corrupt", "file_lock",
        "write_lock", "rolls_back", "rollback_failure", "quarantined", "post_commit",
    ),
    why="they test SQLite's threads, locks and files",
)  # fmt: skip

_LANGGRAPH = (
    "pytest", "pytest-mock", "syrupy", "redis", "langgraph-checkpoint-sqlite",
    "langgraph-checkpoint-postgres", "psycopg[binary]", "pycryptodome", *_CLIENT,
)  # fmt: skip
_PLAIN = ("-o", "addopts=")


def _langgraph(name: str, only: str, *tests: str) -> Suite:
    files = [f"tests/{each}.py" for each in tests]
    return Suite(
        "langgraph",
        "1.2.24",
        files,
        _LANGGRAPH,
        name=f"langgraph, {name}",
        plugin="langgraph_plugin",
        options=_PLAIN,
        only=only,
    )


LANGGRAPH = (
    _langgraph(
        "async",
        "sqlite_aio",
        "test_pregel_async", "test_large_cases_async", "test_time_travel_async",
        "test_subgraph_persistence_async", "test_parent_command_async", "test_interruption",
    ),
    _langgraph(
        "sync",
        "sqlite and not sqlite_aes and not sqlite_aio",
        "test_pregel", "test_large_cases", "test_time_travel", "test_subgraph_persistence",
        "test_interrupt_migration",
    ),
    _langgraph(
        "channels",
        "sqlite and not sqlite_aes",
        "test_delta_channel_*", "test_strict_resume", "test_interrupt_state",
    ),
)  # fmt: skip

CHECKPOINTERS = Suite(
    "langgraph-checkpoint-conformance",
    "0.0.2",
    ("langgraph_contract.py",),
    ("langgraph", *_CLIENT),
    name="langgraph-checkpoint",
)

STRANDS = Suite(
    "strands-agents",
    "1.62.0",
    (
        "tests/strands/storage/test_in_memory_storage.py",
        "tests/strands/storage/search/test_keyword.py",
        "tests/strands/session/test_snapshot_session_manager.py",
    ),
    ("pytest", "pytest-asyncio", "moto", *_CLIENT),
    plugin="strands_plugin",
    options=_PLAIN,
    without=("test_clear", "namespace_clear"),
    why="clear is of its class in memory, not of the interface",
)

CLAUDE = Suite(
    "claude-agent-sdk",
    "0.2.189",
    ("tests/test_session_*.py", "tests/test_transcript_mirror.py"),
    ("pytest", "pytest-asyncio", "anyio[trio]", "--no-binary=claude-agent-sdk", *_CLIENT),
    plugin="claude_agent_sdk_plugin",
    options=_PLAIN,
    without=(
        "trio", "test_load_concurrency_is_bounded", "test_gap_fill_bounded_concurrency",
        "test_list_subkeys_timeout", "test_cancelled_after_mkdtemp", "test_eager_flush_mode",
    ),
    why="our client is for asyncio; five tests count turns of the loop, of which HTTP takes more",
)  # fmt: skip

GOOGLE_ADK = Suite(
    "google-adk",
    "2.13.0",
    ("own_tests.py", "test_google_adk.py"),
    ("pytest", "pytest-asyncio", *_CLIENT),
    name="google-adk, ours",
)

_CHAINLIT = ("pytest", "pytest-asyncio<2", "aiosqlite", "sqlalchemy[asyncio]", *_CLIENT)
CHAINLIT = (
    Suite(
        "chainlit",
        "2.12.0",
        ("tests/data/test_sql_alchemy.py",),
        _CHAINLIT,
        plugin="chainlit_plugin",
        options=("-o", "asyncio_mode=auto"),
        without=("test_create_user",),
        why="it wants a UUID for a user, whom we name by the identifier",
    ),
    Suite(
        "chainlit",
        "2.12.0",
        ("own_tests.py", "test_chainlit.py", "test_chainlit_steps.py"),
        _CHAINLIT,
        name="chainlit, ours",
    ),
)

SUITES = (
    OPENAI,
    ANTHROPIC,
    OPENAI_AGENTS,
    *LANGGRAPH,
    CHECKPOINTERS,
    STRANDS,
    CLAUDE,
    GOOGLE_ADK,
    *CHAINLIT,
)
