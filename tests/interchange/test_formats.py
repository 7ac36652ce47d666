from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from hansard.errors import Invalid
from hansard.interchange.documents import documents, from_stream
from hansard.interchange.formats import NAMES, every, named
from hansard.interchange.values import Bad, values
from tests.interchange.reading import format_of

TALK = [{"role": "user", "content": "x"}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "hello",
        '{"a": 1}',
        '[{"name": "x"}]',
        "[1, 2]",
        "\x00\x01",
        '{"user": {"messages": []}}',
    ],
)
def test_what_is_of_no_known_format_is_claimed_by_none(text: str) -> None:
    assert format_of(text.encode()) is None


def test_a_format_is_found_by_its_name() -> None:
    assert [named(format_.name) for format_ in every()] == list(every())
    assert sorted(format_.name for format_ in every()) == list(NAMES)
    assert named("unknown") is None


def test_keys_of_inner_objects_do_not_mislead() -> None:
    assert (
        format_of(json.dumps([{"note": {"mapping": 1, "messages": []}, "traj": TALK}]).encode())
        == "openai"
    )


def test_a_folder_is_walked_in_order_for_files_that_can_hold_json(tmp_path: Path) -> None:
    for name in ("b.json", "a/c.jsonl.gz", "a/d.txt", "e.NDJSON", "f.ndjson"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"[]")
    walked = list(documents(tmp_path))
    names = [Path(document.name).name for document in walked]
    assert names == ["b.json", "e.NDJSON", "f.ndjson", "c.jsonl.gz"]
    assert not any(document.chosen for document in walked)


def test_a_named_file_is_chosen_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"[1]")
    [document] = documents(tmp_path / "data.bin")
    assert (document.chosen, document.size, document.stem) == (True, 3, "data.bin")


def test_a_path_where_nothing_is_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(documents(tmp_path / "absent.json"))


def test_a_file_knows_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    (tmp_path / "b.json").write_bytes(b"beside")
    [document] = documents(tmp_path / "a.json")
    assert (document.beside("b.json"), document.beside("c.json")) == (b"beside", None)


def test_a_member_of_an_archive_knows_what_lies_beside_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("in/a.json", "[]")
        archive.writestr("in/b.json", "beside")
    pairs = [
        (document.beside("b.json"), document.beside("c.json"))
        for document in documents(tmp_path / "x.zip")
    ]
    assert pairs == [(b"beside", None)] * 2


def test_a_damaged_archive_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04nothing else")
    with pytest.raises(Invalid, match="damaged archive"):
        list(documents(tmp_path / "x.zip"))


def test_a_damaged_member_gives_what_it_has_and_says_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("conversations.json", "[" + " " * 5000 + "]")
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[2000] = ord("x")
    (tmp_path / "x.zip").write_bytes(data)
    for document in documents(tmp_path / "x.zip"):
        with document.stream() as stream:
            assert any(
                isinstance(item, Bad) and "archive is damaged" in item.reason
                for item in values(stream)
            )


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.json", "[]")
    data = (tmp_path / "x.zip").read_bytes()
    at = data.index(b"PK\x01\x02") + 8
    (tmp_path / "x.zip").write_bytes(data[:at] + b"\x01" + data[at + 1 :])
    with pytest.raises(Invalid, match="is encrypted"):
        list(documents(tmp_path / "x.zip"))


def test_an_open_stream_is_a_document_with_nothing_beside_it() -> None:
    document = from_stream("-", io.BytesIO(b"[]"))
    assert (document.beside("x"), document.size, document.chosen) == (None, None, True)
