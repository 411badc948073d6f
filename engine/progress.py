"""What survives a stage boundary: one small model, and a pure reducer that hears events."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import add, or_
from typing import Self, TypeVar, assert_never

from pydantic import AwareDatetime

from compliance.facts import PersonFacts
from compliance.orders import Recorded, Slept
from domain.accounts import Hold, Placement
from domain.contacts import COUNTED, Channel, Contact, ContactStatus, Message
from domain.contracts import Contract
from domain.events import (
    AnyEvent,
    AnyResponse,
    BalanceChanged,
    CardStored,
    ContactSettled,
    HardshipDeclared,
    HoldLifted,
    HoldPlaced,
    InstalmentFailed,
    JourneySwitched,
    LawChanged,
    MeansStated,
    OptedIn,
    OptedOut,
    PaymentReversed,
    PlanAccepted,
    PlanChanged,
    PlanEnded,
    ProfileChanged,
    PromiseToPay,
    Recalled,
    Response,
    SettlementEnded,
    SettlementOffered,
    StageMoved,
    TaskDone,
    Undelivered,
)
from domain.models import changed, value
from domain.money import Money
from domain.orders import Charged, ChargeStatus
from domain.people import Profile, StandingHold
from domain.plans import Instalment, PaymentPlan
from domain.settlements import Settlement

REMEMBERED = 200
"""Event ids kept to recognise an event told twice. The record recognises it for ever."""


NOTHING_AGREED = Contract()

_Kept = TypeVar("_Kept")


@value
class Parked:
    """A contact that waits for its first lawful moment."""

    message: Message
    since: AwareDatetime
    until: AwareDatetime
    rules: tuple[str, ...]
    """The rules that delay it, the one that decides first."""


@value
class Announced:
    """A message about an instalment as it then stood: it is not repeated while that stands."""

    instalment: Instalment
    contact: Contact
    told: Instalment | None = None
    """What was said of it: all that was open up to it, and the day on which it is charged."""


@dataclass(slots=True, kw_only=True)
class Progress:
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
    unrecorded: list[Slept] = field(default_factory=list)
    """Verdicts that were slept through and that the record does not have yet."""
    parked: Parked | None = None
    """The contact that waits at this moment."""

    step: int = 0
    """Effects so far; makes the keys of the next ones."""
    visits: dict[str, int] = field(default_factory=dict)
    entered: dict[str, AwareDatetime] = field(default_factory=dict)
    """When the last visit of each stage began."""
    interrupted: str | None = None
    """The stage that a response broke into, to come back to."""
    returning: bool = False
    """Whether the stage about to begin was broken into, and goes on."""
    peace: datetime | None = None
    """Until when an aside promised to keep quiet."""
    unseen: dict[str, AwareDatetime] = field(default_factory=dict)
    """Tasks until which are done the person is left in peace, by key, and until when at most."""
    latest: dict[str, Contact] = field(default_factory=dict)
    """The contact made last with each message."""
    sent_in: dict[str, dict[str, Contact]] = field(default_factory=dict)
    """Contacts made in the last visit of each stage: one that was broken into repeats none."""
    handed_in: dict[str, list[str]] = field(default_factory=dict)
    """What was handed to a person of ours in the last visit of each stage, likewise."""
    announced: dict[str, Announced] = field(default_factory=dict)
    """The instalment that each message was last about."""
    made: dict[Channel, int] = field(default_factory=dict)
    """Contacts made so far, by channel."""
    contract: Contract = NOTHING_AGREED
    """What the creditor had agreed with us when the account was placed."""
    promise: PromiseToPay | None = None
    promises_kept: int = 0
    """Of those made before the last one."""
    charged: Charged | None = None
    """What became of the last charge; None once another card was given."""
    reversed: bool = False
    """Whether a payment went back, and nobody has agreed since how it goes on."""
    means: MeansStated | None = None
    """What they can afford, as they told it last."""
    missed: int = 0
    """The number of the plan's last instalment that was given up as missed; 0: none was."""
    plan: PaymentPlan | None = None
    ended_plans: list[str] = field(default_factory=list)
    """Plans that were given up: late news of them brings none back."""
    offer: PaymentPlan | None = None
    settlement: Settlement | None = None
    """The offer to settle that stands, if any."""
    recalled: bool = False
    switched_to: str | None = None
    """The journey that the account has to take from now on."""
    came_from: str | None = None
    """The journey that it took before this one."""
    moved: StageMoved | None = None
    """Where it has to go on from now on; done, or out of date, once another stage has begun."""
    broken_off: datetime | None = None
    """Until when the pause would have lasted that was broken into last, outside of asides."""
    patience: datetime | None = None
    """Until when nothing new is sent in a stage it was moved to: the pause that it was in."""
    responses: list[AnyResponse] = field(default_factory=list)
    """Heard and not yet answered, oldest first."""
    heard: list[str] = field(default_factory=list)

    @property
    def money(self) -> Money:
        """The balance as money."""
        return Money(minor=self.balance, currency=self.currency)

    @property
    def peace_until(self) -> datetime | None:
        """Until when they are left in peace, as far as is known; None if nothing was promised."""
        both = (each for each in (self.peace, self.unseen_until) if each is not None)
        return max(both, default=None)

    @property
    def unseen_until(self) -> datetime | None:
        """Until when a person has to see to what waits longest; None if nothing waits."""
        return min(self.unseen.values(), default=None)

    def stand_still(self, stood: timedelta) -> None:
        """Put off the end of any peace by as long as holds made the clock stand."""
        if self.peace is not None:
            self.peace += stood
        for task in self.unseen:
            self.unseen[task] += stood

    @classmethod
    def begun(cls, placement: Placement, recorded: Recorded) -> Self:
        """An account whose journey begins, as the record has it.

        A hold for hardship that stands already leads to its journey like one that is placed later.
        """
        progress = cls(
            account_id=placement.account_id,
            currency=placement.balance.currency,
            balance=recorded.balance,
            version=recorded.version,
            due_on=placement.due_on,
            person=recorded.facts,
            law=recorded.law,
            law_number=recorded.law_number,
            recalled=recorded.recalled,
            contract=recorded.contract,
            settlement=recorded.settlement,
        )
        if any(each.hold is Hold.HARDSHIP for each in recorded.facts.holds):
            progress.hear(HardshipDeclared(event_id=f"begun:{recorded.version}:hardship declared"))
        return progress

    def take_hold(self, placed: StandingHold, *, event_id: str) -> None:
        """Take in a hold that nobody else tells of; one for hardship declares hardship, too."""
        self.hear(HoldPlaced.model_validate({"event_id": event_id} | placed.model_dump()))
        if placed.hold is Hold.HARDSHIP:
            self.hear(HardshipDeclared(event_id=f"{event_id}:hardship declared"))

    def lift_pause(self, *, event_id: str) -> None:
        """Take in that the plain pause is lifted; one of other days, or of a part, stands on."""
        pauses = [each for each in self.person.holds if each.hold is Hold.PAUSE]
        self.hear(HoldLifted(event_id=event_id, hold=Hold.PAUSE))
        for number, each in enumerate(pauses):
            if each != StandingHold(hold=Hold.PAUSE):
                self.take_hold(each, event_id=f"{event_id}:{number}")

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

    def settle(self, version: int, balance: int, plan: PaymentPlan | None = None) -> None:
        """Take over a balance unless it is older than what is known, and the plan likewise."""
        if version > self.version:
            self.version, self.balance = version, balance
            self.hear_of_charge()
        if plan is not None and self.plan is not None and _is_news(self.plan, plan):
            self.plan = plan

    def hear_of_charge(self) -> None:
        """Wait no more for what was under way: news came that may well be of it."""
        if self.charged and self.charged.status is ChargeStatus.PROCESSING:
            self.charged = None

    def hear_of_card(self) -> None:
        """Another card was given: what became of the one before says nothing of it."""
        self.reversed = False
        if self.charged and self.charged.status is not ChargeStatus.PROCESSING:
            self.charged = None

    def go_by(self, law: str, number: int) -> None:
        """Go by a law unless one that was put in force later is known."""
        if number >= self.law_number:
            self.law, self.law_number = law, number

    def take_up(self, *, came_from: str, at: str | None = None) -> None:
        """Begin another journey: what belongs to the stages of the one before is forgotten.

        Not so what was taken along to the stage `at` which it begins.
        """
        self.came_from, self.switched_to = came_from, None
        self.visits, self.entered = _only(at, self.visits), _only(at, self.entered)
        self.sent_in, self.handed_in = _only(at, self.sent_in), _only(at, self.handed_in)
        self.announced = {}
        self.interrupted, self.returning = None, self.returning and at is not None

    def move(self, left: str, to: str, *, at: datetime) -> None:
        """Enter another stage in the place of the one that is left, or was about to begin.

        What was said and handed over in a visit that had begun is not repeated, and nothing new is
        said before the pause is over that it was in.
        """
        if self.returning:
            self.visits[to] = self.visits.get(to, 0) + 1
            self.entered[to] = at
            self.sent_in[to] = self.sent_in.pop(left, {})
            self.handed_in[to] = self.handed_in.pop(left, [])
            self.patience, self.broken_off = self.broken_off, None
        self.moved = self.interrupted = None

    def call_by(self, renamed: Mapping[str, str]) -> None:
        """Keep what is known of stages under their present names, by the former ones."""
        for former, name in renamed.items():
            _join(self.visits, former, name, add)
            _join(self.entered, former, name, max)
            _join(self.sent_in, former, name, or_)
            _join(self.handed_in, former, name, add)
        if self.interrupted is not None:
            self.interrupted = renamed.get(self.interrupted, self.interrupted)

    def days_past_due(self, at: datetime) -> int:
        """Whole days since the debt fell due, by the UTC calendar; negative before."""
        return (at.date() - self.due_on).days


