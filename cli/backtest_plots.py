"""Plots of a backtest as SVG that stands in the page: its colours are the page's, light and dark.

Each is drawn once for a narrow screen, in stand-in colours that are then replaced by the page's own
(CSS variables), so that it follows the reader's light or dark. The same figures give the same
bytes: no clock, no random ids, no names of fonts.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cli.backtest_result import Result
from simulation.comparing import Estimate
from simulation.measures import ALL
from simulation.tallies import BUCKETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, SOFT, LINE = "#010101", "#020202", "#030303"
SERIES = tuple(f"#0a0a{number:02x}" for number in range(8))
"""Stand-ins: no plot has these colours by chance."""
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))
"""When colours come round again, lines are dashed."""
WIDE, HIGH = 5.0, 3.1
"""Inches of 72 points: 360 wide, so that nothing shrinks on a phone."""
DRAWN: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tahsil",
    "font.size": 10.5,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 2.2,
    "lines.solid_capstyle": "round",
}
MOST_BARS = 7


def plots(result: Result) -> dict[str, str]:
    """Every plot as SVG, by name; one that would show nothing is left out."""
    drawn: dict[str, Callable[[Result], Figure | None]] = {
        "curve": _curve,
        "gain": _gain,
        "ended": _ended,
        "contacts": _contacts,
        "rolled": _rolled,
        "waited": _waited,
        "work": _work,
    }
    found = dict[str, str]()
    with mpl.rc_context(DRAWN):
        for name, draw in drawn.items():
            figure = draw(result)
            if figure is not None:
                found[name] = _svg(figure, name)
    return found


def _svg(figure: Figure, name: str) -> str:
    """The figure without a prologue, in the page's colours and font, with ids of its own."""
    out = io.StringIO()
    figure.savefig(
        out, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format"))
    )
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r'<svg \1 class="plot" role="img">', text)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace('href="#', f'href="#{name}-').replace("url(#", f"url(#{name}-")
    text = text.replace("xlink:href", "href")
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    for stand_in, variable in (
        (INK, "ink"),
        (SOFT, "soft"),
        (LINE, "line"),
        *((each, f"v{number}") for number, each in enumerate(SERIES)),
    ):
        text = text.replace(stand_in, f"var(--{variable})")
    return text


def _style(number: int) -> dict[str, object]:
    return {
        "color": SERIES[number % len(SERIES)],
        "linestyle": DASHES[number // len(SERIES) % len(DASHES)],
    }


@contextmanager
def _axes(high: float = HIGH) -> "Iterator[tuple[Figure, Axes]]":
    figure = Figure(figsize=(WIDE, high), layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02))
    yield figure, figure.add_subplot()


def _percent(axis: object, *, signed: bool = False) -> None:
    def told(value: float, _: object) -> str:
        text = f"{100 * value:.3g}".replace("-", "\N{MINUS SIGN}")
        return f"{'+' if signed and value > 0 else ''}{text}{'' if signed else ' %'}"

    axis.set_major_formatter(FuncFormatter(told))  # type: ignore[attr-defined]


def _days(result: Result, axes: "Axes") -> None:
    axes.set_xlim(0, result.measure.days)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("days after placing")
    axes.grid(visible=False, axis="x")


def _series(result: Result, metric: str, pick: Callable[..., Estimate]) -> Iterator[list[Estimate]]:
    for table in result.tables:
        yield [pick(found) for (name, _), found in table.items() if name == metric]


def _curve(result: Result) -> Figure:
    with _axes() as (figure, axes):
        for number, line in enumerate(_series(result, "collected-by-day", lambda each: each.own)):
            _band(axes, line, number, of=len(result.variants))
        axes.set_ylim(bottom=0)
        _days(result, axes)
        _percent(axes.yaxis)
        return figure


