"""A tree of messages becomes one line and branches.

Every message once, each branch behind the message that it follows.
"""

from __future__ import annotations

import time
from collections.abc import Collection

from hypothesis import given
from hypothesis import strategies as st

from hansard.interchange.trees import Branch, Tree

KEYS = "abcdefghij"
PARENTS = st.dictionaries(
    st.sampled_from(KEYS), st.none() | st.sampled_from(KEYS + "xyz"), max_size=len(KEYS)
)


def split(
    parents: dict[str, str | None],
    current: object = None,
    without: Collection[str] = (),
    ages: dict[str, float] | None = None,
) -> tuple[list[str], list[Branch]]:
    tree = Tree(parents, lambda key: key not in without, lambda key: (ages or {}).get(key, 0))
    return tree.split(current)


def test_the_line_ends_at_the_current_message_and_the_rest_are_branches() -> None:
    parents = {"a": None, "b": "a", "c": "b", "d": "a", "e": "d"}
    assert split(parents, "c") == (["a", "b", "c"], [Branch(["d", "e"], "a", None)])


def test_without_a_current_message_the_newest_leaf_ends_the_line() -> None:
    parents = {"a": None, "b": "a", "c": "a"}
    assert split(parents)[0] == ["a", "c"]
    assert split(parents, "gone", ages={"b": 2, "c": 1})[0] == ["a", "b"]


def test_a_branch_of_a_branch_knows_in_which_branch_it_begins() -> None:
    parents = {"a": None, "b": "a", "c": "a", "d": "c", "e": "c", "f": "c"}
    line, branches = split(parents, "b", ages={"f": 3})
    assert line == ["a", "b"]
    assert branches == [
        Branch(["c", "f"], "a", None),
        Branch(["d"], "c", 0),
        Branch(["e"], "c", 0),
    ]


def test_a_node_without_a_message_only_ties_the_tree_together() -> None:
    parents = {"root": None, "a": "root", "gap": "a", "b": "gap", "c": "gap"}
    line, branches = split(parents, "c", without=("root", "gap"))
    assert line == ["a", "c"]
    assert branches == [Branch(["b"], "a", None)]


def test_a_message_whose_parent_is_lost_begins_a_branch_of_its_own() -> None:
    assert split({"a": None, "b": "lost"}, "a") == (["a"], [Branch(["b"], None, None)])


@given(
    parents=PARENTS, current=st.none() | st.sampled_from(KEYS), gaps=st.sets(st.sampled_from(KEYS))
)
def test_every_message_is_in_one_place_and_behind_the_one_it_follows(
    parents: dict[str, str | None], current: str | None, gaps: set[str]
) -> None:
    line, branches = split(parents, current, without=gaps)
    everywhere = [*line, *(key for branch in branches for key in branch.keys)]
    assert sorted(everywhere) == sorted(parents.keys() - gaps)
    for number, branch in enumerate(branches):
        above = line if branch.parent is None else branches[branch.parent].keys
        assert branch.parent is None or branch.parent < number
        assert branch.after is None or branch.after in above


def test_a_long_tree_and_a_broad_one_take_no_time() -> None:
    count = 50_000
    long = {str(key): str(key - 1) if key else None for key in range(count)}
    broad = {"root": None} | {str(key): "root" for key in range(count)}
    began = time.process_time()
    assert len(split(long)[0]) == count
    assert len(split(broad, without=("root",))[1]) == count - 1
    assert time.process_time() - began < 5  # some 0.6 s; with a square in it minutes
