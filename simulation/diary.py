"""A kit for authors of journeys: play one account through a journey, and read its diary.

    def test_a_dispute_stops_the_clock_until_it_is_resolved():
        disputed = HoldPlaced(event_id="1", hold=Hold.DISPUTE)
        resolved = HoldLifted(event_id="2", hold=Hold.DISPUTE)

        diary = play(STANDARD, {1: disputed, 21: resolved, 24: pays(200_00)})

        assert diary == [
            "day   0  09:00  sms nudge",
            "day  23  09:00  email nudge",
            "day  24  09:00  closed: paid in full",
        ]

The journey, the engine and the gate are the real ones. Only the clock, the providers and the
ledger are played: nothing sleeps, nothing is sent, and the same story gives the same diary.
"""

from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal, TypeVar, cast

from compliance import (
    Allow,
    AnyVerdict,
    Deny,
    Packs,
    PersonFacts,
    decide,
    load_packs,
)
from compliance.orders import Reached, ReachOut
from domain.contacts import COUNTED, ContactStatus, Message
from domain.events import (
    AnyEvent,
    BalanceChanged,
    ContactSettled,
    Event,
    PlanAccepted,
    PlanChanged,
    PlanEnded,
)
from domain.orders import Charge, Charged, ChargeStatus, DeclineKind, HandOver, Order
from domain.plans import numbered
from domain.time import local_date, local_instant, zone
from engine import Closed, Journey, Next, Progress, Switched
from engine.drive import attempt
from journeys import journey_called
from simulation.lives import (
    BOUNCES_AFTER,
    PATIENCE,
    SEEN_TO_AFTER,
    EndlessJourneyError,
    Told,
    counted,
    seen_to,
)

A_TUESDAY = datetime(2026, 3, 10, 13, tzinfo=UTC)
"""Tuesday, 10 March 2026, 09:00 in New York: no clock changes there for the next 235 days."""

When = TypeVar("When", bound=int | timedelta | datetime)
"""A day of the story at the hour of its start, a span after the start, or an exact instant."""

Story = Mapping[When, Told | Sequence[Told]]
"""What the account hears, and when."""


@dataclass(frozen=True)
class Try:
    """What becomes of a charge, and after how long the card may be tried again, if it may."""

    status: ChargeStatus
    decline: DeclineKind | None = None
    again_in: timedelta | None = None


def declined(decline: DeclineKind = DeclineKind.LATER, *, again_in: timedelta | None = None) -> Try:
    """The charge is declined for this reason; without `again_in` no further try can help."""
    return Try(ChargeStatus.DECLINED, decline, again_in)


def not_yet(again_in: timedelta) -> Try:
    """The charge is not made: the law, the network or the schedule of retries lets it wait."""
    return Try(ChargeStatus.NOT_YET, again_in=again_in)


class _LastDayOver(Exception):  # noqa: N818
    """The story is told up to its last day."""


def newly_placed(
    *,
    balance: int = 200_00,
    currency: str = "USD",
    country: str = "US",
    zones: tuple[str, ...] = ("America/New_York",),
) -> Progress:
    """An account as it begins. Change what you like of it before you play it."""
    return Progress(
        account_id="acc_1",
        currency=currency,
        balance=balance,
        version=1,
        due_on=A_TUESDAY.date(),
        person=PersonFacts(country=country, zones=zones),
    )


def pays(minor: int) -> Told:
    """The consumer pays this much by a way of their own: the portal, a transfer, a cheque."""
    return _moved(-minor, "payment")


def takes_back(minor: int) -> Told:
    """A payment of this much is reversed, and owed again."""
    return _moved(minor, "reversal")


def accepts_offer(told: Progress) -> PlanAccepted:
    """The consumer accepts the plan that was offered last."""
    if told.offer is None:
        raise LookupError("nothing to accept: no plan has been offered, or it was accepted before")
    return PlanAccepted(event_id=f"accepted {told.offer.plan_id}", plan=told.offer)


def changes_plan(*instalments: tuple[int, int], autopay: bool = True) -> Told:
    """Dates or amounts of the plan change: these instalments are left, each on a day, so much."""

    def told(account: Progress) -> PlanChanged:
        if account.plan is None:
            raise LookupError("nothing to change: no plan was accepted, or it was given up")
        left = numbered(
            (A_TUESDAY.date() + timedelta(days=day), minor) for day, minor in instalments
        )
        update = {
            "instalments": left,
            "opening": account.balance,
            "revision": account.plan.revision + 1,
            "autopay": autopay,
        }
        plan = account.plan.model_copy(update=update)
        return PlanChanged(event_id=f"changed {plan.plan_id} {plan.revision}", plan=plan)

    return told


def gives_up_plan(told: Progress) -> PlanEnded:
    """The consumer gives up the plan."""
    if told.plan is None:
        raise LookupError("nothing to give up: no plan was accepted, or it was given up before")
    return PlanEnded(event_id=f"ended {told.plan.plan_id}", plan_id=told.plan.plan_id)


