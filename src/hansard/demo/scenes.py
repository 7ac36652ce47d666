"""Scenes: small scripts of conversations.

They are text files, cast with names, numbers and places.

A file holds scenes between lines of ``===``; a scene is a heading of ``key: value`` lines, a line
of ``---``, and what is said, a line each (continued by lines that begin with two blanks)::

    user [parcel]: text, with a picture         assistant: text        think: reasoning
    call lookup_order: {"order_id": "{order}"}  result: {…}            fail: {…}
    operator dana: text                         system: text           wait 5m

``with NAME: a | b | c`` in the heading gives the values of ``{NAME}``, one for each copy; so does
``user``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from msgspec import Struct

FILLING = ("shop", "travel", "code", "data", "world", "office")
LIVE = ("live",)
_KINDS = "user|assistant|think|system|operator|call|result|fail|wait"
_LINE = re.compile(
    rf"(?P<kind>{_KINDS})(?: (?P<name>[\w.]+))?(?: \[(?P<picture>\w+)\])?(?::(?: (?P<text>.*))?)?$"
)


class Line(Struct, frozen=True):
    """``name`` is the tool, the operator or the length of a wait; ``picture`` what is attached."""

    kind: str
    name: str
    picture: str
    text: str


class Scene(Struct, frozen=True):
    """A script. ``heading`` has the session's fields, ``values`` the choices for each variable."""

    id: str
    copies: int
    heading: dict[str, str]
    values: dict[str, list[str]]
    lines: list[Line]

    def cast(self, copy: int) -> Play:
        """The scene as its ``copy``-th performance, counted from zero."""
        chosen = {
            f"{{{name}}}": options[copy % len(options)] for name, options in self.values.items()
        }
        heading = {key: _filled(value, chosen) for key, value in self.heading.items()}
        heading["user"] = chosen["{user}"]
        lines = [
            Line(line.kind, line.name, line.picture, _filled(line.text, chosen))
            for line in self.lines
        ]
        return Play(f"demo-{self.id}-{copy + 1}", copy, heading, lines)


class Play(Struct, frozen=True):
    """A scene with its names and numbers, ready to be performed as the session ``id``."""

    id: str
    copy: int
    heading: dict[str, str]
    lines: list[Line]


def scenes(names: tuple[str, ...] = FILLING) -> list[Scene]:
    """The scenes of some files, in order; a parent stands before its sub-sessions."""
    return [scene for name in names for scene in _read(name)]


@cache
def _read(name: str) -> tuple[Scene, ...]:
    text = (files("hansard.demo") / "scenes" / f"{name}.txt").read_text(encoding="utf-8")
    return tuple(_scene(part) for part in text.split("\n===\n"))


def _scene(text: str) -> Scene:
    top, _, body = text.strip().partition("\n---\n")
    pairs = [
        (key.strip(), value.strip())
        for key, _, value in (line.partition(":") for line in top.splitlines())
    ]
    values = {
        key.removeprefix("with "): _choices(value)
        for key, value in pairs
        if key.startswith("with ")
    }
    heading = {key: value for key, value in pairs if not key.startswith("with ")}
    values["user"] = _choices(heading.pop("user"))
    return Scene(heading.pop("id"), int(heading.pop("copies")), heading, values, list(_lines(body)))


def _choices(text: str) -> list[str]:
    return [choice.strip() for choice in text.split(" | ")]


def _lines(body: str) -> Iterator[Line]:
    for block in re.split(r"\n(?!  )", body.strip("\n")):
        first, _, more = block.partition("\n")
        match = _LINE.match(first)
        if match is None:
            raise ValueError(f"no line of a scene: {first!r}")
        text = "\n".join(
            filter(None, (match["text"], more.replace("\n  ", "\n").removeprefix("  ")))
        )
        yield Line(match["kind"], match["name"] or "", match["picture"] or "", text)


def _filled(text: str, chosen: dict[str, str]) -> str:
    for name, value in chosen.items():
        text = text.replace(name, value)
    return text
