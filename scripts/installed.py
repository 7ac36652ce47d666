"""Find a program that tests need and that no Python package brings; install Debian's where that is allowed.

    python scripts/installed.py chromium
    python scripts/installed.py pgbouncer

Prints the path of the program and ends with 0. Where there is none and none may be installed it says, loudly, what to install,
and ends with 1: those tests are then not run, which is not the same as passed.
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
}
PACKAGES = {
    "chromium": ("chromium", "fonts-noto-core", "fonts-noto-cjk"),
    "pgbouncer": ("pgbouncer",),
}
WANTED = """
  ############################################################################
  #  NOT RUN: the tests that need {0}, which is not on this machine.
  #  Debian and Ubuntu:  apt-get install {1}
  #  Elsewhere: install {0}, or name it in {2}.
  ############################################################################
"""


def found(what: str) -> str | None:
    """The program to use, None without one."""
    named = os.environ.get(variable(what))
    return named or next(
        (path for name in NAMES[what] if (path := shutil.which(name, path=PATH))), None
    )


def variable(what: str) -> str:
    return f"HANSARD_{what.upper()}"


def install(what: str) -> None:
    """Install Debian's packages where there is apt-get and the right to use it."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    print(f"Installing {what} with apt-get for the tests that need it", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "update", "-qq"],
        [apt, "install", "-y", "-qq", "--no-install-recommends", *PACKAGES[what]],
    ):
        if subprocess.run(
            command, env=environment, stdout=subprocess.DEVNULL, check=False
        ).returncode:
            return


def main() -> int:
    what = sys.argv[1]
    if found(what) is None:
        install(what)
    path = found(what)
    if path is None:
        print(WANTED.format(what, " ".join(PACKAGES[what]), variable(what)), file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
