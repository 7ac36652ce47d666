"""Every format has a sample, and what is in it comes back out of the store."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest

from hansard.access import Principal
from hansard.interchange.detection import explained
from hansard.interchange.documents import documents, from_stream
from hansard.interchange.formats import NAMES, every
from hansard.interchange.importer import Import
from hansard.interchange.records import Rules
from hansard.interchange.report import Options, Report
from hansard.model import MessageQuery, SessionQuery
from hansard.service import Service
from tests.interchange.reading import NOW, check_record, read_bytes
from tests.interchange.samples import SAMPLES, Sample, Spoken, summed

WITHOUT_SAMPLE = {"hansard"}
"""Its files are what the exporter writes: see test_exporter."""
NAMED_BY_THEIR_FILE = {"pocketpaw"}
"""Its arrays are told from OpenAI's by the name of their file alone."""


async def imported(service: Service, principal: Principal, path: Path) -> Report:
    return await Import(service, principal, Options()).paths([path])


def written(folder: Path, sample: Sample) -> Path:
    path = folder / sample.file
    path.write_bytes(sample.data)
    return path


async def stored(service: Service, principal: Principal) -> dict[str, Spoken]:
    """All sessions with their messages, summed up; an id that was made of the content is empty."""
    page = await service.sessions.list(principal, SessionQuery(limit=200))
    sessions: dict[str, Spoken] = {}
    for session in page.items:
        _, messages, _ = await service.messages.list(
            principal, session.name, MessageQuery(limit=200)
        )
        name = "" if session.name.startswith("import_") else session.name
        sessions[name] = [
            (message.role, [summed(part) for part in msgspec.json.decode(message.parts)])
            for message in messages
        ]
    return sessions


def test_every_format_has_a_sample() -> None:
    assert set(SAMPLES) | WITHOUT_SAMPLE == set(NAMES)


@pytest.mark.parametrize("name", list(SAMPLES))
def test_a_sample_is_taken_by_its_own_format(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    [document] = documents(written(tmp_path, sample))
    with document.stream() as stream:
        judged = explained(document, stream, Rules(now=NOW))
    assert judged.format is not None
    assert judged.format.name == name
    assert [judgement.format for judgement in judged.judgements] == [
        format_.name for format_ in every()
    ]
    assert [judgement.format for judgement in judged.judgements if judgement.reason is None] == [
        name
    ]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in NAMED_BY_THEIR_FILE])
def test_a_sample_needs_no_file_name(name: str) -> None:
    document = from_stream("standard input", io.BytesIO(SAMPLES[name].data))
    with document.stream() as stream:
        judged = explained(document, stream, Rules(now=NOW))
    assert judged.format is not None
    assert judged.format.name == name


@pytest.mark.parametrize("name", list(SAMPLES))
async def test_what_is_in_a_sample_comes_back_out_of_the_store(
    name: str, service: Service, here: Principal, tmp_path: Path
) -> None:
    sample = SAMPLES[name]
    path = written(tmp_path, sample)
    report = await imported(service, here, path)
    assert (report.new, report.bad) == (len(sample.sessions), 0), report.problems
    assert report.messages == sum(map(len, sample.sessions.values()))
    assert await stored(service, here) == sample.sessions
    again = await imported(service, here, path)
    assert (again.new, again.updated, again.same) == (0, 0, len(sample.sessions))


@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_message_of_a_sample_has_the_time_of_the_file_or_the_session_says_so(
    name: str,
) -> None:
    for record in read_bytes(SAMPLES[name].data, name=SAMPLES[name].file):
        session = check_record(record)
        timeless = session.draft.metadata.get("time_unknown") is True
        assert timeless == (name in TIMELESS), session.draft
        if not timeless:
            assert all(
                abs((message.created_at or 0) / 1e6 - 1_750_000_000) < 86_400
                for message in session.messages
            )


TIMELESS = {
    "ai-sdk",
    "ai-studio",
    "anthropic",
    "autogen",
    "cursor",
    "gemini-api",
    "langchain",
    "openai",
    "sharegpt",
}
"""Formats whose samples hold no time, as their real files mostly do not."""
