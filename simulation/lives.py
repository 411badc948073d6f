"""One account's life: the engine's runtime with virtual time, a ledger and a record in memory."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from inspect import getsourcefile
from traceback import extract_tb
from types import coroutine
from typing import TYPE_CHECKING, Any, Literal

from compliance import Allow, Deny, Packs, PastContact, decide
from compliance.orders import Reached, ReachOut
from domain.accounts import PAID_UP, Closure
from domain.contacts import Channel, Contact, ContactStatus
from domain.events import (
    AnyEvent,
    BalanceChanged,
    ContactSettled,
    Event,
    PaymentReversed,
    TaskDone,
)
from domain.models import changed, made
from domain.money import Money
from domain.orders import Charge, Charged, ChargeStatus, DeclineKind, HandOver
from domain.payable import least_charge, step
from domain.people import Milestone, MilestoneKind
from domain.settlements import early
from domain.time import local_date
from engine import Closed, Next, OpenAccount, Progress, Stage, Switched
from simulation.deeds import Debt
from simulation.happenings import What

if TYPE_CHECKING:
    from compliance import PersonFacts
    from domain.settlements import Settlement
    from engine.progress import Parked
    from simulation.households import Household
    from simulation.people import Account

BOUNCES_AFTER = timedelta(hours=1)
"""How long after a message was accepted the news comes that it did not arrive."""

SEEN_TO_AFTER = timedelta(days=1)
"""How long after an account was handed over a person of ours has seen to it: an assumption."""

PATIENCE = 1_000
"""Looks at the clock without time passing after which a journey is thought to go round for ever."""

NEVER = datetime.max.replace(tzinfo=UTC)
NOON = time(12, tzinfo=UTC)
PAGE, CHARGED = "page", "charge"
NO_CARD = Charged(status=ChargeStatus.NO_CARD, version=0, balance=0)

Told = Event | Callable[[Progress], Event]
"""Something heard: an event, or what makes one of the account as it stands then."""


class StageError(ValueError):
    """A stage failed while it was played: its author has to mend it."""

    @classmethod
    def of(cls, stage: Stage, error: Exception) -> StageError:
        """Say where: by the last line of the stage's own file, however deep it failed."""
        file = getsourcefile(stage.attempt)
        frames = extract_tb(error.__traceback__)
        place = next((each for each in reversed(frames) if each.filename == file), frames[-1])
        what = f"{type(error).__name__}: {error}"
        return cls(f"stage {stage.name} failed at {place.filename}:{place.lineno}: {what}")


class EndlessJourneyError(Exception):
    """The journey goes round and round while no time passes."""

    def __init__(self, stage: str, at: str) -> None:
        """Name the stage and the moment."""
        super().__init__(stage, at)  # as they are given: it may come from another process

    def __str__(self) -> str:
        """What is wrong, and what to do."""
        stage, at = self.args
        return (
            f"{at}: stage {stage} goes round without time passing; "
            "let it wait for a response, keep quiet for a while, or close"
        )


PAUSED = object()
"""What a life gives back while it waits: nothing else may be awaited."""


@coroutine
def pause() -> Generator[object, None, None]:
    """Give the word back to the household."""
    yield PAUSED


async def at_once() -> None:
    """Wait for nothing."""


