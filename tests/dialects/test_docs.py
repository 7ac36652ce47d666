"""The page of each dialect names every route, parameter and scope that there is."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from hansard.app import DIALECTS
from hansard.http.route import Dialect

PAGES = Path(__file__).resolve().parents[2] / "docs" / "dialects"
FOREIGN = [one for one in DIALECTS if one.name != "native"]


@pytest.mark.parametrize("dialect", FOREIGN, ids=lambda one: one.name)
def test_the_page_names_every_route_and_parameter(dialect: Dialect) -> None:
    page = (PAGES / f"{dialect.name}.md").read_text("utf-8")
    routes = [one for one in dialect.routes if "/api/v0/api/v0" not in one.path]  # the doubled prefix is one sentence of its page
    missing = {f"{one.method} {one.path}" for one in routes if f"{one.method} {one.path}" not in page}
    missing |= {field.encode_name for one in routes if one.params for field in msgspec.structs.fields(one.params) if f"`{field.encode_name}`" not in page}
    missing |= {str(one.scope) for one in routes if one.scope and f"`{one.scope}`" not in page}
    assert not missing
    assert "curl" in page


def test_there_is_no_page_of_an_unknown_dialect() -> None:
    assert {page.stem for page in PAGES.glob("*.md")} <= {one.name for one in FOREIGN}
