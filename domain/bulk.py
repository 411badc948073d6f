"""One instruction for many accounts: which of them, what they have to do, why, and who says so."""

import re
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from domain.accounts import Slug
from domain.models import value
from domain.orders import Order

CONDITION = re.compile(r"\s*([a-z-]+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^\s'\"]+))\s*")
AND = re.compile(r"\s+and\s+", re.IGNORECASE)


class BulkVerb(StrEnum):
    """What many accounts can be told at once."""

    PAUSE = "pause"
    RESUME = "resume"
    RECALL = "recall"
    SWITCH = "switch"


AT_ONCE = frozenset({BulkVerb.PAUSE, BulkVerb.RECALL})
"""After these nothing may leave any more, from the moment of the answer."""


class Where(BaseModel):
    """Which open accounts: those for which all of it is so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    creditor: Slug | None = None
    journey: Slug | None = None
    stage: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,79}$")
    currency: str | None = Field(default=None, pattern="^[A-Z]{3}$")
    paused_by: str | None = Field(default=None, pattern="^bulk_[A-Za-z0-9-]{1,60}$")
    """An earlier instruction: the accounts that it paused, not those paused before it."""

    @classmethod
    def read(cls, words: str) -> Self:
        """What `creditor=acme and stage=reminders` says. ValueError with what was expected."""
        found: dict[str, str] = {}
        for part in AND.split(words.strip()):
            match = CONDITION.fullmatch(part)
            name = match[1].replace("-", "_") if match else ""
            if match is None or name not in cls.model_fields or name in found:
                raise ValueError(f"{part!r}: {EXPECTED}")
            found[name] = match[2] or match[3] or match[4] or ""
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            wrong = ", ".join(str(each["loc"][0]).replace("_", "-") for each in error.errors())
            raise ValueError(f"{wrong}: no such thing can be. {EXPECTED}") from None

    def __str__(self) -> str:
        given = self.model_dump(exclude_none=True)
        return " and ".join(f"{name.replace('_', '-')}={value}" for name, value in given.items())


EXPECTED = (
    "expected conditions such as creditor=acme and journey=standard and stage=reminders; "
    "there are creditor, journey, stage, currency and paused-by (an earlier bulk_…)"
)


class BulkInstruction(BaseModel):
    """Signal `instruct`: what the account has to do. The record knows what else there is to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instruction_id: str = Field(min_length=1)
    """Unique to the instruction, so that giving it twice is harmless."""
    verb: BulkVerb
    journey: Slug | None = None
    """For `switch`: the journey to take from now on."""
    reason: str = Field(default="", max_length=500)
    by: str = Field(default="", max_length=100)
    """Why, and who says so: for instructions of which the record does not know yet."""


@value
class TakePart(Order):
    """Write to the record that the account carries out an instruction for many."""

    instruction: BulkInstruction


class Bulk(BaseModel):
    """An instruction for many accounts, as it is given."""

    model_config = ConfigDict(frozen=True)

    id: str
    verb: BulkVerb
    where: Where
    reason: str = Field(min_length=3, max_length=500)
    by: str = Field(min_length=1, max_length=100)
    journey: Slug | None = None

    @property
    def instruction(self) -> BulkInstruction:
        """What every account is told: no words of anybody's."""
        return BulkInstruction(instruction_id=self.id, verb=self.verb, journey=self.journey)


class BulkJob(BaseModel):
    """Tell the accounts of an instruction that is on record."""

    model_config = ConfigDict(frozen=True)

    instruction_id: str


class BulkProgress(BaseModel):
    """How far an instruction has come."""

    model_config = ConfigDict(frozen=True)

    accounts: int
    """How many it found when it was given."""
    told: int
    """How many of them carry it out, or were over before they could."""
    given_at: AwareDatetime

    @property
    def left(self) -> int:
        """How many have not answered yet."""
        return self.accounts - self.told
