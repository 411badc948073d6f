"""Whether a stage that waits may be left and entered again, on a newer build, with nothing lost.

A stage is played from its top whenever it is entered. So it is rehearsed first, on a copy of what
the account carries: only if it comes to the very wait that it is in, with nothing done on the way,
is entering it anew the same as going on. Where it is not (a wait that is counted from its own
beginning, a hold that stopped the clock), the account stays on its build until the stage ends.
"""

from collections.abc import Callable, Generator
from copy import deepcopy
from dataclasses import fields
from datetime import datetime
from typing import Any, NoReturn

from engine import Stage
from engine.accounts import Laws
from engine.drive import attempt
from engine.journeys import Journey
from engine.progress import Progress
from workflows.messages import NextStep

BOOKKEEPING = {"returning", "step", "unrecorded", "parked"}
"""What a stage notes as it begins, and counts of a contact that has not been made."""

CARRIED = [each.name for each in fields(Progress) if each.name not in BOOKKEEPING]
"""All else that an account carries."""


class LeftToNewerBuild(Exception):  # noqa: N818 -- it is no error
    """The stage is left where it stands, to go on with it on a newer build."""

    def __init__(self, waiting: NextStep) -> None:
        """Leave it while it waits for this."""
        super().__init__(waiting.why)
        self.waiting = waiting


def goes_on(
    journey: Journey,
    stage: Stage,
    progress: Progress,
    waiting: NextStep,
    *,
    now: datetime,
    laws: Laws,
    workflow_id: str,
) -> bool:
    """Whether the stage, entered again, comes to what it is waiting for, and to nothing else."""
    if progress.person.holds:
        return False
    copy = deepcopy(progress)
    copy.returning = True
    runtime = _Rehearsal(now)
    playing = attempt(journey, stage, copy, runtime, laws=laws, workflow_id=workflow_id)
    try:
        met = playing.send(None)
    except StopIteration:
        return False
    finally:
        playing.close()
    return met == waiting and _carried(copy) == _carried(progress)


def take_over(
    journey: Journey,
    stage: Stage,
    progress: Progress,
    waiting: NextStep,
    *,
    now: datetime,
    laws: Laws,
    workflow_id: str,
) -> None:
    """Go on with a stage that an older build left in this wait.

    If it has changed since, it says nothing new before that wait would have been over.
    """
    if not goes_on(journey, stage, progress, waiting, now=now, laws=laws, workflow_id=workflow_id):
        progress.patience = waiting.until


def _carried(progress: Progress) -> list[Any]:
    return [getattr(progress, name) for name in CARRIED]


class _Halt:
    """Where a rehearsal ends: at a wait, or before an effect."""

    def __init__(self, at: NextStep | None) -> None:
        self._at = at

    def __await__(self) -> Generator[NextStep | None, None, NoReturn]:
        yield self._at
        raise AssertionError("a rehearsal goes no further than this")


class _Rehearsal:
    """The time as it is now; the first wait, or the first effect, is the end."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def wait(self, ready: Callable[[], bool], until: datetime | None, why: str) -> _Halt:
        return _Halt(NextStep(until=until, why=why))

    def reach_out(self, order: object) -> _Halt:
        return _Halt(None)

    charge = hand_over = reach_out