def _only(name: str | None, known: Mapping[str, _Kept]) -> dict[str, _Kept]:
    """What is kept under a name, and nothing else."""
    return {name: known[name]} if name is not None and name in known else {}


def _join(
    known: dict[str, _Kept], former: str, name: str, both: Callable[[_Kept, _Kept], _Kept]
) -> None:
    """Put what is kept under a former name to what is kept under the present one."""
    if former in known:
        old = known.pop(former)
        known[name] = both(old, known[name]) if name in known else old


def _reduce(progress: Progress, event: AnyEvent) -> None:
    match event:
        case BalanceChanged(version=version, balance=balance, plan=plan):
            progress.settle(version, balance, plan)
        case SettlementOffered() | SettlementEnded():
            progress.settlement = _offered(progress.settlement, event)
        case JourneySwitched() | StageMoved() | Recalled():
            _lead_away(progress, event)
        case TaskDone(task=task):
            progress.unseen.pop(task, None)
        case ContactSettled():
            _settle_contact(progress, event)
        case OptedOut() | OptedIn() | HoldPlaced() | HoldLifted() | ProfileChanged():
            progress.person = _changed(progress.person, event)
        case LawChanged(law=law, number=number):
            progress.go_by(law, number)
        case Response():
            _hear_response(progress, event)
        case _:
            assert_never(event)


