"""The report of a backtest as one page: for people, without scripts, and without asking the net."""

from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cli.backtest_lead import lead
from cli.backtest_plots import SERIES, plots
from cli.backtest_result import Result
from cli.backtest_words import KEY, block
from simulation.measures import METRICS, Metric, Part

LONG = frozenset({"collected-by-day", "messages", "did", "work-by-day", "tasks"})
"""Metrics of which there are many figures: they are folded away within their part."""

templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(result: Result) -> str:
    """The report; the same result gives the same bytes."""
    return templates.get_template("backtest.html").render(
        result=result,
        colours=len(SERIES),
        plots=plots(result),
        lead=list(lead(result)),
        key=[block(result, name, titled=True) for name in KEY if name in result.tables[0]],
        parts=[(part, _told_in(result, part)) for part in Part],
        untitled=lambda each: replace(each, title="", says=""),
        blocks=lambda metric: [block(result, (metric, of)) for of in result.of(metric)],
        long=LONG,
        start=f"{result.measure.start:%-d %B %Y}",
    )


def _told_in(result: Result, part: Part) -> list[Metric]:
    """The metrics of a part that have not been told whole among the key figures."""
    whole = {metric for metric, _ in KEY if len(result.of(metric)) == 1}
    return [each for each in METRICS.values() if each.part is part and each.name not in whole]
