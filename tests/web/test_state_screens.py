"""The details of a session name its documents and checkpoints, with their sizes."""

from __future__ import annotations

from tests.web.conftest import Reader


async def test_the_details_name_documents_and_checkpoints(reader: Reader, session: str) -> None:
    document = {"scope": "session", "key": "notes/<b>", "value": "x" * 40}
    checkpoint = {"id": "c-17", "ns": "sub", "type": "raw", "data": "AAAA", "meta": "AA=="}
    path = f"/v1/sessions/{session}/checkpoints"
    await reader.api("POST", path, json=checkpoint | {"documents": [document]})
    page = (await reader.get(f"/ui/sessions/{session}?tab=details")).text
    assert "notes/&lt;b&gt;" in page
    assert "42 bytes, revision 1" in page
    assert "sub c-17" in page
    assert "4 bytes" in page
    assert "Documents" not in (await reader.get(f"/ui/sessions/{session}?tab=turns")).text
