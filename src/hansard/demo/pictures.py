"""Small pictures, drawn here so that a demo needs no files: indexed PNGs of some hundred bytes."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache

_PALETTE = bytes.fromhex("f4f1eac89b6c8a5a333b2a1c2f6f9fd9534f5a9e6fffffffd0d4d96b7280")
_PAPER, _CARD, _EDGE, _DARK, _BLUE, _RED, _GREEN, _WHITE, _GREY, _INK = range(10)


class Canvas:
    """Pixels of palette indices, ``width`` by ``height``."""

    def __init__(self, width: int, height: int, ground: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray([ground]) * width for _ in range(height)]

    def box(self, left: int, top: int, right: int, bottom: int, colour: int) -> None:
        for row in self._rows[top:bottom]:
            row[left:right] = bytes([colour]) * (min(right, self.width) - left)

    def png(self) -> bytes:
        raw = b"".join(b"\0" + bytes(row) for row in self._rows)
        head = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        chunks = (
            (b"IHDR", head),
            (b"PLTE", _PALETTE),
            (b"IDAT", zlib.compress(raw, 9)),
            (b"IEND", b""),
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _parcel() -> Canvas:
    """A box with a crushed corner and a label."""
    canvas = Canvas(320, 220, _PAPER)
    canvas.box(50, 60, 270, 200, _CARD)
    canvas.box(50, 60, 270, 66, _EDGE)
    canvas.box(150, 60, 170, 200, _EDGE)
    for step in range(12):
        canvas.box(214 + step * 5, 60, 270, 60 + (step + 1) * 5, _PAPER)
        canvas.box(210 + step * 5, 58 + step * 5, 218 + step * 5, 64 + step * 5, _DARK)
    canvas.box(70, 140, 136, 184, _WHITE)
    for line in range(4):
        canvas.box(76, 147 + line * 9, 128 - line * 8, 150 + line * 9, _INK)
    return canvas


def _chart() -> Canvas:
    """Seven bars, the last one in another colour."""
    canvas = Canvas(360, 200, _WHITE)
    for line in range(4):
        canvas.box(30, 30 + line * 40, 345, 31 + line * 40, _GREY)
    for bar, height in enumerate((84, 97, 79, 104, 121, 60, 132)):
        canvas.box(42 + bar * 44, 170 - height, 72 + bar * 44, 170, _RED if bar == 6 else _BLUE)  # noqa: PLR2004 - the last one
    canvas.box(30, 170, 345, 172, _INK)
    return canvas


def _screen() -> Canvas:
    """A window with a side bar, a form and a button."""
    canvas = Canvas(400, 260, _GREY)
    canvas.box(16, 16, 384, 244, _WHITE)
    canvas.box(16, 16, 384, 36, _INK)
    for button, colour in enumerate((_RED, _CARD, _GREEN)):
        canvas.box(24 + button * 14, 22, 33 + button * 14, 31, colour)
    canvas.box(16, 36, 110, 244, _PAPER)
    for line in range(6):
        canvas.box(28, 54 + line * 22, 96 - line % 3 * 10, 60 + line * 22, _INK)
        canvas.box(130, 56 + line * 24, 360, 70 + line * 24, _PAPER)
    canvas.box(290, 214, 360, 232, _BLUE)
    return canvas


_DRAWN: dict[str, Callable[[], Canvas]] = {"parcel": _parcel, "chart": _chart, "screen": _screen}


@cache
def picture(name: str) -> str:
    """The PNG of this name, in base64."""
    return base64.b64encode(_DRAWN[name]().png()).decode()
