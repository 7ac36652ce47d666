"""Templates are written to be read, and rendered without what only their readers need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import Environment, TemplateSyntaxError

import hansard.web
from hansard.web.rendering import joined
from tests.web.conftest import Reader

WEB = Path(hansard.web.__file__).parent
LONGEST = 100


def shown(source: str, **values: object) -> str:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(joined(source)).render(values)


@pytest.mark.parametrize(
    ("source", "rendered"),
    [
        ("<p>\n  <b>x</b>\n</p>\n", "<p><b>x</b></p>"),
        ("<p>\n  {{ x }}\n  <b>y</b></p>", "<p>1<b>y</b></p>"),
        ("<p>one\n  two</p>", "<p>one two</p>"),
        ("<p>one\n  <b>two</b></p>", "<p>one <b>two</b></p>"),
        ("<b>one</b>\n  two", "<b>one</b> two"),
        ("<b>one</b>\n  {{ ' ' }}<b>two</b>", "<b>one</b> <b>two</b>"),
        ('<a\n  href="y"\n  {% if x %} id="z"{% endif %}>', '<a href="y" id="z">'),
        ("{% if x %}\n  yes\n{% else %}\n  no\n{% endif %}\n", "yes"),
        ("{% for one in [\n  x,\n  2,\n] %}\n  <i>{{ one }}</i>\n{% endfor %}", "<i>1</i><i>2</i>"),
        ("<pre>{{ 'one\n  two' }}</pre>", "<pre>one\n  two</pre>"),
    ],
)
def test_a_line_break_costs_nothing(source: str, rendered: str) -> None:
    assert shown(source, x=1) == rendered


def test_an_error_names_the_line_of_the_source() -> None:
    with pytest.raises(TemplateSyntaxError) as problem:
        shown("<p>\n  {{ x }}\n  text\n\n  {% oops %}\n</p>")
    assert problem.value.lineno == 5


async def test_no_page_is_indented(reader: Reader) -> None:
    for path in ("/ui/", "/ui/insights", "/ui/keys", "/ui/settings", "/docs", "/docs/errors"):
        text = (await reader.get(path)).text
        assert "<main" in text
        assert re.findall(r".{30}>\s*\n\s*<.{30}", text) == [], path


def test_no_line_is_longer_than_a_hundred_columns() -> None:
    files = [path for ending in ("html", "css", "js") for path in WEB.rglob(f"*.{ending}")]
    assert len(files) > 40
    assert [
        f"{path.name}:{number}"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST
    ] == []
