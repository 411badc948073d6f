"""One account, from placement to its end: one run per stage, for as long as it takes.

Signals are pure reducers over `Progress` and await nothing. Updates answer when the record has what
they say: `placed` waits for it to be written, and an instruction given in Temporal's UI writes it
first. Only `run` continues as new, and only after all handlers
have finished, so that no message is lost at a boundary.
"""

import hashlib
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import ApplicationError

from compliance import ContactRequest, decide
from compliance.laws import LAWS
from compliance.orders import Close, Entered, EnterStage, Recorded
from compliance.skips import Skip
from domain.accounts import PAID_UP, Closure, Hold, Placement
from domain.bulk import BulkInstruction, BulkVerb, TakePart
from domain.contacts import Channel
from domain.events import AnyEvent, HoldLifted, HoldPlaced, JourneySwitched, Recalled
from domain.orders import RecordHolds, RecordPlacement
from domain.people import StandingHold
from engine import Closed, Next, Stage, Switched
from engine.drive import attempt
from engine.progress import Progress
from journeys import JOURNEYS, journey_called, present_name
from workflows import names
from workflows.messages import (
    AccountState,
    Happening,
    Heard,
    Instruction,
    Leg,
    NewBuild,
    NewJourney,
    NextStep,
    PlacedAgain,
)
from workflows.reentry import LeftToNewerBuild, goes_on, take_over
from workflows.runtime import UNTIL_DONE, TemporalRuntime
from workflows.showing import details, first_lawful, holds, timeline

NEWS = '{"event": {"kind": "opted_out", "event_id": "letter-18", "channel": "sms"}}'
BUILD = '{"build": "2026.11.3"}'
EXAMPLE = '{"instruction_id": "ops-2026-11-21-1", "hold": "pause"}'
STEP = '{"instruction_id": "ops-2026-11-21-3", "reason": "ticket 4711", "by": "ops"}'
MANY = '{"instruction_id": "ops-2026-11-21-4", "verb": "pause", "reason": "fire", "by": "ops"}'
ANOTHER = '{"instruction_id": "ops-2026-11-21-2", "journey": "standard"}'


