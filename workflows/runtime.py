"""The engine's runtime on Temporal: durable timers, and one activity for each effect."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from compliance.orders import Reached, ReachOut
    from domain.orders import Charge, Charged, HandOver
    from workflows.messages import NextStep

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


class TemporalRuntime:
    """Time, waiting and effects of one account."""

    def __init__(self, told: Callable[[NextStep], None]) -> None:
        """`told` hears of every wait, so that people can see what happens next, and why."""
        self._told = told

    def now(self) -> datetime:
        """The workflow's time; it follows the account when that is fast-forwarded."""
        return workflow.now()

    async def wait(self, ready: Callable[[], bool], until: datetime | None, why: str) -> None:
        """Sleep on a durable timer whose summary says why."""
        self._told(NextStep(until=until, why=why))
        left = None if until is None else max(timedelta(0), until - workflow.now())
        try:
            await workflow.wait_condition(ready, timeout=left, timeout_summary=summary(until, why))
        except TimeoutError:
            return

    async def reach_out(self, order: ReachOut) -> Reached:
        """One activity: last look, intent, call, outcome."""
        self._told(NextStep(why=f"sending {order.message}"))
        reached: Reached = await workflow.execute_activity(
            "reach_out",
            order,
            result_type=Reached,
            **UNTIL_DONE,
            summary=str(order.message),
        )
        return reached

    async def charge(self, order: Charge) -> Charged:
        """Create the payment at Stripe, then confirm it."""
        what = f"instalment {order.instalment}" if order.instalment else "the balance"
        self._told(NextStep(why=f"charging {what}"))
        charged: Charged = await workflow.execute_activity(
            "charge",
            order,
            result_type=Charged,
            **UNTIL_DONE,
            summary=f"charge {what}: {order.amount}",
        )
        return charged

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
