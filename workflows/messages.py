"""What goes in and out of a workflow: one model a message, so that fields can be added."""

from datetime import date, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.accounts import Closure, Hold, Placement, Slug
from domain.contacts import Channel
from domain.events import AnyEvent
from domain.money import Money
from engine.progress import Parked, Progress


class NextStep(BaseModel):
    """What the account does next, and why."""

    until: datetime | None = None
    why: str = ""


class Leg(BaseModel):
    """The input of one run: a fresh placement, or a stage and what was carried into it."""

    placement: Placement | None = None
    journey: str
    stage: str | None = None
    """None: the account begins in the journey's first stage."""
    progress: Progress | None = None
    not_before: AwareDatetime | None = None
    """The account's time at which a journey that was over goes on; None: at once."""
    waiting: NextStep | None = None
    """What this stage was waiting for when an older build left it; None: it begins."""
    fingerprint: str = ""


class Heard(BaseModel):
    """Signal `hear`: something has happened. The record knows of it already."""

    event: AnyEvent


class NewBuild(BaseModel):
    """Signal `nudge`: another build is current now."""

    build: str


class PlacedAgain(BaseModel):
    """Update `placed`: a placement of this account, the first or a repetition of it."""

    placement: Placement


class Instruction(BaseModel):
    """Updates `pause`, `resume`, `dispute` and `recall`."""

    model_config = ConfigDict(extra="forbid")

    instruction_id: str = Field(min_length=1)
    """Unique to the instruction, so that giving it twice is harmless."""
    hold: Hold | None = None
    """For `pause` and `resume`: which hold; the plain pause if left out."""
    starts: date | None = None
    ends: date | None = None
    part: int | None = Field(default=None, gt=0)
    """Of a hold: its first and last day where the consumer is, and the minor units it concerns."""
    recorded: bool = False
    """True if the record has it already, as it has from the API."""


class NewJourney(BaseModel):
    """Update `switch_journey`: the journey that the account has to take from now on."""

    model_config = ConfigDict(extra="forbid")

    instruction_id: str = Field(min_length=1)
    """Unique to the instruction, so that giving it twice is harmless."""
    journey: Slug


class Happening(BaseModel):
    """One line of query `timeline`: what was, or what is to come."""

    at: datetime | None
    """None: nobody can say yet."""
    what: str
    ahead: bool = False
    """Whether it is still to come."""


class AccountState(BaseModel):
    """Query `state`: the account as its workflow sees it."""

    account_id: str
    journey: str
    stage: str | None
    balance: Money
    version: int
    holds: tuple[Hold, ...] = ()
    """Every hold on the account, those too that have not begun."""
    opted_out: tuple[Channel, ...] = ()
    made: dict[Channel, int] = Field(default_factory=dict)
    closure: Closure | None = None
    next: NextStep = Field(default_factory=NextStep)
    parked: Parked | None = None
    """The contact that waits for its first lawful moment, if one does."""
    law: str = ""
    """The law that the account goes by."""
    under_way: str | None = None
    """The key of the contact or charge that is being made: what `skip_step` would give up."""
    at: datetime
    """The account's time."""
