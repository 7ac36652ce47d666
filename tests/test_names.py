"""Names are nouns of the field, so that a line can be read without the lines before it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("bench", "scripts", "src", "tests")
BLOCKS = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PUBLISHED = ROOT / "tests" / "clients" / "snippets"
"""The documents' own words, run as they were published."""

BANNED = {
    "asked": "the noun that was asked for: params, query, filters",
    "desk": "what it gives its commands: a context",
    "found": "what was found: rows, match, session",
    "given": "what was given: body, params, path",
    "made": "what was made: created, key, request",
    "one": "the singular of what the loop goes over: row, message, session",
    "place": "its kind: index, position, cursor, path",
    "said": "what was said: text, messages, body",
    "told": "what was told: answer, report, event",
}


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, name) of what the module itself names; what it imports bears another's name."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def parsed(path: Path) -> ast.Module:
    """CPython 3.11 counts the depth of all threads together, and fails when another one parses."""
    try:
        return ast.parse(path.read_text())
    except SystemError:
        return ast.parse(path.read_text())


def breaches(path: Path) -> list[str]:
    """Each banned name in the module, with its line and what to do."""
    return complaints(path, [(1, path.stem), *names(parsed(path))])


def complaints(path: Path, named: Iterable[tuple[int, str]]) -> list[str]:
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return [
        f"{shown}:{line}: {name!r} does not say what it is; name {BANNED[word]}"
        for line, name in named
        if (word := name.strip("_").lower()) in BANNED
    ]


def names_in_blocks(path: Path) -> Iterator[tuple[int, str]]:
    """(line, name) of what the Python blocks of a page name."""
    page = path.read_text()
    for block in BLOCKS.finditer(page):
        before = page.count("\n", 0, block.start(1))
        yield from ((before + line, name) for line, name in names(ast.parse(block[1])))


def test_no_name_is_a_riddle() -> None:
    modules = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    own = [path for path in modules if not path.is_relative_to(PUBLISHED)]
    assert len(own) > 500, "the folders hold the whole of the code"
    assert "\n".join(line for path in own for line in breaches(path)) == ""


def test_no_page_teaches_a_riddle() -> None:
    pages = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
    named = {page: list(names_in_blocks(page)) for page in pages}
    assert sum(map(len, named.values())) > 100, "the blocks of the pages are read"
    assert "\n".join(line for page in pages for line in complaints(page, named[page])) == ""


def test_a_page_is_read_by_its_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n```python\nx = 1\nasked = x\n```\n\n```sh\nsaid=1\n```\n")
    assert complaints(page, names_in_blocks(page)) == [
        f"{page}:5: 'asked' does not say what it is; name {BANNED['asked']}"
    ]


def test_a_riddle_is_found_wherever_a_name_can_stand(tmp_path: Path) -> None:
    module = tmp_path / "desk.py"
    module.write_text(
        "import re as place\n"
        "from hypothesis import given\n"
        "class Desk:\n"
        "    told: int\n"
        "    def said(self, asked, *, found=1):\n"
        "        self._made = [one for one in asked]\n"
        "        for place in found: given(place)\n"
        "        match asked:\n"
        "            case {'a': told}: pass\n"
        "            case [*said]: pass\n"
        "        try: pass\n"
        "        except ValueError as made: pass\n"
        "        lambda one: one\n"
    )
    lines = sorted(int(breach.split(":")[1]) for breach in breaches(module))
    assert lines == [1, 1, 3, 4, 5, 5, 5, 6, 6, 7, 9, 10, 12, 13]
    assert breaches(module)[0] == (
        f"{module}:1: 'desk' does not say what it is; name what it gives its commands: a context"
    )
