"""Thresholds for CI: `complaints>0.5%`, `contacts:sms>4`, `change of collected<-1%`."""

import operator
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from simulation.comparing import Table
from simulation.measures import ALL, METRICS, Name, Unit

COMPARES: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SHARES = frozenset({Unit.SHARE, Unit.COLLECTED})
FORM = re.compile(
    r"(?P<change>change of )?(?P<metric>[a-z0-9-]+)(?::(?P<of>[^<>=]+))?"
    r"\s*(?P<sign>[<>]=?)\s*(?P<figure>-?\d+(?:\.\d+)?)\s*(?P<percent>%?)"
)


class ThresholdError(ValueError):
    """A threshold that nothing can be held against."""


@dataclass(frozen=True)
class Threshold:
    """A limit to a figure, or to its difference from the other journey's."""

    text: str
    name: Name
    of_change: bool
    sign: str
    limit: float

    def crossed_by(self, table: Table, known: Container[str] = ()) -> float | None:
        """The figure, if it is beyond the limit; one that would be a part of nothing is not.

        `known` are names, such as channels, of which there may have been none: that makes zero.
        ThresholdError if there is no such figure: a limit that nothing can cross watches nothing.
        """
        metric, of = self.name
        found = table.get((metric, of)) or table.get((metric, of or ALL))
        if found is None:
            if of not in known or not any(name == metric for name, _ in table):
                raise ThresholdError(self._nothing_there(table))
            return 0.0 if COMPARES[self.sign](0.0, self.limit) else None
        value = (found.difference if self.of_change else found.own).value
        return value if value is not None and COMPARES[self.sign](value, self.limit) else None

    def _nothing_there(self, table: Table) -> str:
        metric, of = self.name
        named = [each for name, each in table if name == metric]
        if not named:
            return (
                f"--fail-if {self.text!r}: {metric} cannot be told of this portfolio; what costs is"
                " told where there are prices in its currency (--costs)"
            )
        parts = ", ".join(filter(None, named)) or "no parts"
        return f"--fail-if {self.text!r}: nothing of {metric} is called {of!r}; it has {parts}"

    def told(self, value: float) -> str:
        """A figure as the threshold is written."""
        is_share = METRICS[self.name[0]].unit in SHARES
        return f"{100 * value:.3g}%" if is_share else f"{value:.4g}"


def read_thresholds(texts: Sequence[str], *, compares: bool) -> list[Threshold]:
    """The thresholds that people wrote; ThresholdError says what is wrong with one."""
    found = [_read(text) for text in texts]
    for each in found:
        if each.of_change and not compares:
            raise ThresholdError(
                f"--fail-if {each.text!r}: a change of what? Give --against or --sweep, too"
            )
    return found


def _read(text: str) -> Threshold:
    parts = FORM.fullmatch(text.strip())
    if parts is None:
        raise ThresholdError(
            f"--fail-if {text!r}: expected a metric, a sign and a figure, such as"
            " complaints>0.5%, contacts:sms>4 or 'change of collected<-1%'"
        )
    metric = METRICS.get(parts["metric"])
    if metric is None:
        raise ThresholdError(
            f"--fail-if {text!r}: no metric is called {parts['metric']!r}; there are"
            f" {', '.join(METRICS)}"
        )
    is_share, percent = metric.unit in SHARES, bool(parts["percent"])
    if is_share != percent:
        expected = "a percentage such as 0.5%" if is_share else "a figure without %"
        raise ThresholdError(f"--fail-if {text!r}: {metric.name} takes {expected}")
    limit = float(parts["figure"]) / (100 if percent else 1)
    name = (metric.name, (parts["of"] or "").strip())
    return Threshold(text.strip(), name, bool(parts["change"]), parts["sign"], limit)
