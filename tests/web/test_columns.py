"""Keys of the metadata as columns of the list."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader


@pytest.fixture
async def customers(reader: Reader) -> Reader:
    for name, metadata in (
        ("one", {"plan": "pro", "seats": 3, "Region": "EU <b>", "more": {"no": 1}}),
        ("two", {"plan": "free", "trial": True}),
        ("three", {}),
    ):
        body = {"id": name, "title": name, "metadata": metadata}
        assert (await reader.api("POST", "/v1/sessions", json=body)).status_code == 201
    return reader


def cells(page: str) -> list[list[str]]:
    """The cells of each row, as they are read."""
    rows = page.split('<li class="row"')[1:]
    marked = [re.findall(r'<u class="cell"[^>]*>(.*?)</u>', row) for row in rows]
    return [[re.sub(r"</?b>", "", cell) for cell in row] for row in marked]


async def test_rows_show_what_stands_under_the_chosen_keys(customers: Reader) -> None:
    page = (await customers.get("/ui/?columns=plan,seats&sort=created_at")).text
    assert cells(page) == [
        ["plan pro", "seats 3"],
        ["plan free", "seats –"],
        ["plan –", "seats –"],
    ]
    hit = (await customers.get("/ui/?columns=plan&columns=Region&q=title:one")).text
    assert cells(hit) == [["plan pro", "Region EU &lt;b&gt;"]]
    assert cells((await customers.get("/ui/")).text) == [[], [], []]


async def test_columns_stay_on_every_way_through_the_list(customers: Reader) -> None:
    """In its links, its form, its later pages and a row that changes.

    The API's request needs none: what it lists has the whole metadata.
    """
    page = (await customers.get("/ui/?columns=plan&metadata.plan=pro")).text
    assert 'name="columns" value="plan"' in page[page.index('<form class="find') :]
    assert 'href="/ui/?columns=plan" title="Remove this filter"' in page
    link = re.search(r'href="(/ui/sessions/([^"?]+)\?[^"]*)"', page)
    assert link is not None
    assert "columns=plan" in link[1]
    row = (await customers.get(f"/ui/row/{link[2]}?columns=plan")).text
    assert cells(row) == [["plan pro"]]
    assert cells((await customers.get("/ui/rows?columns=plan&sort=created_at")).text)[0]
    curl = re.search(r'data-curl="([^"]*)"', page)
    assert curl is not None
    assert "columns" not in curl[1]
    export = (await customers.get("/ui/transfers?columns=plan&metadata.plan=pro")).text
    assert "Download 1 session" in export
    assert "columns" not in export


async def test_a_saved_view_keeps_its_columns(customers: Reader) -> None:
    fields = {"name": "By plan", "query": "?columns=plan"}
    saved = await customers.post("/ui/views", fields)
    assert saved.headers["location"] == "/ui/?columns=plan"
    page = (await customers.get("/ui/?columns=plan")).text
    assert re.search(r'href="/ui/\?columns=plan" aria-current="true">\s*By plan', page)
    assert "data-save-view" not in page
    assert "data-save-view" in (await customers.get("/ui/?columns=seats")).text


async def test_the_keys_that_there_are_can_be_chosen(customers: Reader) -> None:
    page = (await customers.get("/ui/columns?columns=seats&state=failed")).text
    offered = re.findall(r'type="checkbox" name="columns" value="(\w+)"( checked)?', page)
    assert offered == [("seats", " checked"), ("Region", ""), ("plan", ""), ("trial", "")]
    assert 'name="state" value="failed"' in page
    assert "/ui/columns" in (await customers.get("/ui/")).text


async def test_at_most_three_and_each_once(customers: Reader) -> None:
    page = (await customers.get("/ui/?columns=a,b,a,,c,d&sort=created_at")).text
    assert cells(page)[0] == ["a –", "b –", "c –"]
    only = (await customers.get("/ui/?columns=plan&state=failed")).text
    assert "No matching sessions" in only
    assert "Without column" not in only
