"""How far a figure may be off, and how much two journeys differ.

The delete-a-group jackknife: each figure is worked out again without one group of people after
another, and from how much that moves it follows how much another portfolio of such people would.
People are left out whole, with all their accounts, because what happens to one account of a person
moves the others. Journeys are compared on the same people, who draw the same lots: what is told of
a difference comes from the difference in each group, and is narrower than the two figures' own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from simulation.costs import agents
from simulation.measures import METRICS, Figures, Measure, Name, Ratio, Unit, in_order
from simulation.tallies import PEOPLE, Counts, Tallies

LEVEL = 0.95
NEVER_SEEN = 3.0
"""What has not happened in n cases may still have a rate of 3/n: with that, it would be missed
once in twenty times (e^-3)."""
CASES = frozenset({Unit.SHARE, Unit.PER_ACCOUNT})
"""Units of figures that count cases: the others are of money and time, and have no such end."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and the interval in which it lies with 95 %."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


NOTHING = Estimate(None)


@dataclass(frozen=True, slots=True)
class Compared:
    """A variant's figure, and by how much it differs from the one that it is held against."""

    own: Estimate
    difference: Estimate = NOTHING


Table = dict[Name, Compared]


def compare(tallies: Tallies, measure: Measure, against: int = 0) -> list[Table]:
    """Every figure of every variant, with its difference to the variant numbered `against`."""
    sampled = [_sampled(groups, measure) for groups in tallies.groups]
    names = in_order(name for whole, _ in sampled for name in whole)
    tables = [
        {
            name: _compared(name, sample, sampled[against], is_base=number == against)
            for name in names
        }
        for number, sample in enumerate(sampled)
    ]
    base = tables[against]
    for table, peak in zip(tables, tallies.peaks, strict=True):
        table["peak-in-7-days", ""] = Compared(Estimate(float(peak)))
        table["agents", ""] = Compared(_agents(table, measure))
    for number, table in enumerate(tables):
        for name in (("peak-in-7-days", ""), ("agents", "")):
            if number != against:
                table[name] = _apart(table[name], base[name])
    order = in_order(base)
    return [{name: table[name] for name in order} for table in tables]


Sample = tuple[Figures, list[Figures]]
"""All figures, and the same without one group after another."""


def _sampled(groups: Sequence[Counts], measure: Measure) -> Sample:
    whole: Counts = defaultdict(int)
    for each in groups:
        for key, number in each.items():
            whole[key] += number
    left = [measure.figures(_without(whole, each)) for each in groups if each[PEOPLE]]
    return measure.figures(whole), left


def _without(whole: Counts, part: Counts) -> Counts:
    rest = whole.copy()
    for key, number in part.items():
        rest[key] -= number
    return rest


NONE = Ratio(0, 0)


def _compared(name: Name, sample: Sample, base: Sample, *, is_base: bool) -> Compared:
    own = _estimate(name, sample)
    return Compared(own) if is_base else Compared(own, _difference(name, sample, base))


def _estimate(name: Name, sample: Sample) -> Estimate:
    whole, left = sample
    ratio = _of(whole, name)
    value = ratio.value
    if value is None:
        return NOTHING
    seen = [other for other in (_of(each, name).value for each in left) if other is not None]
    off = _off(seen)
    if off is None:
        return Estimate(value)
    low, high = value - off, value + off
    unit = METRICS[name[0]].unit
    if unit in CASES and ratio.much == 0:
        high = NEVER_SEEN / ratio.of
    if unit is Unit.SHARE and ratio.much == ratio.of:
        low = 1 - NEVER_SEEN / ratio.of
    if unit is not Unit.COLLECTED:
        low = max(0.0, low)
    return Estimate(value, low, min(1.0, high) if unit is Unit.SHARE else high)


def _difference(name: Name, sample: Sample, base: Sample) -> Estimate:
    mine, theirs = _of(sample[0], name), _of(base[0], name)
    value = _minus(mine, theirs)
    if value is None:
        return NOTHING
    if mine.much == theirs.much == 0:  # where neither was seen, nothing tells how they differ
        return Estimate(value)
    pairs = zip(sample[1], base[1], strict=True)
    seen = [_minus(_of(one, name), _of(other, name)) for one, other in pairs]
    off = _off([each for each in seen if each is not None])
    if off is None:
        return Estimate(value)
    return Estimate(value, value - off, value + off)


def _of(figures: Figures, name: Name) -> Ratio:
    """A figure. One that is not there, such as of a rule that nobody met, is none of so many."""
    found = figures.get(name)
    if found is not None:
        return found
    same = next((ratio for (metric, _), ratio in figures.items() if metric == name[0]), None)
    return NONE if same is None else Ratio(0, same.of)


def _minus(one: Ratio, other: Ratio) -> float | None:
    mine, theirs = one.value, other.value
    return None if mine is None or theirs is None else mine - theirs


def _off(left: Sequence[float]) -> float | None:
    """By how much the figure may be off, from the figures without one group each."""
    groups = len(left)
    if groups < 2:  # noqa: PLR2004 -- one group tells nothing
        return None
    middle = sum(left) / groups
    variance = (groups - 1) / groups * sum((each - middle) ** 2 for each in left)
    return quantile(groups - 1) * sqrt(variance)


def quantile(freedom: int) -> float:
    """Student's t for 95 %, two-sided: Cornish and Fisher's expansion, and exact below 5."""
    exact = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764}
    if freedom in exact:
        return exact[freedom]
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _agents(table: Mapping[Name, Compared], measure: Measure) -> Estimate:
    """Agents for the work as it comes, and for as much less or more of it as it may be off."""
    days = [table["work-by-day", day.isoformat()].own.value for day in measure.working_days]
    work = table["work", ""].own
    value = work.value or 0.0
    scales = [
        each / value if each is not None and value else 1.0 for each in (work.low, value, work.high)
    ]
    low, middle, high = (
        float(agents([scale * (each or 0.0) for each in days], measure.costs)) for scale in scales
    )
    return Estimate(middle, low, high)


def _apart(mine: Compared, theirs: Compared) -> Compared:
    return Compared(mine.own, Estimate((mine.own.value or 0) - (theirs.own.value or 0)))