def _gain(result: Result) -> Figure | None:
    if not result.compares:
        return None
    lines = list(_series(result, "collected-by-day", lambda each: each.difference))
    with _axes(2.6) as (figure, axes):
        axes.axhline(0, color=SERIES[0], linewidth=1.6)
        for number, line in enumerate(lines[1:], start=1):
            _band(axes, line, number, of=len(lines) - 1)
        _days(result, axes)
        _percent(axes.yaxis, signed=True)
        axes.set_ylabel("points")
        return figure


def _band(axes: "Axes", line: Sequence[Estimate], number: int, *, of: int) -> None:
    """A line with its interval, the fainter the more there are."""
    days = range(len(line))
    values = [each.value or 0.0 for each in line]
    axes.plot(days, values, **_style(number))  # type: ignore[arg-type]
    low = [
        value if each.low is None else each.low for each, value in zip(line, values, strict=True)
    ]
    high = [
        value if each.high is None else each.high for each, value in zip(line, values, strict=True)
    ]
    colour = SERIES[number % len(SERIES)]
    axes.fill_between(days, low, high, color=colour, alpha=0.2 / of, linewidth=0)


def _ended(result: Result) -> Figure | None:
    return _bars(result, "ended", result.of("ended"), share=True)


def _contacts(result: Result) -> Figure | None:
    return _bars(result, "contacts", [each for each in result.of("contacts") if each != ALL])


def _waited(result: Result) -> Figure | None:
    return _bars(result, "waited", [each for each in result.of("waited") if each != ALL])


def _rolled(result: Result) -> Figure | None:
    told = [each for each in BUCKETS if result.figure(0, ("rolled", each)).own.value is not None]
    return _bars(result, "rolled", told, share=True, sort=False)


def _bars(
    result: Result, metric: str, several: Sequence[str], *, share: bool = False, sort: bool = True
) -> Figure | None:
    """Bars with their intervals, for the largest; one for each variant."""

    def size(of: str) -> float:
        return max(result.figure(each, (metric, of)).own.value or 0.0 for each in _all(result))

    named = sorted(several, key=lambda of: (-size(of), of))[:MOST_BARS] if sort else list(several)
    if not any(map(size, named)):
        return None
    variants = len(result.variants)
    thick = 0.8 / variants
    with _axes(0.75 + len(named) * max(0.34, 0.13 * variants)) as (figure, axes):
        for number in _all(result):
            found = [result.figure(number, (metric, of)).own for of in named]
            off = (number - (variants - 1) / 2) * thick
            _row(axes, found, [place + off for place in range(len(named))], thick, number)
        axes.set_yticks(range(len(named)), named, color=INK)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(visible=False, axis="y")
        if share:
            _percent(axes.xaxis)
        return figure


def _row(
    axes: "Axes", found: Sequence[Estimate], at: Sequence[float], thick: float, number: int
) -> None:
    """One variant's bars, with their intervals."""
    values = [each.value or 0.0 for each in found]
    colour = SERIES[number % len(SERIES)]
    axes.barh(at, values, height=thick * 0.86, color=colour, linewidth=0)
    low = [each.low if each.low is not None else each.value or 0.0 for each in found]
    high = [each.high if each.high is not None else each.value or 0.0 for each in found]
    axes.hlines(at, low, high, color=INK, linewidth=1.1)


def _all(result: Result) -> range:
    return range(len(result.variants))


def _work(result: Result) -> Figure | None:
    """Minutes of work by week: days jump about with weekends."""
    days = [date.fromisoformat(each) for each in result.of("work-by-day")]
    weeks = sorted({each.isocalendar()[:2] for each in days})
    sums = [
        [
            sum(
                table["work-by-day", day.isoformat()].own.value or 0.0
                for day in days
                if day.isocalendar()[:2] == week
            )
            / 60
            for week in weeks
        ]
        for table in result.tables
    ]
    if not any(map(any, sums)):
        return None
    with _axes(2.6) as (figure, axes):
        for number, line in enumerate(sums):
            axes.step(range(1, len(line) + 1), line, where="mid", **_style(number))  # type: ignore[arg-type]
        axes.set_ylim(bottom=0)
        axes.set_xlim(1, max(2, len(weeks)))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("week")
        axes.set_ylabel("hours of work")
        return figure