class Life:
    """An account from placement to its end. It is the runtime that the engine waits and acts by."""

    def __init__(self, account: Account, person: PersonFacts, home: Household) -> None:
        """Place an account with a person of these facts."""
        self.account = account
        self.until = NEVER
        """Until when it waits, at the latest."""
        self.closure: Closure | None = None
        self.has_card = account.has_card
        self.payments: list[int] = []
        """What was paid so far and has not gone back, in minor units."""
        self._home = home
        self._paid = self._charges = self._cards = 0
        self._charging: int | None = None
        self._declined: DeclineKind | None = None
        self._tried: tuple[datetime, ...] = ()
        self._forgiven = 0
        self._ready: Callable[[], bool] = bool
        self._why = ""
        self._parked: Parked | None = None
        self._steps = 0
        self._living: Coroutine[Any, Any, None] | None = None
        self.journey = home.journey_called(account.journey)
        self.stage = self.journey.first
        self.progress = self._placed(person)

    def _placed(self, person: PersonFacts) -> Progress:
        account, start = self.account, self._home.now
        return Progress(
            account_id=account.account_id,
            currency=account.currency,
            balance=account.balance,
            version=1,
            due_on=account.due_on,
            person=dated(person, account, start),
            contract=account.contract,
            settlement=self._offered_early(person) if account.contract.settlement.early else None,
        )

    def _offered_early(self, person: PersonFacts) -> Settlement | None:
        account = self.account
        return early(
            account.contract,
            Money(minor=account.balance, currency=account.currency),
            today=local_date(self._home.now, person.zones[0]),
            settlement_id=f"early:{account.account_id}",
            step=step(account.currency),
        )

    # from stage to stage

    def begin(self) -> None:
        """Begin the journey at its first stage."""
        home = self._home
        home.told(self, What.PLACED, self.journey.name, minor=self.progress.balance)
        home.expect(self, home.behaviour.at_placement(self.debt(), home.now))
        self._start()

    def _start(self) -> None:
        self._living = self._lived()
        self.go_on()

    def go_on(self) -> None:
        """Go on until the next pause, or to the end."""
        if self._living is None:
            raise RuntimeError(f"{self.account.account_id}: this life has not begun")
        self._steps = 0
        try:
            paused = self._living.send(None)
        except StopIteration:
            self.rest()
            return
        if paused is not PAUSED:
            raise RuntimeError("a stage may await nothing but its account")

    def go_on_if_ready(self) -> None:
        """Go on if what is waited for has come."""
        if self._living is not None and self._ready():
            self.go_on()

    def rest(self) -> None:
        """Wait for nothing any more."""
        if self._living is not None:
            self._living.close()
        self._living, self._ready, self.until = None, bool, NEVER

    async def _lived(self) -> None:
        home = self._home
        while True:
            home.told(self, What.STAGE, self.stage.name, why=self._why)
            match await self._attempt():
                case Closed(closure=closure):
                    self._close(closure)
                    return
                case Switched(journey=name, stage=entered):
                    self.progress.take_up(came_from=self.journey.name, at=entered)
                    self.journey = home.journey_called(name)
                    self.stage = self.journey.stage(entered) if entered else self.journey.first
                    home.told(self, What.SWITCHED, self.journey.name, why=self._why)
                case Stage() as following:
                    self.stage = following

    async def _attempt(self) -> Next:
        """Play one stage to its end; StageError says where it failed."""
        try:
            return await self.seen.played()
        except EndlessJourneyError:
            raise
        except Exception as error:
            raise StageError.of(self.stage, error) from error

    def _close(self, closure: Closure) -> None:
        settled = closure is Closure.PAID_IN_FULL and self._forgiven
        self.closure = Closure.SETTLED if settled else closure
        self._home.told(self, What.CLOSED, str(self.closure), why=self._why)

    def _law(self, name: str) -> Packs:  # noqa: ARG002 -- a world has but one
        return self._home.packs

    # the runtime

    def now(self) -> datetime:
        """The virtual time."""
        self._steps += 1
        if self._steps > PATIENCE:
            raise EndlessJourneyError(self.stage.name, f"{self._home.now:%Y-%m-%d %H:%M} UTC")
        return self._home.now

    def wait(
        self, ready: Callable[[], bool], until: datetime | None, why: str
    ) -> Coroutine[Any, Any, None]:
        """Pause until `ready()` or `until`. The engine has just asked whether it is: it is not."""
        home, parked = self._home, self.progress.parked
        if parked is not None and parked is not self._parked:
            name, rule = str(parked.message), parked.rules[0]
            home.told(self, What.WAITED, name, "", rule, why=why, until=parked.until)
        elif home.reasons and parked is None and (until is None or until > home.now):
            home.told(self, What.PAUSED, why=why, until=until)
        self._parked = parked
        if until is None:
            until = NEVER
        if until <= home.now:
            return at_once()
        self._ready, self.until, self._why = ready, until, why
        return pause()

    async def reach_out(self, order: ReachOut) -> Reached:
        """Take the last look as the record does, send, and count."""
        facts = self._facts()
        verdict = decide(order.request, facts, self._home.packs, order.at)
        status = None
        if isinstance(verdict, Allow):
            status, facts = self._send(order), self._facts()
        elif isinstance(verdict, Deny):
            status, first = ContactStatus.REFUSED, verdict.reasons[0]
            told = str(order.message)
            self._home.told(self, What.REFUSED, told, "", first.rule, why=str(first))
        progress = self.progress
        return Reached(
            verdict=verdict,
            status=status,
            facts=facts,
            law=progress.law,
            version=progress.version,
            balance=progress.balance,
        )

    def _send(self, order: ReachOut) -> ContactStatus:
        home, message, debt = self._home, order.message, self.debt()
        status = reached = self._fate(debt, order.key, message.channel)
        if reached is ContactStatus.UNDELIVERED:
            status = ContactStatus.SENT
            home.later(self, BOUNCES_AFTER, returned(order))
        home.told(self, What.CONTACT, str(message), str(reached), why=self._why)
        home.count(counted(order, status, self.progress.person))
        if reached in {ContactStatus.SENT, ContactStatus.CONVERSATION}:
            home.had += 1
            contact = Contact(key=order.key, message=message, status=status, at=order.at)
            home.expect(self, home.behaviour.on_contact(debt, contact, home.had), contact)
        return status

    def _fate(self, debt: Debt, key: str, channel: Channel) -> ContactStatus:
        """What becomes of a contact: a call is made at once, and a message may be returned."""
        behaviour = self._home.behaviour
        if channel is Channel.VOICE:
            answered = behaviour.answers_call(debt, key)
            return ContactStatus.CONVERSATION if answered else ContactStatus.NO_ANSWER
        delivered = behaviour.is_delivered(debt, key, channel)
        return ContactStatus.SENT if delivered else ContactStatus.UNDELIVERED

    def _facts(self) -> PersonFacts:
        """The person's facts as the record has them: only contacts may be news to the account."""
        person, contacts = self.progress.person, self._home.contacts
        if person.contacts is contacts:
            return person
        return changed(person, contacts=contacts)

    async def charge(self, order: Charge) -> Charged:
        """Charge the stored card, if there is one, with what the behaviour has it come to."""
        home, progress = self._home, self.progress
        version, balance = progress.version, progress.balance
        charged = self._asked(order) if self.has_card else NO_CARD
        minor = order.amount.minor
        home.told(self, What.CHARGE, "", str(charged.status), why=self._why, minor=minor)
        if charged.status is ChargeStatus.PAID:
            version, balance = version + 1, self._booked(minor, CHARGED)
        return replace(charged, version=version, balance=balance)

    def _asked(self, order: Charge) -> Charged:
        """What the bank says of a charge of the stored card."""
        at = self._home.now
        if order.instalment != self._charging:
            self._charging, self._tried = order.instalment, ()
        self._charges += 1
        said = self._home.behaviour.charge(self.debt(), self._charges, at)
        self._declined = said.decline if said.status is ChargeStatus.DECLINED else None
        if said.status is ChargeStatus.DECLINED:
            self._tried = (*self._tried, at)
        return said

    def give_card(self) -> None:
        """Store another card: nothing is known of it yet."""
        self.has_card, self._declined, self._tried = True, None, ()
        self._cards += 1

    async def hand_over(self, order: HandOver) -> None:
        """A person of ours is asked, and sees to it."""
        self._home.told(self, What.HANDED, order.reason, why=self._why)
        self._home.later(self, SEEN_TO_AFTER, seen_to(order))

    # money

    def pay(self, minor: int) -> None:
        """Take a payment, by a way of their own, of what is owed at most."""
        minor = min(minor, self.progress.balance)
        if minor > 0:
            self._move(self._booked(minor, PAGE), "payment")

    def _booked(self, minor: int, how: str) -> int:
        """Book a payment, tell of it, and give what is owed after it."""
        home, progress, offer = self._home, self.progress, self.settlement
        owed = progress.balance - minor
        if owed > 0 and offer is not None and offer.is_met(owed):
            self._forgiven, owed = owed, 0
        elif 0 < owed < least_charge(progress.currency):
            owed = 0
        self._paid += 1
        self.payments.append(minor)
        home.told(self, What.PAID, how, why=self._why, minor=minor)
        debt = self.debt()._replace(balance=owed)
        home.expect(self, home.behaviour.on_payment(debt, minor, self._paid))
        return owed

    def take_back(self) -> None:
        """The payment made last goes back through the bank, and is owed again."""
        home, minor = self._home, self.payments.pop()
        balance = self.progress.balance + minor + self._forgiven
        self._forgiven = 0
        home.told(self, What.REVERSED, minor=minor)
        news = PaymentReversed(event_id=f"reversed {self.progress.version + 1}")
        if self.closure in PAID_UP:
            self._begin_again(balance, news)
            return
        if self.closure is not None:
            home.told(self, What.HANDED, "money went back after the account was closed: look at it")
        self._move(balance, "reversal")
        home.hear(self, news)

    def _move(self, balance: int, cause: Literal["payment", "reversal"]) -> None:
        version = self.progress.version + 1
        event = BalanceChanged(
            event_id=f"{cause} {version}", version=version, balance=balance, cause=cause
        )
        self._home.hear(self, event)

    def _begin_again(self, balance: int, news: PaymentReversed) -> None:
        """Its journey begins again: it had ended as paid up, and money is owed again."""
        before = self.progress
        self.progress = Progress(
            account_id=before.account_id,
            currency=before.currency,
            balance=balance,
            version=before.version + 1,
            due_on=before.due_on,
            person=before.person,
            contract=before.contract,
            settlement=before.settlement,
            plan=before.plan,
            step=before.step,
            latest=before.latest,
            made=before.made,
        )
        self.progress.hear(news)
        self.closure, self.stage = None, self.journey.first
        self._start()

    # what is heard, and what is seen

    def hear(self, event: AnyEvent) -> None:
        """Take in news, unless the account is closed."""
        if self.closure is None:
            self.progress.hear(event)

    @property
    def seen(self) -> OpenAccount:
        """The account as a stage sees it."""
        return OpenAccount(
            self.journey,
            self.stage,
            self.progress,
            self,
            laws=self._law,
            workflow_id=self.account.account_id,
        )

    @property
    def settlement(self) -> Settlement | None:
        """The offer to settle that stands today, if any."""
        return None if self.progress.settlement is None else self.seen.settlement

    def debt(self) -> Debt:
        """What the consumer's behaviour may look at."""
        progress, account, plan = self.progress, self.account, self.progress.plan
        instalment, overdue = self.seen.dues if plan is not None else (None, None)
        person = progress.person
        return Debt(
            account.account_id,
            self._home.person.reference,
            progress.balance,
            account.balance,
            account.currency,
            account.due_on,
            self.journey.name,
            plan is not None,
            plan is not None and plan.autopay,
            overdue,
            instalment,
            person.zones[0],
            progress.offer is not None,
            self.settlement is not None,
            bool(person.opted_out),
            self._cards,
            self._declined,
            self._tried,
            account.contract.retries,
        )


