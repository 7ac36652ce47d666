"""Write the parts of the documentation that the code knows better.

These are error codes (for the server's own page too), scopes, routes, fields, commands, settings,
metrics and llms.txt.

    python scripts/reference.py [--check]

A generated part is between ``<!-- begin: NAME -->`` and ``<!-- end: NAME -->``. With ``--check``
nothing is written; what is out of date is named, and the exit code is 1.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml  # type: ignore[import-untyped]  # one call needs no stubs

from hansard import errors
from hansard.access import SCOPES
from hansard.app import DIALECTS
from hansard.cli.root import SECTIONS, root
from hansard.http.reference import Field, Kind, Operation, reference
from hansard.http.route import Dialect, Route
from hansard.http.statuses import status_of
from hansard.metrics import FAMILIES, Metrics
from hansard.native import dialect
from hansard.settings import DEFAULTS, PREFIX, described, type_name
from hansard.system import system

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "hansard"
AT_REQUESTS = ("access", "http", "ids.py", "model", "native", "service", "store", "system.py")
"""The packages whose errors the native API can answer; other APIs have their own pages."""
BESIDE_REQUESTS = ("backup", "archive", "opening")
EVERYWHERE = {"401", "429", "500", "503"}
"""Statuses that every route with a key may have; the page explains them once."""
PART = re.compile(r"(<!-- begin: ([\w-]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)
VERSION = "v1"
CONTEXT = click.Context(root, info_name="hansard")


class Error(NamedTuple):
    """One code that an answer may have, its status, and what is said with it."""

    code: str
    status: int
    says: list[str]


class Raised(NamedTuple):
    """One place that makes an error: its class, its own code if it has one, and what it says."""

    kind: str
    code: str | None
    says: str


def codes() -> str:
    """The table of the codes that have a meaning of their own."""
    return _table(
        ("code", "status", "what it says"),
        [(f"`{code.code}`", str(code.status), "<br>".join(code.says)) for code in _codes()],
    )


def _codes() -> list[Error]:
    known: dict[str, list[Raised]] = defaultdict(list)
    for error in raised():
        if error.code:
            known[error.code].append(error)
    return [
        Error(code, _status(errors_[0]), sorted({error.says for error in errors_ if error.says}))
        for code, errors_ in sorted(known.items())
    ]


def classes() -> str:
    """The table of the kinds of error, from the tree in the module's docstring."""
    return _table(
        ("code", "status", "meaning"),
        [(f"`{class_.code}`", str(class_.status), *class_.says) for class_ in _classes()],
    )


def _classes() -> list[Error]:
    tree = re.findall(r"[├└]── (\w+) +(.+)", errors.__doc__ or "")
    return [
        Error(getattr(errors, name).default_code, _status(Raised(name, None, "")), [meaning])
        for name, meaning in tree
    ]


def served() -> str:
    """What the server's page of errors shows, each code once."""
    kinds = _classes()
    shown = {
        "Kinds": kinds,
        "Codes": [code for code in _codes() if code.code not in {kind.code for kind in kinds}],
    }
    plain = {title: [error._asdict() for error in rows] for title, rows in shown.items()}
    return json.dumps(plain, ensure_ascii=False, indent=1) + "\n"


def scopes() -> str:
    """The table of the scopes and what each opens."""
    opened: dict[str, list[str]] = defaultdict(list)
    for route in (*dialect.routes, *system((dialect,), Metrics()).routes):
        opened[str(route.scope)].append(f"`{route.method} {route.path}`")
    return _table(
        ("scope", "may", "opens"),
        [(f"`{scope}`", may, "<br>".join(opened[scope])) for scope, may in SCOPES.items()],
    )


def routes() -> str:
    """A table of the native routes for each noun."""
    nouns: dict[str, list[Route]] = defaultdict(list)
    for route in dialect.routes:
        nouns[_noun(route.path)].append(route)
    return "\n".join(
        f"### {noun}\n\n{_table(('request', 'scope', 'does'), [_row(route) for route in group])}"
        for noun, group in sorted(nouns.items())
    )


def requests() -> str:
    """Each request of the native API: its parameters, what it takes and what answers it."""
    groups = reference(dialect).groups
    return "\n".join(_request(operation) for group in groups for operation in group.operations)


def _request(operation: Operation) -> str:
    failures = [failure for failure in operation.failures if failure.status not in EVERYWHERE]
    return "\n".join(
        (
            f"### {operation.method} {operation.path}\n\n{operation.summary}.\n",
            *([_fields(operation.parameters)] if operation.parameters else ()),
            _table(
                ("answer", "is"),
                [
                    (f"`{operation.status}`", _kind(operation.answer)),
                    *[(f"`{failure.status}`", failure.text) for failure in failures],
                ],
            ),
        )
    )


def objects(dialect: Dialect) -> str:
    """The objects that an API's bodies and answers consist of, each with its fields."""
    return "\n".join(
        f"### {object_.name}\n\n{object_.text}\n\n{_fields(object_.fields)}"
        for object_ in reference(dialect).objects
    )


def _fields(fields: Sequence[Field]) -> str:
    return _table(
        ("name", "type", "meaning"),
        [
            (
                f"`{field.name}`" + (" (required)" if field.required else ""),
                _kind(field.kind),
                f"{field.text} Example: `{field.example}`." if field.example else field.text,
            )
            for field in fields
        ],
    )


def _kind(kind: Kind) -> str:
    return "".join(f"[{text}](#{name.lower()})" if name else text for text, name in kind)


