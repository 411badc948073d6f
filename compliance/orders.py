"""The order to contact somebody, and its answer: the one order that passes the gate."""

from pydantic import BaseModel, ConfigDict

from compliance.facts import PersonFacts
from compliance.verdicts import AnyVerdict, Wait
from domain.contacts import ContactStatus, Message
from domain.orders import Order
from domain.plans import PaymentPlan


class ReachOut(Order):
    """Contact the person with this message, if the record's facts allow it at `at`."""

    message: Message
    waits: tuple[Wait, ...] = ()
    """Verdicts already slept through for this contact; written to the record with the final one."""
    offer: PaymentPlan | None = None
    """A plan that the message puts to the consumer."""


class Reached(BaseModel):
    """What came of it, with the person's facts as the record had them afterwards."""

    model_config = ConfigDict(frozen=True)

    verdict: AnyVerdict
    status: ContactStatus | None
    """None while the verdict is Wait: nothing was tried."""
    facts: PersonFacts
    detail: str = ""


class Recorded(BaseModel):
    """The record of a placement as it stands: what a workflow begins with."""

    model_config = ConfigDict(frozen=True)

    version: int
    balance: int
    facts: PersonFacts
    recalled: bool = False
