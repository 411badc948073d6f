"""A whole stack as a context manager, for tests and the demo, and until Ctrl-C for `tahsil up`."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from stack import postgres
from stack.addresses import hold
from stack.parts import ALL
from stack.places import Places
from stack.plan import Plan
from stack.processes import end_leftovers
from stack.supervisor import BackOff, Supervisor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping
    from pathlib import Path

    from stack.addresses import Addresses


class Stack:
    """A stack that runs: where its parts are, and handles to disturb them."""

    def __init__(
        self, supervisor: Supervisor, addresses: Addresses, environment: Mapping[str, str]
    ) -> None:
        self._supervisor = supervisor
        self.addresses = addresses
        self.environment = environment
        """The variables that the stack's own programs get. Holds secrets: never print it."""

    async def restart(self, part: str) -> None:
        """Stops a part properly, starts it again, and returns when it is ready."""
        await self._supervisor.restart(part)

    async def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a deadly signal to a part's processes and returns when new ones are ready."""
        await self._supervisor.kill(part, number)

    def process_ids(self, part: str) -> list[int]:
        """The processes of a part at this moment."""
        return self._supervisor.process_ids(part)

    async def create_database(self, name: str) -> str:
        """Makes a database beside the stack's own unless it is there; gives its URL."""
        return await postgres.create_database(self.addresses.database_url, name)

    async def lasting(self) -> None:
        """Waits as long as every part runs; raises the PartFailed of the first that is given up."""
        await self._supervisor.wait_for_failure()


@asynccontextmanager
async def running_stack(
    data: Path,
    *,
    parts: Collection[str] = ALL,
    workers: int = 1,
    report: Callable[[str], None] = print,
    environ: Mapping[str, str] | None = None,
    back_off: BackOff | None = None,
) -> AsyncIterator[Stack]:
    """Runs `parts` and all they need with their data under `data`, until the block ends.

    `report` gets status lines. `environ` (the process's own by default) holds a provider's live
    keys, and the addresses of servers to use in place of embedded ones. A part that was given up
    in the meantime raises its PartFailed at the end of the block.
    """
    places = Places.prepare(data)
    with hold(places):
        end_leftovers(places.data / "run", report)
        plan = Plan(places, parts, workers, os.environ if environ is None else environ, report)
        await plan.check_given()
        supervisor = Supervisor(plan.services(), places, report, back_off)
        try:
            await supervisor.start()
            plan.report_modes()
            stack = Stack(supervisor, plan.addresses(), plan.environment())
            stack.addresses.write(places.addresses)
            yield stack
            supervisor.check()
        finally:
            places.addresses.unlink(missing_ok=True)
            await supervisor.stop()


def up(
    data: Path,
    *,
    parts: Collection[str] = ALL,
    workers: int = 1,
    report: Callable[[str], None] = print,
) -> None:
    """Keeps a stack running until Ctrl-C or SIGTERM, then stops it and returns."""
    asyncio.run(_until_told_to_stop(data, parts, workers, report))


async def _until_told_to_stop(
    data: Path, parts: Collection[str], workers: int, report: Callable[[str], None]
) -> None:
    stop = _Stop(report)
    try:
        async with running_stack(data, parts=parts, workers=workers, report=report) as stack:
            report("the stack is running; Ctrl-C stops it")
            await stack.lasting()
    except asyncio.CancelledError:
        if not stop.asked:
            raise
    report("the stack has stopped; its data is kept")


class _Stop:
    """Turns the first Ctrl-C or SIGTERM into a cancellation, and bears with the next ones."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self.asked = False
        self._report = report
        self._task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if not self.asked and self._task is not None:
            self._report("stopping, the workers first")
            self._task.cancel()
        self.asked = True
