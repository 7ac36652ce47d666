"""Every test of this folder prints its figure, and the stores that it leaves are sound."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from hansard.service import Service
from tests.reliability import soundness

FIGURES: list[str] = []
Figure = Callable[[object], None]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Tell the figure of this test."""

    def tell(what: object) -> None:
        FIGURES.append(f"{request.node.name}: {what}")
        print(what)

    return tell


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Verify what a test leaves, while its databases are there.

    A test that damages its store has a mark, and must damage it.
    """
    soundness.verdicts()
    result = yield
    verdicts = soundness.verdicts()
    left = stores_of(getattr(item, "funcargs", {})) - verdicts.keys()
    verdicts |= soundness.faults_in(sorted(left))
    unsound = {store: faults for store, faults in verdicts.items() if faults}
    if item.get_closest_marker("damages_its_store"):
        assert unsound, "the test is marked as one that damages its store, but leaves it sound"
    else:
        assert not unsound, f"the test leaves stores that are not sound: {unsound}"
    return result


def stores_of(fixtures: dict[str, object]) -> set[str]:
    """The stores that a test had by its fixtures: URLs, services, and files in its folder."""
    stores = {
        value
        for value in fixtures.values()
        if isinstance(value, str) and value.startswith(("sqlite:", "postgresql:"))
    }
    stores |= {value.store.url for value in fixtures.values() if isinstance(value, Service)}
    folder = fixtures.get("tmp_path")
    if isinstance(folder, Path):
        stores |= soundness.files_in(folder)
    return stores


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures of reliability and security")
        for line in FIGURES:
            terminalreporter.write_line(line)
