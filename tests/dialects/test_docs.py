"""The page of each dialect names every route, parameter and scope that there is."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from hansard.app import DIALECTS
from hansard.http.route import Dialect

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "dialects"
FOREIGN = [dialect for dialect in DIALECTS if dialect.name != "native"]


@pytest.mark.parametrize("dialect", FOREIGN, ids=lambda dialect: dialect.name)
def test_the_page_names_every_route_parameter_and_scope(dialect: Dialect) -> None:
    """A route is named by the last word of its path, as `/word`.

    Then a row may stand for several.
    """
    page = (PAGES / f"{dialect.name}.md").read_text("utf-8")
    words = {
        "/" + [part for part in route.path.split("/") if not part.startswith("{")][-1]
        for route in dialect.routes
    }
    words |= {
        field.encode_name
        for route in dialect.routes
        if route.params
        for field in msgspec.structs.fields(route.params)
    }
    words |= {route.scope for route in dialect.routes if route.scope}
    assert not {word for word in words if not re.search(rf"{re.escape(word)}(?!\w)", page)}
    assert "```sh\ncurl" in page


def test_there_is_no_page_of_an_unknown_dialect() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} <= {dialect.name for dialect in FOREIGN}


def test_every_page_takes_the_key_from_where_the_first_page_put_it() -> None:
    """The clients' harness runs the commands of these pages.

    This runs in every suite and reads all pages.
    """
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    exported = set(re.findall(r"^export (HANSARD_\w+)=", pages[0].read_text("utf-8"), re.MULTILINE))
    assert exported == {"HANSARD_API_KEY", "HANSARD_URL"}
    used = {
        (page.name, name)
        for page in pages
        for name in re.findall(r"\$\{?(HANSARD_\w+)", page.read_text("utf-8"))
    }
    assert {name for name in used if name[1] not in exported} == set()
