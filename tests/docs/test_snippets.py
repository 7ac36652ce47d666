"""What the documentation shows runs, against a live server, and prints what it says."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docs.blocks import Runner, blocks, matches
from tests.support.serving import Served, serving

ROOT = Path(__file__).resolve().parents[2]
DIALECTS = (
    ROOT / "docs" / "dialects"
)  # their curl commands run with the published clients: make clients
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if DIALECTS not in page.parents
]
MIXED = [page for page in PAGES if {"python", "bash"} <= {block.kind for block in blocks(page)}]
NUMBERS = itertools.count(1)
SHOWN = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("docs")) as server:
        yield server


@pytest.fixture(scope="module")
def runner(served: Served) -> Iterator[Runner]:
    with Runner(served.folder, {SHOWN: served.url}) as started:
        yield started


@pytest.fixture
def environment(served: Served, request: pytest.FixtureRequest) -> dict[str, str]:
    """Each page works in an empty workspace of its own, in each test."""
    headers = {"Authorization": f"Bearer {served.key}"}
    name = f"{request.node.callspec.id.replace('/', ' ')} {next(NUMBERS)}"
    answer = httpx.post(f"{served.url}/v1/workspaces", headers=headers, json={"name": name})
    assert answer.is_success, answer.text
    return {
        "HANSARD_URL": served.url,
        "HANSARD_API_KEY": answer.json()["key"],
        "HANSARD_WORKSPACE": answer.json()["name"],
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_snippet_of_the_page_runs(
    page: Path, runner: Runner, environment: dict[str, str]
) -> None:
    for block in blocks(page):
        if block.reason is None:
            runner.run(block, environment)


@pytest.mark.parametrize("page", MIXED, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page_need_none_of_its_python(
    page: Path, runner: Runner, environment: dict[str, str]
) -> None:
    """Who reads the part without the client has run none of the parts with it."""
    for block in blocks(page):
        if block.reason is None and block.kind == "bash":
            runner.run(block, environment)


def test_a_block_that_cannot_run_hides_none_of_the_others(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    block = "```bash\ntrue\n```\n"
    page.write_text(f"<!-- not run: a -->\n{block}{block}<!-- not run: b -->\n{block}")
    assert [block.reason for block in blocks(page)] == ["a", None, "b"]


def test_output_matches_but_for_what_is_left_open() -> None:
    assert matches("a 1 b\n", "a … b")
    assert matches("[x]\n", "[x]")
    assert not matches("a 1 c", "a … b")
    assert not matches("more", "")
