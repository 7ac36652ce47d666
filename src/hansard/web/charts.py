"""Charts as SVG made here: bars by day, stacked by value; each bar leads to its sessions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape
from msgspec import Struct

WIDTH, HEIGHT = 640, 168
_LEFT, _TOP, _BOTTOM = 44, 8, 22
_TICKS = (1, 2, 2.5, 5, 10)
SERIES = 6


class Bar(Struct, frozen=True):
    """One bar of a chart.

    Its layers from the bottom (series, value), its text, its link, and whether it still grows.
    """

    layers: list[tuple[int, float]]
    label: str
    link: str
    tip: str
    is_open: bool = False

    @property
    def total(self) -> float:
        return sum(value for _, value in self.layers)


def bars(name: str, drawn: Sequence[Bar], spell: Callable[[float], str], every: int) -> Markup:
    """The chart; ``spell`` spells a value on the scale, ``every`` how many bars share a label."""
    top = _nice(max((bar.total for bar in drawn), default=0))
    plot = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT) / max(1, len(drawn))
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="group" aria-label="{}">').format(
            WIDTH, HEIGHT, name
        ),
        _HATCH,
    ]
    for share in (0, 0.5, 1):
        y = _TOP + plot * (1 - share)
        parts.append(
            Markup('<line class="rule" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
                _LEFT, WIDTH, y, y
            )
        )
        kind = "scale" if share else "scale zero"
        parts.append(
            Markup('<text class="{}" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
                kind, _LEFT - 6, y + 4, spell(top * share)
            )
        )
    for index, bar in enumerate(drawn):
        x = _LEFT + index * step
        parts.append(_bar(bar, x, step, plot, top))
        if index % every == 0:
            parts.append(
                Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    x + step / 2, HEIGHT - 6, bar.label
                )
            )
    return Markup("").join([*parts, Markup("</svg>")])


def _bar(bar: Bar, x: float, step: float, plot: float, top: float) -> Markup:
    width = max(2.0, step * 0.72)
    left = x + (step - width) / 2
    y = _TOP + plot
    inside = [
        Markup('<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            x, _TOP, step, plot
        )
    ]
    for series, value in bar.layers:
        tall = plot * value / top if top else 0
        y -= tall
        if tall:
            inside.append(
                Markup(
                    '<rect class="s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
                ).format(series % SERIES, left, y, width, tall)
            )
    if bar.is_open and bar.total:
        inside.append(
            Markup(
                '<rect class="open" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>'
            ).format(left, y, width, _TOP + plot - y)
        )
    title = Markup("<title>{}</title>").format(bar.tip)
    content = Markup("").join([title, *inside])
    if not bar.link or not bar.total:
        return Markup("<g>{}</g>").format(content)
    return Markup('<a href="{}" aria-label="{}">{}</a>').format(bar.link, bar.tip, content)


def _nice(most: float) -> float:
    """A round number at or above ``most``, for the top of the scale."""
    if most <= 0:
        return 1
    size = 1.0
    while size * 10 < most:
        size *= 10
    while size > most:
        size /= 10
    return next((tick * size for tick in _TICKS if tick * size >= most), most)


_HATCH = Markup(
    '<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="2" height="5"/></pattern></defs>'
)


def legend(names: Sequence[str]) -> Markup:
    items = [
        Markup('<li><i class="s{}"></i>{}</li>').format(index % SERIES, escape(name))
        for index, name in enumerate(names)
    ]
    return (
        Markup('<ul class="legend">{}</ul>').format(Markup("").join(items))
        if len(names) > 1
        else Markup("")
    )
