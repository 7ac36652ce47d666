"""The port to listen on, who holds a taken one, the ports of a file's users and their files."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from hansard.cli.retype import again
from hansard.errors import Conflict, Invalid

_TRIES = 20


def listening(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises Conflict, naming the holder and a free port, when the port is taken, and Invalid when the
    address is not local.
    """
    family, address = _resolved(host, port)
    try:
        return _bound(family, address)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            holder = holder_of(host, port)
            free = next_free(host, port)
            hint = f"\n  Port {free} is free:  {again('--port', str(free))}" if free else ""
            raise Conflict(
                f"port {port} on {host} is taken{f' by {holder}' if holder else ''}.{hint}",
                code="port_taken",
            ) from problem
        if problem.errno == errno.EACCES:
            raise Invalid(
                f"this user may not listen on port {port}: choose one above 1023 with --port",
                code="port_forbidden",
            ) from problem
        raise Invalid(f"cannot listen on {host}: {problem.strerror}", code="bad_host") from problem


def next_free(host: str, port: int) -> int | None:
    """The next port on which nothing listens."""
    for candidate in range(port + 1, min(port + 1 + _TRIES, 65_536)):
        try:
            with closing(_bound(*_resolved(host, candidate))):
                return candidate
        except OSError:
            continue
    return None


def holder_of(host: str, port: int) -> str | None:
    """The process that listens there: a Hansard by its answer, others by the system's word."""
    process = _by_proc(port) if sys.platform == "linux" else _by_lsof(port)
    if version := hansard_at(host, port):
        return f"another hansard {version}" + (f" ({process})" if process else "")
    return process


def of_users(file: Path) -> list[int]:
    """The ports of processes that have a file open, as far as this user may see."""
    name = str(file.resolve())
    return sorted(_users_by_proc(name) if sys.platform == "linux" else _users_by_lsof(name))


def files_of(port: int) -> list[Path]:
    """The files that the process that listens on a port has open, as far as this user may see."""
    names = _files_by_proc(port) if sys.platform == "linux" else _files_by_lsof(port)
    return [Path(name) for name in sorted(names) if name.startswith("/")]


def _resolved(host: str, port: int) -> tuple[int, tuple[object, ...]]:
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as problem:
        raise Invalid(
            f"{host!r} is not an address of this machine: use 127.0.0.1, "
            "or 0.0.0.0 for every network",
            code="bad_host",
            param="host",
        ) from problem
    return family, address


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


def hansard_at(host: str, port: int) -> str | None:
    """The version that a Hansard on this port reports."""
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
    """The process that holds the listening socket, among those that this user may see."""
    inodes = {inode for inode, at in _listening().items() if at == port}
    for process, opened in _opened() if inodes else ():
        if inodes & opened:
            return f"{_name(process)}, process {process.name}"
    return None


def _listening() -> dict[str, int]:
    """The listening sockets of this machine, as named in /proc, with their ports."""
    ports: dict[str, int] = {}
    for table in ("tcp", "tcp6"):
        try:
            rows = [
                line.split() for line in (Path("/proc/net") / table).read_text().splitlines()[1:]
            ]
        except OSError:
            continue
        ports |= {
            f"socket:[{row[9]}]": int(row[1].rpartition(":")[2], 16)
            for row in rows
            if row[3] == "0A"
        }
    return ports


def _opened() -> Iterator[tuple[Path, set[str]]]:
    """The processes that this user may see, each with its open files."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        opened = set()
        with suppress(OSError):
            for entry in list(folder.iterdir()):
                with suppress(FileNotFoundError):  # closed meanwhile
                    opened.add(str(entry.readlink()))
        yield folder.parent, opened


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "somebody"


def _users_by_proc(file: str) -> set[int]:
    sockets = _listening()
    return {
        sockets[inode]
        for _, opened in _opened()
        if file in opened
        for inode in opened & sockets.keys()
    }


def _files_by_proc(port: int) -> set[str]:
    inodes = {inode for inode, at in _listening().items() if at == port}
    return set[str]().union(*(opened for _, opened in _opened() if inodes & opened))


def _files_by_lsof(port: int) -> set[str]:
    processes = ",".join(
        line[1:] for line in _lsof(f"-iTCP:{port}", "-sTCP:LISTEN", "-Fp") if line[0] == "p"
    )
    lines = _lsof("-p", processes, "-Fn") if processes else []
    return {line[1:] for line in lines if line[0] == "n"}


def _users_by_lsof(file: str) -> set[int]:
    users = ",".join(line[1:] for line in _lsof("-Fp", "--", file) if line[0] == "p")
    lines = _lsof("-a", "-p", users, "-iTCP", "-sTCP:LISTEN", "-Fn") if users else []
    return {int(line.rpartition(":")[2]) for line in lines if line[0] == "n"}


def _by_lsof(port: int) -> str | None:
    lines = _lsof(f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc")
    facts = {line[0]: line[1:] for line in lines}
    return f"{facts['c']}, process {facts['p']}" if {"c", "p"} <= facts.keys() else None


def _lsof(*arguments: str) -> list[str]:
    try:
        printed = subprocess.run(  # noqa: S603 - the program is fixed, and each argument is one
            ["lsof", "-nP", *arguments],  # noqa: S607 - wherever the system has it
            capture_output=True,
            text=True,
            timeout=2,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line for line in printed.splitlines() if line]
