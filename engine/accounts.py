"""All that a stage may see and do. Every verb reads as a sentence; every pause is guarded."""

from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from compliance import ContactRequest, Packs, PersonFacts, Wait, decide
from compliance.orders import Reached, ReachOut, Slept
from domain.contacts import Contact, ContactStatus, Message
from domain.events import AnyResponse, PromiseToPay, Response, Undelivered
from domain.money import Money
from domain.orders import Charge, Charged, ChargeStatus, HandOver
from domain.people import StandingHold
from domain.plans import Instalment, PaymentPlan, monthly
from domain.time import local_date, local_instant
from engine.journeys import Journey
from engine.progress import Parked, Progress, described, in_order
from engine.runtime import Runtime
from engine.safeguards import ending, held_part, next_change, standing_holds
from engine.stages import Next, Stage

OUTAGE = timedelta(days=1)
"""How long a stage waits when a provider is down, before it goes on."""

A_MOMENT = timedelta(seconds=1)
"""Two clocks may differ by a little: an account never asks the record again sooner."""

Laws = Callable[[str], Packs]
"""Gives the law of an id."""

_Fact = TypeVar("_Fact", bound=Hashable)


class Diverted(Exception):  # noqa: N818
    """The stage is left for another at a pause. Raised and caught by the engine alone."""

    def __init__(self, to: Next) -> None:
        """Leave for `to`."""
        super().__init__(str(to))
        self.to = to


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

    # what a stage sees

    @property
    def now(self) -> datetime:
        """The account's time."""
        return self._runtime.now()

    @property
    def balance(self) -> Money:
        """What is still owed."""
        return self._progress.money

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
        """The plan's first instalment that is not covered yet."""
        plan = self._progress.plan
        due = plan.next_due(self._progress.balance) if plan else None
        if due is None:
            raise LookupError(f"{self._stage.name}: no plan with an open instalment")
        return due

    @property
    def interrupted(self) -> Stage:
        """The stage that a response broke into; the first stage if there is none."""
        name = self._progress.interrupted
        return self._journey.stage(name) if name else self._journey.first

    def visits(self, stage: Stage) -> int:
        """How often the account has entered a stage, this time included."""
        return self._progress.visits.get(stage.name, 0)

    @property
    def keeps_plan(self) -> bool:
        """Whether a plan is under way of which nothing is overdue."""
        plan = self._progress.plan
        due = plan.next_due(self._progress.balance) if plan else None
        return due is not None and self.now < self.morning_of(due.due)

    def earlier(self, message: Message) -> Contact | None:
        """The contact made last with this message, in whichever visit of whichever stage."""
        return self._progress.latest.get(str(message))

    def morning_of(self, day: date) -> datetime:
        """The start of that day where the consumer is (the latest, if zones differ)."""
        zones = self._progress.person.zones
        return max(local_instant(day, time(0), name) for name in zones)

    # what a stage does

    async def contact(self, message: Message) -> Contact:
        """Send a message at the first lawful moment; say what came of it, and never stall.

        Waits as long as the law and the person's wishes ask; payment, dispute, opt-out and the
        like end or change the wait at once. A stage that was broken into and goes on does not
        repeat what it has sent: it gets the contact that it made.
        """
        sent = self._progress.sent_in.get(self._stage.name, {})
        if (earlier := sent.get(str(message))) is not None:
            return earlier
        key = self._next_key()
        self._forget_undelivered()
        request = ContactRequest(
            account_id=self._progress.account_id, channel=message.channel, purpose=message.purpose
        )
        while True:
            law = self._progress.law
            verdict = decide(request, self._progress.person, self._laws(law), self.now)
            if isinstance(verdict, Wait):
                self._progress.unrecorded.append(
                    Slept(key=key, at=self.now, law=law, message=message, verdict=verdict)
                )
                await self._until_lawful(message, verdict)
                continue
            reached = await self._reach_out(key, message)
            if isinstance(reached.verdict, Wait):
                await self._until_lawful(message, reached.verdict)
                continue
            return self._concluded(key, message, reached)

    async def answer(self, *, to: Contact, within: timedelta) -> bool:
        """Give the person time to answer a contact, counted from when it was made.

        Whether the time went by: news that it did not arrive ends the wait, and one that was
        refused needs none. A provider that is down gets a day: an outage must not use up a journey.
        """
        if to.made:
            return not await self._until(
                lambda: self._is_lost(to), to.at + within, "waiting for a response"
            )
        if to.status is ContactStatus.UNAVAILABLE:
            await self._until(lambda: False, to.at + OUTAGE, "waiting for a provider")
        return False

    def _is_lost(self, contact: Contact) -> bool:
        return any(
            isinstance(each, Undelivered) and each.key == contact.key
            for each in self._progress.responses
        )

    async def response(self, *, within: timedelta) -> Response | None:
        """The next response that no stage claims with `on`, or None when the time is over."""
        waiting = self._progress.responses
        await self._until(lambda: bool(waiting), self.now + within, "waiting for a response")
        return waiting.pop(0) if waiting else None

    async def quiet(self, *, until: datetime, because: str) -> None:
        """Leave the person in peace until then; what they say next never shortens it."""
        if self._stage.is_aside:
            until = self._progress.peace = max(until, self._progress.peace or until)
        await self._until(lambda: False, until, because)

    async def collect(self, instalment: Instalment | None = None) -> Charged:
        """Charge what is due of an instalment, or the whole balance, to the stored card.

        Nothing is put to a part of the debt that is held, such as a disputed one.
        """
        await self._until(lambda: True, self.now, "before a charge")
        plan, minor = self._progress.plan, self._progress.balance
        if instalment and plan:
            minor = plan.outstanding(instalment, minor)
        free = max(0, self._progress.balance - held_part(self._progress, self.now))
        if min(minor, free) == 0:
            return Charged(
                status=ChargeStatus.PAID if minor == 0 else ChargeStatus.NOT_DUE,
                version=self._progress.version,
                balance=self._progress.balance,
            )
        charged = await self._runtime.charge(
            Charge(
                key=self._next_key(),
                account_id=self._progress.account_id,
                at=self.now,
                amount=Money(minor=min(minor, free), currency=self._progress.currency),
                instalment=instalment.number if instalment else None,
            )
        )
        self._progress.settle(charged.version, charged.balance)
        return charged

    async def paid(self, instalment: Instalment, *, by: datetime) -> bool:
        """Whether the instalment is covered by then; returns as soon as it is."""
        return await self._until(lambda: self.covered(instalment), by, "waiting for a payment")

    def covered(self, instalment: Instalment) -> bool:
        """Whether payments cover this instalment and all before it."""
        plan = self._progress.plan
        return plan is None or plan.outstanding(instalment, self._progress.balance) == 0

    def offer_plan(self, *, parts: int, first_in: timedelta) -> PaymentPlan:
        """Work out a monthly plan for the balance; the next message puts it to the consumer."""
        self._progress.step += 1
        first = local_date(self.now + first_in, self._progress.person.zones[0])
        plan_id = f"{self._progress.account_id}-p{self._progress.step}"
        self._progress.offer = monthly(
            plan_id, self.balance, parts=min(parts, self._progress.balance), first=first
        )
        return self._progress.offer

    async def hand_over(self, reason: str) -> None:
        """Ask a person of ours to look at the account."""
        if self._stage.is_aside:
            await self._safe()  # what was heard is not lost to what was heard with it
        else:
            await self._until(lambda: True, self.now, "before handing over")
        await self._runtime.hand_over(
            HandOver(
                key=self._next_key(),
                account_id=self._progress.account_id,
                at=self.now,
                reason=reason,
            )
        )

    # what the engine does with it

    async def played(self) -> Next:
        """Play the stage; the engine calls this, a stage never does.

        Safeguards have the first word and the last: a stage never begins on an account that is
        paid, and money that arrives in the very moment in which it gives up still closes it.
        """
        self._progress.parked = None
        try:
            await self._safe()
            self._count_visit()
            following = await self._stage.attempt(self)
        except Diverted as diverted:
            following = diverted.to
        return ending(self._progress) or following

    def back(self) -> Stage:
        """The stage that a response broke into, to go on with it: that is no new visit."""
        self._progress.returning = True
        return self.interrupted

    def _count_visit(self) -> None:
        if self._progress.returning:
            self._progress.returning = False
        else:
            self._progress.visits[self._stage.name] = self.visits(self._stage) + 1
            self._progress.sent_in.pop(self._stage.name, None)

    # the one pause

    async def _until(self, ready: Callable[[], bool], until: datetime, why: str) -> bool:
        """Pause until `ready()` or `until`; safeguards speak first, holds stop the clock."""
        while True:
            until += await self._safe()
            self._divert()
            if ready():
                return True
            if self.now >= until:
                return False
            await self._pause(ready, until, why)

    async def _pause(self, ready: Callable[[], bool], until: datetime, why: str) -> None:
        """Wait once; news of holds, and holds that begin by themselves, wake it."""
        holds = self._progress.person.holds
        change = next_change(self._progress, self.now)
        wake = min(until, change) if change else until
        await self._runtime.wait(lambda: ready() or self._disturbed(since=holds), wake, why)

    async def _safe(self) -> timedelta:
        """Let the safeguards speak; return for how long holds made the clock stand."""
        stood = timedelta()
        while True:
            if (end := ending(self._progress)) is not None:
                raise Diverted(end)
            if not standing_holds(self._progress, self.now):
                return stood
            stood += await self._sit_out()

    async def _sit_out(self) -> timedelta:
        """Wait until every hold is lifted; return for how long the clock stood."""
        began = self.now
        holds, standing = self._progress.person.holds, standing_holds(self._progress, began)
        await self._runtime.wait(
            lambda: self._progress.person.holds != holds or self._must_leave(),
            next_change(self._progress, began),
            f"on hold: {', '.join(standing)}",
        )
        return self.now - began

    def _must_leave(self) -> bool:
        return ending(self._progress) is not None

    def _disturbed(self, since: tuple[StandingHold, ...]) -> bool:
        return bool(
            self._must_leave()
            or self._progress.person.holds != since
            or self._claimed() is not None
        )

    def _claimed(self) -> tuple[Stage, AnyResponse] | None:
        for response in self._progress.responses:
            if (stage := self._journey.answers(response)) is not None:
                return stage, response
        return None

    def _divert(self) -> None:
        """Leave the stage if another answers a response that was heard."""
        if (claim := self._claimed()) is None:
            return
        stage, response = claim
        self._progress.responses.remove(response)
        if not self._stage.is_aside:
            self._progress.interrupted = self._stage.name
        raise Diverted(stage)

    # contact, in parts

    def _forget_undelivered(self) -> None:
        """Drop news of earlier messages, so that a response answers the one about to leave."""
        self._progress.responses[:] = [
            each for each in self._progress.responses if not isinstance(each, Undelivered)
        ]

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

    async def _reach_out(self, key: str, message: Message) -> Reached:
        await self._until(lambda: True, self.now, "before a contact")
        known = self._progress.person
        waits = tuple(self._progress.unrecorded)
        reached = await self._runtime.reach_out(
            ReachOut(
                key=key,
                account_id=self._progress.account_id,
                at=self.now,
                message=message,
                waits=waits,
                offer=self._progress.offer,
            )
        )
        self._progress.unrecorded[:] = self._progress.unrecorded[len(waits) :]
        self._progress.person = merged(known, self._progress.person, reached.facts)
        self._progress.go_by(reached.law, reached.law_number)
        self._progress.settle(reached.version, reached.balance)
        self._progress.recalled = self._progress.recalled or reached.recalled
        return reached

    def _concluded(self, key: str, message: Message, reached: Reached) -> Contact:
        reasons = tuple(map(str, reached.verdict.reasons)) or (
            (reached.detail,) if reached.detail else ()
        )
        status = reached.status or ContactStatus.REFUSED
        contact = Contact(key=key, message=message, status=status, reasons=reasons, at=self.now)
        self._progress.remember(contact, stage=self._stage.name)
        return contact

    def _next_key(self) -> str:
        """A key from carried state: the same after a crash, a reset or a continue-as-new."""
        self._progress.step += 1
        return f"{self._workflow_id}#{self._progress.step}"


def merged(before: PersonFacts, now: PersonFacts, record: PersonFacts) -> PersonFacts:
    """The record's facts, with what was heard while they were on their way.

    `before` is what was known when the record was asked, `now` what is known on its answer. News
    that came between may be younger than the answer, so it is laid over it.
    """
    opted_out = _laid_over(before.opted_out, now.opted_out, record.opted_out)
    holds = in_order(_laid_over(before.holds, now.holds, record.holds))
    laid = record.model_copy(update={"opted_out": tuple(sorted(opted_out)), "holds": holds})
    return described(laid, now) if now.revision > record.revision else laid


def _laid_over(
    before: Sequence[_Fact], now: Sequence[_Fact], record: Sequence[_Fact]
) -> set[_Fact]:
    added, removed = {*now} - {*before}, {*before} - {*now}
    return ({*record} | added) - removed