def pays_by_hand(told: Progress) -> PlanAccepted:
    """The consumer accepts the plan that was offered last, and pays each instalment themselves."""
    accepted = accepts_offer(told)
    return accepted.model_copy(update={"plan": accepted.plan.model_copy(update={"autopay": False})})


def play(
    journey: Journey,
    story: Story[When] | None = None,
    *,
    account: Progress | None = None,
    start: datetime = A_TUESDAY,
    packs: Packs | None = None,
    contacts: Mapping[str, ContactStatus] | None = None,
    charges: Sequence[ChargeStatus | Try] = (),
    seen_to_after: timedelta | None = SEEN_TO_AFTER,
    last_day: int = 400,
    show_stages: bool = False,
) -> list[str]:
    """Play an account through a journey; return its diary, one line for each thing that happened.

    `story` is what the account hears; what it says of the time after the end is never heard.
    `contacts` says what becomes of messages, by message ("sms nudge") or by channel ("sms"); all
    others are sent, if the gate allows. UNDELIVERED means accepted now, and returned an hour later.
    `charges` says what becomes of charges, in their order; all further ones are paid. A status
    alone is final: `declined` and `not_yet` say when the card may be tried again. A person of ours
    has seen to what was handed over `seen_to_after` so long; None: nobody does. `packs` are those
    that ship, unless you give others. `account` is changed by what happens to it.
    """
    diary = Diary(
        account or newly_placed(),
        story or {},
        start=start,
        packs=_shipped() if packs is None else packs,
        contacts=contacts or {},
        charges=charges,
        seen_to_after=seen_to_after,
        last_day=last_day,
        show_stages=show_stages,
    )
    return diary.play(journey)


