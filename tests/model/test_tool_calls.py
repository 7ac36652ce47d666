"""Which answers of tools count as failed calls."""

from __future__ import annotations

import pytest
from msgspec import Raw

from hansard.model import tool_calls


def _calls(response: bytes) -> tool_calls.ToolCalls:
    part = b'[{"type":"tool_call_response","id":"c","response":%b}]' % response
    calls = tool_calls.read(Raw(part))
    assert calls is not None
    return calls


@pytest.mark.parametrize("mark", ['"error"', '"Failed"', '"Exception"'])
def test_a_status_marks_a_failure_however_it_is_written(mark: str) -> None:
    assert _calls(b'{"status":%b}' % mark.encode()).failed == 1


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        ('{"error":{"code":1}}', 1),
        ('{"error":"no"}', 1),
        ('{"is_error":true}', 1),
        ('{"ok":false}', 1),
        ('{"error":null,"is_error":false,"ok":true,"status":"done"}', 0),
        ('{"error":"","status":7}', 0),
        ('{"error":[],"status":["error"]}', 0),
        ('{"error":{},"ok":null}', 0),
        ('{"error":0}', 0),
        ('{"error":{ },"ok":true}', 0),
        ('{"error":["' + "x" * 100 + '"]}', 1),
        ('{"status":"' + "error" * 100 + '"}', 0),
    ],
)
def test_an_object_says_whether_its_call_failed(response: str, failed: int) -> None:
    assert _calls(response.encode()).failed == failed
