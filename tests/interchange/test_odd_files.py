"""Files that are not as they should be, of every format: what is lost is said, by the code too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hansard.app import opened
from hansard.cli.import_report import NOTHING, PARTIAL, exit_code
from hansard.interchange.importer import Import
from hansard.interchange.report import Options, Report
from hansard.settings import Settings
from tests.interchange.reading import read_bytes
from tests.interchange.samples import SAMPLES, Sample

KINDS = {"type", "role", "sender", "from", "kind", "event_type", "author", "model"}
"""What stands under these keys says what the rest is."""
LONG = 300_000
"""Characters: more than the head of a file that is looked at first."""


def decoded(sample: Sample) -> Any:
    if sample.file.endswith("jsonl"):
        return [json.loads(line) for line in sample.data.splitlines()]
    return json.loads(sample.data)


def written(sample: Sample, value: Any) -> bytes:
    if sample.file.endswith("jsonl"):
        return b"".join(json.dumps(line).encode() + b"\n" for line in value)
    return json.dumps(value).encode()


def with_values(value: Any, change: Callable[[str, Any], Any], key: str = "") -> Any:
    """The same with each value that is neither a list nor an object changed."""
    if isinstance(value, dict):
        return {name: with_values(item, change, name) for name, item in value.items()}
    if isinstance(value, list):
        return [with_values(item, change, key) for item in value]
    return change(key, value)


def without_texts(key: str, value: Any) -> Any:
    return 7 if isinstance(value, str) and key not in KINDS else value


def without_numbers(_: str, value: Any) -> Any:
    return ["x"] if isinstance(value, int | float) and not isinstance(value, bool) else value


def with_a_long_text(sample: Sample) -> bytes:
    """The longest text of the sample, and all others like it, many times over."""
    texts: list[str] = []

    def noted(key: str, value: Any) -> Any:
        texts.extend([value] if isinstance(value, str) and key not in KINDS else [])
        return value

    whole = with_values(decoded(sample), noted)
    longest = max(texts, key=len)
    times = LONG // len(longest) + 1

    def lengthened(_: str, value: Any) -> Any:
        return value * times if value == longest else value

    return written(sample, with_values(whole, lengthened))


def odd_files(name: str, sample: Sample) -> Iterator[tuple[str, bytes]]:
    """What is odd, and the file."""
    other = SAMPLES["openai" if name != "openai" else "sharegpt"]
    whole = decoded(sample)
    yield "cut off", sample.data[:-3]
    yield "cut in the middle", sample.data[: len(sample.data) // 2]
    yield "empty", b""
    yield "numbers for texts", written(sample, with_values(whole, without_texts))
    yield "lists for numbers", written(sample, with_values(whole, without_numbers))
    yield "a long text", with_a_long_text(sample)
    yield "mixed", sample.data + b"\n" + other.data
    yield "mixed with garbage", sample.data + b"\n\xff{no JSON\n" + sample.data


def is_told(report: Report) -> bool:
    """Whether something is said of what did not come in as it was."""
    return bool(report.problems or report.unread or report.remarks)


def check(name: str, kind: str, report: Report) -> None:
    code, what = exit_code(report), (name, kind, report)
    if kind == "empty":
        assert (code, report.empty, report.new) == (None, 1, 0), what
        return
    assert code in (None, PARTIAL, NOTHING), what
    assert report.is_something or code == NOTHING, what
    assert code is None or report.problems or report.unread, what
    if kind.startswith(("cut", "mixed with")):
        assert code in (PARTIAL, NOTHING), what
    if kind == "mixed":
        assert is_told(report) or report.new > len(SAMPLES[name].sessions), what
    if kind == "a long text":
        assert (code, report.format) == (None, name), what


@pytest.mark.parametrize("name", list(SAMPLES))
async def test_what_an_odd_file_loses_is_said(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    async with opened(Settings(store=f"sqlite:///{tmp_path / 'odd.db'}")) as service:
        for kind, data in odd_files(name, sample):
            workspace = await service.workspaces.create(f"acme {kind}")
            path = tmp_path / kind / sample.file
            path.parent.mkdir(parents=True)
            path.write_bytes(data)
            work = Import(service, service.workspaces.operator(workspace), Options())
            check(name, kind, await work.paths([path]))


def test_a_line_that_is_none_of_cursor_s_is_set_aside() -> None:
    sample = SAMPLES["cursor"]
    lines = sample.data + b'["a"]\n{"note": "b"}\n'
    outcomes = read_bytes(lines, name=sample.file, format_name="cursor")
    reasons = [getattr(outcome, "reason", "") for outcome in outcomes]
    assert [reason for reason in reasons if reason] == [
        "not a line of Cursor: no object",
        "not a line of Cursor: no role and message with content",
    ]
