"""A journey's picture as SVG: one file, without script, font or network, in light and in dark.

Where the boxes stand and how the arrows run is worked out by graphlay, the same everywhere.
"""

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import Any

import graphlay

from simulation.charts import Chart
from simulation.drawing import Box, Picture, pictured

TITLE, SMALL = 18, 14
"""Sizes of letters, in the units of the drawing: large enough for a phone that shows it whole."""

SMALL_WIDTH = 0.53 * SMALL
WIDTHS = {"name": 0.6 * TITLE, "end": 0.58 * SMALL, "small": SMALL_WIDTH, "when": SMALL_WIDTH}
"""How wide a letter is, by style: an estimate on the safe side."""

LINE, TITLE_LINE = 17, 22
PAD_X, PAD_Y = 12, 10
NARROW = 22
"""Letters in a line of small print inside a box."""
MARGIN = 16
SPACING = {
    "layer_gap": 40,
    "node_gap": 22,
    "dummy_gap": 14,
    "port_gap": 14,
    "isolated_gap": 22,
    "stub": 12,
}

STYLE = """\
:root{color-scheme:light dark}
.box{fill:#fff;stroke:#46566b;stroke-width:1.5}
.first{stroke-width:3}
.way{fill:none;stroke:#46566b;stroke-width:1.6}
.tip{fill:#46566b}
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#17212e}
.name{font-weight:600;font-size:18px}
.small{font-size:14px;fill:#46566b}
.when{font-size:14px;font-style:italic;fill:#8a3f05}
.end{font-size:14px;font-weight:600;fill:#0b5c4b}
.ground{fill:#fff}
@media (prefers-color-scheme:dark){
.box{fill:#1b2430;stroke:#9db0c8}
.way{stroke:#9db0c8}.tip{fill:#9db0c8}
text{fill:#eef3f9}.small{fill:#b6c5d8}.when{fill:#f5b26b}.end{fill:#6fd3bb}.ground{fill:#10161e}
}"""

TIP = """\
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8"
 markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0L10 5L0 10z"/></marker></defs>\
"""


def svg(chart: Chart) -> str:
    """The picture of a journey as an SVG file."""
    picture = pictured(chart)
    laid = _laid_out(picture)
    low, high = laid.bounds["min"], laid.bounds["max"]
    left, top = low["x"] - MARGIN, low["y"] - MARGIN
    width = round(high["x"] - low["x"]) + 2 * MARGIN
    below = _below(picture, width)
    drawn_to = round(high["y"] - low["y"]) + 2 * MARGIN
    height = drawn_to + LINE * len(below) + (MARGIN if below else 0)
    move = f"translate({_n(-left)} {_n(-top)})"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        f' aria-labelledby="title desc" lang="en" style="max-width:{width}px">'
    )
    parts = [
        head,
        f'<title id="title">{escape(f"The journey {picture.name}")}</title>',
        f'<desc id="desc">{escape(_told(picture))}</desc>',
        f"<style>\n{STYLE}\n</style>",
        TIP,
        f'<rect class="ground" width="{width}" height="{height}"/>',
        f'<g transform="{move}">',
        *(_arrow(edge["points"]) for edge in laid.edges),
        *(_drawn(box, node) for box, node in zip(picture.boxes, laid.nodes, strict=True)),
        "</g>",
        *(
            f'<text class="small" x="{MARGIN}" y="{drawn_to + LINE * number + SMALL}">'
            f"{escape(line)}</text>"
            for number, line in enumerate(below)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _laid_out(picture: Picture) -> graphlay.Layout:
    graph = graphlay.Graph()
    for rank, box in enumerate(picture.boxes):
        width, height = _size(box)
        graph.node(box.name, width=width, height=height, rank={"fixed": rank})  # one below another
    for start, following in picture.arrows:
        graph.edge(start, following)
    options = {"direction": "topbottom", "spacing": SPACING}
    return graphlay.layout(graph, preset="layered", options=options)


def _size(box: Box) -> tuple[int, int]:
    small = sum(style != "name" for style, _ in _lines(box))
    widest = max(len(line) * WIDTHS[style] for style, line in _lines(box))
    return round(widest) + 2 * PAD_X, TITLE_LINE + LINE * small + 2 * PAD_Y


def _lines(box: Box) -> list[tuple[str, str]]:
    """All that stands in a box, each line with its style."""
    return [
        *(("when", line) for said in box.when for line in wrap(said, NARROW)),
        ("name", box.name),
        *(("small", line) for line in box.lines),
        *(("end", line) for said in box.ends for line in wrap(said, NARROW)),
    ]


def _drawn(box: Box, node: dict[str, Any]) -> str:
    """A box with its lines, each in the middle."""
    width, height = _size(box)
    x, y = node["center"]["x"] - width / 2, node["center"]["y"] - height / 2
    kind = "box first" if box.is_first else "box"
    parts = [
        f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{width}" height="{height}" rx="8"/>'
    ]
    base = y + PAD_Y
    for style, line in _lines(box):
        base += TITLE_LINE if style == "name" else LINE
        parts.append(
            f'<text class="{style}" text-anchor="middle" x="{_n(node["center"]["x"])}"'
            f' y="{_n(base - 5)}">{escape(line)}</text>'
        )
    return "".join(parts)


def _arrow(points: Sequence[dict[str, float]]) -> str:
    route = "L".join(f"{_n(point['x'])} {_n(point['y'])}" for point in points)
    return f'<path class="way" marker-end="url(#tip)" stroke-linejoin="round" d="M{route}"/>'


def _below(picture: Picture, width: int) -> list[str]:
    """What the picture does not show, in lines that fit under it."""
    letters = int((width - 2 * MARGIN) / SMALL_WIDTH)
    answers = f"Answer, and then go back: {', '.join(picture.answers)}."
    said = [picture.legend, *([answers] if picture.answers else [])]
    return [line for each in said for line in wrap(each, letters)]


def _told(picture: Picture) -> str:
    """The picture in words, for whoever does not see it."""
    ways = [f"{start} to {following}" for start, following in picture.arrows]
    ways += [f"{box.name} to {end}" for box in picture.boxes for end in box.ends]
    return f"{picture.purpose} Ways: {'; '.join(ways)}."


def _n(number: float) -> str:
    """A coordinate, to a half: the same on every machine."""
    return f"{round(number * 2) / 2:g}"