def _lead_away(progress: Progress, event: JourneySwitched | StageMoved | Recalled) -> None:
    """Note where the account has to go from now on, whatever its stage says."""
    match event:
        case JourneySwitched(journey=journey):
            progress.switched_to = journey
        case StageMoved():
            progress.moved = event
        case Recalled():
            progress.recalled = True
        case _:
            assert_never(event)


def _offered(
    known: Settlement | None, event: SettlementOffered | SettlementEnded
) -> Settlement | None:
    """The offer that stands after news of offers."""
    if isinstance(event, SettlementOffered):
        return event.settlement
    return None if known and known.settlement_id == event.settlement_id else known


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
    match response:
        case PromiseToPay():
            progress.promises_kept += is_kept(progress.promise, progress.balance)
            progress.promise = response
        case PlanAccepted() | PlanChanged() | PlanEnded():
            if not _plan_told(progress, response):
                return
        case CardStored():
            progress.hear_of_card()
        case InstalmentFailed():
            progress.hear_of_charge()
        case PaymentReversed():
            progress.announced.clear()  # what is owed again is announced again before it is charged
            progress.reversed = True
        case HardshipDeclared():
            if any(isinstance(each, HardshipDeclared) for each in progress.responses):
                return  # declared already, and not answered yet
            progress.means = None
        case MeansStated():
            progress.means = response
    progress.responses.append(response)


def _plan_told(progress: Progress, told: PlanAccepted | PlanChanged | PlanEnded) -> bool:
    """Take in the plan as it stands now; False if that is old news."""
    known = progress.plan
    match told:
        case PlanAccepted(plan=plan):
            progress.offer = None
            if plan.plan_id in progress.ended_plans or _is_older(plan, known):
                return False
            progress.plan = plan
        case PlanChanged(plan=plan):
            if plan.plan_id in progress.ended_plans or not _is_news(known, plan):
                return False
            progress.plan = plan
        case PlanEnded(plan_id=plan_id):
            progress.ended_plans.append(plan_id)
            if known is not None and known.plan_id != plan_id:
                return False
            progress.plan = None
    progress.missed, progress.reversed = 0, False
    return True


def is_kept(promise: PromiseToPay | None, balance: int) -> bool:
    """Whether as much as was promised has been paid since, by what is still owed."""
    if promise is None or promise.balance is None:
        return False
    paid = promise.balance - balance
    return paid >= (promise.balance if promise.minor is None else promise.minor)


def _is_older(told: PaymentPlan, known: PaymentPlan | None) -> bool:
    """Whether a later revision of the very plan is known."""
    return known is not None and (known.plan_id == told.plan_id and known.revision > told.revision)


def _is_news(known: PaymentPlan | None, told: PaymentPlan) -> bool:
    """Whether a plan's revision is younger than what is known of it."""
    return known is None or (known.plan_id == told.plan_id and told.revision > known.revision)


def _settle_contact(progress: Progress, event: ContactSettled) -> None:
    if event.status is ContactStatus.UNDELIVERED:
        progress.responses.append(Undelivered(event_id=event.event_id, key=event.key))


def _wishing(person: PersonFacts, opted_out: Iterable[Channel]) -> PersonFacts:
    return changed(person, opted_out=tuple(sorted(opted_out)))


def _holding(person: PersonFacts, holds: Iterable[StandingHold]) -> PersonFacts:
    return changed(person, holds=in_order(holds))


def in_order(holds: Iterable[StandingHold]) -> tuple[StandingHold, ...]:
    """Holds in an order of their own: the same whenever they are the same."""
    return tuple(sorted(holds, key=lambda each: each.model_dump_json()))


def described(person: PersonFacts, profile: Profile) -> PersonFacts:
    """The facts with what stands in a profile."""
    known = {name: getattr(profile, name) for name in Profile.model_fields}
    return changed(person, **known)
