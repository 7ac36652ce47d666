"""Create the virtual environment with the pinned uv, using only the standard library.

The usual way is `python -m venv`, then `pip install uv==PIN`. Debian moves `ensurepip` to the
package python3-venv, which only root can install. Without it, this fetches the wheel of pip that
uv.lock names, checks its hash and runs it in place.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def pinned_uv() -> str:
    """Return the requirement `uv==X` that pyproject.toml pins in its group `dev`."""
    requirements: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())[
        "dependency-groups"
    ]["dev"]
    return next(
        requirement for requirement in requirements if re.fullmatch(r"uv==[\d.]+", requirement)
    )


def wheel_of_pip(into: Path) -> Path:
    """Fetch the wheel of pip that uv.lock names; a wrong hash ends the program."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    wheel: dict[str, str] = next(
        package for package in lock["package"] if package["name"] == "pip"
    )["wheels"][0]
    with urllib.request.urlopen(wheel["url"], timeout=60) as answer:  # noqa: S310 - an https URL from the committed lock file
        body: bytes = answer.read()
    if hashlib.sha256(body).hexdigest() != wheel["hash"].removeprefix("sha256:"):
        sys.exit(
            f"{wheel['url']} does not have the hash that uv.lock names; nothing was installed."
        )
    path = into / wheel["url"].rsplit("/", 1)[1]
    path.write_bytes(body)
    return path


def install_uv(python: Path, pip: list[str], environment: dict[str, str] | None = None) -> None:
    """Let `pip`, a command line, install the pinned uv into the environment of `python`."""
    packages = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary",
        ":all:",
        pinned_uv(),
    ]
    subprocess.run([python, *pip, *packages], check=True, env=environment)


def main(target: Path) -> None:
    """Make `target` a virtual environment with uv in it; one that has uv stays as it is."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"Hansard needs Python {'.'.join(map(str, OLDEST))} or newer; "
            f"this is {sys.version.split()[0]}."
        )
    python = target / "bin" / "python"
    if (target / "bin" / "uv").exists() and python.exists():
        return
    complete = importlib.util.find_spec("ensurepip") is not None
    venv.create(target, clear=True, symlinks=True, with_pip=complete)
    if complete:
        install_uv(python, ["-m", "pip"])
        return
    with tempfile.TemporaryDirectory() as folder:
        wheel = wheel_of_pip(Path(folder))
        install_uv(python, ["-m", "pip"], {**os.environ, "PYTHONPATH": str(wheel)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
