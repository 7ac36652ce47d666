"""Check that everything that says a version says this one.

    python scripts/release.py 1.2.3

Prints each file that says another; the exit code is 1 then. It needs nothing but Python.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy" / "helm" / "hansard" / "Chart.yaml"


def versions() -> dict[str, str]:
    """The version that each file says."""
    chart = CHART.read_text("utf-8")
    locked = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))["package"]
    return {
        "pyproject.toml": tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
            "version"
        ],
        "uv.lock": next(package["version"] for package in locked if package["name"] == "hansard"),
        "Chart.yaml: version": _version_in(r"^version: (\S+)$", chart),
        "Chart.yaml: appVersion": _version_in(r'^appVersion: "(\S+)"$', chart),
    }


def _version_in(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else "none"


def main() -> int:
    expected = sys.argv[1]
    wrong = {file: version for file, version in versions().items() if version != expected}
    for file, version in wrong.items():
        print(f"{file} says {version}, not {expected}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
