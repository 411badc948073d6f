"""Trials and what came of them: shares fitted bin by bin, and judged on trials held out.

Which rows are held out hangs on a hash of whose they are and a seed: all rows of one person are on
the same side, and the same rows are held out again. A figure is the share seen, bin by bin; with
half a success and half a failure added, so that no chance is ever none or certain (Jeffreys).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import log

from simulation.dice import Dice
from simulation.parameters import Entry, HeldOut

HELD_OUT = 0.3
"""The share of people whose rows are held out."""
LEAST = 100
"""Trials without which nothing is fitted, and bins are taken together with their neighbours."""
DIGITS = 6
SMALLEST = 1e-6


_Pool = tuple[float, float, int]
"""Trials, how many were met, and how many bins they stand for."""


class FitError(ValueError):
    """Data that cannot be fitted to; names the file, and the line and column where there is one."""


@dataclass
class Found:
    """What data say of the parameters: new entries, and why others stay as they are."""

    entries: dict[str, Entry] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    """Why the data say nothing of a parameter, by name."""


class Split:
    """Who is held out."""

    def __init__(self, seed: int) -> None:
        """Another seed holds out others."""
        self._dice = Dice(seed)

    def holds_out(self, whose: str) -> bool:
        """Whether the rows of this person are held out."""
        return self._dice.throw(f"split/{whose}")[0] < HELD_OUT


class Trials:
    """Trials and what came of them, by bin; apart those to fit to and those held out."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: dict[bool, dict[int, list[float]]] = {
            held: defaultdict(lambda: [0.0, 0.0]) for held in (False, True)
        }

    def add(self, place: int, got: float, *, held: bool, times: float = 1) -> None:
        """Count trials of a bin, of which `got` were met: a number, or a share of one trial."""
        counted = self._counts[held][place]
        counted[0] += times
        counted[1] += got

    def of(self, place: int, *, held: bool = False) -> tuple[float, float]:
        """Trials of a bin, and how many were met."""
        times, got = self._counts[held].get(place, (0.0, 0.0))
        return times, got

    def all(self, *, held: bool = False) -> tuple[float, float]:
        """All trials, and how many were met."""
        counted = self._counts[held].values()
        return sum(each[0] for each in counted), sum(each[1] for each in counted)

    def enough(self) -> bool:
        """Whether there are trials enough to fit to, and some held out to judge by."""
        return self.all()[0] >= LEAST and self.all(held=True)[0] > 0


def shares(
    trials: Trials, bins: int, *, falling: bool = False, least: float = LEAST
) -> tuple[float, ...]:
    """The share met, bin by bin; bins with fewer trials than `least` join the one before.

    With `falling`, neighbours that would make it rise are pooled, too: the best fit that never
    rises (the pool-adjacent-violators algorithm).
    """
    pools: list[_Pool] = []
    for place in range(bins):
        pools.append((*trials.of(place), 1))
        while len(pools) > 1 and _joined(pools[-2], pools[-1], least, falling=falling):
            times, got, wide = pools.pop()
            pools[-1] = (pools[-1][0] + times, pools[-1][1] + got, pools[-1][2] + wide)
    return tuple(_written(share(times, got)) for times, got, wide in pools for _ in range(wide))


def _joined(before: _Pool, last: _Pool, least: float, *, falling: bool) -> bool:
    few = before[0] < least or last[0] < least
    return few or (falling and share(*last[:2]) > share(*before[:2]))


def _written(chance: float) -> float:
    return round(min(max(chance, SMALLEST), 1 - SMALLEST), DIGITS)


def share(times: float, got: float) -> float:
    """The share met, never none and never all."""
    return (max(got, 0) + 0.5) / (times + 1)


def judged(
    trials: Trials,
    expected: Sequence[float],
    *,
    shown: Callable[[float], float] = lambda share: share,
) -> HeldOut:
    """How the shares expected, bin by bin, do on the trials held out.

    `shown` turns a share into what is reported, such as a day's chance into a month's.
    """
    rows, met = trials.all(held=True)
    loss, bins = 0.0, list[_Bin]()
    for place, chance in enumerate(expected):
        times, got = trials.of(place, held=True)
        loss += _log_loss(times, got, chance)
        bins.append((shown(chance), shown(got / times) if times >= LEAST else None))
    return _told(rows, loss, _log_loss(rows, met, share(*trials.all())), bins)


def judged_each(seen: Iterable[tuple[int, float, float]], bins: int, constant: float) -> HeldOut:
    """The same for trials whose shares differ inside a bin.

    Each is its bin, the share expected, and what came.
    """
    sums = [[0.0, 0.0, 0.0] for _ in range(bins)]
    loss = plain = 0.0
    for place, chance, got in seen:
        loss += _log_loss(1, got, chance)
        plain += _log_loss(1, got, constant)
        for at, value in enumerate((1, chance, got)):
            sums[place][at] += value
    means = [
        (chances / times, got / times) if times >= LEAST else (0.0, None)
        for times, chances, got in sums
    ]
    return _told(sum(each[0] for each in sums), loss, plain, means)


_Bin = tuple[float, float | None]
"""The share expected and the share seen, if there are trials enough to see one."""


def _told(rows: float, loss: float, constant: float, bins: Sequence[_Bin]) -> HeldOut:
    missed = [abs(expected - seen) for expected, seen in bins if seen is not None]
    return HeldOut(
        rows=round(rows),
        log_loss=round(loss / rows, DIGITS),
        constant=round(constant / rows, DIGITS),
        seen=tuple(seen if seen is None else round(seen, DIGITS) for _, seen in bins),
        largest_miss=round(max(missed, default=0.0), DIGITS),
    )


def _log_loss(times: float, got: float, share: float) -> float:
    return -(got * log(share) + (times - got) * log(1 - share))


def weights(counts: Sequence[float]) -> tuple[float, ...]:
    """Counts as shares that sum to one, to the last digit."""
    total = sum(counts)
    reached = [round(each / total, DIGITS) for each in accumulate(counts)]
    steps = zip([0.0, *reached], [*reached[:-1], 1.0], strict=False)
    return tuple(round(after - before, DIGITS) for before, after in steps)


def place_of(value: float, beginnings: Iterable[float]) -> int:
    """The bin of a value, by where bins begin; what lies before the first counts to it."""
    return max(0, sum(begin <= value for begin in beginnings) - 1)
