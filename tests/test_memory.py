"""What the process has freed goes back to the system, when it is worth it."""

from __future__ import annotations

import ctypes
import sys

import pytest

from hansard.memory import Trimmer, resident

MIB = 1024**2
PIECE = 16 * 1024
"""Shorter than what the allocator takes from the system piece by piece."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="others give it back themselves")


class Pieces:
    """Memory from the allocator of the C library, touched, in pieces that are not cut off."""

    def __init__(self, size: int) -> None:
        self._library = ctypes.CDLL(None)
        self._library.malloc.restype = ctypes.c_void_p
        self._pieces = [self._library.malloc(PIECE) for _ in range(size // PIECE)]
        for piece in self._pieces:
            ctypes.memset(piece, 1, PIECE)

    def free_all_but_the_last(self) -> None:
        for piece in self._pieces[:-1]:
            self._library.free(ctypes.c_void_p(piece))


def test_what_was_freed_is_given_back() -> None:
    trimmer = Trimmer()
    trimmer.look()
    pieces = Pieces(64 * MIB)
    grown = resident()
    pieces.free_all_but_the_last()
    assert resident() > grown - 16 * MIB, "the allocator keeps it, for the last piece lies above"
    assert trimmer.look() > 48 * MIB
    assert resident() < grown - 48 * MIB


def test_a_little_is_left_to_the_allocator() -> None:
    trimmer = Trimmer()
    trimmer.look()
    pieces = Pieces(8 * MIB)
    pieces.free_all_but_the_last()
    assert trimmer.look() == 0
