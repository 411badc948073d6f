"""Orders that pass the gate or tell the record of it, and what comes back."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict

from compliance.facts import ContactRequest, PersonFacts, plain_request
from compliance.verdicts import AnyVerdict, Wait
from domain.accounts import Closure
from domain.contacts import ContactStatus, Message
from domain.contracts import Contract
from domain.models import value
from domain.orders import Order
from domain.plans import PaymentPlan
from domain.settlements import Settlement


@value
class Slept:
    """A verdict that the account slept through: what was asked, when, and by which law."""

    key: str
    """The contact that it is about."""
    at: AwareDatetime
    law: str
    message: Message
    verdict: Wait


@value
class ReachOut(Order):
    """Contact the person with this message, if the record's facts allow it at `at`."""

    message: Message
    waits: tuple[Slept, ...] = ()
    """Verdicts slept through that the record does not have yet."""
    offer: PaymentPlan | None = None
    """A plan that the message puts to the consumer."""
    instalment: int | None = None
    """The number of the instalment that the message is about; None: the next that is due."""
    day: date | None = None
    """The day that it names for it, such as that of the charge; None: its due date."""

    @property
    def request(self) -> ContactRequest:
        """What the gate is asked, before anything is written."""
        return plain_request(self.account_id, self.message.channel, self.message.purpose)


@value
class EnterStage(Order):
    """Write to the record which stage the account is in now."""

    journey: str
    stage: str
    waits: tuple[Slept, ...] = ()


class Entered(BaseModel):
    """The ledger on the day of entering a stage: interest up to then is in it."""

    model_config = ConfigDict(frozen=True)

    version: int
    balance: int
    plan: PaymentPlan | None = None
    """The plan, if what was added to the balance went to its end."""


@value
class Close(Order):
    """Write to the record that the journey is over."""

    closure: Closure
    waits: tuple[Slept, ...] = ()


@value
class Reached:
    """What came of it, with the person's facts as the record had them afterwards."""

    verdict: AnyVerdict
    status: ContactStatus | None
    """None while the verdict is Wait: nothing was tried."""
    facts: PersonFacts
    law: str
    """The law that the record went by."""
    law_number: int = 0
    """Which change of law put it in force."""
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
    law: str
    law_number: int = 0
    recalled: bool = False
    contract: Contract = Contract()
    settlement: Settlement | None = None
    """An offer that every new account of the creditor gets, such as for paying early."""
