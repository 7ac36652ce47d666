"""What the command line says of many sessions: the values of filters, and what needs attention."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Terminal
from tests.cli.test_tables import on_terminal


def test_values_are_counted_under_the_other_filters(filled: Terminal) -> None:
    filled.done("sessions", "resolve", "one")
    filled.done("sessions", "tag", "two", "vip")
    rows = filled.done("sessions", "facets", "--by", "resolution,tag").rows
    assert sorted(map(tuple, rows)) == [
        ("resolution", "open", "1"),
        ("resolution", "resolved", "1"),
        ("tag", "(none)", "1"),
        ("tag", "vip", "1"),
    ]
    answer = filled.done("sessions", "facets", "--by", "tag", "--resolution", "open", "--json")
    (facet,) = answer.json["data"]
    assert (facet["values"], facet["none"]) == ([{"value": "vip", "count": 1}], 0)
    refused = filled("sessions", "facets", "--by", "colour")
    assert (refused.code, "one of state, channel" in refused.err) == (2, True)


def test_what_needs_attention_is_listed_with_its_reason(filled: Terminal) -> None:
    groups = filled.done("sessions", "attention", "--json").json["data"]
    assert [group["reason"] for group in groups] == [
        "waiting",
        "failed",
        "failed_calls",
        "stale",
        "unread",
    ]
    wanted = [
        (group["reason"].replace("_", " "), session["id"])
        for group in groups
        for session in group["data"]
    ]
    assert wanted
    rows = filled.done("sessions", "attention").rows
    assert [(row[0], row[1]) for row in rows] == wanted


def test_on_a_terminal_each_has_its_column(filled: Terminal, tmp_path: Path) -> None:
    code, seen = on_terminal(tmp_path, "sessions", "attention", columns=80)
    assert (code, "REASON" in seen.upper()) == (0, True)
    filled.done("sessions", "archive", "one", "two")
    _, seen = on_terminal(tmp_path, "sessions", "attention")
    assert seen.strip() == "Nothing needs attention."
