"""One account, from placement to its end: one run per stage, for as long as it takes.

Signals are pure reducers over `Progress` and await nothing. Updates answer when the record has what
they say: `placed` waits for it to be written, and an instruction given in Temporal's UI writes it
first. Only `run` continues as new, and only after all handlers
have finished, so that no message is lost at a boundary.
"""

import hashlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from compliance import ContactRequest, decide
    from compliance.laws import LAWS
    from compliance.orders import Close, Entered, EnterStage, Recorded
    from domain.accounts import PAID_UP, Closure, Hold, Placement
    from domain.contacts import Channel
    from domain.events import AnyEvent, HoldLifted, HoldPlaced, JourneySwitched, Recalled
    from domain.orders import RecordHolds, RecordPlacement
    from domain.people import StandingHold
    from engine import Closed, Stage, Switched
    from engine.drive import attempt
    from engine.progress import Progress
    from journeys import JOURNEYS, journey_called
    from workflows import names
    from workflows.messages import (
        AccountState,
        Heard,
        Instruction,
        Leg,
        NewJourney,
        NextStep,
        PlacedAgain,
    )
    from workflows.runtime import UNTIL_DONE, TemporalRuntime

EXAMPLE = '{"instruction_id": "ops-2026-11-21-1", "hold": "pause"}'
ANOTHER = '{"instruction_id": "ops-2026-11-21-2", "journey": "standard"}'


