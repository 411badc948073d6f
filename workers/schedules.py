"""What runs by itself: the sweep of the inbox, and the nightly look into Stripe's books."""

from datetime import time, timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
)
from temporalio.common import Priority

from domain.reconciling import Reconcile
from workers.settings import Settings
from workflows import names

FIRST = Priority(priority_key=1)
"""A payment or a stop that was left over waits behind no queue of accounts."""


def schedules(settings: Settings) -> dict[str, Schedule]:
    """What runs by itself, by its name."""
    return {
        names.SWEEPER: _schedule(
            ScheduleActionStartWorkflow(
                names.SWEEPER, id=names.SWEEPER, task_queue=names.TASK_QUEUE, priority=FIRST
            ),
            ScheduleSpec(
                intervals=[ScheduleIntervalSpec(every=timedelta(seconds=settings.sweep_every))]
            ),
        ),
        names.RECONCILER: _schedule(
            ScheduleActionStartWorkflow(
                names.RECONCILER, Reconcile(), id=names.RECONCILER, task_queue=names.TASK_QUEUE
            ),
            ScheduleSpec(calendars=[_daily(settings.reconcile_at)]),
        ),
    }


def _schedule(action: ScheduleActionStartWorkflow, spec: ScheduleSpec) -> Schedule:
    return Schedule(action, spec=spec, policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP))


def _daily(at: time) -> ScheduleCalendarSpec:
    return ScheduleCalendarSpec(hour=[ScheduleRange(at.hour)], minute=[ScheduleRange(at.minute)])


async def keep(client: Client, name: str, schedule: Schedule) -> None:
    """See to it that a schedule runs as it is now set; a second worker changes nothing."""
    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(name)
        await handle.update(lambda found: _updated(found.description.schedule, schedule))


def _updated(found: Schedule, wanted: Schedule) -> ScheduleUpdate:
    """The wanted schedule; one that people have paused stays paused."""
    wanted.state = found.state
    return ScheduleUpdate(wanted)
