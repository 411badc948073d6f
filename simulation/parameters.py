"""The figures behind simulated consumers: every one says where it comes from.

`parameters.yaml` ships beside this file. What it says of public data was fitted by `tahsil fit`; a
vendor's claim and an assumption say that they are one. docs/behaviour.md explains the formulas.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from compliance.loading import read_yaml
from domain.contacts import Channel
from domain.orders import DeclineKind
from simulation.deeds import Deed

SHIPPED = Path(__file__).parent / "parameters.yaml"

Share = Annotated[float, Field(ge=0, le=1)]
CLOSE = 1e-6
"""How far shares may be from a sum of one: they are written with six digits."""


class Label(StrEnum):
    """How sure we are of a figure."""

    MEASURED = "measured"
    """Counted in a data set; `n` says on how many rows."""
    CLAIMED = "claimed"
    """A vendor says so, without data: an assumption that bears a name."""
    ASSUMED = "assumed"
    """Nobody we know of has published it: change it to what you know."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class HeldOut(_Model):
    """How well a figure does on rows that it was not fitted to."""

    rows: int = Field(gt=0)
    log_loss: float
    """Mean log-loss in nats per row."""
    constant: float
    """The same with one rate for all rows, that of the rows it was fitted to."""
    seen: tuple[float | None, ...] = ()
    """The share seen there, bin by bin, beside the values fitted; none where rows are few."""
    largest_miss: float
    """Largest distance between the two, over all bins."""


class _Entry(_Model):
    label: Label
    source: str = Field(min_length=1)
    n: int | None = Field(default=None, gt=0)
    """Rows that it was fitted to."""
    held_out: HeldOut | None = None

    @model_validator(mode="after")
    def _measured_on_rows(self) -> Self:
        if self.label is Label.MEASURED and self.n is None:
            raise ValueError("a measured figure says on how many rows: give n")
        return self


class Chance(_Entry):
    """One chance."""

    value: Share

    def bins(self) -> dict[str, float]:
        """The value by itself."""
        return {"": self.value}


class Number(_Entry):
    """One figure that is no chance: days, a factor, a count."""

    value: Annotated[int | float, Field(ge=0)]

    def bins(self) -> dict[str, float]:
        """The value by itself."""
        return {"": self.value}


class Curve(_Entry):
    """Chances by number, from 1 on; the last one holds for all further numbers."""

    values: tuple[Share, ...] = Field(min_length=1)

    def bins(self) -> dict[str, float]:
        """Each value by what it is for."""
        last = len(self.values)
        return {f"{n}{' and more' * (n == last)}": each for n, each in enumerate(self.values, 1)}


