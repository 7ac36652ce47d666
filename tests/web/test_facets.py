"""The menus above the list: they follow the other filters."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import Reader


@pytest.fixture
async def customers(reader: Reader) -> Reader:
    for name, agent, channel in (
        ("one", "porter", "web"),
        ("two", "porter", "sms"),
        ("three", "clerk", "web"),
    ):
        body = {"id": name, "title": name, "agent": agent, "channel": channel}
        assert (await reader.api("POST", "/v1/sessions", json=body)).status_code == 201
    return reader


def menu(page: str, name: str) -> dict[str, str]:
    """The values that a menu offers, with what stands behind each."""
    choice = rf'name="{name}" value="([^"]*)".*?<span>[^<]*</span>\s*(?:<small>([^<]*)</small>)?'
    return dict(re.findall(choice, page, re.DOTALL))


async def test_a_menu_offers_what_the_other_filters_leave(customers: Reader) -> None:
    page = (await customers.get("/ui/")).text
    assert menu(page, "agent") == {"porter": "2", "clerk": "1"}
    page = (await customers.get("/ui/?channel=sms")).text
    assert menu(page, "agent") == {"porter": "1"}
    assert menu(page, "channel") == {"web": "2", "sms": "1"}


async def test_a_value_that_is_chosen_is_offered_though_nothing_has_it(customers: Reader) -> None:
    page = (await customers.get("/ui/?channel=sms&agent=clerk")).text
    assert menu(page, "agent") == {"porter": "1", "clerk": "0"}


async def test_while_words_are_searched_nothing_is_counted(customers: Reader) -> None:
    page = (await customers.get("/ui/?q=one")).text
    assert menu(page, "agent") == {"porter": "", "clerk": ""}
