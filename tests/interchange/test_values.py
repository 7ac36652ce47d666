from __future__ import annotations

import gzip
import io
import json
import random
import tracemalloc
from typing import Any

import msgspec
import pytest

from hansard.interchange.bounds import OWN_MACHINE, Meter
from hansard.interchange.large_values import Packed
from hansard.interchange.streams import Stream
from hansard.interchange.values import Bad, Value, values


def read(data: bytes | str) -> list[Value | Bad]:
    return list(values(Stream(io.BytesIO(data.encode() if isinstance(data, str) else data))))


def good(data: bytes | str) -> list[Any]:
    return [item.value for item in read(data) if isinstance(item, Value)]


def bad(data: bytes | str) -> list[Bad]:
    return [item for item in read(data) if isinstance(item, Bad)]


RECORDS = [
    {"id": number, "text": '\\"] }, é漢字😀\n' * (number % 7), "list": [[], {}, [1.5, None, True]]}
    for number in range(500)
]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_elements_of_an_array_come_one_by_one(indent: int | None, ascii_only: bool) -> None:
    values = read(json.dumps(RECORDS, indent=indent, ensure_ascii=ascii_only))
    assert values == [Value(number, record) for number, record in enumerate(RECORDS, 1)]


def test_one_value_a_line_comes_with_its_line_number() -> None:
    lines = "\n".join(json.dumps(record) for record in RECORDS[:3])
    assert read(f"\n{lines}\r\n\n") == [
        Value(number, record) for number, record in enumerate(RECORDS[:3], 2)
    ]


@pytest.mark.parametrize("between", ["", " ", "\t"])
def test_files_that_were_joined_without_a_new_line_are_read(between: str) -> None:
    joined = f'{{"a": 1}}\n{{"b": "é"}}{between}{{"c": 3}}\n{{"d": 4}}'
    assert read(joined) == [
        Value(1, {"a": 1}), Value(2, {"b": "é"}), Value(2, {"c": 3}), Value(3, {"d": 4}),
    ]  # fmt: skip
    assert good(f'{{"a": 1}}{between}{{"b": 2}}') == [{"a": 1}, {"b": 2}]


def test_what_follows_a_value_in_its_line_and_cannot_be_read_is_bad() -> None:
    assert [type(item) for item in read('{"a": 1}{"b": 2}{c\n{"d": 4}\n')] == [
        Value, Value, Bad, Value,
    ]  # fmt: skip
    assert [type(item) for item in read('{"a": 1} once more\n{"d": 4}\n')] == [Bad, Value]


def test_a_single_value_over_several_lines_is_one_record() -> None:
    assert read(json.dumps(RECORDS[1], indent=2)) == [Value(1, RECORDS[1])]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert good(b'\xef\xbb\xbf[{"a": 1}]') == good(b'\xef\xbb\xbf{"a": 1}\n') == [{"a": 1}]


@pytest.mark.parametrize("data", ["", " \n ", "[]", "[ ]\n"])
def test_nothing_is_nothing(data: str) -> None:
    assert read(data) == []


def test_elements_longer_than_a_chunk_and_characters_across_its_end_survive() -> None:
    records = [{"text": "漢" * 300_001}, {"text": "é"}, {"text": "\\" * 200_000}]
    assert good(json.dumps(records, ensure_ascii=False)) == records


