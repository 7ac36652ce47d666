"""A window over the text of a stream.

It grows while a value does not fit, and moves on behind each.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

_SEPARATORS = re.compile(r"[\s,\ufeff]*")
_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}"]', re.DOTALL)
_ENDS = re.compile(r"[,\]]")
CLOSING = {"{": "}", "[": "]"}
_NEAR_THE_END = 16


class Window:
    """``text`` is what is there, ``at`` where the next value begins.

    At most ``most`` characters are waiting.
    """

    def __init__(self, chunks: Iterator[str], most: int) -> None:
        self._chunks = chunks
        self._most = most
        self.text = ""
        self.at = 0

    @property
    def waiting(self) -> int:
        """How many characters are there."""
        return len(self.text) - self.at

    @property
    def is_full(self) -> bool:
        return self.waiting > self._most

    def sign(self) -> str:
        """Pass blanks and commas; the character after them, empty at the end of the window."""
        match = _SEPARATORS.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at] if self.at < len(self.text) else ""

    def next_sign(self) -> str:
        """The same where the window grows as it must; empty at the end of the text."""
        while not (sign := self.sign()):
            if not self.grow():
                return ""
        return sign

    def grow(self) -> bool:
        """Take as much again as is waiting, so that a long value is not decoded too often."""
        self.text, self.at = self.text[self.at :], 0
        if self.is_full:
            return False
        room = self._most - len(self.text)
        missing, taken = min(max(len(self.text), 1), room + 1), [self.text]
        while missing > 0 and (chunk := next(self._chunks, "")):
            taken.append(chunk)
            missing -= len(chunk)
        self.text = "".join(taken)
        return len(taken) > 1

    def is_cut_short(self, problem: ValueError) -> bool:
        """Whether more text could mend it: the decoder stumbled at the end of the window."""
        if not isinstance(problem, json.JSONDecodeError):
            return False
        return (
            problem.msg.startswith("Unterminated string")
            or problem.pos >= len(self.text) - _NEAR_THE_END
        )

    def pass_value(self, open_: Sequence[str], most: int) -> bool:
        """Move behind a broken value by its brackets; False when they do not close.

        ``open_`` are those that close what the window is in, the outermost first.
        """
        while True:
            end = self._closing(open_, most)
            if end is not None and end > self.at:
                self.at = end
                return True
            if end is not None or not self.grow():
                self.at = len(self.text)
                return False

    def _closing(self, open_: Sequence[str], most: int) -> int | None:
        """Where the value ends by its brackets.

        One that was never closed ends with what is around it.

        None when more text may say it; where it begins when there are more than ``most`` brackets.
        """
        if not open_ and self.text[self.at] not in CLOSING:
            match = _ENDS.search(self.text, self.at)
            return match.start() if match else None
        awaited, missing = list(open_), Counter(open_)
        for number, token in enumerate(_TOKENS.finditer(self.text, self.at)):
            if number > most:
                return self.at
            sign = token[0]
            if sign == '"':
                return None
            if sign in CLOSING:
                awaited.append(CLOSING[sign])
                missing[CLOSING[sign]] += 1
            elif missing[sign]:
                while (closed := awaited.pop()) != sign:
                    missing[closed] -= 1
                missing[sign] -= 1
                if not awaited:
                    return token.end()
        return None
