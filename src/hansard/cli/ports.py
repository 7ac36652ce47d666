"""The port to listen on, and who has it when it is taken."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from hansard.errors import Conflict, Invalid

_TRIES = 20


def listening(host: str, port: int) -> socket.socket:
    """A bound socket; Conflict says who has the port and which one is free, Invalid that the address is not ours."""
    family, address = _resolved(host, port)
    try:
        return _bound(family, address)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            holder = holder_of(host, port)
            free = next_free(host, port)
            hint = f"\n  Port {free} is free:  hansard serve --port {free}" if free else ""
            raise Conflict(f"port {port} on {host} is taken{f' by {holder}' if holder else ''}.{hint}", code="port_taken") from problem
        if problem.errno == errno.EACCES:
            raise Invalid(f"this user may not listen on port {port}: choose one above 1023 with --port", code="port_forbidden") from problem
        raise Invalid(f"cannot listen on {host}: {problem.strerror}", code="bad_host") from problem


def next_free(host: str, port: int) -> int | None:
    """The next port that nobody listens on."""
    for candidate in range(port + 1, min(port + 1 + _TRIES, 65_536)):
        try:
            with closing(_bound(*_resolved(host, candidate))):
                return candidate
        except OSError:
            continue
    return None


def holder_of(host: str, port: int) -> str | None:
    """Who listens there: a Hansard by its own word, any other by its process where the system tells."""
    process = _by_proc(port) if sys.platform == "linux" else _by_lsof(port)
    if version := _hansard(host, port):
        return f"another hansard {version}" + (f" ({process})" if process else "")
    return process


def _resolved(host: str, port: int) -> tuple[int, tuple[object, ...]]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError) as problem:
        raise Invalid(f"{host!r} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for every network", code="bad_host", param="host") from problem
    return family, address


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(2048)
    except OSError:
        made.close()
        raise
    return made


def _hansard(host: str, port: int) -> str | None:
    """The version that a Hansard on this port says it has."""
    import httpx

    try:
        answer = httpx.get(f"http://{_reachable(host)}:{port}/healthz", timeout=1, trust_env=False)
        version = answer.json().get("version") if answer.headers.get("x-request-id") else None
    except (httpx.HTTPError, ValueError, AttributeError):
        return None
    return str(version) if version else None


def _reachable(host: str) -> str:
    plain = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not listened on
    return f"[{plain}]" if ":" in plain else plain


def _by_proc(port: int) -> str | None:
    """The process that holds the listening socket's inode, among those that this user may look at."""
    inodes = {f"socket:[{inode}]" for table in ("tcp", "tcp6") for inode in _listening_inodes(Path("/proc/net") / table, port)}
    for folder in Path("/proc").glob("[0-9]*/fd") if inodes else ():
        try:
            if any(str(entry.readlink()) in inodes for entry in folder.iterdir()):
                return f"{(folder.parent / 'comm').read_text().strip()}, process {folder.parent.name}"
        except OSError:
            continue
    return None


def _listening_inodes(table: Path, port: int) -> list[str]:
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port]


def _by_lsof(port: int) -> str | None:
    try:
        told = subprocess.run(  # noqa: S603 - a number is all that comes from outside
            ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"],  # noqa: S607 - wherever the system has it
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    facts = {line[0]: line[1:] for line in told.splitlines() if line}
    return f"{facts['c']}, process {facts['p']}" if {"c", "p"} <= facts.keys() else None
