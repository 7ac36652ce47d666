"""What a suite needs: its sources and an environment, kept in a cache outside of the checkout.

The cache is ``hansard/conformance`` in the user's cache folder (``XDG_CACHE_HOME``).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.suites import Suite

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hansard" / "conformance"
SECONDS = 600


class LeftOut(Exception):
    """A suite that cannot be had; the text says why."""


def fetched(suite: Suite) -> Path:
    """The folder of the package's sources; LeftOut where they cannot be had."""
    folder = CACHE / f"{suite.package.replace('-', '_')}-{suite.version}"
    if not folder.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        pip += ["--no-binary", suite.package, "-d", str(CACHE), f"{suite.package}=={suite.version}"]
        must(pip, "the source archive cannot be had")
        with tarfile.open(CACHE / f"{folder.name}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def environment(suite: Suite) -> Path:
    """The Python of an environment with the package and what its tests need."""
    folder = CACHE / f"venv-{suite.package}-{suite.version}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        uv = str(Path(sys.executable).with_name("uv"))
        venv = [uv, "venv", "-q", "--clear", "--python", sys.executable, str(folder)]
        must(venv, "no environment can be made")
        wanted = f"{suite.package}{suite.extras}=={suite.version}"
        installed = [uv, "pip", "install", "-q", "--python", str(python), wanted, *suite.needs]
        must(installed, "what its tests need cannot be installed")
        ready.touch()
    return python


def must(command: Sequence[str], problem: str) -> None:
    """Run a command; LeftOut with the problem and its last line where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise LeftOut(f"{problem}: {lines[-1] if lines else done.returncode}")
