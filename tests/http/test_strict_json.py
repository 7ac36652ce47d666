"""JSON that two readers would read differently is refused.

This holds on the event loop and off it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.errors import Invalid
from hansard.http import strict_json
from hansard.http.json_reader import JsonReader
from hansard.model.json_depth import DEPTH, PIECE

Check = Callable[[bytes], None]
MIB = 1024 * 1024


@pytest.fixture(params=["on the loop", "beside it"])
def check(request: pytest.FixtureRequest) -> Iterator[Check]:
    if request.param == "on the loop":
        yield strict_json.check
        return
    reader = JsonReader()
    yield lambda data: strict_json.check(data, reader)
    reader.close()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"a":1,"a":2}', "duplicate_name"),
        (b'{"a":{"b":1,"c":2,"b":3}}', "duplicate_name"),
        (b'[{"a":1},{"a":1,"\\u0061":2}]', "duplicate_name"),
        (b'{"":1,"":2}', "duplicate_name"),
        (b'{"a":"\\u003a","a":1}', "duplicate_name"),
        (b'{"a":1,"a":"\\u003A:"}', "duplicate_name"),
        ('{"é":1,"\\u00e9":2}'.encode(), "duplicate_name"),
        (b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1), "too_deep"),
        (b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1), "too_deep"),
        (b'["' + b"x" * (3 * PIECE) + b'",' + b"[" * DEPTH + b"]" * DEPTH + b"]", "too_deep"),
        (b'"\xff"', "bad_json"),
        (b'["' + "é".encode() * PIECE + b'\xc3"]', "bad_json"),
        (b'"\\ud800"', "bad_text"),
        (b'"\\udc00"', "bad_text"),
        (b'"\\ud83d\\ud83d\\ude00"', "bad_text"),
        (b'"\\ud83d\\ude00\\ude00"', "bad_text"),
        (b'"\\ud83d\\\\\\ude00"', "bad_text"),
        (b'"\\\\\\ud83d"', "bad_text"),
        (b'"\\\\ud83d\\udc00"', "bad_text"),
        (b"[1e999]", "bad_number"),
        (b"[-1E+400]", "bad_number"),
        (b"[" + b"9" * 400 + b"]", "bad_number"),
    ],
)
def test_what_two_readers_would_read_differently_is_refused(
    check: Check, data: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check(data)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
        b'{"a":"{\\"a\\":1,\\"a\\":2}","b":"::::"}',
        b'{"a":"\\u003a","b":"\\u003A"}',
        b'{"a:":1,"a":{":":":"}}',
        b"[" * DEPTH + b"]" * DEPTH,
        b'["' + b"[" * 1000 + b'"]',
        b'["' + b'\\"[' * PIECE + b'"]',
        b'"\\ud83d\\ude00"',
        b'"\\uD83D\\uDE00 \\ud83d\\ude00"',
        b'"\\\\ud83d"',
        b'"\\\\\\\\udc00"',
        b'"ud83d"',
        b'{"a":"1e999","b":[1e308,0e999,1e-999,123456789012345678901234567890]}',
        "🦉".encode(),
        b'{"a":1,',
        b"nonsense",
        b'"unfinished \\',
        b'["' + b"x" * (2 * PIECE) + b"\\",
    ],
)
def test_what_means_one_thing_passes_and_so_does_what_is_no_json(check: Check, data: bytes) -> None:
    check(data)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner) | st.lists(st.tuples(st.sampled_from('abc:\\"é'), inner)).map(tuple)
    ),
    max_leaves=20,
)


def _written(value: Any) -> str:
    """JSON in which a tuple of pairs is an object, names twice included."""
    if isinstance(value, tuple):
        return "{" + ",".join(f"{json.dumps(name)}:{_written(item)}" for name, item in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value)


def _has_twice(value: Any) -> bool:
    if isinstance(value, tuple):
        names = [name for name, _ in value]
        return len(set(names)) < len(names) or any(_has_twice(item) for _, item in value)
    return isinstance(value, list) and any(map(_has_twice, value))


@given(json_values)
def test_both_ways_find_exactly_the_names_that_stand_twice(value: Any) -> None:
    data, reader = _written(value).encode("utf-8", "surrogatepass"), JsonReader()
    codes = []
    for check in (strict_json.check, lambda data: strict_json.check(data, reader)):
        try:
            check(data)
            codes.append("")
        except Invalid as refused:
            codes.append(refused.code)
    reader.close()
    assert codes[0] == codes[1]
    if codes[0] not in {"bad_text", "bad_json"}:
        assert (codes[0] == "duplicate_name") == _has_twice(value)


@pytest.mark.parametrize("unit", [b'{"a":1}', b'{"alpha":"x","beta":[2]}', b"[[[[]]]]"])
def test_the_check_of_a_long_body_lets_other_threads_run(unit: bytes) -> None:
    data = b"[" + b",".join([unit] * (4 * MIB // len(unit))) + b"]"
    reader = JsonReader()
    thread = threading.Thread(target=strict_json.check, args=(data, reader))
    thread.start()
    began, turns = time.perf_counter(), 0
    while thread.is_alive():
        time.sleep(0.001)
        turns += 1
    thread.join()
    reader.close()
    assert (time.perf_counter() - began) / turns < 0.05, "the whole takes some 400 ms"
