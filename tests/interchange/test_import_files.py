"""Which files an import reads, and what it says of the others.

Files may be packed, encoded or laid out in any way.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import pytest

from hansard.access import Principal
from hansard.errors import Invalid
from hansard.interchange.bounds import SERVER
from hansard.interchange.documents import documents, from_pipe
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Report
from hansard.model import MessageQuery, parts
from hansard.service import Service
from tests.interchange.test_importer import counts, dialogue, imported, sessions, written

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


class Pipe:
    """Bytes that can be read once, from the beginning, as those of a pipe."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    def seekable(self) -> bool:
        return False


def zipped(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def encoded(*records: object) -> bytes:
    return json.dumps(records).encode()


async def piped(service: Service, principal: Principal, data: bytes) -> Report:
    pipe = cast("IO[bytes]", Pipe(data))
    return await Import(service, principal, Options()).pipe("standard input", pipe)


async def texts(service: Service, principal: Principal) -> list[str]:
    """The texts of all messages, sorted."""
    collected: list[str] = []
    for session in (await sessions(service, principal)).values():
        _, messages, _ = await service.messages.list(principal, session.id, MessageQuery())
        collected += [parts.text_of(parts.decode(message.parts)) for message in messages]
    return sorted(collected)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-32-be"])
async def test_utf_16_and_utf_32_are_read_by_their_mark(
    service: Service, here: Principal, tmp_path: Path, encoding: str
) -> None:
    text = json.dumps([dialogue(1, "Grüße 漢字 😀")], ensure_ascii=False)
    mark = "\ufeff" if encoding.endswith("be") else ""
    path = tmp_path / "a.json"
    path.write_bytes((mark + text).encode(encoding))
    assert counts(await imported(service, here, path)) == (1, 0, 0, 0)
    assert await texts(service, here) == ["Grüße 漢字 😀"]


async def test_a_file_packed_with_zstd_is_read_frame_by_frame(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    lines = [json.dumps(dialogue(number)).encode() + b"\n" for number in (1, 2)]
    (tmp_path / "a.jsonl.zst").write_bytes(b"".join(map(zstd.compress, lines)))
    assert counts(await imported(service, here, tmp_path)) == (2, 0, 0, 0)


async def test_a_zstd_file_that_breaks_off_is_a_bad_record(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstd.compress(json.dumps(dialogue(1)).encode() + b"\n")[:-5])
    report = await imported(service, here, path)
    assert (report.new, report.bad + len(report.unread)) == (0, 1)


@pytest.mark.parametrize(
    "data",
    [
        encoded(dialogue(1)) + b"\n" + encoded(dialogue(2)),
        encoded(dialogue(1)) + encoded(dialogue(2)),
        json.dumps(dialogue(1), indent=2).encode() + json.dumps(dialogue(2), indent=2).encode(),
        b"\n".join(json.dumps(dialogue(number)).encode() for number in (1, 2)),
    ],
    ids=["an array a line", "arrays in a row", "objects over several lines", "lines"],
)
async def test_several_documents_in_one_file_are_all_read(
    service: Service, here: Principal, tmp_path: Path, data: bytes
) -> None:
    (tmp_path / "a.json").write_bytes(data)
    assert counts(await imported(service, here, tmp_path / "a.json")) == (2, 0, 0, 0)


async def test_a_list_of_messages_a_line_is_a_session_a_line(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    lists = [[{"role": "user", "content": f"Question {number}"}] for number in (1, 2)]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lists)))
    assert counts(await imported(service, here, tmp_path / "a.jsonl")) == (2, 0, 0, 0)
    assert await texts(service, here) == ["Question 1", "Question 2"]


async def test_an_archive_on_standard_input_is_read(service: Service, here: Principal) -> None:
    data = zipped({"a/chats.json": encoded(dialogue(1)), "b.txt": b"no"})
    assert counts(await piped(service, here, data)) == (1, 0, 0, 0)


async def test_a_plain_file_on_standard_input_is_read(service: Service, here: Principal) -> None:
    assert counts(await piped(service, here, encoded(dialogue(1)))) == (1, 0, 0, 0)


def test_a_plain_pipe_is_read_in_steps_of_any_size() -> None:
    data = encoded(dialogue(1))
    for size in (1, 3, 4, 5, -1):
        [document] = from_pipe("-", cast("IO[bytes]", Pipe(data)))
        with document.open() as file:
            assert b"".join(iter(lambda: file.read(size), b"")) == data  # noqa: B023 - read at once


