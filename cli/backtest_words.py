"""What a backtest found, told: in cells of a table, and in sentences."""

from collections.abc import Callable, Iterator, Sequence
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

TOLD = (
    ("collected", "", "collects {} {}", "more", "less"),
    ("net", "", "keeps {} {} after cost", "more", "less"),
    ("contacts", ALL, "makes {} {} contacts an account", "more", "fewer"),
    ("complaints", "", "has {} {} complaints", "more", "fewer"),
    ("opted-out", "", "has {} {} opt-outs", "more", "fewer"),
    ("tasks", ALL, "hands over {} {} tasks an account", "more", "fewer"),
)
"""What is told of a difference in words, if it is clear."""


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


def lead(result: Result) -> Iterator[tuple[str, str]]:
    """What came of it in words: a sentence for each variant, with its name."""
    currency = result.measure.currency

    def told(name: Name) -> str:
        found = cell(METRICS[name[0]], result.figure(0, name), currency)
        figure = f"{found.text} {found.unit}".rstrip()
        return f"{figure} ({found.interval})" if found.interval else figure

    first = (
        f"collects {told(('collected', ''))} of what was placed within {result.measure.days} days"
        f" and brings {told(('cured', ''))} of accounts to an end paid or settled, with"
        f" {told(('contacts', ALL))} contacts an account."
        f" {told(('complaints', ''))} of accounts are complained about;"
        f" {told(('self-service', ''))} of those paid, settled or on a plan needed nobody of ours."
    )
    yield result.variants[0], first
    for number, variant in enumerate(result.variants[1:], start=1):
        yield variant, f"{_differences(result, number)}."


def _differences(result: Result, number: int) -> str:
    """What is clearly different, in words, and what is not."""
    clear, unclear = list[str](), list[str]()
    for metric_name, of, says, more, less in TOLD:
        if (metric_name, of) not in result.tables[number]:
            continue
        metric = METRICS[metric_name]
        change = result.figure(number, (metric_name, of)).difference
        if not change.is_clear or change.value is None:
            unclear.append(metric.title.lower())
            continue
        word = more if change.value > 0 else less
        clear.append(says.format(_much(metric, change, result.measure.currency), word))
    said = "; ".join(clear) or "shows no clear difference in what is told here"
    if clear and unclear:
        said += f"; no clear difference in {', '.join(unclear)}"
    return said


def _much(metric: Metric, change: Estimate, currency: str) -> str:
    """How much, whichever way."""
    value, ends = abs(change.value or 0.0), (change.low or 0.0, change.high or 0.0)
    low, high = (shown(metric, each, like=value) for each in sorted(map(abs, ends)))
    figure = f"{shown(metric, value)} {unit(metric, currency, of_difference=True)}".rstrip()
    return f"{figure} ({low} to {high})"
