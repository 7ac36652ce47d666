"""Every test of this folder prints its figure; all of them stand together at the end of the run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FIGURES: list[str] = []
Figure = Callable[[object], None]


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Tell the figure of this test."""

    def tell(what: object) -> None:
        FIGURES.append(f"{request.node.name}: {what}")
        print(what)

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures of reliability and security")
        for line in FIGURES:
            terminalreporter.write_line(line)
