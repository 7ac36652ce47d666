"""Find Chromium for the page's tests, and install Debian's where that is allowed.

    python scripts/chromium.py

Prints the path of the browser and ends with 0. Where there is none and none may be installed it says, loudly, what to install,
and ends with 1: the page's tests are then not run, which is not the same as passed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-cjk")
WANTED = """
  ############################################################################
  #  The page's tests were NOT RUN: there is no Chromium on this machine.    #
  #  Debian and Ubuntu:  apt-get install chromium fonts-noto-core fonts-noto-cjk
  #  Elsewhere: install Chromium or Chrome, or name one in HANSARD_CHROMIUM. #
  ############################################################################
"""


def found() -> str | None:
    """The browser to use, None without one."""
    named = os.environ.get("HANSARD_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Install Debian's Chromium where there is apt-get and the right to use it."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    print("Installing Chromium with apt-get for the page's tests", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]):
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
            return


def main() -> int:
    if found() is None:
        install()
    path = found()
    if path is None:
        print(WANTED, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
