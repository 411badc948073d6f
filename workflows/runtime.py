"""The engine's runtime on Temporal: durable timers, and one activity for each effect."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypedDict, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from compliance import Allow
from compliance.orders import Reached, ReachOut
from compliance.skips import Skip, SkipCharge, SkipContact, Skipped
from domain.orders import Charge, Charged, HandOver
from engine.progress import Progress
from workflows.messages import NextStep
from workflows.reentry import LeftToNewerBuild

ATTEMPT = timedelta(seconds=90)
"""Longest single attempt. Above the provider's time-out, below a consumer's patience."""

HEARTBEAT = timedelta(seconds=8)
"""After this much silence a worker is taken for dead, and its order goes to another. Should it live
after all, no harm is done: the person's lock and the intent keep two attempts apart."""

RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
)
"""Without end: an activity knows itself when patience is over, and then says so as a result."""


class Terms(TypedDict):
    """On what terms an activity is carried out."""

    start_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


UNTIL_DONE = Terms(start_to_close_timeout=ATTEMPT, heartbeat_timeout=HEARTBEAT, retry_policy=RETRY)
"""For every effect on an account."""


Done = TypeVar("Done")


class TemporalRuntime:
    """Time, waiting and effects of one account."""

    def __init__(
        self,
        told: Callable[[NextStep], None],
        leaves: Callable[[NextStep], bool],
        known: Callable[[], Progress],
    ) -> None:
        """`told` hears of every wait, so that people can see what happens next, and why.

        `leaves` says whether the stage is to be left at a wait, for a newer build to go on with it.
        `known` gives what the account carries.
        """
        self._told, self._leaves, self._known = told, leaves, known
        self.under_way: str | None = None
        """The key of the step that is being done and can be skipped."""
        self._skip: Skip | None = None

    def now(self) -> datetime:
        """The workflow's time; it follows the account when that is fast-forwarded."""
        return workflow.now()

    async def wait(self, ready: Callable[[], bool], until: datetime | None, why: str) -> None:
        """Sleep on a durable timer whose summary says why. LeftToNewerBuild if that is to go on."""
        step = NextStep(until=until, why=why)
        self._told(step)
        left = None if until is None else max(timedelta(0), until - workflow.now())
        try:
            await workflow.wait_condition(
                lambda: ready() or self._leaves(step),
                timeout=left,
                timeout_summary=summary(until, why),
            )
        except TimeoutError:
            return
        if not ready():
            raise LeftToNewerBuild(step)

    async def reach_out(self, order: ReachOut) -> Reached:
        """One activity: last look, intent, call, outcome."""
        self._told(NextStep(why=f"sending {order.message}"))
        sending = workflow.start_activity(
            "reach_out",
            order,
            result_type=Reached,
            **UNTIL_DONE,
            summary=str(order.message),
        )

        async def given_up(skip: Skip) -> Reached:
            skipped: Skipped = await workflow.execute_activity(
                "skip_contact",
                SkipContact(order=order, skip=skip),
                result_type=Skipped,
                **UNTIL_DONE,
                summary=f"skip {order.message}",
            )
            return self._reached(skipped)

        return await self._unless_skipped(order.key, sending, given_up)

    async def charge(self, order: Charge) -> Charged:
        """Create the payment at Stripe, then confirm it."""
        what = f"instalment {order.instalment}" if order.instalment else "the balance"
        self._told(NextStep(why=f"charging {what}"))
        charging = workflow.start_activity(
            "charge",
            order,
            result_type=Charged,
            **UNTIL_DONE,
            summary=f"charge {what}: {order.amount}",
        )

        async def given_up(skip: Skip) -> Charged:
            charged: Charged = await workflow.execute_activity(
                "skip_charge",
                SkipCharge(order=order, skip=skip),
                result_type=Charged,
                **UNTIL_DONE,
                summary=f"skip the charge of {what}",
            )
            return charged

        return await self._unless_skipped(order.key, charging, given_up)

    async def skip(self, skip: Skip) -> None:
        """Give up the step that is under way; returns when the record has it, or it is done."""
        self._skip = skip
        await workflow.wait_condition(lambda: self._skip is None)

    async def _unless_skipped(
        self,
        step: str,
        doing: workflow.ActivityHandle[Done],
        given_up: Callable[[Skip], Awaitable[Done]],
    ) -> Done:
        """What comes of a step: its result, or what the record says once it was given up."""
        self.under_way = step
        try:
            await workflow.wait_condition(lambda: doing.done() or self._skip is not None)
            if self._skip is None or doing.done():
                return await doing
            doing.cancel()
            with suppress(ActivityError):
                return await doing
            return await given_up(self._skip)
        finally:
            self.under_way = self._skip = None

    def _reached(self, skipped: Skipped) -> Reached:
        """A contact that was given up: nobody was asked, so the account goes by what it knows."""
        known = self._known()
        return Reached(
            verdict=Allow(),
            status=skipped.status,
            facts=known.person,
            law=known.law,
            law_number=known.law_number,
            version=known.version,
            balance=known.balance,
            recalled=known.recalled,
            detail="given up by operations",
        )

    async def hand_over(self, order: HandOver) -> None:
        """Put the account on the list of a person of ours."""
        await workflow.execute_activity(
            "hand_over",
            order,
            **UNTIL_DONE,
            summary=order.reason,
        )


def summary(until: datetime | None, why: str) -> str:
    """One line for the UI's timeline; Temporal cuts longer ones at 400 bytes."""
    when = f"until {until:%Y-%m-%d %H:%M} UTC " if until else ""
    return f"{when}{why}"[:180]