@workflow.defn(name="account")
class AccountWorkflow:
    """The life of one account."""

    @workflow.init
    def __init__(self, leg: Leg) -> None:
        """Take over what was carried, before any signal is delivered."""
        self._journey = journey_called(leg.journey)
        self._stage = self._journey.stage(leg.stage) if leg.stage else self._journey.first
        self._fingerprint = leg.fingerprint or fingerprint(leg.placement)
        self._progress = leg.progress
        self._early: list[AnyEvent] = []
        self._closure: Closure | None = None
        self._next = NextStep(why="writing the record")

    @workflow.run
    async def run(self, leg: Leg) -> AccountState:
        """Play one stage; then become the next, or end."""
        if leg.placement is not None:
            self._begin(leg.placement, await self._record(leg.placement))
        if leg.not_before is not None:
            await self._catch_up(leg.not_before)
        progress = self._known
        await self._enter()
        following = await attempt(
            self._journey,
            self._stage,
            progress,
            TemporalRuntime(self._tell_next),
            laws=LAWS.called,
            workflow_id=workflow.info().workflow_id,
        )
        if isinstance(following, Closed):
            return await self._close(following.closure)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._become(following)

    # messages in

    @workflow.signal(description="Something happened; the record knows it already.")
    def hear(self, heard: Heard) -> None:
        """Take in an event, once."""
        if self._progress is None:
            self._early.append(heard.event)
            return
        self._progress.hear(heard.event)
        if isinstance(heard.event, HoldPlaced | HoldLifted):
            self._show_holds()

    @workflow.update(description="This account is placed (again). Answers once it is on record.")
    async def placed(self, again: PlacedAgain) -> AccountState:
        """Answer when the record has the account."""
        await workflow.wait_condition(lambda: self._progress is not None)
        return self.state()

    @placed.validator
    def _same(self, again: PlacedAgain) -> None:
        if fingerprint(again.placement) != self._fingerprint:
            raise ApplicationError(
                "this account was placed with other data", type="DifferentPlacement"
            )

    @workflow.update(description=f"Stop the clock and all contact. Example: {EXAMPLE}")
    async def pause(self, order: Instruction) -> AccountState:
        """Place a hold."""
        return await self._hold(order, order.hold or Hold.PAUSE)

    @workflow.update(description=f"Lift a hold; the clock goes on. Example: {EXAMPLE}")
    async def resume(self, order: Instruction) -> AccountState:
        """Lift a hold."""
        hold = order.hold or Hold.PAUSE
        await self._put_on_record(order, lifted=(hold,))
        self._known.hear(HoldLifted(event_id=order.instruction_id, hold=hold))
        self._show_holds()
        return self.state()

    @workflow.update(description='The debt is disputed. Example: {"instruction_id": "letter-17"}')
    async def dispute(self, order: Instruction) -> AccountState:
        """Place the hold of a dispute."""
        return await self._hold(order, Hold.DISPUTE)

    @workflow.update(description='The creditor takes it back. Example: {"instruction_id": "r-1"}')
    async def recall(self, order: Instruction) -> AccountState:
        """End the journey."""
        await self._put_on_record(order, recalled=True)
        self._known.hear(Recalled(event_id=order.instruction_id))
        return self.state()

    @workflow.update(description=f"Take another journey from now on. Example: {ANOTHER}")
    async def switch_journey(self, order: NewJourney) -> AccountState:
        """Leave for another journey at the next pause; a plan under way goes on in it."""
        event = JourneySwitched(event_id=order.instruction_id, journey=order.journey)
        self._known.hear(event)
        return self.state()

    @pause.validator
    def _can_pause(self, order: Instruction) -> None:
        self._must_be_open()

    @resume.validator
    def _can_resume(self, order: Instruction) -> None:
        self._must_be_open()

    @dispute.validator
    def _can_dispute(self, order: Instruction) -> None:
        self._must_be_open()

    @recall.validator
    def _can_recall(self, order: Instruction) -> None:
        self._must_be_open()

    @switch_journey.validator
    def _can_switch(self, order: NewJourney) -> None:
        self._must_be_open()
        if order.journey not in JOURNEYS:
            known = ", ".join(sorted(JOURNEYS))
            raise ApplicationError(
                f"no journey is called {order.journey!r}; there are {known}", type="NoSuchJourney"
            )

    # messages out

    @workflow.query(description="The account as its workflow sees it.")
    def state(self) -> AccountState:
        """Stage, balance, holds and what happens next."""
        progress = self._known
        return AccountState(
            account_id=progress.account_id,
            journey=self._journey.name,
            stage=self._stage.name,
            balance=progress.money,
            version=progress.version,
            holds=tuple(dict.fromkeys(each.hold for each in progress.person.holds)),
            opted_out=progress.person.opted_out,
            made=progress.made,
            closure=self._closure,
            next=self._next,
            parked=progress.parked,
            law=progress.law,
            at=workflow.now(),
        )

    @workflow.query(description="Why a contact is, or is not, allowed at this moment, by channel.")
    def explain(self) -> dict[str, list[str]]:
        """The gate's answer for each channel, on the facts carried here."""
        progress, answers = self._known, dict[str, list[str]]()
        packs = LAWS.called(progress.law)
        for channel in Channel:
            request = ContactRequest(account_id=progress.account_id, channel=channel)
            verdict = decide(request, progress.person, packs, workflow.now())
            until = getattr(verdict, "until", None)
            head = f"{verdict.kind} until {until:%Y-%m-%d %H:%M} UTC" if until else verdict.kind
            answers[channel.value] = [head, *map(str, verdict.reasons)]
        return answers

    # a run, in parts

    @property
    def _known(self) -> Progress:
        if self._progress is None:
            raise ApplicationError("the account is not on record yet", type="NotRecorded")
        return self._progress

    async def _record(self, placement: Placement) -> Recorded:
        recorded: Recorded = await workflow.execute_activity(
            "record_placement",
            RecordPlacement(
                key=f"{workflow.info().workflow_id}#placed",
                account_id=placement.account_id,
                at=workflow.now(),
                placement=placement,
                workflow_id=workflow.info().workflow_id,
            ),
            result_type=Recorded,
            **UNTIL_DONE,
            summary="write account, person and opening balance",
        )
        return recorded

    def _begin(self, placement: Placement, recorded: Recorded) -> None:
        progress = Progress.begun(placement, recorded)
        for event in self._early:
            progress.hear(event)
        self._progress = progress

    async def _catch_up(self, at: datetime) -> None:
        """Go on no earlier than the account was before: it may have been run ahead of the wall."""
        left = at - workflow.now()
        if left > timedelta(0):
            self._tell_next(NextStep(until=at, why="until the account's own time"))
            await workflow.sleep(left, summary="until the account's own time")

    async def _enter(self) -> None:
        """Show the stage to people, and write it to the record."""
        progress, info = self._known, workflow.info()
        waits = tuple(progress.unrecorded)
        workflow.upsert_search_attributes(
            [
                names.CREDITOR.value_set(info.workflow_id.split("/")[1]),
                names.JOURNEY.value_set(self._journey.name),
                names.STAGE.value_set(self._stage.name),
                names.STATE.value_set("open"),
                names.HOLD.value_set(self._holds() or "none"),
                names.CURRENCY.value_set(progress.currency),
                names.DAYS_PAST_DUE.value_set(progress.days_past_due(workflow.now())),
            ]
        )
        entered: Entered | None = await workflow.execute_activity(
            "enter_stage",
            EnterStage(
                key=f"{info.workflow_id}#{progress.step}",
                account_id=progress.account_id,
                at=workflow.now(),
                journey=self._journey.name,
                stage=self._stage.name,
                waits=waits,
            ),
            result_type=Entered,
            **UNTIL_DONE,
            summary=f"enter {self._stage.name}",
        )
        if entered is not None:  # a stage that was entered before interest was does not say
            progress.settle(entered.version, entered.balance, entered.plan)
        del progress.unrecorded[: len(waits)]

    async def _close(self, closure: Closure) -> AccountState:
        progress = self._known
        recorded: Closure | None = await workflow.execute_activity(
            "close_account",
            Close(
                key=f"{workflow.info().workflow_id}#closed",
                account_id=progress.account_id,
                at=workflow.now(),
                closure=closure,
                waits=tuple(progress.unrecorded),
            ),
            result_type=Closure,
            **UNTIL_DONE,
            summary=f"close: {closure}",
        )
        closure = recorded or closure  # a debt that was settled is at zero like one that was paid
        self._closure, self._next = closure, NextStep(why=f"closed: {closure}")
        workflow.upsert_search_attributes([names.STATE.value_set(closure)])
        workflow.set_current_details(self._details())
        await workflow.wait_condition(workflow.all_handlers_finished)
        if closure in PAID_UP and progress.balance > 0:
            # The money went back while the run was closing: the record has opened it again.
            self._closure = None
            return self._become(self._journey.first)
        return self.state()

    def _become(self, following: Stage | Switched) -> AccountState:
        progress, journey, stage = self._known, self._journey.name, None
        if isinstance(following, Switched):
            progress.take_up(came_from=journey)
            journey = following.journey
        else:
            stage = following.name
        workflow.continue_as_new(
            Leg(
                journey=journey,
                stage=stage,
                progress=progress,
                fingerprint=self._fingerprint,
            )
        )

    async def _hold(self, order: Instruction, hold: Hold) -> AccountState:
        days = {"starts": order.starts, "ends": order.ends, "part": order.part}
        placed = StandingHold.model_validate({"hold": hold} | days)
        await self._put_on_record(order, placed=(placed,))
        self._known.take_hold(placed, event_id=order.instruction_id)
        self._show_holds()
        return self.state()

    async def _put_on_record(
        self,
        order: Instruction,
        *,
        placed: tuple[StandingHold, ...] = (),
        lifted: tuple[Hold, ...] = (),
        recalled: bool = False,
    ) -> None:
        """Write an instruction that was given here, before it is acknowledged.

        It waits for the person's lock, and so for a message that is just leaving: nothing leaves
        after the answer.
        """
        if order.recorded:
            return
        info = workflow.info()
        await workflow.execute_activity(
            "record_holds",
            RecordHolds(
                key=f"{info.workflow_id}#{order.instruction_id}",
                account_id=self._known.account_id,
                at=workflow.now(),
                placed=placed,
                lifted=lifted,
                recalled=recalled,
            ),
            **UNTIL_DONE,
            summary="write an instruction to the record",
        )

    def _must_be_open(self) -> None:
        if self._closure is not None:
            raise ApplicationError(f"the account is closed: {self._closure}", type="AccountClosed")
        _ = self._known

    # for people's eyes

    def _show_holds(self) -> None:
        workflow.upsert_search_attributes([names.HOLD.value_set(self._holds() or "none")])

    def _holds(self) -> str:
        return ", ".join(dict.fromkeys(each.hold for each in self._known.person.holds))

    def _tell_next(self, step: NextStep) -> None:
        self._next = step
        workflow.set_current_details(self._details())

    def _details(self) -> str:
        """Markdown for Temporal's UI: money, stage, and what happens next, and why."""
        progress, step = self._known, self._next
        when = f"at {step.until:%Y-%m-%d %H:%M} UTC" if step.until else "now"
        made = ", ".join(f"{n} {channel}" for channel, n in progress.made.items()) or "none"
        week = workflow.now() - timedelta(days=7)
        past = progress.person.contacts
        recent = [each for each in past if each.at > week and not each.inbound]
        calls = [each for each in recent if each.channel is Channel.VOICE]
        lines = [
            f"**Balance** {progress.money}",
            f"**Stage** {self._stage.name} of journey {self._journey.name}",
            f"**Next** {when}: {step.why}",
            f"**Holds** {self._holds() or 'none'}",
            f"**Opted out of** {', '.join(progress.person.opted_out) or 'nothing'}",
            f"**Contacts made** {made}",
            f"**To this person in 7 days** {len(recent)} contacts, {len(calls)} of them calls",
        ]
        return "\n".join(f"- {line}" for line in lines)


def fingerprint(placement: Placement | None) -> str:
    """A short hash by which two placements of one account are compared."""
    if placement is None:
        raise ValueError("the first run of an account needs its placement")
    return hashlib.sha256(placement.model_dump_json().encode()).hexdigest()[:20]