def test_a_long_array_never_lies_in_memory_whole() -> None:
    texts = (random.Random(number).randbytes(250).hex() * 2 for number in range(30_000))
    data = gzip.compress(json.dumps([{"text": text} for text in texts]).encode())
    stream = Stream(io.BytesIO(data))
    tracemalloc.start()
    count = sum(1 for _ in values(stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 8_000_000


@pytest.mark.parametrize(
    "broken",
    [
        '{"a": tru}',
        '{"a" 1}',
        '{"a": [1, 2}',
        "nonsense",
        '{"a": {"b": 01}}',
        "[" * 200_000 + "]" * 200_000,
    ],
)
def test_a_broken_element_is_set_aside_and_the_next_one_read(broken: str) -> None:
    values = read(f'[{{"good": 1}}, {broken}, {{"good": 2}}]')
    assert values[0] == Value(1, {"good": 1})
    assert isinstance(values[1], Bad)
    assert values[1].number == 2
    assert values[2:] == [Value(3, {"good": 2})]


def test_a_broken_element_is_passed_by_its_brackets() -> None:
    values = read('[{"a": [1, 2,], "t": "]}"}, {"good": 2}]')
    assert [type(item) for item in values] == [Bad, Value]


def test_a_broken_element_without_an_end_gives_up_the_rest_and_says_so() -> None:
    values = read('[{"good": 1}, {"a": "never closed}, {"good": 2}]')
    assert values[0] == Value(1, {"good": 1})
    assert isinstance(values[1], Bad)
    assert values[1].reason.endswith("the rest of the file cannot be read")


def test_an_array_without_its_end_gives_what_it_has() -> None:
    values = read('[{"good": 1}, {"good": 2}')
    assert [item for item in values if isinstance(item, Value)] == [
        Value(1, {"good": 1}),
        Value(2, {"good": 2}),
    ]
    assert values[-1] == Bad(3, "the file ends inside its array")


def test_a_broken_line_is_set_aside_and_the_next_one_read() -> None:
    values = read(b'{"a": 1}\n{"a": \n\xff\xfe\n' + b"[" * 200_000 + b'\n{"a": 2}\n')
    assert [(type(item), item.number) for item in values] == [
        (Value, 1),
        (Bad, 2),
        (Bad, 3),
        (Bad, 4),
        (Value, 5),
    ]


def test_a_first_line_that_is_broken_does_not_hide_the_others() -> None:
    assert good('{"a": }\n{"a": 2}\n') == [{"a": 2}]


def test_a_damaged_gzip_gives_what_it_has_and_says_so() -> None:
    data = gzip.compress(
        json.dumps([{"text": str(number) * 50} for number in range(50_000)]).encode()
    )
    values = read(data[:-3000])
    assert isinstance(values[0], Value)
    assert "ends too early" in values[-1].reason  # type: ignore[union-attr]  # a good record has no reason, and fails here


def test_an_element_beyond_the_limit_is_set_aside() -> None:
    small = msgspec.structs.replace(OWN_MACHINE, record=1000)
    data = json.dumps([{"text": "x" * 2_000_000}, {"a": 1}]).encode()
    stream = Stream(io.BytesIO(data), Meter(small))
    assert list(values(stream, apart=True)) == [
        Bad(1, "a record is larger than 0.000954 MiB; the rest of the file cannot be read")
    ]


def test_control_characters_inside_text_are_read_as_they_are() -> None:
    assert good('[{"a": "tab\there"}]') == good('{"a": "tab\there"}\n') == [{"a": "tab\there"}]


NODES = {f"k{n}": {"id": f"k{n}", "at": n + 0.5, "text": f"{n} é\\" * 150} for n in range(11_000)}
LARGE = {"id": "a", "nodes": NODES, "list": [[n, {"x": n}] for n in range(900)], "last": 12345}
AFTER = [{"id": "b"}, {"id": "c"}]


def read_large(text: str, packed: str = "") -> list[Value | Bad]:
    return list(values(Stream(io.BytesIO(text.encode())), apart=True, packed=packed))


@pytest.fixture(scope="module")
def large_text() -> str:
    """An array of which the first element has some 14 MiB."""
    return json.dumps([LARGE, *AFTER], indent=1, ensure_ascii=False)


def test_a_large_element_is_read_a_member_at_a_time(large_text: str) -> None:
    first, *rest = read_large(large_text)
    assert first == Value(1, LARGE)
    assert [item.value for item in rest if isinstance(item, Value)] == AFTER


def test_what_is_packed_is_decoded_when_it_is_asked_for(large_text: str) -> None:
    (first, *_) = read_large(large_text, packed="nodes")
    assert isinstance(first, Value)
    nodes = first.value["nodes"]
    assert isinstance(nodes, Packed)
    assert (len(nodes), nodes["k7"], "k8" in nodes) == (11_000, NODES["k7"], True)
    assert nodes.pop("k8") == NODES["k8"]
    assert ("k8" in nodes, nodes.get("k8")) == (False, None)
    assert first.value["last"] == 12345


@pytest.mark.parametrize("at", ['"k10500"', '"last"'])
def test_a_large_element_that_is_broken_inside_is_passed(large_text: str, at: str) -> None:
    first, *rest = read_large(large_text.replace(at, f"{at} x", 1))
    assert isinstance(first, Bad)
    assert first.reason == "not JSON: Expecting ':' delimiter"
    assert [item.value for item in rest if isinstance(item, Value)] == AFTER


def test_a_large_element_that_breaks_off_says_so(large_text: str) -> None:
    (broken,) = read_large(large_text[: large_text.index('"k10900"') + 30])
    assert isinstance(broken, Bad)
    assert broken.reason == (
        "not JSON: the file ends inside a value; the rest of the file cannot be read"
    )


def test_a_large_element_beyond_the_limit_is_set_aside(large_text: str) -> None:
    small = msgspec.structs.replace(OWN_MACHINE, record=9 * 1024 * 1024)
    stream = Stream(io.BytesIO(large_text.encode()), Meter(small))
    first, *rest = values(stream, apart=True)
    assert isinstance(first, Bad)
    assert first.reason.startswith("a record is larger than 9 MiB")
    assert [item.value for item in rest if isinstance(item, Value)] == AFTER
