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
        "uv.lock": next(one["version"] for one in locked if one["name"] == "hansard"),
        "Chart.yaml: version": _said(r"^version: (\S+)$", chart),
        "Chart.yaml: appVersion": _said(r'^appVersion: "(\S+)"$', chart),
    }


def _said(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else "none"


def main() -> int:
    wanted = sys.argv[1]
    wrong = {place: said for place, said in versions().items() if said != wanted}
    for place, said in wrong.items():
        print(f"{place} says {said}, not {wanted}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