@workflow.defn(name="account")
class AccountWorkflow:
    """The life of one account. A stage ends on the build that it began on, unless it is moved."""

    @workflow.init
    def __init__(self, leg: Leg) -> None:
        """Take over what was carried, before any signal is delivered."""
        self._journey = journey_called(leg.journey)
        self._stage = self._journey.stage(leg.stage) if leg.stage else self._journey.first
        self._fingerprint = leg.fingerprint or fingerprint(leg.placement)
        self._progress = leg.progress
        self._early: list[AnyEvent] = []
        self._closure: Closure | None = None
        self._newer_build = False
        self._next = NextStep(why="writing the record")
        self._runtime = TemporalRuntime(self._tell_next, self._leaves, lambda: self._known)

    @workflow.run
    async def run(self, leg: Leg) -> AccountState:
        """Play one stage; then become the next, or end."""
        if leg.placement is not None:
            self._begin(leg.placement, await self._record(leg.placement))
        if leg.not_before is not None:
            await self._catch_up(leg.not_before)
        if leg.waiting is None:
            await self._enter()
        else:
            self._take_over(leg.waiting)
        try:
            following = await self._play()
        except LeftToNewerBuild as left:
            await workflow.wait_condition(workflow.all_handlers_finished)
            return self._leave(left.waiting)
        if isinstance(following, Closed):
            return await self._close(following.closure)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._become(following)

    # messages in

    @workflow.signal(description=f"Something happened; it is on record already. Example: {NEWS}")
    def hear(self, heard: Heard) -> None:
        """Take in an event, once."""
        if self._progress is None:
            self._early.append(heard.event)
            return
        self._progress.hear(heard.event)
        if isinstance(heard.event, HoldPlaced | HoldLifted):
            self._show_holds()

    @workflow.signal(description=f"Another build is current: go on there. Example: {BUILD}")
    def nudge(self, newer: NewBuild) -> None:
        """Leave for it at the first wait at which nothing is lost."""
        ours = workflow.info().get_current_deployment_version()
        self._newer_build = ours is not None and ours.build_id != newer.build

    @workflow.signal(description=f"An instruction for many accounts. Example: {MANY}")
    async def instruct(self, told: BulkInstruction) -> None:
        """Carry it out if the record says that it concerns this account, and still stands.

        What is heard while the record is asked may be younger than its answer: it is asked again.
        """
        await workflow.wait_condition(lambda: self._progress is not None)
        if told.verb is BulkVerb.SWITCH and present_name(told.journey or "") is None:
            workflow.logger.warning("no such journey to switch to: %s", told.journey)
            return
        heard, takes_part = self._known.heard, await self._takes_part(told)
        while heard is not self._known.heard and workflow.patched("told-late"):
            heard, takes_part = self._known.heard, await self._takes_part(told)
        if takes_part and self._closure is None:
            self._obey(told)

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

    @workflow.update(description=f"Give up the step that fails, and go on. Example: {STEP}")
    async def skip_step(self, skip: Skip) -> AccountState:
        """Answer once the record has it, or the step came to its end by itself."""
        await self._runtime.skip(skip)
        return self.state()

    @skip_step.validator
    def _can_skip(self, skip: Skip) -> None:
        self._must_be_open()
        doing = self._runtime.under_way
        if doing is None or skip.step not in {None, doing}:
            raise ApplicationError(
                f"that step is not under way: {doing or 'nothing'} is, and next comes: "
                f"{self._next.why}. Ask the query `state` again.",
                type="NotUnderWay",
            )

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
        if present_name(order.journey) is None:
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
            under_way=self._runtime.under_way,
            at=workflow.now(),
        )

    @workflow.query(description="What has happened on this journey and what comes next, in order.")
    def timeline(self) -> list[Happening]:
        """The past as far as the account carries it, then what is to come."""
        return timeline(self._known, self._next, workflow.now())

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
                names.HOLD.value_set(holds(progress) or "none"),
                self._next_contact(),
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

    async def _play(self) -> Next:
        """Play the stage to its end; LeftToNewerBuild if that is to go on."""
        return await attempt(
            self._journey,
            self._stage,
            self._known,
            self._runtime,
            laws=LAWS.called,
            workflow_id=workflow.info().workflow_id,
        )

    def _leaves(self, waiting: NextStep) -> bool:
        """Whether to leave the stage at this wait, for a newer build to go on with it."""
        return self._newer_build and goes_on(
            self._journey,
            self._stage,
            self._known,
            waiting,
            now=workflow.now(),
            laws=LAWS.called,
            workflow_id=workflow.info().workflow_id,
        )

    def _take_over(self, waiting: NextStep) -> None:
        take_over(
            self._journey,
            self._stage,
            self._known,
            waiting,
            now=workflow.now(),
            laws=LAWS.called,
            workflow_id=workflow.info().workflow_id,
        )

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
        workflow.upsert_search_attributes(
            [names.STATE.value_set(closure), names.NEXT_CONTACT_AT.value_unset()]
        )
        self._tell_next(self._next)
        await workflow.wait_condition(workflow.all_handlers_finished)
        if closure in PAID_UP and progress.balance > 0:
            # The money went back while the run was closing: the record has opened it again.
            self._closure = None
            return self._become(self._journey.first)
        return self.state()

    def _become(self, following: Stage | Switched) -> AccountState:
        """Take the next stage, on whichever build is current now."""
        progress, journey, stage = self._known, self._journey.name, None
        if isinstance(following, Switched):
            if following.stage is None or following.journey not in self._journey.names:
                progress.take_up(came_from=journey, at=following.stage)
            journey, stage = following.journey, following.stage
        else:
            stage = following.name
        return self._go_on(journey, stage)

    def _leave(self, waiting: NextStep) -> AccountState:
        """Go on with this stage, as the visit that it is, on the build that is current now."""
        self._known.returning = True
        return self._go_on(self._journey.name, self._stage.name, waiting)

    def _go_on(
        self, journey: str, stage: str | None, waiting: NextStep | None = None
    ) -> AccountState:
        workflow.continue_as_new(
            Leg(
                journey=journey,
                stage=stage,
                progress=self._known,
                waiting=waiting,
                fingerprint=self._fingerprint,
            ),
            initial_versioning_behavior=workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
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

    async def _takes_part(self, told: BulkInstruction) -> bool:
        """Whether this account has to carry an instruction for many out, as the record has it."""
        info = workflow.info()
        takes_part: bool = await workflow.execute_activity(
            "take_part",
            TakePart(
                key=f"{info.workflow_id}#{told.instruction_id}",
                account_id=self._known.account_id,
                at=workflow.now(),
                instruction=told,
            ),
            result_type=bool,
            **UNTIL_DONE,
            summary=f"{told.verb}, as many others",
        )
        return takes_part

    def _obey(self, told: BulkInstruction) -> None:
        known, event = self._known, f"bulk:{told.instruction_id}"
        match told.verb:
            case BulkVerb.PAUSE:
                known.take_hold(StandingHold(hold=Hold.PAUSE), event_id=event)
            case BulkVerb.RESUME:
                known.lift_pause(event_id=event)
            case BulkVerb.RECALL:
                known.hear(Recalled(event_id=event))
            case BulkVerb.SWITCH:
                known.hear(JourneySwitched(event_id=event, journey=told.journey or ""))
        if told.verb in {BulkVerb.PAUSE, BulkVerb.RESUME}:
            self._show_holds()

    def _must_be_open(self) -> None:
        if self._closure is not None:
            raise ApplicationError(f"the account is closed: {self._closure}", type="AccountClosed")
        _ = self._known

    # for people's eyes

    def _show_holds(self) -> None:
        held = names.HOLD.value_set(holds(self._known) or "none")
        workflow.upsert_search_attributes([held, self._next_contact()])

    def _next_contact(self) -> SearchAttributeUpdate[datetime]:
        """The first moment at which somebody may be reached, as this stage or a hold began."""
        known = self._known
        at = first_lawful(known, LAWS.called(known.law), workflow.now())
        return names.NEXT_CONTACT_AT.value_set(at) if at else names.NEXT_CONTACT_AT.value_unset()

    def _tell_next(self, step: NextStep) -> None:
        """Markdown for Temporal's UI: money, stage, and what happens next, and why."""
        self._next, progress = step, self._known
        packs = LAWS.called(progress.law) if step.until else None
        shown = details(progress, self._journey, self._stage, step, packs=packs, at=workflow.now())
        workflow.set_current_details(shown)


def fingerprint(placement: Placement | None) -> str:
    """A short hash by which two placements of one account are compared."""
    if placement is None:
        raise ValueError("the first run of an account needs its placement")
    return hashlib.sha256(placement.model_dump_json().encode()).hexdigest()[:20]
