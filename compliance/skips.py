"""Orders to give up a step of an account that fails for ever, and what the record says of it."""

from pydantic import BaseModel, ConfigDict, Field

from compliance.orders import ReachOut
from domain.contacts import ContactStatus
from domain.orders import Charge


class Skip(BaseModel):
    """Update `skip_step`: give up what is under way, and go on without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instruction_id: str = Field(min_length=1)
    """Unique to the instruction, so that giving it twice is harmless."""
    reason: str = Field(min_length=3, max_length=500)
    by: str = Field(min_length=1, max_length=100)
    step: str | None = None
    """The key of the step that is meant, as `state` names it; None: whichever is under way."""


class SkipContact(BaseModel):
    """Write to the record that a contact is given up."""

    model_config = ConfigDict(frozen=True)

    order: ReachOut
    skip: Skip


class SkipCharge(BaseModel):
    """Write to the record that a charge is given up."""

    model_config = ConfigDict(frozen=True)

    order: Charge
    skip: Skip


class Skipped(BaseModel):
    """What the record says of a contact that was given up."""

    model_config = ConfigDict(frozen=True)

    status: ContactStatus
    """UNKNOWN if it may have left; as it was, if it had come to an end already."""
