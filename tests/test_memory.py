"""What the process has freed goes back to the system, when it is worth it.

Each is tried in a process of its own, where nothing else has freed anything before.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="others give it back themselves")

TRIAL = """
import ctypes
from hansard.memory import Trimmer, resident

MIB, PIECE = 1024**2, 16 * 1024  # shorter than what the allocator takes from the system one by one
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p


def freed(size):
    # Memory in pieces, touched, and freed but for the last, which lies above the others.
    pieces = [library.malloc(PIECE) for _ in range(size // PIECE)]
    for piece in pieces:
        ctypes.memset(piece, 1, PIECE)
    grown = resident()
    for piece in pieces[:-1]:
        library.free(ctypes.c_void_p(piece))
    return grown


trimmer = Trimmer()
"""


def tried(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "trial.py"
    file.write_text(TRIAL + lines)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_was_freed_is_given_back(tmp_path: Path) -> None:
    tried(
        tmp_path,
        """
grown = freed(64 * MIB)
assert resident() > grown - 16 * MIB, "the allocator keeps it"
given = trimmer.look()
assert given > 48 * MIB, given
assert resident() < grown - 48 * MIB
""",
    )


def test_a_little_is_left_to_the_allocator(tmp_path: Path) -> None:
    tried(tmp_path, "freed(8 * MIB)\nassert trimmer.look() == 0\n")
