"""Markdown as safe HTML.

No raw HTML comes through, nothing is fetched, and results are cached by content.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import nh3
from markupsafe import Markup

from hansard.byte_cache import MIB, TextCache, remembered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li",
        "ol", "p", "pre", "s", "span", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title", "class"}, "code": {"class"}, "ol": {"start"}}
_LONGEST = 200_000


def _image(
    _self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: Any,  # noqa: ANN401 - any value
    _env: Any,  # noqa: ANN401 - any value
) -> str:
    """An image becomes a link: the page asks nobody else for anything."""
    source, label = str(tokens[index].attrs.get("src", "")), tokens[index].content
    return (
        f'<a class="remote" href="{escape(source)}">{escape(label or "image")} '
        f"({escape(host_of(source))})</a>"
    )


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - it takes long to load, and a server need not wait for it

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(
        ["table", "strikethrough"]
    )
    markdown.add_render_rule("image", _image)
    return markdown


@remembered(8 * MIB, TextCache)
def rendered(text: str) -> Markup:
    """The text as HTML.

    A text too long to be worth it, or one that cannot be read, is shown as it is.
    """
    if len(text) > _LONGEST:
        return plain(text)
    try:
        html = _markdown().render(text)
    except (ValueError, RecursionError, IndexError):
        return plain(text)
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean.replace("<a ", '<a target="_blank" '))  # noqa: S704 - nh3 cleaned it


def plain(text: str) -> Markup:
    """The text itself, its lines kept."""
    return Markup('<p class="plain">{}</p>').format(text)


def host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or "elsewhere"
    except ValueError:
        return "elsewhere"
