"""What the scripts and styles lose before they are sent: comments, blanks, and their many files.

The sources are written to be read. Modules that travel together share one scope on the wire, so
that their names on the top level must differ; imports between them fall away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CORE, MORE = "core.js", "more.js"
BUNDLES = {
    "zone.js": ("zone",),
    CORE: ("dom", "state", "live", "app"),
    MORE: (
        "posting",
        "notices",
        "help",
        "screens",
        "discovery",
        "reading",
        "list",
        "visit",
        "palette",
        "bulk",
        "acts",
        "keys",
        "find",
        "suggest",
    ),
}
"""The modules of each, for the list at once and for later.

A module stands behind those that it imports, and else where the whole packs best.
"""

STYLES = {
    "app.css": ("base", "frame", "list", "icons"),
    "later.css": ("dialogs", "pane", "messages", "details"),
    "screens.css": ("screens",),
}
"""The sources of each, in the order in which they hold."""

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CONTINUED = re.compile(r"\\\n\s*")
_BLANK = re.compile(r"\s+")
_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"\./(\w+)\.js"\n', re.MULTILINE)
_LATER = re.compile(r'import\("\./\w+\.js"\)')
_LATER_NAMES = re.compile(r'\{([^{}]*)\} = await import\("|import\("[^"]*"\)\)\.(\w+)')
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const) ([$\w]+))", re.MULTILINE)
_SIGNS = re.compile(r" ?([=+*<>?:&|,;{}()!-]+) ?")
_CONST = re.compile(r"\bconst (?=[\w{\[$])")
_BREAK = re.compile(
    r"`\+\n`"  # two pieces of one template
    r"|,\n(?=[})\]])"  # the comma behind the last entry
    r"|(?<=[{,;(\[=:?|&])\n|(?<=[^+]\+)\n|\n(?=[})\]:?+])"  # what goes on anyway
)
_INNER = r"`(?:[^`\\]|\\.)*`"
_TEXT = re.compile(
    r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:\\.|\$\{(?:[^{}`]|"
    + _INNER
    + r"|\{[^{}]*\})*\}|[^`\\])*`"
    r"|(?<=[(,=:?!&| ])/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\[])+/[a-z]*)"
)
_SLOT = re.compile(r"\$\{[^{}`\"']*\}")
_AROUND = re.compile(r" ?([{};:,>]) ?")


def styles(sources: Mapping[str, str]) -> dict[str, str]:
    """The styles that are sent, by name, made of the ``sources`` by theirs."""
    return {name: "".join(sources[part] for part in parts) for name, parts in STYLES.items()}


def scripts(sources: Mapping[str, str]) -> dict[str, str]:
    """The scripts that are sent, by name, made of the modules that ``sources`` holds by theirs."""
    exports = {
        module: frozenset(_EXPORT.findall(sources[module]))
        for modules in BUNDLES.values()
        for module in modules
    }
    names_used = {"zone.js": set[str](), CORE: _imported(sources), MORE: _imported_later(sources)}
    files = {}
    for name, modules in BUNDLES.items():
        text = "".join(_EXPORT.sub("", _IMPORT.sub("", sources[module])) for module in modules)
        text = _LATER.sub(f'import("./{MORE}")', text)
        own = {export for module in modules for export in exports[module]}
        foreign = _imported({module: sources[module] for module in modules}) - own
        begin = f'import {{{",".join(sorted(foreign))}}} from "./{CORE}"\n' if foreign else ""
        files[name] = f"{begin}{text}export{{{','.join(sorted(own & names_used[name]))}}}\n"
    return files


def _imported(sources: Mapping[str, str]) -> set[str]:
    """All names that these modules import."""
    return {
        name
        for text in sources.values()
        for names, _ in _IMPORT.findall(text)
        for name in re.findall(r"[$\w]+", names)
    }


def _imported_later(sources: Mapping[str, str]) -> set[str]:
    """All names that are taken from a module that is imported when it is needed."""
    return {
        name
        for text in sources.values()
        for names in _LATER_NAMES.findall(text)
        for name in re.findall(r"[$\w]+", " ".join(names))
    }


def slim_css(text: str) -> str:
    """Without comments and blanks; a backslash takes a long string on to its next line."""
    text = _CONTINUED.sub("", text)
    text = _AROUND.sub(r"\1", _BLANK.sub(" ", _COMMENT.sub("", text)))
    return text.replace("( ", "(").replace(";}", "}").strip()


def slim_js(text: str) -> str:
    """Without indentation and lines of comment, which the scripts keep out of their strings."""
    lines = (line.strip() for line in text.splitlines())
    return _BREAK.sub(
        "", "\n".join(_tight(line) for line in lines if line and not line.startswith("//"))
    )


def _tight(line: str) -> str:
    """A line without the blanks around its signs, and ``let`` for ``const``.

    Strings, patterns and templates, with one more inside at most, stay as they are, but for plain
    expressions in templates.
    """
    pieces = _TEXT.split(line)
    return "".join(
        _SLOT.sub(lambda slot: _SIGNS.sub(r"\1", slot[0]), piece)
        if index % 2
        else _SIGNS.sub(r"\1", _CONST.sub("let ", piece))
        for index, piece in enumerate(pieces)
    )