async def test_archives_in_an_archive_are_read_three_deep(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    data = zipped({"4.json": encoded(dialogue(4))})
    for number in (3, 2, 1):
        data = zipped({f"{number}.json": encoded(dialogue(number)), "inner.zip": data})
    (tmp_path / "a.zip").write_bytes(data)
    assert counts(await imported(service, here, tmp_path / "a.zip")) == (3, 0, 0, 0)
    assert sorted(await sessions(service, here)) == ["d-1", "d-2", "d-3"]


def test_what_an_archive_in_an_archive_unpacks_to_is_bounded(tmp_path: Path) -> None:
    inner = zipped({"a.json": b" " * 2_000_000})
    (tmp_path / "a.zip").write_bytes(zipped({"inner.zip": inner}))
    narrow = msgspec.structs.replace(SERVER, unpacked=1_000_000)
    with pytest.raises(Invalid, match="an archive cannot be read: it is larger than "):
        list(documents(tmp_path / "a.zip", narrow))


EXPORT = {
    "conversations.json": dialogue(1),
    "conversations-002.json": dialogue(2),
    "file-abc.json": dialogue(3),
    "user.json": dialogue(4),
    "message_feedback.json": dialogue(5),
}


async def test_of_an_export_the_conversations_alone_are_read_in_a_folder_and_an_archive(
    service: Service, here: Principal, there: Principal, tmp_path: Path
) -> None:
    members = {name: encoded(record) for name, record in EXPORT.items()}
    for name, data in members.items():
        (tmp_path / name).write_bytes(data)
    assert counts(await imported(service, here, tmp_path)) == (2, 0, 0, 0)
    assert sorted(await sessions(service, here)) == ["d-1", "d-2"]
    (tmp_path / "a.zip").write_bytes(zipped(members))
    assert counts(await imported(service, there, tmp_path / "a.zip")) == (2, 0, 0, 0)
    assert sorted(await sessions(service, there)) == ["d-1", "d-2"]


async def test_without_an_export_the_same_names_are_read(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    for name in ("file-abc.json", "user.json"):
        (tmp_path / name).write_bytes(encoded(EXPORT[name]))
    assert counts(await imported(service, here, tmp_path)) == (2, 0, 0, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"x": 1, "y": 2}', "UTF-8, objects with the keys x, y"),
        (b"hello", "UTF-8, no JSON"),
        (b"\x00\x01\xff", "bytes that are not text in UTF-8"),
        ("\ufeff[[1]]".encode("utf-16"), "UTF-16, an array of lists"),
    ],
)
async def test_a_file_of_no_known_format_is_described(
    service: Service, here: Principal, tmp_path: Path, data: bytes, reason: str
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    report = await imported(service, here, path)
    [unread] = report.unread
    assert (unread.file, unread.reason) == (str(path), f"it is of no known format: {reason}")
    assert (report.format, report.is_something, counts(report)) == (None, False, (0, 0, 0, 0))


async def test_a_file_that_resembles_a_format_says_which_and_what_lacks(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    chat = {"uuid": "c", "name": "Empty", "chat_messages": [], "created_at": "2026-01-01T00:00:00Z"}
    report = await imported(service, here, written(tmp_path / "a.json", chat))
    assert "it resembles claude-ai, but it reads no message with content" in (
        report.unread[0].reason
    )


async def test_a_file_whose_format_is_named_is_bad_where_nothing_is_read_of_it(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.json", {"id": "e", "messages": []})
    report = await imported(service, here, path, format="openai")
    assert (report.bad, report.format) == (1, "openai")
    assert report.problems[0].reason == (
        "it is taken for openai, and no message with content is in it"
    )


async def test_a_file_that_is_empty_is_counted_and_says_so(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf \n")
    report = await imported(service, here, path)
    assert (report.empty, [unread.reason for unread in report.unread]) == (
        1,
        ["it is empty: there is nothing to import"],
    )


async def test_an_array_that_was_cut_off_at_its_beginning_is_not_empty(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"[")
    report = await imported(service, here, path)
    assert (report.empty, len(report.unread)) == (0, 1)


async def test_the_formats_of_all_files_are_named(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    written(tmp_path / "a.json", dialogue(1))
    written(tmp_path / "b.json", {"id": "s", "conversations": [{"from": "human", "value": "Hi"}]})
    report = await imported(service, here, tmp_path)
    assert (report.new, report.format) == (2, "openai, sharegpt")


async def test_content_that_no_format_knows_is_counted(
    service: Service, here: Principal, tmp_path: Path
) -> None:
    content = [{"type": "hologram", "light": 7}, {"type": "text", "text": "Look"}]
    talk: list[dict[str, Any]] = [{"role": "user", "content": content}] * 2
    report = await imported(service, here, written(tmp_path / "a.json", {"messages": talk}))
    assert report.remarks == {"unknown content: hologram": 2}
    assert report.bad == 0
