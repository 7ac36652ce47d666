"""The generated parts of the documentation say what the code says, and no page is out of reach."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # one call needs no stubs

from hansard.store.postgres.security import EXEMPT

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def navigated() -> set[str]:
    """The pages in the navigation."""

    def walk(entries: list[dict[str, object]]) -> set[str]:
        contents = [content for entry in entries for content in entry.values()]
        return {
            item
            for content in contents
            for item in (walk(content) if isinstance(content, list) else {str(content)})
        }

    return walk(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"])


def test_what_is_generated_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_is_in_the_navigation_and_is_there() -> None:
    assert navigated() == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


def test_the_glossary_has_the_words_of_the_model() -> None:
    glossary = (DOCS / "concepts.md").read_text("utf-8")
    for word in (
        *_values("hansard.model.run", "STATES"),
        *_values("hansard.model.session", "KINDS"),
        *_values("hansard.model.message", "ROLES"),
    ):
        assert word in glossary


def _values(module: str, name: str) -> tuple[str, ...]:
    values: tuple[str, ...] = getattr(__import__(module, fromlist=[name]), name)
    return values


@pytest.mark.parametrize(
    "page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS))
)
def test_every_link_to_another_page_leads_somewhere(page: Path) -> None:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - one test's own

    tokens = [
        child
        for token in MarkdownIt("commonmark").parse(page.read_text("utf-8"))
        for child in token.children or []
    ]
    links = [str(token.attrs["href"]) for token in tokens if token.type == "link_open"]
    local = [
        link.partition("#")[0]
        for link in links
        if "://" not in link and not link.startswith(("#", "mailto:"))
    ]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_tables_that_row_security_leaves_out_are_named() -> None:
    page = (DOCS / "guides" / "secure.md").read_text()
    listed = page.partition("Not under policy")[2].partition(":")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == {"workspaces", *EXEMPT}


def test_promises_have_the_numbers_that_the_first_page_gives_them() -> None:
    promised = re.findall(
        r"^(\d)\. \*\*(.+?)[.,]?\*\*", (DOCS / "index.md").read_text(), re.MULTILINE
    )
    sections = re.findall(r"^## (\d)\. (.+)$", (DOCS / "promises.md").read_text(), re.MULTILINE)
    assert [int(number) for number, _ in promised] == list(range(1, 10))
    assert len(sections) >= 5
    assert set(sections) <= set(promised)
