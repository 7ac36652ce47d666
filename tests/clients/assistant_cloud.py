"""assistant-ui's published client, on a server with a key and in a browser with a token."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from shutil import copy, which

from checks import KEY, URL, check, done, expect, note

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "build" / "clients" / "assistant-cloud-package"
GUIDE = ROOT / "docs" / "guides" / "assistant-ui.md"
VERSION = "assistant-cloud@0.2.11"
SNIPPET = re.compile(r"```javascript\n(.*?)```\n+```output\n(.*?)```", re.DOTALL)
SCRIPT = "assistant_cloud.mjs"


def ran(*command: str) -> str:
    """What a program prints; RuntimeError with all of it where it fails."""
    run = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=PACKAGE,
        env=os.environ | {"HANSARD_API_KEY": KEY},
        timeout=300,
    )
    if run.returncode:
        message = f"{' '.join(command)}: {run.stdout[-2000:]} {run.stderr[-2000:]}"
        raise RuntimeError(message)
    return run.stdout


def run_guide() -> None:
    """Each block of the guide prints what stands below it."""
    for number, (code, output) in enumerate(SNIPPET.findall(GUIDE.read_text("utf-8")), 1):
        with check(f"block {number} of the guide prints what it says"):
            (PACKAGE / f"guide{number}.mjs").write_text(
                code.replace("http://127.0.0.1:8765", URL), "utf-8"
            )
            expect(ran("node", f"guide{number}.mjs"), output)


if which("npm") is None:
    note("not run: there is no npm on this machine")
else:
    PACKAGE.mkdir(parents=True, exist_ok=True)
    with check(f"install {VERSION}"):
        ran("npm", "install", "--no-audit", "--no-fund", "--prefix", ".", VERSION)
    copy(ROOT / "tests" / "clients" / SCRIPT, PACKAGE)
    with check("the script runs to its end"):
        print(ran("node", SCRIPT), end="", flush=True)
    run_guide()
done()