class Diary:
    """A runtime (see `engine.runtime`) with a virtual clock; it writes down what happens."""

    def __init__(
        self,
        account: Progress,
        story: Story[When],
        *,
        start: datetime = A_TUESDAY,
        packs: Packs,
        contacts: Mapping[str, ContactStatus],
        charges: Sequence[ChargeStatus | Try] = (),
        seen_to_after: timedelta | None = SEEN_TO_AFTER,
        last_day: int = 400,
        show_stages: bool = False,
    ) -> None:
        """Open a diary for this account; `play` explains the arguments."""
        self.account = account
        self.lines: list[str] = []
        self.orders: list[Order] = []
        """Every order that the engine gave, in full."""
        self._start = self._now = start
        self._zone = account.person.zones[0]
        self._last = self._moment(last_day)
        self._packs = packs
        self._contacts = contacts
        self._charges = deque(charges)
        self._seen_to_after = seen_to_after
        self._show_stages = show_stages
        self._done: set[str] = set()
        self._sent: dict[str, Message] = {}
        self._stage = ""
        self._steps = 0
        self._ahead = [
            (self._moment(when), told)
            for when, several in story.items()
            for told in (several if isinstance(several, Sequence) else (several,))
        ]

    def play(self, journey: Journey) -> list[str]:
        """Drive the account from stage to stage until it closes or the last day is over."""
        following = journey.first
        try:
            while True:
                self._enter(following.name)
                ended = _run(
                    attempt(
                        journey,
                        following,
                        self.account,
                        self,
                        laws=self.law,
                        workflow_id="diary",
                    )
                )
                if isinstance(ended, Closed):
                    self._write(f"closed: {ended.closure.value}")
                    return self.lines
                if isinstance(ended, Switched):
                    self.account.take_up(came_from=journey.name, at=ended.stage)
                    journey = journey_called(ended.journey)
                    following = journey.stage(ended.stage) if ended.stage else journey.first
                else:
                    following = ended
        except _LastDayOver:
            self._write(f"still in {self._stage}")
            return self.lines

    def law(self, name: str) -> Packs:  # noqa: ARG002 -- others may keep several
        """The law of that id: a diary knows but one."""
        return self._packs

    # the runtime

    def now(self) -> datetime:
        """The virtual time."""
        self._step()
        return self._now

    async def wait(self, ready: Callable[[], bool], until: datetime | None, why: str) -> None:
        """Hear what is ahead until `ready()` or `until`; what comes on the dot still counts."""
        del why
        while not ready():
            self._ahead.sort(key=lambda each: each[0])
            reach = self._last if until is None else min(until, self._last)
            if self._ahead and self._ahead[0][0] <= reach:
                self._hear(*self._ahead.pop(0))
            elif until is None or until > self._last:
                self._move_to(self._last)
                raise _LastDayOver
            else:
                self._move_to(until)
                return

    async def reach_out(self, order: ReachOut) -> Reached:
        """Take the last look as the record does, then send as the story says."""
        self._take(order)
        message, facts = order.message, self.account.person
        packs = self.law(self.account.law)
        verdict = decide(order.request, facts, packs, order.at)
        if isinstance(verdict, Deny):
            self._write(f"{message} refused: {verdict.reasons[0].says}")
            return self._reached(verdict, ContactStatus.REFUSED, facts)
        if not isinstance(verdict, Allow):
            self._done.remove(order.key)
            return self._reached(verdict, None, facts)
        self._sent[order.key] = message
        status = self._outcome(order)
        self._write(str(message) if status is ContactStatus.SENT else f"{message} {status}")
        if status in COUNTED:
            contacts = (*facts.contacts, counted(order, status, facts))
            facts = facts.model_copy(update={"contacts": contacts})
        return self._reached(verdict, status, facts)

    async def charge(self, order: Charge) -> Charged:
        """Charge as the story says."""
        self._take(order)
        came = self._charges.popleft() if self._charges else ChargeStatus.PAID
        tried = came if isinstance(came, Try) else Try(came)
        status = tried.status
        version, balance = self.account.version, self.account.balance
        if status is ChargeStatus.PAID:
            version, balance = version + 1, balance - order.amount.minor
        self._write(f"charge {order.amount.major} {status.value}")
        return Charged(
            status=status,
            version=version,
            balance=balance,
            decline=tried.decline,
            again_at=self._now + tried.again_in if tried.again_in is not None else None,
        )

    async def hand_over(self, order: HandOver) -> None:
        """Write down why a person is asked."""
        self._take(order)
        self._write(f"handed over: {order.reason}")
        if self._seen_to_after is not None:
            self._ahead.append((self._now + self._seen_to_after, seen_to(order)))

    def _reached(
        self, verdict: AnyVerdict, status: ContactStatus | None, facts: PersonFacts
    ) -> Reached:
        """The record's answer: here the account's own state is the record."""
        account = self.account
        return Reached(
            verdict=verdict,
            status=status,
            facts=facts,
            version=account.version,
            balance=account.balance,
            law=account.law,
            law_number=account.law_number,
            recalled=account.recalled,
        )

    # the clock, and what is written

    def _moment(self, when: int | timedelta | datetime) -> datetime:
        if isinstance(when, datetime):
            return when
        if isinstance(when, timedelta):
            return self._start + when
        clock = self._start.astimezone(zone(self._zone)).time()
        day = local_date(self._start, self._zone) + timedelta(days=when)
        return local_instant(day, clock, self._zone)

    def _hear(self, at: datetime, told: Told) -> None:
        self._move_to(at)
        event = told if isinstance(told, Event) else told(self.account)
        if isinstance(event, ContactSettled):
            self._write(f"{self._sent.get(event.key, event.channel)} {event.status}")
        self.account.hear(cast("AnyEvent", event))

    def _outcome(self, order: ReachOut) -> ContactStatus:
        message = order.message
        status = self._contacts.get(
            str(message), self._contacts.get(message.channel.value, ContactStatus.SENT)
        )
        if status is not ContactStatus.UNDELIVERED:
            return status
        returned = ContactSettled(
            event_id=f"returned {order.key}",
            key=order.key,
            channel=message.channel,
            status=ContactStatus.UNDELIVERED,
        )
        self._ahead.append((self._now + BOUNCES_AFTER, returned))
        return ContactStatus.SENT

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self._step()
        if self._show_stages:
            self._write(f"entered {stage}")

    def _take(self, order: Order) -> None:
        self._step()
        if order.key in self._done:
            raise ValueError(f"the engine used the key {order.key} twice")
        self._done.add(order.key)
        self.orders.append(order)

    def _move_to(self, at: datetime) -> None:
        if at > self._now:
            self._now, self._steps = at, 0

    def _step(self) -> None:
        self._steps += 1
        if self._steps > PATIENCE:
            raise EndlessJourneyError(self._stage, self._dated())

    def _write(self, line: str) -> None:
        self.lines.append(f"{self._dated()}  {line}")

    def _dated(self) -> str:
        local = self._now.astimezone(zone(self._zone))
        passed = local.date() - local_date(self._start, self._zone)
        return f"day {passed.days:3d}  {local:%H:%M}"


def _moved(minor: int, cause: Literal["payment", "reversal"]) -> Told:
    def told(account: Progress) -> BalanceChanged:
        version = account.version + 1
        return BalanceChanged(
            event_id=f"{cause} {version}",
            version=version,
            balance=account.balance + minor,
            cause=cause,
        )

    return told


def _run(stage: Coroutine[Any, Any, Next]) -> Next:
    """Run to its end a coroutine that waits for nothing but this runtime, which never suspends."""
    try:
        stage.send(None)
    except StopIteration as finished:
        following: Next = finished.value
        return following
    stage.close()
    raise RuntimeError("a stage may await nothing but its account")


@cache
def _shipped() -> Packs:
    return load_packs()