class Lateness(_Entry):
    """Shares by days past due: each holds from its day on."""

    from_days: tuple[int, ...] = Field(min_length=1)
    values: tuple[Share, ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_days[0] != 0 or list(self.from_days) != sorted(set(self.from_days)):
            raise ValueError("from_days must begin with 0 and rise")
        if len(self.values) != len(self.from_days):
            raise ValueError("expected one value for each of from_days")
        return self

    def bins(self) -> dict[str, float]:
        """Each value by the days past due from which it holds."""
        pairs = zip(self.from_days, self.values, strict=True)
        return {f"from day {day}": value for day, value in pairs}


class Weights(_Entry):
    """Shares by number, from 0 on, of something that happens once: they sum to one."""

    values: tuple[Share, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        _whole(self.values)
        return self

    def bins(self) -> dict[str, float]:
        """Each value by its number."""
        return {str(number): value for number, value in enumerate(self.values)}


class Channels(_Entry):
    """Shares by channel; a channel that is not named has none."""

    values: dict[Channel, Share]

    def bins(self) -> dict[str, float]:
        """Each value by its kind."""
        return {kind.value: value for kind, value in self.values.items()}


class Preferences(Channels):
    """Shares by channel, of people who each have one: they sum to one."""

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        _whole(self.values.values())
        return self


class Replies(_Entry):
    """Chances by kind of reply; what is left to one is no reply."""

    values: dict[Deed, Share]

    def bins(self) -> dict[str, float]:
        """Each value by its kind."""
        return {kind.value: value for kind, value in self.values.items()}

    @model_validator(mode="after")
    def _leave_silence(self) -> Self:
        if sum(self.values.values()) > 1:
            raise ValueError("chances of replies sum to more than one")
        unknown = sorted(each.value for each in self.values if each not in REPLIES)
        if unknown:
            raise ValueError(f"no reply: {', '.join(unknown)}")
        return self


class Declines(_Entry):
    """Shares by what a decline asks for: they sum to one."""

    values: dict[DeclineKind, Share]

    def bins(self) -> dict[str, float]:
        """Each value by its kind."""
        return {kind.value: value for kind, value in self.values.items()}

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        _whole(self.values.values())
        return self


REPLIES = frozenset(
    {
        *(Deed.ASKS_PLAN, Deed.CLAIMS_PAID, Deed.DISPUTES, Deed.ASKS_CALL, Deed.WRITES),
        *(Deed.PROMISES, Deed.HARDSHIP, Deed.OPTS_OUT, Deed.STOPS),
    }
)
"""What may come back on a contact beside money."""

Entry = Chance | Number | Curve | Lateness | Weights | Channels | Replies | Declines


class Parameters(_Model):
    """All figures of the model. Chances are those of the average person, or say whose they are."""

    # who people are
    willingness: Number
    """Shape (1 to 4) of the gamma distribution, with mean 1, of how ready people are to pay: the
    smaller, the more they differ. Drawn once a person, so their accounts go together."""
    strain: Number
    """The same of how tight their money is: failed instalments and broken promises follow it."""
    prefers: Preferences
    """The channel that a person prefers."""
    off_preference: Chance
    """How much less a contact on another channel moves them: a factor."""
    undelivered: Channels
    """People whose address for the channel is dead."""
    blocks_calls: Chance
    """People who never answer a call of ours."""
    answers: Chance
    """A call is answered by somebody who does not block them."""
    voicemail: Chance
    """How much a voicemail moves them, against a contact that reaches them: a factor."""

    # paying
    pays_on_contact: Curve
    """To pay upon the n-th contact, of those who have had n, on a debt of the first lateness."""
    pays_in_month: Lateness
    """To pay something within 30 days, by days past due."""
    pays_part: Lateness
    """Of those who pay something, who pay a part only."""
    part: Lateness
    """What share of the balance such a part is."""
    alone: Chance
    """Of the payments by lateness, those that come without any contact of ours."""
    pays_on_time: Chance
    """Whoever has a debt that is not due yet, and pays it by its day without any contact."""
    takes_back: Chance
    """A payment is taken back, through the bank or as a refund."""

    # when
    acts_on_day: Weights
    """On which day after a contact people act, 0 being the same day."""
    acts_at: Weights
    """At which hour people act, 0 to 23 by their own clock."""

    # saying
    replies: Replies
    """What comes back on a contact that does not bring money."""
    promise_days: Number
    """The furthest day, from when it is made, by which people promise to pay."""
    keeps_promise: Chance
    """A promise is kept."""
    dispute_days: Number
    """The most days in which a dispute is resolved."""
    complains: Chance
    """A contact leads to a complaint, while there are few."""
    patience: Number
    """Contacts after which complaints become more."""
    impatience: Number
    """By what factor the chance of a complaint grows with each further contact."""
    after_stop: Number
    """By what factor a contact leads more often to a complaint once they have asked to stop."""

    # plans, settlements, hardship
    takes_plan: Chance
    """An offer of a plan is accepted, at each contact that makes it."""
    by_hand: Chance
    """Of plans accepted, those paid by hand instead of by card."""
    pays_reminded: Chance
    """An instalment is paid by hand when its reminder comes."""
    settles: Chance
    """An open offer to settle is taken, at each contact."""
    engages: Chance
    """Whoever broke a plan talks to us, or acts, at all."""
    by_phone: Chance
    """Of those, who waits for the call."""
    restarts: Chance
    """Of those, who catches up and goes on with the plan; the others pay all of it."""
    states_means: Chance
    """Whoever is in hardship answers what they can afford, at each contact."""
    affords_nothing: Chance
    """Of those, who can afford nothing for now."""
    affords_within: Number
    """In at most so many months the others could pay all of it."""

    # cards
    card_trouble: Declines
    """What is the matter with a card that an account came with."""
    passes_later: Chance
    """Such a card, with trouble that passes, can be charged at the next try."""
    declines: Chance
    """A charge of a card that was given to us is declined, and may pass another day."""
    spoils: Chance
    """A card that was given to us is spoilt for good, by each charge."""
    spoilt: Declines
    """What is then the matter with it."""

    @model_validator(mode="after")
    def _whole_shapes(self) -> Self:
        for name in ("willingness", "strain"):
            shape = getattr(self, name).value
            if shape not in SHAPES:
                raise ValueError(f"{name} is {shape:g}, expected 1, 2, 3 or 4")
        if len(self.acts_at.values) != HOURS:
            raise ValueError(f"acts_at: expected {HOURS} shares, one for each hour")
        return self

    def entries(self) -> dict[str, Entry]:
        """All entries by name, in their order."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    def changed(self, values: Mapping[str, object], source: str) -> Self:
        """The same with other values for these entries, which are then assumptions."""
        told = {name: entry.model_dump() for name, entry in self.entries().items()}
        for name, value in values.items():
            field = "value" if "value" in told[name] else "values"
            now = {field: value, "label": Label.ASSUMED, "source": source}
            told[name] |= now | {"n": None, "held_out": None}
        return type(self).model_validate(told)


SHAPES = frozenset({1, 2, 3, 4})
HOURS = 24


def read_parameters(file: Path) -> Parameters:
    """Read a parameter file; an error names the line, the field and what was expected there."""
    return read_yaml(file, Parameters)


@cache
def shipped() -> Parameters:
    """The parameters that ship."""
    return read_parameters(SHIPPED)


def _whole(shares: Iterable[float]) -> None:
    if abs(sum(shares) - 1) > CLOSE:
        raise ValueError("shares do not sum to 1")
