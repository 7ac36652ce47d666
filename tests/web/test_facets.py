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


async def test_a_menu_offers_none_where_sessions_lack_its_value(customers: Reader) -> None:
    page = (await customers.get("/ui/")).text
    assert menu(page, "none") == {}
    await customers.api("POST", "/v1/sessions", json={"id": "bare", "title": "bare"})
    page = (await customers.get("/ui/")).text
    assert menu(page, "none") == {"channel": "1", "agent": "1"}
    page = (await customers.get("/ui/?none=agent&agent=clerk")).text
    assert rows(page) == ["bare", "three"]
    assert ">agent: (none) <" in page
    page = (await customers.get("/ui/?none=agent&none=user&channel=web")).text
    assert (rows(page), menu(page, "none")["agent"]) == ([], "0")
    assert '<input type="hidden" name="none" value="user">' in page, "no menu would send it on"


def rows(page: str) -> list[str]:
    return sorted(title.strip() for title in re.findall(r"<b>\s*(\w+)\s*</b>", page))


async def test_ranges_are_asked_for_and_may_be_left_blank(customers: Reader) -> None:
    message = {"role": "user", "text": "hello", "usage": {"input_tokens": 30, "cost_usd": 0.5}}
    for name, count in (("one", 1), ("two", 3)):
        body = {"messages": [message] * count}
        await customers.api("POST", f"/v1/sessions/{name}/messages", json=body)
    blanks = "messages_from=&tokens_from=&tokens_until=&cost_from=&duration_until="
    page = (await customers.get(f"/ui/?{blanks}&messages_until=&q=")).text
    assert rows(page) == ["one", "three", "two"]
    page = (await customers.get(f"/ui/?{blanks}&tokens_until=60&cost_from=0.5&q=")).text
    assert rows(page) == ["one"]
    assert all(label in page for label in (">≤ 60 tokens <", ">≥ $0.5 <"))
    assert 'name="cost_from" value="0.5"' in page
    assert (await customers.get("/ui/?tokens_from=many")).status_code == 400


async def test_insights_rank_the_tools_by_their_sessions(customers: Reader) -> None:
    call = {"type": "tool_call", "id": "c", "name": "refund", "arguments": {}}
    for name, response in (("one", "Error: no"), ("two", "done")):
        answer = {"type": "tool_call_response", "id": "c", "response": response}
        messages = [{"role": "assistant", "parts": [call]}, {"role": "tool", "parts": [answer]}]
        body = {"messages": messages}
        await customers.api("POST", f"/v1/sessions/{name}/messages", json=body)
    page = (await customers.get("/ui/insights?days=7&by=agent&agent=porter")).text
    table = page.partition('aria-label="Tools"')[2].partition("</table>")[0]
    figures = re.findall(r"<td[^>]*>\s*(?:<a href=\"([^\"]*)\">)?([^<]*?)(?:</a>)?\s*</td>", table)
    assert [text.strip() for _, text in figures] == ["refund", "2", "1", "50%"]
    for link, names in ((figures[0][0], ["one", "two"]), (figures[2][0], ["one"])):
        assert rows((await customers.get(link.replace("&amp;", "&"))).text) == names
    page = (await customers.get("/ui/insights?days=7&by=agent&agent=clerk")).text
    assert 'aria-label="Tools"' not in page
