"""What two records of one call know together, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hansard.model.model_call import CALL, WRAPPER, ModelCall

marks = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
optional = st.none() | st.sampled_from(["x", "y"])
calls = st.builds(
    ModelCall,
    trace=st.just("t"),
    span=st.just("s"),
    at=st.integers(0, 3),
    ended=st.none() | st.integers(1, 3),
    rank=st.sampled_from([CALL, WRAPPER]),
    session=optional,
    model=optional,
    tokens=st.dictionaries(st.sampled_from(["input_tokens", "output_tokens"]), st.integers(0, 3)),
    error=optional,
    sent=marks,
    answers=marks,
)


@given(calls, calls, calls)
def test_no_order_of_coming_makes_a_difference(
    first: ModelCall, second: ModelCall, third: ModelCall
) -> None:
    assert first.joined(second) == second.joined(first)
    assert first.joined(second).joined(third) == first.joined(second.joined(third))


@given(calls, calls)
def test_what_came_twice_adds_nothing(first: ModelCall, second: ModelCall) -> None:
    together = first.joined(second)
    assert together.joined(first) == together.joined(second) == together


@given(calls, calls)
def test_no_messages_are_forgotten(first: ModelCall, second: ModelCall) -> None:
    together = first.joined(second)
    assert bool(together.sent) == bool(first.sent or second.sent)
    assert bool(together.answers) == bool(first.answers or second.answers)
