"""What contacts and people's time cost, and how many people it takes to keep up.

The figures are assumptions in `costs.yaml`, each with its reason. A file of one's own replaces it.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from domain.contacts import Channel
from domain.money import CurrencyCode

SHIPPED = Path(__file__).with_name("costs.yaml")


class Figure(BaseModel):
    """A figure, and where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    is_: Annotated[Decimal, Field(alias="is", ge=0, le=1_000_000)]
    why: Annotated[str, Field(min_length=1)]


class Positive(Figure):
    """A figure above zero."""

    is_: Annotated[Decimal, Field(alias="is", gt=0, le=1_000_000)]


class Minutes(BaseModel):
    """Minutes of a person of ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Figure
    """For whatever is handed over."""
    talk: Figure
    """For a call that is answered."""
    ring: Figure
    """For a call that is not."""


class Costs(BaseModel):
    """What is reckoned with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: CurrencyCode
    contacts: dict[Channel, Figure]
    """The price of each, in whole units of the currency. Channels left out cost nothing."""
    minutes: Minutes
    hour: Figure
    """What an agent's hour costs, in whole units of the currency."""
    day: Positive
    """Minutes of work in an agent's day."""
    service: Annotated[
        Positive, Field(description="Percent of tasks done by the next working day.")
    ]

    def listed(self) -> list[tuple[str, str, str]]:
        """Every figure: what it is of, the figure, and where it comes from."""
        found = [
            (f"one {channel.value}", f"{each.is_} {self.currency}", each.why)
            for channel, each in self.contacts.items()
        ]
        for name, said in (
            ("task", "minutes for a task"),
            ("talk", "minutes for a call that is answered"),
            ("ring", "minutes for a call that is not"),
        ):
            each: Figure = getattr(self.minutes, name)
            found.append((said, str(each.is_), each.why))
        return [
            *found,
            ("an agent's hour", f"{self.hour.is_} {self.currency}", self.hour.why),
            ("minutes in an agent's day", str(self.day.is_), self.day.why),
            ("tasks done by the next working day", f"{self.service.is_} %", self.service.why),
        ]


def agents(work: Sequence[float], costs: Costs) -> int:
    """How many agents keep the service level, for work done in the order in which it comes.

    `work` is what comes on each working day, in minutes. It may be done on that day or on the next.
    """
    total, day = sum(work), float(costs.day.is_)
    wanted = float(costs.service.is_) / 100 * total
    too_few, enough = -1, ceil(max(work, default=0.0) / day)
    while enough - too_few > 1:
        between = (too_few + enough) // 2
        if in_time(work, between * day) >= wanted:
            enough = between
        else:
            too_few = between
    return enough


def in_time(work: Sequence[float], capacity: float) -> float:
    """Minutes of work that are done by the end of the working day after they came."""
    left = done = 0.0
    for today in work:
        done += min(today, max(0.0, 2 * capacity - left))
        left = max(0.0, left + today - capacity)
    return done
