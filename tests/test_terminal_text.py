"""What a terminal takes as colour or as a move of its cursor is not read as text elsewhere."""

from __future__ import annotations

import pytest

from hansard.terminal_text import unstyled


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\x1b[31mFAILED\x1b[0m tests", "FAILED tests"),
        ("\x1b[1;38;5;208mbold\x1b[22;39m", "bold"),
        ("\x1b[2K\x1b[1Gdone", "done"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;https://example.org\x1b\\here\x1b]8;;\x1b\\", "here"),
        ("\x1bMup", "up"),
        ("[31m is no sequence", "[31m is no sequence"),
        ("an end \x1b", "an end \x1b"),
    ],
)
def test_only_whole_sequences_go(written: str, read: str) -> None:
    assert unstyled(written) == read
