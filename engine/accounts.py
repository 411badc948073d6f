"""All that a stage may see and do. Every verb reads as a sentence; every pause is guarded."""

import operator
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import TypeVar

from compliance import Deny, Packs, PersonFacts, Reason, Wait, decide
from compliance.facts import plain_request
from compliance.orders import Reached, ReachOut, Slept
from domain.accounts import Closure
from domain.affordability import Deferral, suggested
from domain.contacts import LISTED, Channel, Contact, ContactStatus, Message, call_key
from domain.contracts import Contract
from domain.events import AnyResponse, MeansStated, PromiseToPay, Response, Undelivered
from domain.models import changed
from domain.money import Money
from domain.orders import Charge, Charged, ChargeStatus, HandOver
from domain.people import StandingHold
from domain.plan_terms import plan_faults
from domain.plans import Instalment, PaymentPlan, schedule
from domain.rhythms import Monthly
from domain.settlements import Settlement
from domain.time import local_date, midnight
from engine.journeys import Journey
from engine.progress import Announced, Parked, Progress, described, in_order, is_kept
from engine.runtime import Runtime
from engine.safeguards import ending, is_at_ease, next_change
from engine.stages import Closed, Next, Stage, Switched, close

OUTAGE = timedelta(days=1)
"""How long a stage waits when a provider is down, before it goes on."""

A_DAY = timedelta(days=1)

AN_HOUR = timedelta(hours=1)
"""The same card is never tried again sooner, whatever an answer says."""

A_MOMENT = timedelta(seconds=1)
"""Two clocks may differ by a little: an account never asks the record again sooner."""

REFUSED = frozenset({ChargeStatus.DECLINED, ChargeStatus.NOT_YET})
"""Answers after which the card may be tried again at the moment that they name, and not before."""

UNSEEN = "nobody has seen to what was handed over: nothing is sent any more"
"""Why an account is handed over for good."""

Laws = Callable[[str], Packs]
"""Gives the law of an id."""

_Fact = TypeVar("_Fact", bound=Hashable)


class Diverted(Exception):  # noqa: N818
    """The stage is left for another at a pause. Raised and caught by the engine alone."""

    def __init__(self, to: Next, until: datetime | None = None) -> None:
        """Leave for `to`, in a pause that would have lasted until then."""
        super().__init__(to)
        self.to = to
        self.until = until


