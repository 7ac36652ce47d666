"""ARCHITECTURE.md is the map of what is there, and the layers hold."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "hansard"
EDGES = {
    "cli",
    "demo",
    "dialects",
    "http",
    "interchange",
    "mcp",
    "native",
    "system",
    "web",
}
NAMED = re.compile(
    r"`([a-z0-9_./-]+(?:/|\.py))`|^ *([a-z0-9_./-]+(?:/|\.py))(?=\s|$)", re.MULTILINE
)


def named() -> set[str]:
    """The folders and modules that the map names, in backquotes or at the start of a line."""
    return {item or other for item, other in NAMED.findall((ROOT / "ARCHITECTURE.md").read_text())}


def present() -> set[str]:
    """The folders below the package, and its modules on the top level, as the map writes them."""
    folders = {
        f"{folder.relative_to(PACKAGE)}/"
        for folder in PACKAGE.rglob("*/")
        if any(folder.glob("*.*")) and "__pycache__" not in folder.parts
    }
    return folders | {
        module.name for module in PACKAGE.glob("*.py") if not module.name.startswith("_")
    }


def contracts() -> dict[str, dict[str, object]]:
    """The import-linter contracts by their id."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return {contract["id"]: contract for contract in tool["importlinter"]["contracts"]}


def test_every_folder_and_top_level_module_is_on_the_map() -> None:
    assert present() - named() == set()


def test_everything_on_the_map_is_there() -> None:
    assert {
        name for name in named() if not (ROOT / name).exists() and not (PACKAGE / name).exists()
    } == set()


def test_every_edge_and_the_client_are_under_contract() -> None:
    edges = {f"hansard.{name}" for name in EDGES} | {"hansard_bench"}
    assert set(contracts()["edges"]["source_modules"]) == edges  # type: ignore[call-overload]  # TOML values have no types
    assert ("client" in contracts()) == (PACKAGE / "client").is_dir()


def test_no_edge_reaches_through_the_service_to_its_store_or_secret() -> None:
    through = re.compile(r"\bservice\.(store|secret)\b")
    assert through.search("call.service.store.read")
    modules = [
        *PACKAGE.glob("system.py"),
        *(path for name in EDGES for path in (PACKAGE / name).rglob("*.py")),
    ]
    assert len(modules) > 200
    assert [
        f"{path.name}:{number}"
        for path in modules
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if through.search(line)
    ] == []


def test_the_layers_hold() -> None:
    lint = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert lint.returncode == 0, lint.stdout + lint.stderr


FIXED_IN_SIZE = {
    "model/times.py",
    "dialects/konvo.py",
    "http/descriptions.py",
    "web/markdown.py",
    "demo/pictures.py",
    "demo/scenes.py",
}
"""Modules whose `cache` or `lru_cache` holds values of a fixed size, and not for ever more of
them.
"""


def test_every_other_cache_is_bounded_in_bytes() -> None:
    caches = {
        str(module.relative_to(PACKAGE))
        for module in PACKAGE.rglob("*.py")
        if re.search(r"^\s*@(?:functools\.)?(?:lru_)?cache\b", module.read_text(), re.MULTILINE)
    }
    assert caches == FIXED_IN_SIZE
