"""What survives a stage boundary: one small model, and a pure reducer that hears events."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import assert_never

from pydantic import AwareDatetime, BaseModel, Field

from compliance.facts import PersonFacts
from compliance.orders import Slept
from domain.contacts import COUNTED, Channel, Contact, ContactStatus, Message
from domain.events import (
    AnyEvent,
    AnyResponse,
    BalanceChanged,
    ContactSettled,
    HoldLifted,
    HoldPlaced,
    LawChanged,
    OptedIn,
    OptedOut,
    PlanAccepted,
    ProfileChanged,
    PromiseToPay,
    Recalled,
    Response,
    Undelivered,
)
from domain.money import Money
from domain.people import Profile, StandingHold
from domain.plans import PaymentPlan

REMEMBERED = 200
"""Event ids kept to recognise an event told twice. The record recognises it for ever."""


class Parked(BaseModel):
    """A contact that waits for its first lawful moment."""

    message: Message
    since: AwareDatetime
    until: AwareDatetime
    rules: tuple[str, ...]
    """The rules that delay it, the one that decides first."""


class Progress(BaseModel):
    """The working copy of an account. Postgres holds the record; new fields need defaults."""

    account_id: str
    currency: str
    balance: int
    """Minor units still owed."""
    version: int
    """Ledger transactions seen; a balance of a lower version is old news."""
    due_on: date
    person: PersonFacts
    law: str = ""
    """The law that the account goes by, by id; a diary has but one, and does not name it."""
    law_number: int = 0
    """Which change of law the account has heard of; an earlier one is old news."""
    unrecorded: list[Slept] = Field(default_factory=list)
    """Verdicts that were slept through and that the record does not have yet."""
    parked: Parked | None = None
    """The contact that waits at this moment."""

    step: int = 0
    """Effects so far; makes the keys of the next ones."""
    visits: dict[str, int] = Field(default_factory=dict)
    interrupted: str | None = None
    """The stage that a response broke into, to come back to."""
    returning: bool = False
    """Whether the stage about to begin was broken into, and goes on."""
    peace: datetime | None = None
    """Until when an aside promised to keep quiet."""
    latest: dict[str, Contact] = Field(default_factory=dict)
    """The contact made last with each message."""
    sent_in: dict[str, dict[str, Contact]] = Field(default_factory=dict)
    """Contacts made in the last visit of each stage: one that was broken into repeats none."""
    made: dict[Channel, int] = Field(default_factory=dict)
    """Contacts made so far, by channel."""
    promise: PromiseToPay | None = None
    plan: PaymentPlan | None = None
    offer: PaymentPlan | None = None
    recalled: bool = False
    responses: list[AnyResponse] = Field(default_factory=list)
    """Heard and not yet answered, oldest first."""
    heard: list[str] = Field(default_factory=list)

    @property
    def money(self) -> Money:
        """The balance as money."""
        return Money(minor=self.balance, currency=self.currency)

    def hear(self, event: AnyEvent) -> None:
        """Take in an event; told twice, it counts once."""
        if event.event_id in self.heard:
            return
        self.heard = [*self.heard[1 - REMEMBERED :], event.event_id]
        _reduce(self, event)

    def remember(self, contact: Contact, *, stage: str) -> None:
        """Count a contact that was made in a stage."""
        if contact.status in COUNTED:
            name, channel = str(contact.message), contact.message.channel
            self.latest[name] = contact
            self.sent_in.setdefault(stage, {})[name] = contact
            self.made[channel] = self.made.get(channel, 0) + 1

    def settle(self, version: int, balance: int) -> None:
        """Take over a balance unless it is older than what is known."""
        if version > self.version:
            self.version, self.balance = version, balance

    def go_by(self, law: str, number: int) -> None:
        """Go by a law unless one that was put in force later is known."""
        if number >= self.law_number:
            self.law, self.law_number = law, number

    def days_past_due(self, at: datetime) -> int:
        """Whole days since the debt fell due, by the UTC calendar; negative before."""
        return (at.date() - self.due_on).days


def _reduce(progress: Progress, event: AnyEvent) -> None:
    match event:
        case BalanceChanged(version=version, balance=balance):
            progress.settle(version, balance)
        case ContactSettled():
            _settle_contact(progress, event)
        case OptedOut() | OptedIn() | HoldPlaced() | HoldLifted() | ProfileChanged():
            progress.person = _changed(progress.person, event)
        case LawChanged(law=law, number=number):
            progress.go_by(law, number)
        case Recalled():
            progress.recalled = True
        case Response():
            _hear_response(progress, event)
        case _:
            assert_never(event)


def _changed(
    person: PersonFacts,
    event: OptedOut | OptedIn | HoldPlaced | HoldLifted | ProfileChanged,
) -> PersonFacts:
    """The facts of a person after news about them."""
    match event:
        case OptedOut(channel=channel):
            return _wishing(person, {*person.opted_out, channel})
        case OptedIn(channel=channel):
            return _wishing(person, {*person.opted_out} - {channel})
        case HoldPlaced(hold=hold, starts=starts, ends=ends, part=part):
            placed = StandingHold(hold=hold, starts=starts, ends=ends, part=part)
            return _holding(person, {*person.holds, placed})
        case HoldLifted(hold=hold):
            return _holding(person, {each for each in person.holds if each.hold is not hold})
        case ProfileChanged(profile=profile):
            return described(person, profile) if profile.revision > person.revision else person
        case _:
            assert_never(event)


def _hear_response(progress: Progress, response: AnyResponse) -> None:
    if isinstance(response, PromiseToPay):
        progress.promise = response
    if isinstance(response, PlanAccepted):
        progress.plan, progress.offer = response.plan, None
    progress.responses.append(response)


def _settle_contact(progress: Progress, event: ContactSettled) -> None:
    if event.status is ContactStatus.UNDELIVERED:
        progress.responses.append(Undelivered(event_id=event.event_id, key=event.key))


def _wishing(person: PersonFacts, opted_out: Iterable[Channel]) -> PersonFacts:
    return person.model_copy(update={"opted_out": tuple(sorted(opted_out))})


def _holding(person: PersonFacts, holds: Iterable[StandingHold]) -> PersonFacts:
    return person.model_copy(update={"holds": in_order(holds)})


def in_order(holds: Iterable[StandingHold]) -> tuple[StandingHold, ...]:
    """Holds in an order of their own: the same whenever they are the same."""
    return tuple(sorted(holds, key=lambda each: each.model_dump_json()))


def described(person: PersonFacts, profile: Profile) -> PersonFacts:
    """The facts with what stands in a profile."""
    known = {name: getattr(profile, name) for name in Profile.model_fields}
    return person.model_copy(update=known)
