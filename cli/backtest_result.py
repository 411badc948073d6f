"""What a backtest found, and how its figures are written for programs and for people."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulation.comparing import Compared, Estimate, Table
from simulation.measures import METRICS, Good, Measure, Metric, Name, Unit

COLUMNS = (
    *("variant", "metric", "of", "value", "low", "high"),
    *("difference", "difference_low", "difference_high", "unit"),
)
DECIMALS = 6
"""Of every figure; what people read is rounded from there, so that page and CSV say the same."""
MINUS, NOTHING = "\N{MINUS SIGN}", "\N{EN DASH}"
SHARES = frozenset({Unit.SHARE, Unit.COLLECTED})


@dataclass(frozen=True)
class Rule:
    """A rule as the law has it."""

    says: str
    cite: str
    pack: str


@dataclass(frozen=True)
class Result:
    """Everything that a report says. The first variant is the one that others are held against."""

    title: str
    variants: Sequence[str]
    tables: Sequence[Table]
    measure: Measure
    accounts: int
    placed: str
    """Money in all, in words: USD 12.50."""
    rules: Mapping[str, Rule]
    made: Sequence[tuple[str, str]]
    """How it was made: what, and how."""
    assumptions: Sequence[tuple[str, str, str, str]]
    """What is reckoned with: what it is of, the figure, how sure, and where it comes from."""

    @property
    def compares(self) -> bool:
        """Whether there is more than one variant."""
        return len(self.variants) > 1

    def of(self, metric: str) -> list[str]:
        """What there is of a metric, in order."""
        return [of for name, of in self.tables[0] if name == metric]

    def figure(self, variant: int, name: Name) -> Compared:
        """A figure of a variant."""
        return self.tables[variant][name]


def written(value: float | None) -> str:
    """A figure for programs: at most six decimals, and empty where it cannot be told."""
    if value is None:
        return ""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def as_csv(result: Result) -> str:
    """Every figure, one on a line."""
    out = io.StringIO(newline="")
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows(rows(result))
    return out.getvalue()


def rows(result: Result) -> Iterator[tuple[str, ...]]:
    """The lines of the CSV."""
    for variant, table in zip(result.variants, result.tables, strict=True):
        for (metric, of), found in table.items():
            figures = map(written, (*_parts(found.own), *_parts(found.difference)))
            yield variant, metric, of, *figures, METRICS[metric].unit.value


def _parts(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high


def shown(metric: Metric, value: float | None, *, like: float | None = None) -> str:
    """A figure as people read it, without its unit; with as many decimals as one `like` that.

    It has more where it were shown as nothing: an end of an interval tells whether 0 is in it.
    """
    if value is None:
        return NOTHING
    value = round(value, DECIMALS)
    if metric.unit in SHARES:
        value, like = 100 * value, None if like is None else 100 * like
    decimals = _decimals(metric, value) if like is None else _decimals(metric, like)
    if like is not None:
        decimals = max(decimals, _first_digit(value))
    return f"{value:,.{decimals}f}".replace("-", MINUS)


def _first_digit(value: float) -> int:
    """The fewest decimals with which a figure is not shown as nothing."""
    return next((each for each in range(DECIMALS + 1) if round(value, each)), 0)


def difference(metric: Metric, value: float | None, *, like: float | None = None) -> str:
    """A difference as people read it, with its sign."""
    if value is None:
        return NOTHING
    value = round(value, DECIMALS)
    text = shown(metric, abs(value), like=like)
    is_none = not any(letter in "123456789" for letter in text)
    return f"{'±' if is_none else '+' if value > 0 else MINUS}{text}"


def unit(metric: Metric, currency: str, *, of_difference: bool = False) -> str:
    """What stands behind a figure. Shares differ by points, not by per cent."""
    if metric.unit in SHARES:
        return "points" if of_difference else "%"
    return currency if metric.unit is Unit.MONEY else ""


def _decimals(metric: Metric, value: float) -> int:
    """Enough to tell small figures apart, and no more than mean something."""
    if metric.unit is Unit.COUNT:
        return 0
    if metric.unit is Unit.MONEY:
        return 2 if abs(value) >= 0.1 else 4  # noqa: PLR2004 -- below a dime, hundredths are too coarse
    if 0 < abs(value) < 0.01:  # noqa: PLR2004 -- what is not nothing is not shown as nothing
        return 4
    return 1 if abs(value) >= 10 else 2  # noqa: PLR2004 -- two digits stand before the point then


def verdict(metric: Metric, found: Estimate) -> str:
    """What a difference means: better, worse, other, or nothing that is clear."""
    if found.value is None or not found.is_clear:
        return "unclear"
    if metric.good is Good.NEITHER:
        return "other"
    return "better" if (found.value > 0) is (metric.good is Good.UP) else "worse"
