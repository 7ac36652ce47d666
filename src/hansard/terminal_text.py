"""Texts that were written for a terminal, for whoever reads them elsewhere."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # colours and the cursor
    r"|\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles and links
    r"|[@-Z\\^_])"
)


def unstyled(text: str) -> str:
    r"""The text without the sequences that colour it or move the cursor.

    >>> unstyled("\x1b[31mFAILED\x1b[0m tests")
    'FAILED tests'
    """
    return _SEQUENCE.sub("", text) if "\x1b" in text else text