class OpenAccount:
    """An account on its way: what a stage sees of it, and what it may do."""

    def __init__(
        self,
        journey: Journey,
        stage: Stage,
        progress: Progress,
        runtime: Runtime,
        *,
        laws: Laws,
        workflow_id: str,
    ) -> None:
        """Join the carried state to a runtime."""
        self._journey = journey
        self._stage = stage
        self._progress = progress
        self._runtime = runtime
        self._laws = laws
        self._workflow_id = workflow_id
        self._now = runtime.now
        self._begun = False

    # what a stage sees

    @property
    def now(self) -> datetime:
        """The account's time."""
        return self._now()

    @property
    def balance(self) -> Money:
        """What is still owed."""
        return self._progress.money

    @property
    def contract(self) -> Contract:
        """What the creditor had agreed with us when the account was placed."""
        return self._progress.contract

    @property
    def settlement(self) -> Settlement | None:
        """The offer to settle that stands today, if any."""
        offer, zones = self._progress.settlement, self._progress.person.zones
        return None if offer is None or offer.is_over(self.now, now_in=zones) else offer

    @property
    def due_on(self) -> date:
        """The day on which the debt fell, or falls, due."""
        return self._progress.due_on

    @property
    def means(self) -> MeansStated | None:
        """What they can afford, as they told it last, if they did."""
        return self._progress.means

    @property
    def came_from(self) -> str | None:
        """The journey that the account took before this one, by name."""
        return self._progress.came_from

    @property
    def plan(self) -> PaymentPlan | None:
        """The plan that the consumer accepted last, if any."""
        return self._progress.plan

    @property
    def promise(self) -> PromiseToPay | None:
        """The promise made last, if any."""
        return self._progress.promise

    @property
    def instalment(self) -> Instalment:
        """The plan's next instalment to see through: not covered yet, nor given up as missed."""
        still_open = self._still_open()
        if not still_open:
            raise LookupError(f"{self._stage.name}: no plan with an open instalment")
        return self._next_of(still_open)

    @property
    def overdue(self) -> Instalment | None:
        """The plan's last instalment that is past its day and not covered, if one is."""
        return self._late_of(self._still_open())

    @property
    def keeps_plan(self) -> bool:
        """Whether a plan is under way of which nothing is overdue."""
        still_open = self._still_open()
        return bool(still_open) and self._late_of(still_open) is None

    @property
    def plan_is_paid(self) -> bool:
        """Whether every instalment of the plan is covered."""
        return self.plan is not None and not self._still_open()

    @property
    def plan_is_broken(self) -> bool:
        """Whether more instalments were missed than the creditor's contract bears."""
        still_open, missed = self._still_open(), self._progress.missed
        unpaid = [each for each in still_open if each.number <= missed]
        return len(unpaid) >= min(self.contract.plans.breaks_after, len(still_open) or 1)

    @property
    def dues(self) -> tuple[Instalment | None, Instalment | None]:
        """As `instalment` and `overdue`, at one look; None where there is none."""
        still_open = self._still_open()
        return (
            (self._next_of(still_open), self._late_of(still_open)) if still_open else (None, None)
        )

    def _next_of(self, still_open: Sequence[Instalment]) -> Instalment:
        missed = self._progress.missed
        return next((each for each in still_open if each.number > missed), still_open[-1])

    def _late_of(self, still_open: Sequence[Instalment]) -> Instalment | None:
        now, late = self._now(), None
        for each in still_open:  # in the order of their dates
            if self.morning_of(each.due) > now:
                break
            late = each
        return late

    def _still_open(self) -> list[Instalment]:
        plan = self._progress.plan
        return plan.still_open(self._progress.balance) if plan else []

    @property
    def entered(self) -> datetime:
        """When the account entered this stage; a response that broke into it changes nothing."""
        return self._progress.entered.get(self._stage.name, self.now)

    @property
    def interrupted(self) -> Stage:
        """The stage that a response broke into; the first stage if there is none."""
        name = self._progress.interrupted
        return self._journey.stage(name) if name else self._journey.first

    def visits(self, stage: Stage) -> int:
        """How often the account has entered a stage, this time included."""
        return self._progress.visits.get(stage.name, 0)

    @property
    def promises_kept(self) -> int:
        """How many promises were kept before the one made last."""
        return self._progress.promises_kept

    @property
    def charged(self) -> Charged | None:
        """What became of the last charge; None once another card was given."""
        return self._progress.charged

    @property
    def charge_is_under_way(self) -> bool:
        """Whether the bank has not said yet what became of the last charge."""
        charged = self._progress.charged
        return charged is not None and charged.status is ChargeStatus.PROCESSING

    @property
    def charges_rest(self) -> bool:
        """Whether a payment went back, and nobody has agreed since that charges go on."""
        return self._progress.reversed and (self.plan is None or self.plan.autopay)

    @property
    def may_try(self) -> bool:
        """Whether the card may be tried now: none is under way, refused for good, or resting."""
        charged = self._progress.charged
        if self._progress.reversed or self.charge_is_under_way:
            return False
        if charged is None or charged.status not in REFUSED:
            return True
        return charged.again_at is not None and charged.again_at <= self.now

    def earlier(self, message: Message) -> Contact | None:
        """The contact made last with this message, in whichever visit of whichever stage."""
        return self._progress.latest.get(str(message))

    def morning_of(self, day: date) -> datetime:
        """The start of that day where the consumer is (the latest, if zones differ)."""
        zones = self._progress.person.zones
        if len(zones) == 1:
            return midnight(day, zones[0])
        return max([midnight(day, name) for name in zones])

    # what a stage does

    async def contact(
        self,
        message: Message,
        *,
        about: Instalment | None = None,
        ahead: timedelta | None = None,
    ) -> Contact:
        """Send a message at the first lawful moment; say what came of it, and never stall.

        Waits as long as the law and the person's wishes ask; payment, dispute, opt-out and the
        like end or change the wait at once. A stage that was broken into and goes on does not
        repeat what it has sent: it gets the contact that it made.

        A message about an instalment names what is open up to it. One that announces it so long
        `ahead` is not repeated in whichever visit, as long as it says what stands.
        """
        if ahead is not None:
            earlier = self._announced(message, about)
        else:
            earlier = self._progress.sent_in.get(self._stage.name, {}).get(str(message))
        if earlier is not None:
            return earlier
        contact, told = await self._send(message, about, ahead)
        if about is not None and ahead is not None and contact.made:
            announced = Announced(instalment=about, contact=contact, told=told)
            self._progress.announced[str(message)] = announced
        return contact

    async def may_contact(self, *messages: Message, within: timedelta) -> bool:
        """Wait until one of these messages may be sent at all; False if none may `within` days.

        Where the law asks for a notice or a consent first, or every way to the person is closed, a
        person of ours hears at once what stands in the way. News of the person or of the law ends
        the wait; what passes by itself is seen on the morning after. Days on hold do not count.
        """
        for _ in range(within.days):
            if not (refusals := self._refusals(messages)):
                return True
            reasons = "; ".join(f"{each.rule}: {each.says}, {each.lifts}" for each in refusals)
            await self.hand_over(f"nothing may be sent to them: {reasons}")
            await self._until(
                lambda: not self._refusals(messages),
                self.morning_of(self._today + A_DAY),
                "until something may be sent to them",
            )
        return not self._refusals(messages)

    def _refusals(self, messages: Sequence[Message]) -> tuple[Reason, ...]:
        """All that refuses each of them for good; nothing if one may be sent now or later."""
        progress, reasons = self._progress, dict[str, Reason]()
        for each in messages:
            request = plain_request(progress.account_id, each.channel, each.purpose)
            verdict = decide(request, progress.person, self._laws(progress.law), self._now())
            if type(verdict) is not Deny:
                return ()
            reasons |= {reason.rule: reason for reason in verdict.reasons}
        return tuple(reasons.values())

    def slipped(self, message: Message) -> bool:
        """Whether the day that a message announced has been over for more than a day."""
        announced = self._progress.announced.get(str(message))
        if announced is None:
            return False
        told = announced.told or announced.instalment
        return self._today > told.due + A_DAY

    def _announced(self, message: Message, about: Instalment | None) -> Contact | None:
        """The contact that announced it as it still stands, if one did."""
        announced = self._progress.announced.get(str(message))
        if announced is None or announced.instalment != about or self.slipped(message):
            return None
        more = announced.told and self._open(about, ahead=None).minor > announced.told.minor
        return None if more else announced.contact

    def _open(self, about: Instalment, ahead: timedelta | None) -> Instalment:
        """What a message says of an instalment now: all that is open up to it, and its day."""
        plan, owed = self._progress.plan, self._progress.balance
        if plan is None:
            return about
        free = max(0, owed - self._progress.person.held_part(self.now))
        still = min(plan.outstanding(about, owed), free) or about.minor
        day = about.due if ahead is None else max(about.due, self._day_of(self.now + ahead))
        return Instalment(number=about.number, due=day, minor=still)

    async def _send(
        self, message: Message, about: Instalment | None, ahead: timedelta | None
    ) -> tuple[Contact, Instalment | None]:
        progress = self._progress
        if progress.patience is not None:
            await self._patient(progress.patience)
        key = self._next_key(message.channel)
        if progress.responses:
            self._forget_undelivered()
        request = plain_request(progress.account_id, message.channel, message.purpose)
        while True:
            law, at = progress.law, self._now()
            verdict = decide(request, progress.person, self._laws(law), at)
            if (
                type(verdict) is Wait
            ):  # by type: whether it is an instance takes a model long to say
                progress.unrecorded.append(
                    Slept(key=key, at=at, law=law, message=message, verdict=verdict)
                )
                await self._until_lawful(message, verdict)
                continue
            told = None if about is None else self._open(about, ahead)
            reached = await self._reach_out(key, message, told)
            if type(reached.verdict) is Wait:
                await self._until_lawful(message, reached.verdict)
                continue
            return self._concluded(key, message, reached), told

    async def answer(
        self, *, to: Contact, within: timedelta, paying: Instalment | None = None
    ) -> bool:
        """Give the person time to answer a contact, counted from when it was made.

        Whether it reached them, as far as is known: news that it did not ends the wait, and one
        that was refused needs none. So does the answer itself, if it is `paying` an instalment. A
        provider that is down gets a day: an outage must not use up a journey.
        """
        if to.made:
            await self._until(
                lambda: self._is_lost(to) or (paying is not None and self.covered(paying)),
                to.at + within,
                "waiting for a response",
            )
            return not self._is_lost(to)
        if to.status is ContactStatus.UNAVAILABLE:
            await self._until(lambda: False, to.at + OUTAGE, "waiting for a provider")
        return False

    def _is_lost(self, contact: Contact) -> bool:
        heard = self._progress.responses
        return bool(heard) and any(
            isinstance(each, Undelivered) and each.key == contact.key for each in heard
        )

    async def response(self, *, within: timedelta) -> Response | None:
        """The next response that no stage claims with `on`, or None when the time is over."""
        waiting = self._progress.responses
        await self._until(lambda: bool(waiting), self.now + within, "waiting for a response")
        return waiting.pop(0) if waiting else None

    async def quiet(self, *, until: datetime, because: str) -> None:
        """Leave the person in peace until then; what they say next never shortens it.

        An aside keeps quiet, too, until what was handed over `in_peace` is done.
        """
        if not self._stage.is_aside:
            await self._until(lambda: False, until, because)
            return
        self._progress.peace = max(until, self._progress.peace or until)
        await self._in_peace(because)

    async def _in_peace(self, because: str, *, promised: bool = True) -> None:
        """Wait until a person has seen to what was handed over, and as long as was `promised`.

        What nobody sees to in time ends the journey: no machine goes on from what nobody has read.
        """
        progress, waits = self._progress, True
        while waits:
            seen = partial(operator.ne, progress.unseen, {**progress.unseen})
            until = progress.peace_until if promised else progress.unseen_until
            waits = await self._until(seen, until or self._now(), because)
        if progress.unseen:
            await self.hand_over(UNSEEN, first=True)
            raise Diverted(close(Closure.REFERRED))

    async def promise_kept(self, *, by: datetime) -> bool:
        """Leave the person in peace to keep a promise; whether it is kept by then."""
        promise, before = self._progress.promise, self._progress.peace
        until = self._progress.peace = max(by, before or by)
        kept = await self._until(
            lambda: is_kept(promise, self._progress.balance), until, "a promise to pay"
        )
        if kept:
            self._progress.peace = before
        await self.quiet(
            until=self._progress.peace or self.now, because="of what was promised before"
        )
        return kept

    async def next_try(
        self, *, by: datetime, told: Contact | None = None, paying: Instalment | None = None
    ) -> bool:
        """Wait until the card may be tried again; False at once if that is not before then.

        News that the message they were `told` by did not arrive ends the wait, and so does the
        payment of what they are `paying`: then there is nothing to try.
        """
        charged = self._progress.charged
        again_at = charged.again_at if charged and charged.status in REFUSED else None
        if self._progress.reversed or again_at is None or again_at >= by:
            return False
        if told is not None and not told.made:
            return False
        return not await self._until(
            lambda: (
                (told is not None and self._is_lost(told))
                or (paying is not None and self.covered(paying))
            ),
            again_at,
            "until the card may be tried again",
        )

    async def collect(self, instalment: Instalment | None = None) -> Charged:
        """Charge what is due of an instalment, or the whole balance, to the stored card.

        Nothing is put to a part of the debt that is held, such as a disputed one.
        """
        await self._heard_out("before a charge")
        plan, owed = self._progress.plan, self._progress.balance
        due = plan.outstanding(instalment, owed) if instalment and plan else owed
        free = max(0, owed - self._progress.person.held_part(self.now))
        if min(due, free) == 0:
            status = ChargeStatus.PAID if due == 0 else ChargeStatus.NOT_DUE
            charged = Charged(status=status, version=self._progress.version, balance=owed)
        else:
            amount = Money(minor=min(due, free), currency=self._progress.currency)
            charged = self._rested(await self._charge(amount, instalment))
        self._progress.settle(charged.version, charged.balance, charged.plan)
        self._progress.charged = charged
        return charged

    async def _charge(self, amount: Money, instalment: Instalment | None) -> Charged:
        return await self._runtime.charge(
            Charge(
                key=self._next_key(),
                account_id=self._progress.account_id,
                at=self.now,
                amount=amount,
                instalment=instalment.number if instalment else None,
            )
        )

    def _rested(self, charged: Charged) -> Charged:
        """An answer by which the card rests for a while, whatever it says: no stage goes round."""
        if charged.again_at is None:
            return charged
        rested = max(charged.again_at, self.now + AN_HOUR)
        return replace(charged, again_at=rested)

    async def paid(self, instalment: Instalment, *, by: datetime) -> bool:
        """Whether the instalment is covered by then; returns as soon as it is."""
        return await self._until(lambda: self.covered(instalment), by, "waiting for a payment")

    def covered(self, instalment: Instalment) -> bool:
        """Whether payments cover this instalment and all before it."""
        plan = self._progress.plan
        return plan is None or plan.outstanding(instalment, self._progress.balance) == 0

    def offer_plan(self, *, parts: int, first_in: timedelta) -> PaymentPlan | None:
        """Work out a monthly plan for the balance; the next message puts it to the consumer.

        In so many parts, or fewer or sooner if the creditor's terms have it so; None if no plan of
        two parts or more keeps to them.
        """
        plan_id = self._next_plan_id()
        self._progress.offer = next(
            (
                plan
                for fewer in range(parts, 1, -1)
                for sooner in range(first_in.days, 0, -1)
                if (plan := self._agreeable(plan_id, fewer, timedelta(days=sooner)))
            ),
            None,
        )
        return self._progress.offer

    def _agreeable(self, plan_id: str, parts: int, first_in: timedelta) -> PaymentPlan | None:
        owed, today = self.balance, self._today
        if owed.minor < parts:
            return None
        first = today + first_in
        plan = schedule(plan_id, owed, _monthly_on(first.day), first, parts=parts)
        faults = plan_faults(plan, owed.minor, today=today, terms=self.contract.plans)
        return None if faults else plan

    def offer_affordable_plan(self, *, first_in: timedelta) -> PaymentPlan | None:
        """Work out a monthly plan of what they can spare; None if the creditor's terms have none.

        They have told what that is: see `means`.
        """
        today, means = self._today, self._progress.means
        plan = suggested(
            self._next_plan_id(),
            self.balance,
            means.monthly if means else 0,
            first=today + first_in,
            today=today,
            terms=self.contract.hardship,
        )
        if isinstance(plan, Deferral):
            return None
        self._progress.offer = plan
        return plan

    def _next_plan_id(self) -> str:
        self._progress.step += 1
        return f"{self._progress.account_id}-p{self._progress.step}"

    @property
    def _today(self) -> date:
        return self._day_of(self.now)

    def _day_of(self, at: datetime) -> date:
        return local_date(at, self._progress.person.zones[0])

    def note_missed(self, instalment: Instalment) -> None:
        """Give this instalment up as missed: the plan goes on with the one after it."""
        self._progress.missed = max(self._progress.missed, instalment.number)

    async def hand_over(
        self, reason: str, *, first: bool = False, in_peace: timedelta | None = None
    ) -> None:
        """Ask a person of ours to look at the account; a stage that was broken into asks once.

        `first`: before what else was heard is answered. A stage that goes `back` has it so: it
        would forget where to, if it were broken into itself. `in_peace`, in an aside: nothing is
        sent or charged before it is done; the journey ends if that takes longer than so long.
        """
        if in_peace is not None and not self._stage.is_aside:
            raise TypeError(f"{self._stage.name}: expected an @aside, to keep quiet `in_peace`")
        handed = self._progress.handed_in.setdefault(self._stage.name, [])
        if reason in handed:
            return
        if self._stage.is_aside or first:
            await self._safe()  # what was heard is not lost to what was heard with it
        else:
            await self._heard_out("before handing over")
        order = HandOver(
            key=self._next_key(),
            account_id=self._progress.account_id,
            at=self.now,
            reason=reason,
        )
        if in_peace is not None:
            self._progress.unseen[order.key] = order.at + in_peace
        await self._runtime.hand_over(order)
        handed.append(reason)

    # what the engine does with it

    async def played(self) -> Next:
        """Play the stage; the engine calls this, a stage never does.

        Safeguards have the first word and the last: a stage never begins on an account that is
        paid, and money that arrives in the very moment in which it gives up still closes it.
        """
        self._progress.parked = None
        if self._journey.renamed:
            self._progress.call_by(self._journey.renamed)
        try:
            if not is_at_ease(self._progress):
                stood = await self._safe()
                if self._progress.patience is not None:
                    self._progress.patience += stood
            self._count_visit()
            if self._progress.unseen or self._progress.peace is not None:
                await self._kept()
            following = await self._stage.attempt(self)
        except Diverted as diverted:
            following = diverted.to
            self._break_off(diverted)
        if is_at_ease(self._progress):
            return self._own(following)
        away = self._leaves_for()
        return self._moved(self._own(following) if away in (None, self._stage) else away)

    async def _kept(self) -> None:
        """Keep on another journey, too, what was promised; begin nothing while they are unread."""
        if self._stage.is_aside:
            return
        progress = self._progress
        is_first = self._stage.name == self._journey.first.name
        if progress.unseen:
            await self._in_peace("a person of ours sees to it first", promised=is_first)
        elif is_first and progress.peace and progress.peace > self.now:
            await self._in_peace("because of what was promised before")

    def _own(self, following: Next) -> Next:
        """The journey's own stage of that name: it may play what stages share in its own way."""
        if isinstance(following, Stage):
            return self._journey.stage(following.name)
        if not isinstance(following, Closed | Switched):
            raise TypeError(
                f"stage {self._stage.name} returned {following!r}; "
                "expected a stage, close(...) or switch(...)"
            )
        return following

    def _break_off(self, diverted: Diverted) -> None:
        """Note the pause that was broken into: it counts if the account is moved."""
        until, before = diverted.until, self._progress.broken_off
        if until is not None:
            longest = max(until, before or until)
            self._progress.broken_off = longest if self._stage.is_aside else until
        if self._begun and self._is_moved(self._stage):
            self._progress.returning = diverted.to is self._stage

    def _is_moved(self, stage: Stage) -> bool:
        """Whether whoever is in a stage of this journey has to go on in another one."""
        moved = self._progress.moved
        if moved is None or stage.is_aside:
            return False
        return moved.stage in stage.names and moved.journey in self._journey.names

    def _moved(self, following: Next) -> Next:
        """What follows, or in its place the stage to which a person of ours moved the account."""
        moved = self._progress.moved
        if moved is None or not isinstance(following, Stage) or not self._is_moved(following):
            return following
        self._progress.move(following.name, moved.to_stage, at=self.now)
        stays = moved.to_journey in self._journey.names
        stage = self._journey.find(moved.to_stage) if stays else None
        if stage is not None and stage.name == moved.to_stage:
            return stage
        return Switched(moved.to_journey, moved.to_stage)  # as another build may know it

    def stay(self) -> Stage:
        """This stage again, from its beginning but as the same visit: for pauses of many weeks.

        Temporal runs one stage at a time, and takes up newer code only between two of them.
        """
        self._progress.returning = True
        return self._stage

    def back(self) -> Stage:
        """The stage that a response broke into, to go on with it: that is no new visit."""
        self._progress.returning = True
        return self.interrupted

    def _count_visit(self) -> None:
        self._begun = True
        if self._progress.returning:
            self._progress.returning = False
        else:
            name = self._stage.name
            progress = self._progress
            progress.visits[name] = progress.visits.get(name, 0) + 1
            progress.entered[name] = self._now()
            progress.sent_in.pop(name, None)
            progress.handed_in.pop(name, None)
            if not self._stage.is_aside:
                progress.moved = progress.broken_off = progress.patience = None

    # the one pause

    async def _until(self, ready: Callable[[], bool], until: datetime, why: str) -> bool:
        """Pause until `ready()` or `until`; safeguards speak first, holds stop the clock.

        News of holds wakes it, and so do holds that begin by themselves.
        """
        progress = self._progress
        while True:
            if not is_at_ease(progress) and (progress.person.holds or self._must_leave()):
                until += await self._safe(until)
            if progress.responses:
                self._divert(until)
            if ready():
                return True
            if (now := self._now()) >= until:
                return False
            holds = progress.person.holds
            change = next_change(progress, now) if holds else None
            wake = min(until, change) if change else until
            disturbed = partial(self._disturbed, ready, holds)
            await self._runtime.wait(disturbed, wake, why)

    async def _heard_out(self, why: str) -> None:
        """Let safeguards, holds and what was heard have their word, before something is done."""
        progress = self._progress
        if progress.responses or not is_at_ease(progress):
            await self._until(lambda: True, self._now(), why)

    async def _safe(self, until: datetime | None = None) -> timedelta:
        """Let the safeguards speak; return for how long holds made the clock stand."""
        stood = timedelta()
        while True:
            if (away := self._leaves_for()) is not None:
                raise Diverted(away, until and until + stood)
            if not self._progress.person.standing(self.now):
                return stood
            stood += await self._sit_out()

    async def _sit_out(self) -> timedelta:
        """Wait until every hold is lifted; return for how long the clock stood."""
        began = self.now
        person = self._progress.person
        await self._runtime.wait(
            lambda: self._progress.person.holds != person.holds or self._must_leave(),
            next_change(self._progress, began),
            f"on hold: {', '.join(each.hold for each in person.standing(began))}",
        )
        stood = self.now - began
        self._progress.stand_still(stood)
        return stood

    def _must_leave(self) -> bool:
        return self._leaves_for() is not None

    def _leaves_for(self) -> Next | None:
        """The end that a safeguard demands, or the journey that the account has to take instead.

        This very stage if the account is moved from it: whatever follows is another one.
        """
        progress = self._progress
        if is_at_ease(progress):
            return None
        if (closed := ending(progress)) is not None:
            return closed
        to = progress.switched_to
        if to is not None and to not in self._journey.names:
            return Switched(to)
        return self._stage if progress.moved and self._is_moved(self._stage) else None

    def _disturbed(self, ready: Callable[[], bool], since: tuple[StandingHold, ...]) -> bool:
        """Whether a pause is over before its time: it is `ready`, or something was heard."""
        return (
            ready()
            or self._leaves_for() is not None
            or self._progress.person.holds != since
            or self._claimed() is not None
        )

    def _claimed(self) -> tuple[Stage, AnyResponse] | None:
        for response in self._progress.responses:
            if (stage := self._journey.answers(response)) is not None:
                return stage, response
        return None

    def _divert(self, until: datetime) -> None:
        """Leave the stage if another answers a response that was heard, in a pause until then."""
        if (claim := self._claimed()) is None:
            return
        stage, response = claim
        self._progress.responses.remove(response)
        if not self._stage.is_aside:
            self._progress.interrupted = self._stage.name
        raise Diverted(stage, until)

    # contact, in parts

    async def _patient(self, until: datetime) -> None:
        """Say nothing new before the pause is over in which the account was moved."""
        await self._until(lambda: False, until, "until the pause is over in which it was moved")
        self._progress.patience = None

    def _forget_undelivered(self) -> None:
        """Drop news of earlier messages, so that a response answers the one about to leave."""
        heard = self._progress.responses
        heard[:] = [each for each in heard if not isinstance(each, Undelivered)]

    async def _until_lawful(self, message: Message, wait: Wait) -> None:
        """Sleep until the gate's moment; a change of the facts wakes it to ask again."""
        progress = self._progress
        person, law = progress.person, progress.law
        why = f"to send {message}: {wait.reasons[0]}"
        until = max(wait.until, self.now + A_MOMENT)
        rules = tuple(reason.rule for reason in wait.reasons)
        progress.parked = Parked(message=message, since=self.now, until=until, rules=rules)
        await self._until(lambda: (progress.person, progress.law) != (person, law), until, why)
        progress.parked = None

    async def _reach_out(self, key: str, message: Message, told: Instalment | None) -> Reached:
        await self._heard_out("before a contact")
        progress = self._progress
        known, waits = progress.person, tuple(progress.unrecorded)
        reached = await self._runtime.reach_out(
            ReachOut(
                key=key,
                account_id=progress.account_id,
                at=self._now(),
                message=message,
                waits=waits,
                offer=progress.offer,
                instalment=told.number if told else None,
                day=told.due if told else None,
            )
        )
        if waits:
            del progress.unrecorded[: len(waits)]
        progress.person = merged(known, progress.person, reached.facts)
        progress.go_by(reached.law, reached.law_number)
        progress.settle(reached.version, reached.balance)
        progress.recalled = progress.recalled or reached.recalled
        return reached

    def _concluded(self, key: str, message: Message, reached: Reached) -> Contact:
        reasons = tuple([str(each) for each in reached.verdict.reasons]) or (
            (reached.detail,) if reached.detail else ()
        )
        status = reached.status or ContactStatus.REFUSED
        contact = Contact(key=key, message=message, status=status, reasons=reasons, at=self._now())
        self._progress.remember(contact, stage=self._stage.name)
        return contact

    def _next_key(self, channel: Channel | None = None) -> str:
        """A key from carried state: the same after a crash, a reset or a continue-as-new.

        A call has one by which whoever dials can report what became of it.
        """
        self._progress.step += 1
        if channel is Channel.VOICE:
            return call_key(self._progress.account_id, f"{LISTED}{self._progress.step}")
        return f"{self._workflow_id}#{self._progress.step}"


@cache
def _monthly_on(day: int) -> Monthly:
    """Every month on that day."""
    return Monthly(day=day)


def merged(before: PersonFacts, now: PersonFacts, record: PersonFacts) -> PersonFacts:
    """The record's facts, with what was heard while they were on their way.

    `before` is what was known when the record was asked, `now` what is known on its answer. News
    that came between may be younger than the answer, so it is laid over it.
    """
    if before is now and len(record.opted_out) <= 1 and len(record.holds) <= 1:
        return described(record, now) if now.revision > record.revision else record
    opted_out = _laid_over(before.opted_out, now.opted_out, record.opted_out)
    holds = in_order(_laid_over(before.holds, now.holds, record.holds))
    laid = changed(record, opted_out=tuple(sorted(opted_out)), holds=holds)
    return described(laid, now) if now.revision > record.revision else laid


def _laid_over(
    before: Sequence[_Fact], now: Sequence[_Fact], record: Sequence[_Fact]
) -> set[_Fact]:
    added, removed = {*now} - {*before}, {*before} - {*now}
    return ({*record} | added) - removed