def dated(person: PersonFacts, account: Account, start: datetime) -> PersonFacts:
    """The facts with the milestones that every account has on record."""
    due, owing = datetime.combine(account.due_on, NOON), account.account_id
    milestones = (
        made(Milestone, kind=MilestoneKind.DUE, at=due, account_id=owing),
        made(Milestone, kind=MilestoneKind.ASSIGNED, at=start, account_id=owing),
        *person.milestones,
    )
    return changed(person, milestones=milestones)


def counted(order: ReachOut, status: ContactStatus, person: PersonFacts) -> PastContact:
    """A contact that was made, as rules count it."""
    message = order.message
    return PastContact(
        key=order.key,
        account_id=order.account_id,
        channel=message.channel,
        purpose=message.purpose,
        at=order.at,
        status=status,
        address=person.addresses.get(message.channel, ""),
    )


def seen_to(order: HandOver) -> TaskDone:
    """News that a person of ours has done what an account was handed over for."""
    return TaskDone(event_id=f"done {order.key}", task=order.key)


def returned(order: ReachOut) -> ContactSettled:
    """News that a message did not arrive."""
    return ContactSettled(
        event_id=f"returned {order.key}",
        key=order.key,
        channel=order.message.channel,
        status=ContactStatus.UNDELIVERED,
    )
