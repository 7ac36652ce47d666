"""Processes of this machine: whether one runs, its children, and how to kill it with them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

PROC = Path("/proc")
PATIENCE = 10.0
"""Seconds that a killed process has to be gone."""


def known(pid: int) -> bool:
    """Whether the kernel knows `pid`, even as a dead process that its parent has not collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is another account's
    return True


def running(pid: int) -> bool:
    """Whether `pid` runs; one that is dead but not yet collected by its parent does not."""
    if not known(pid):
        return False
    status = _status(pid)
    return status is None or status[0] != "Z"


def children(pid: int) -> list[int]:
    """Return the process ids of the children of `pid`."""
    if (PROC / "self" / "stat").exists():
        every = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
        return [child for child in every if (_status(child) or ("", 0))[1] == pid]
    output = subprocess.run(
        ["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return [int(child) for child in output.split()]


def signal_family(pid: int, number: int) -> list[int]:
    """Send a signal to `pid` and its children; their process ids."""
    family = [pid, *children(pid)]
    for child in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)
    return family


def kill_family(pid: int) -> None:
    """Kill `pid` and its children with SIGKILL and return when none of them runs."""
    family = signal_family(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while any(map(running, family)):
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"process {pid} or a child of it runs on {PATIENCE:.0f} seconds after SIGKILL"
            )
        time.sleep(0.01)


def _status(pid: int) -> tuple[str, int] | None:
    """Return the state letter and the parent of `pid` as /proc tells them.

    None without /proc or without the process.
    """
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    state, parent = text.rpartition(")")[2].split()[:2]
    return state, int(parent)
