"""The order to contact somebody, and its answer: the one order that passes the gate."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from compliance.facts import PersonFacts
from compliance.verdicts import AnyVerdict, Wait
from domain.contacts import ContactStatus, Message
from domain.orders import Order
from domain.plans import PaymentPlan


class Slept(BaseModel):
    """A verdict that the account slept through, and when it was given (the account's time)."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    verdict: Wait


class ReachOut(Order):
    """Contact the person with this message, if the record's facts allow it at `at`."""

    message: Message
    waits: tuple[Slept, ...] = ()
    """Verdicts slept through that the record does not have yet."""
    offer: PaymentPlan | None = None
    """A plan that the message puts to the consumer."""


class Reached(BaseModel):
    """What came of it, with the person's facts as the record had them afterwards."""

    model_config = ConfigDict(frozen=True)

    verdict: AnyVerdict
    status: ContactStatus | None
    """None while the verdict is Wait: nothing was tried."""
    facts: PersonFacts
    version: int
    """Ledger transactions on record, with the balance after them in minor units."""
    balance: int
    recalled: bool = False
    detail: str = ""


class Recorded(BaseModel):
    """The record of a placement as it stands: what a workflow begins with."""

    model_config = ConfigDict(frozen=True)

    version: int
    balance: int
    facts: PersonFacts
    recalled: bool = False
