"""An environment per client under ``build/clients/NAME``.

It is made once and kept while its requirements stay the same.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import rmtree

BUILD = Path(__file__).resolve().parents[2] / "build" / "clients"


def python_with(name: str, requirements: tuple[str, ...]) -> Path:
    """The Python of an environment that has these requirements from PyPI.

    CalledProcessError when they are not to be had.
    """
    home = BUILD / name
    python = home / "bin" / "python"
    stamp = home / "requirements.txt"
    content = "\n".join(requirements) + "\n"
    if not (python.exists() and stamp.exists() and stamp.read_text("utf-8") == content):
        rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        _make(home, python, requirements)
        stamp.write_text(content, "utf-8")
    return python


def _make(home: Path, python: Path, requirements: tuple[str, ...]) -> None:
    uv = Path(sys.executable).with_name("uv")
    if uv.exists():
        _run(uv, "venv", "--quiet", "--python", sys.executable, home)
        if requirements:
            _run(uv, "pip", "install", "--quiet", "--python", python, *requirements)
    else:
        _run(sys.executable, "-m", "venv", home)
        if requirements:
            _run(python, "-m", "pip", "install", "--quiet", *requirements)


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        [str(word) for word in command], check=False, capture_output=True, text=True
    )
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        done.check_returncode()
