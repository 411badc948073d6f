"""Hazards of people who differ: the arithmetic of gamma frailty.

Of people who pay with a hazard of their own, w times a common one, those who are ready have paid
first, and the rest looks ever less ready. If w is drawn from a gamma distribution with mean 1 and a
shape k, the share left at a cumulated hazard A is (1 + A/k) ** -k (Vaupel, Manton and Stallard
1979). So the common hazard can be found for which the chances seen are exactly those measured.
"""

from bisect import bisect_right
from collections.abc import Sequence
from math import expm1, inf, log1p

MONTH = 30
"""Days, where a figure is by month."""
OLDEST = 3_650
"""Days past due after which a debt grows no older."""


def exposure(left: float, shape: int) -> float:
    """The cumulated hazard at which this share of people is left."""
    return shape * (left ** (-1 / shape) - 1) if left > 0 else inf


def share_left(reached: float, shape: int) -> float:
    """The share of people left at a cumulated hazard."""
    return float((1 + reached / shape) ** -shape)


class Lateness:
    """Chances per month of 30 days by days past due, for people who differ."""

    def __init__(self, from_days: Sequence[int], chances: Sequence[float], shape: int) -> None:
        """Each chance is seen among those who are left, from its day on; the last for ever."""
        self._days = tuple(from_days)
        self._shape = shape
        self._rates = [-log1p(-min(chance, 1 - 1e-9)) / MONTH for chance in chances]
        self._left = [0.0]
        """Minus the logarithm of the share left at each day."""
        for day, following, rate in zip(from_days, from_days[1:], self._rates, strict=False):
            self._left.append(self._left[-1] + (following - day) * rate)
        first = self._rates[0]
        self._relative = tuple(rate / first if first else 1.0 for rate in self._rates)

    def at(self, values: Sequence[float], late: float) -> float:
        """The value that holds at so many days past due."""
        return values[self._place(late)]

    def relative(self, late: float) -> float:
        """The hazard seen at so many days past due, against that of a debt just due."""
        return self._relative[self._place(late)]

    def cumulated(self, late: float) -> float:
        """The cumulated hazard of an average person by so many days past due."""
        place = self._place(late)
        days = min(max(late, 0), OLDEST) - self._days[place]
        gone = self._left[place] + days * self._rates[place]
        return self._shape * expm1(gone / self._shape)

    def day_of(self, reached: float) -> float:
        """The day past due by which a cumulated hazard is reached; infinite if it never is."""
        gone = self._shape * log1p(reached / self._shape)
        place = bisect_right(self._left, gone) - 1
        rate = self._rates[place]
        return self._days[place] + (gone - self._left[place]) / rate if rate else inf

    def _place(self, late: float) -> int:
        return max(0, bisect_right(self._days, late) - 1)
