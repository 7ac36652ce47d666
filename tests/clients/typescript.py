"""The npm package of ``clients/typescript``: its types are generated, it is built, tests run."""

from __future__ import annotations

import os
import re
import subprocess
import urllib.request
from pathlib import Path
from shutil import copytree, ignore_patterns, which

from checks import KEY, URL, check, done, expect, note

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "clients" / "typescript"
PACKAGE = ROOT / "build" / "clients" / "typescript-package"
COMPILE = ("--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck")
NOT_COPIED = ("node_modules", "dist", "test-dist", "openapi.json", "schema.d.ts")
GUIDE = ROOT / "docs" / "guides" / "typescript.md"
SNIPPET = re.compile(r"```typescript\n(.*?)```\n+```output\n(.*?)```", re.DOTALL)
VERDICT = re.compile(r"^(not )?ok \d+ - (.*)$", re.MULTILINE)


def npm(*words: str) -> subprocess.CompletedProcess[str]:
    """What npm says of the copy of the package."""
    return subprocess.run(
        ["npm", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=PACKAGE,
        env=os.environ | {"HANSARD_URL": URL, "HANSARD_API_KEY": KEY},
        timeout=300,
    )


def must(*words: str) -> str:
    run = npm(*words)
    if run.returncode:
        message = f"npm {' '.join(words)}: {run.stdout[-2000:]} {run.stderr[-2000:]}"
        raise RuntimeError(message)
    return run.stdout


def build() -> None:
    """Copy the package, give it the document of the server, and build it."""
    copytree(SOURCE, PACKAGE, ignore=ignore_patterns(*NOT_COPIED), dirs_exist_ok=True)
    must("ci", "--no-audit", "--no-fund")
    with urllib.request.urlopen(f"{URL}/openapi/native.json") as answer:  # noqa: S310 - our own server
        (PACKAGE / "openapi.json").write_bytes(answer.read())
    must("run", "generate")
    must("run", "build")


def run_tests() -> None:
    run = npm("test")
    verdicts = VERDICT.findall(run.stdout)
    for failed, name in verdicts:
        print(f"FAIL\t{name}" if failed else f"ok\t{name}", flush=True)
    with check("the package's tests run to their end"):
        if run.returncode or not verdicts:
            raise RuntimeError(run.stdout[-3000:] + run.stderr[-1000:])


def run_guide() -> None:
    """Each block of the guide prints what stands below it."""
    for number, (code, output) in enumerate(SNIPPET.findall(GUIDE.read_text("utf-8")), 1):
        with check(f"block {number} of the guide prints what it says"):
            source = PACKAGE / "guide" / f"{number}.mts"
            source.parent.mkdir(exist_ok=True)
            source.write_text(code, "utf-8")
            must("exec", "--", "tsc", *COMPILE, str(source))
            run = subprocess.run(
                ["node", str(source.with_suffix(".mjs"))],
                check=False,
                capture_output=True,
                text=True,
                env=os.environ | {"HANSARD_URL": URL, "HANSARD_API_KEY": KEY},
                timeout=60,
            )
            expect(run.stdout + run.stderr, output)


if which("npm") is None:
    note("not run: there is no npm on this machine")
else:
    with check("types are generated from the server's OpenAPI document, and the package is built"):
        build()
    run_guide()
    run_tests()
    with check("what is published is the code and its types"):
        packed = must("pack", "--dry-run", "--json")
        assert "dist/index.d.ts" in packed
        assert "dist/schema.d.ts" in packed
        assert "test" not in re.findall(r'"path": "([a-z]+)', packed)
done()
