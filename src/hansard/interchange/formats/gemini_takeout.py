"""Google Takeout's "My Activity" of Gemini: an array of prompts with their answers as HTML.

Prompts that link to one conversation are one session; older exports do not link, and then each
prompt is one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser

from hansard.interchange.content import parts_of
from hansard.interchange.content.media import attached
from hansard.interchange.content.text import Json, words
from hansard.interchange.documents import Document
from hansard.interchange.formats.shape import Companion, Shape
from hansard.interchange.moments import moment_of
from hansard.interchange.records import Rules, SessionRecord, guarded, own_id
from hansard.interchange.streams import Stream
from hansard.interchange.turns import Turn, sessions
from hansard.interchange.values import Bad, Value, values
from hansard.model import SessionDraft

marks = ("header", "title", "time", "products", "safeHtmlItem", "activityControls")

_PRODUCTS = ("gemini", "bard")
_LINK = re.compile(r"gemini\.google\.com/app/([0-9a-f]{6,})")
_PROMPTED = re.compile(r"(?:Prompted|Said|Asked|Used an Assistant feature)[ :\u00a0]+")
_BLOCKS = {
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "pre",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "hr",
}


def sniff(document: Document, shape: Shape) -> str | None:
    del document
    activities = [
        record for record in shape.objects if {"header", "title", "time"} <= record.keys()
    ]
    if not activities:
        return "no record has header, title and time"
    if any(_is_gemini(record) for record in activities):
        return None
    return Companion(f"its activity is that of {words(activities[0].get('header'))}, not of Gemini")


def _is_gemini(record: Json) -> bool:
    products = record["products"] if isinstance(record.get("products"), list) else []
    return any(product in words([record.get("header"), *products]).lower() for product in _PRODUCTS)


def read(document: Document, stream: Stream, rules: Rules) -> Iterator[SessionRecord | Bad]:
    del document
    by_conversation: dict[str, list[Value]] = defaultdict(list)
    for item in values(stream):
        if isinstance(item, Bad):
            yield item
        elif not isinstance(item.value, dict) or not isinstance(item.value.get("title"), str):
            yield Bad(item.number, "no title: not an activity of Takeout")
        elif "header" not in item.value or _is_gemini(item.value):
            by_conversation[_conversation(item)].append(item)
    for ident, items in by_conversation.items():
        yield from guarded(items[0].number, _session, ident, items, rules)


def _conversation(item: Value) -> str:
    """The id of the conversation that an activity links to, else one of its own."""
    details = item.value["details"] if isinstance(item.value.get("details"), list) else []
    links = [detail.get("url") for detail in details if isinstance(detail, dict)]
    matches = (_LINK.search(words(link)) for link in [*links, item.value.get("titleUrl")])
    ident = next((link[1] for link in matches if link), None)
    return ident or own_id(None, {key: item.value.get(key) for key in ("title", "time")})


def _session(ident: str, items: list[Value], rules: Rules) -> Iterator[SessionRecord]:
    activities: list[Json] = [item.value for item in items]
    activities.sort(key=lambda item: moment_of(item.get("time"), rules.zone) or 0)
    turns = [turn for activity in activities for turn in _turns(activity, rules)]
    draft = SessionDraft(id=own_id(ident, None), channel=rules.channel or "gemini", agent="gemini")
    yield from sessions(items[0].number, draft, turns, rules)


def _turns(activity: Json, rules: Rules) -> Iterator[Turn]:
    """The prompt, and its answer where there is one."""
    at = moment_of(activity.get("time"), rules.zone)
    title = str(activity["title"])
    prompt = _PROMPTED.sub("", title, count=1) if _PROMPTED.match(title) else title
    key = words(activity.get("time"))
    yield Turn(
        role="user",
        parts=[*parts_of(prompt), *_files(activity)],
        key=f"{key} prompt",
        at=at,
        original=activity,
    )
    listed = activity["safeHtmlItem"] if isinstance(activity.get("safeHtmlItem"), list) else []
    answers = [_plain(words(item.get("html"))) for item in listed if isinstance(item, dict)]
    if any(answers):
        text = "\n\n".join(filter(None, answers))
        yield Turn(role="assistant", parts=parts_of(text), key=f"{key} answer", at=at)


def _files(record: Json) -> list[Json]:
    listed = record["attachedFiles"] if isinstance(record.get("attachedFiles"), list) else []
    names = [item for item in [*listed, record.get("imageFile")] if isinstance(item, str) and item]
    return [attached(name_) for name_ in dict.fromkeys(names)]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BLOCKS:
            self.pieces.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def _plain(markup: str) -> str:
    """The text of HTML, a line for each block."""
    parser = _Words()
    parser.feed(markup)
    parser.close()
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", "".join(parser.pieces)).strip()
