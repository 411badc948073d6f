"""How often a plan is paid: weekly, monthly, on the second Friday, after payday.

Whoever agrees to a plan says a rhythm; the plan itself holds plain dates, so that nothing moves
when a calendar is corrected later.
"""

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class _Rhythm(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weekly(_Rhythm):
    """Every so many weeks on this weekday: 1 is weekly, 2 fortnightly."""

    kind: Literal["weekly"] = "weekly"
    every: int = Field(default=1, ge=1, le=8)
    weekday: int | None = Field(default=None, ge=0, le=6)
    """0 is Monday, as in Python's `date.weekday`; None: the weekday of the first date."""

    def anchored(self, first: date) -> Self:
        """The same with its weekday named, so that it stays when a single date is moved."""
        day = first.weekday() if self.weekday is None else self.weekday
        return self.model_copy(update={"weekday": day})


class Monthly(_Rhythm):
    """Every month on this day, or on the last of a shorter month; None: the day of the first."""

    kind: Literal["monthly"] = "monthly"
    day: int | None = Field(default=None, ge=1, le=31)

    def anchored(self, first: date) -> Self:
        """The same with its day named: after a 28 February comes a 31 March again."""
        if self.day is not None:
            return self
        return self.model_copy(update={"day": first.day})


class NthWeekday(_Rhythm):
    """Every month on its n-th Monday, Tuesday …; -1 is the last one."""

    kind: Literal["nth weekday"] = "nth weekday"
    nth: Literal[1, 2, 3, 4, -1]
    weekday: int = Field(ge=0, le=6)
    """0 is Monday, as in Python's `date.weekday`."""

    def anchored(self, first: date) -> Self:
        """The same: it names its day by itself."""
        del first
        return self


class Payday(_Rhythm):
    """So many days after each payday; a payday on a closed day is the working day before it."""

    kind: Literal["payday"] = "payday"
    paid: Annotated[Weekly | Monthly | NthWeekday, Field(discriminator="kind")]
    days_after: int = Field(default=1, ge=0, le=7)

    def anchored(self, first: date) -> Self:
        """The same with the day of the pay named, counted back from the first instalment."""
        payday = first - timedelta(days=self.days_after)
        return self.model_copy(update={"paid": self.paid.anchored(payday)})


Rhythm = Annotated[Weekly | Monthly | NthWeekday | Payday, Field(discriminator="kind")]
"""How often a plan is paid. A plan of custom dates and amounts has none."""
