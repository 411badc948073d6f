"""What a backtest found, told in cells of tables; `backtest_lead` tells it in sentences."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cli.backtest_result import Result, difference, shown, unit, verdict, written
from simulation.comparing import Compared, Estimate
from simulation.measures import ALL, METRICS, Metric, Name, Part

KEY = (
    *(("collected", ""), ("cured", ""), ("self-service", ""), ("contacts", ALL)),
    *(("opted-out", ""), ("complaints", ""), ("disputes", ""), ("refused", ALL)),
    *(("tasks", ALL), ("agents", ""), ("cost", ALL), ("net", "")),
)
"""What the page, and the terminal, show first."""


@dataclass(frozen=True)
class Cell:
    """A figure as it stands in a table."""

    text: str
    unit: str
    value: str
    """As the CSV has it."""
    interval: str
    change: str
    change_unit: str
    change_value: str
    change_interval: str
    verdict: str


@dataclass(frozen=True)
class Line:
    """One variant's line of a table."""

    variant: int
    name: str
    cell: Cell


@dataclass(frozen=True)
class Block:
    """A figure with what it is of, and its line for each variant."""

    metric: str
    of: str
    title: str
    says: str
    lines: Sequence[Line]


def block(result: Result, name: Name, *, titled: bool = False) -> Block:
    """A figure with a line for each variant; `titled` by its metric, else by what it is of."""
    metric, of = METRICS[name[0]], name[1]
    title, says = _named(result, metric, of)
    if titled:
        title, says = metric.title, metric.says
    lines = [
        Line(number, variant, cell(metric, result.figure(number, name), result.measure.currency))
        for number, variant in enumerate(result.variants)
    ]
    return Block(metric.name, of, title, says, lines)


def _named(result: Result, metric: Metric, of: str) -> tuple[str, str]:
    """What a figure is of, in words; of a rule what it says, and where it stands."""
    if metric.part is Part.LAW and of in result.rules:
        rule = result.rules[of]
        return of, f"Because {rule.says}: {rule.cite}; {rule.pack}"
    if metric.name == "collected-by-day":
        return f"Day {of}", ""
    return of, ""


def cell(metric: Metric, found: Compared, currency: str) -> Cell:
    """A figure with its interval, and its difference with its own."""
    own, change = found.own, found.difference
    return Cell(
        text=shown(metric, own.value),
        unit=unit(metric, currency) if own.value is not None else "",
        value=written(own.value),
        interval=_between(shown, metric, own),
        change=difference(metric, change.value),
        change_unit=unit(metric, currency, of_difference=True),
        change_value=written(change.value),
        change_interval=_between(difference, metric, change),
        verdict=verdict(metric, change),
    )


def _between(written_as: Callable[..., str], metric: Metric, found: Estimate) -> str:
    """An interval, with as many decimals as the figure that it is of."""
    if found.low is None or found.high is None:
        return ""
    low, high = (written_as(metric, each, like=found.value) for each in (found.low, found.high))
    return f"{low} to {high}"
