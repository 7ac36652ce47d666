"""Find a program that tests need and that no Python package brings, or install Debian's.

    python scripts/installed.py chromium
    python scripts/installed.py pgbouncer
    python scripts/installed.py prometheus
    python scripts/installed.py etcd
    python scripts/installed.py patroni

Prints the program's path; the exit code is 0. When the program is missing and cannot be installed,
it says what to install; the exit code is 1. Those tests are then not run, which is not a pass.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PATH = os.pathsep.join(
    (os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin")
)
NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "pgbouncer": ("pgbouncer",),
    "prometheus": ("prometheus",),
    "etcd": ("etcd",),
    "patroni": ("patroni",),
}
PACKAGES = {
    "chromium": ("chromium", "fonts-noto-core", "fonts-noto-cjk"),
    "pgbouncer": ("pgbouncer",),
    "prometheus": ("prometheus",),
    "etcd": ("etcd-server",),
    "patroni": ("patroni", "python3-etcd"),
}
WANTED = """
  ############################################################################
  #  NOT RUN: the tests that need {0}, which is not on this machine.
  #  Debian and Ubuntu:  apt-get install {1}
  #  Elsewhere: install {0}, or name it in {2}.
  ############################################################################
"""


def path_of(program: str) -> str | None:
    """The program to use, None without one."""
    named = os.environ.get(variable(program))
    return named or next(
        (path for name in NAMES[program] if (path := shutil.which(name, path=PATH))), None
    )


def variable(program: str) -> str:
    return f"HANSARD_{program.upper()}"


def install(program: str) -> None:
    """Install Debian's packages where there is apt-get and the right to use it."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    print(f"Installing {program} with apt-get for the tests that need it", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "update", "-qq"],
        [apt, "install", "-y", "-qq", "--no-install-recommends", *PACKAGES[program]],
    ):
        if subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, check=False
        ).returncode:
            return


def main() -> int:
    program = sys.argv[1]
    if path_of(program) is None:
        install(program)
    path = path_of(program)
    if path is None:
        print(
            WANTED.format(program, " ".join(PACKAGES[program]), variable(program)), file=sys.stderr
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
