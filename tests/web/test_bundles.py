"""The page's scripts: which module knows which, and what they are on the wire."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

import hansard.web
from hansard.web.assets import Assets
from hansard.web.bundles import BUNDLES, CORE, MORE, STYLES, scripts, slim_css, slim_js

STATIC = Path(hansard.web.__file__).parent / "static"
SOURCES = {path.stem: path.read_text("utf-8") for path in STATIC.glob("*.js")}
IMPORTS = re.compile(r'(?:from |^import |import\()"\./(\w+)\.js"', re.MULTILINE)
TOP_LEVEL = re.compile(
    r"^(?:export )?(?:(?:async )?function ([$\w]+)|(?:const|let) (?!{)(.*))", re.MULTILINE
)


def imports_of(text: str) -> set[str]:
    """The modules that a module imports, at once or later."""
    return set(IMPORTS.findall(text))


def names_of(text: str) -> list[str]:
    """What a module declares on its top level."""
    names = []
    for function, declared in TOP_LEVEL.findall(text):
        flat = re.sub(r"\([^()]*\)|\[[^\[\]]*\]|=>.*", "", declared)
        names += [function] if function else re.findall(r"(?:^|, )([$\w]+)", flat)
    return names


def test_no_module_imports_one_that_imports_it() -> None:
    """Later imports count as well: what is loaded later must not be leant on from below."""
    graph = {name: imports_of(text) for name, text in SOURCES.items()}
    assert graph["list"] >= {"dom", "state"}
    assert graph["app"] >= {"dom", "keys"}
    order = list(TopologicalSorter(graph).static_order())
    assert set(order) == set(SOURCES)


def test_a_circle_is_seen() -> None:
    graph = {"a": imports_of('import { b } from "./b.js"\n'), "b": imports_of('import("./a.js")')}
    with pytest.raises(ValueError, match="cycle"):
        list(TopologicalSorter(graph).static_order())


def test_every_module_travels_once_behind_those_that_it_needs_at_once() -> None:
    order = [module for modules in BUNDLES.values() for module in modules]
    assert sorted(order) == sorted(SOURCES)
    for at, module in enumerate(order):
        at_once = set(re.findall(r'^import .*"\./(\w+)\.js"$', SOURCES[module], re.MULTILINE))
        assert at_once <= set(order[:at]), module


def test_modules_that_share_a_scope_share_no_name() -> None:
    assert names_of(SOURCES["list"])[:2] == ["PAGE", "AROUND"]
    for modules in BUNDLES.values():
        names = sorted(name for module in modules for name in names_of(SOURCES[module]))
        assert [name for name, following in pairwise(names) if name == following] == []


def test_a_bundle_imports_and_exports_what_the_other_needs() -> None:
    files = scripts(
        {
            **dict.fromkeys((name for modules in BUNDLES.values() for name in modules), ""),
            "dom": "export const one = 1\nexport const two = 2\n",
            "app": 'import { two } from "./dom.js"\nimport("./list.js").then(list)\n'
            'const { three } = await import("./list.js")\n',
            "list": 'import {\n  one,\n} from "./dom.js"\nexport const three = () => one\n'
            "export const four = 4\n",
        }
    )
    assert files[MORE] == (
        'import {one} from "./core.js"\nconst three = () => one\nconst four = 4\nexport{three}\n'
    )
    assert files[CORE].endswith("export{one,two}\n")
    assert files[CORE].count('import("./more.js")') == 2


@pytest.mark.parametrize(
    ("source", "sent"),
    [
        ("const a = 1\n// why\nlet b = a + 1", "let a=1\nlet b=a+1"),
        ("if (a) {\n  b(\n    c,\n  )\n}", "if(a){b(c)}"),
        ("a = b ?\n  c :\n  d", "a=b?c:d"),
        ("a++\nb", "a++\nb"),
        ("const a = `x  <b>` +\n  `y > z`", "let a=`x  <b>y > z`"),
        ("a(\"x - y\", 'p  q')", "a(\"x - y\",'p  q')"),
        ("`${a === 1 ? b : c} - ${ d }`", "`${a===1?b:c} - ${d}`"),
        ('`${a ? "x - y" : ""}`', '`${a ? "x - y" : ""}`'),
        ("a.match(/x - [^/ ]+/g)", "a.match(/x - [^/ ]+/g)"),
    ],
)
def test_a_script_loses_what_only_its_readers_need(source: str, sent: str) -> None:
    assert slim_js(source) == sent


def test_a_style_loses_what_only_its_readers_need() -> None:
    assert slim_css("/* why */\na > b {\n  color: red;\n  margin: 0 1px;\n}\n") == (
        "a>b{color:red;margin:0 1px}"
    )


def test_a_long_style_is_one_line_again() -> None:
    assert slim_css('a {\n  b: url("x y \\\n    z");\n  c: d(\n    1,\n    2)\n}') == (
        'a{b:url("x y z");c:d(1,2)}'
    )


def test_every_style_is_sent_once() -> None:
    sent = sorted(part for parts in STYLES.values() for part in parts)
    assert sent == sorted(path.stem for path in STATIC.glob("*.css"))


def test_nothing_that_is_sent_holds_a_comment() -> None:
    for name, asset in Assets().files.items():
        assert "/*" not in asset.plain.decode(), name
        assert not re.search(r"^\s*//", asset.plain.decode(), re.MULTILINE), name