def settings() -> str:
    """The table of the settings."""
    rows = [
        (
            f"`{name}`",
            f"`{PREFIX}{name.upper()}`",
            type_name(name),
            f"`{json.dumps(DEFAULTS[name])}`",
            described(name),
        )
        for name in DEFAULTS
    ]
    return _table(("setting", "in the environment", "is a", "default", "what it is for"), rows)


def metrics() -> str:
    """The table of the metrics."""
    rows = [
        (f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), says)
        for name, kind, says, labels in FAMILIES
    ]
    return _table(("metric", "kind", "labels", "what it says"), rows)


def commands() -> str:
    """What --help says, of every command."""
    chapters = (
        "\n".join(
            _helped(command, name) for name in names if (command := root.get_command(CONTEXT, name))
        )
        for names in SECTIONS.values()
    )
    return "\n".join(
        f"## {title}\n\n{chapter}" for title, chapter in zip(SECTIONS, chapters, strict=True)
    )


def _helped(command: click.Command, name: str) -> str:
    context = click.Context(
        command, info_name=name, parent=CONTEXT, terminal_width=100, help_option_names=["--help"]
    )
    parts = [f"### hansard {name}\n\n```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        parts += [
            _helped(subcommand, f"{name} {verb}") for verb, subcommand in command.commands.items()
        ]
    return "\n".join(parts)


def llms() -> str:
    """The documentation's contents for language models: https://llmstxt.org."""
    configuration: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    sections: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for title, content in (pair for entry in configuration["nav"] for pair in entry.items()):
        if isinstance(content, str):
            sections["Begin"].append((title, content))
        else:
            sections[title] += [pair for pairs in content for pair in pairs.items()]
    lines = [f"# {configuration['site_name']}", "", f"> {configuration['site_description']}"]
    for title, pages in sections.items():
        lines += ["", f"## {title}", ""]
        lines += [f"- [{name}]({file}): {_summary(DOCS / file)}" for name, file in pages]
    return "\n".join(lines) + "\n"


def raised() -> Iterator[Raised]:
    """Every place that makes one of our errors with words that are known beforehand."""
    files = [
        path
        for name in AT_REQUESTS
        for path in ((SOURCE / name).rglob("*.py") if (SOURCE / name).is_dir() else [SOURCE / name])
    ]
    trees = [
        ast.parse(path.read_text())
        for path in sorted(files)
        if not path.stem.startswith(BESIDE_REQUESTS)
    ]
    kinds = _kinds(trees)
    for tree in trees:
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in kinds
                and node.args
            ):
                base, own = kinds[node.func.id]
                code = next(
                    (_text(word.value) for word in node.keywords if word.arg == "code"), None
                )
                if code and "…" in code:
                    raise SystemExit(f"{ast.unparse(node)}: write its code out, for the reference")
                yield Raised(base, code or own, _text(node.args[0]) or "")


def _kinds(trees: list[ast.Module]) -> dict[str, tuple[str, str | None]]:
    """Each class of error by name: the class of the tree that it is, and its own code."""
    kinds: dict[str, tuple[str, str | None]] = {
        name: (name, None)
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.Error)
    }
    for node in (
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    ):
        base = next(
            (base.id for base in node.bases if isinstance(base, ast.Name) and base.id in kinds),
            None,
        )
        codes = [
            statement.value
            for statement in node.body
            if isinstance(statement, ast.Assign)
            and getattr(statement.targets[0], "id", "") == "default_code"
        ]
        if base and codes:
            kinds[node.name] = (base, _text(codes[0]))
    return kinds


def _text(node: ast.expr) -> str | None:
    """A string as it is written, with … for what is known only later."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return None


def _status(raised_: Raised) -> int:
    kind: type[errors.Error] = getattr(errors, raised_.kind)
    return status_of(dialect, kind("", code=raised_.code))


def _noun(path: str) -> str:
    words = [
        word for word in path.split("/") if word and not word.startswith("{") and word != VERSION
    ]
    return next((word for word in reversed(words) if word in {"messages", "runs"}), words[0])


def _row(route: Route) -> tuple[str, str, str]:
    return (
        f"`{route.method} {route.path}`",
        "none" if route.public else f"`{route.scope}`",
        route.summary.replace("``", "`"),
    )


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [
        head,
        ("---",) * len(head),
        *[tuple(cell.replace("|", "\\|") for cell in row) for row in rows],
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _summary(page: Path) -> str:
    """The first paragraph behind the title."""
    paragraphs = (paragraph.strip() for paragraph in page.read_text("utf-8").split("\n\n"))
    first = next(text for text in paragraphs if text and not text.startswith(("#", "<", "---")))
    return " ".join(first.split())


PARTS: dict[str, Callable[[], str]] = {
    "classes": classes,
    "codes": codes,
    "commands": commands,
    "metrics": metrics,
    "requests": requests,
    "routes": routes,
    "scopes": scopes,
    "settings": settings,
} | {f"objects_{dialect.name}": partial(objects, dialect) for dialect in DIALECTS}


def generated() -> Iterator[tuple[Path, str]]:
    """Each file that has generated parts, with what it should hold."""
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text("utf-8")
        if PART.search(text):
            yield page, PART.sub(lambda match: f"{match[1]}\n{PARTS[match[2]]()}\n{match[3]}", text)
    yield DOCS / "llms.txt", llms()
    yield SOURCE / "web" / "errors.json", served()


def main() -> None:
    check = "--check" in sys.argv[1:]
    stale = {
        file: text
        for file, text in generated()
        if not file.exists() or file.read_text("utf-8") != text
    }
    for file, text in stale.items():
        if not check:
            file.write_text(text, "utf-8")
        state = "is out of date: make docs" if check else "is regenerated"
        print(f"{file.relative_to(ROOT)} {state}")
    sys.exit(check and bool(stale))


if __name__ == "__main__":
    main()
