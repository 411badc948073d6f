"""Starts parts in order, watches them, restarts those that crash, stops all in reverse order."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from stack.errors import PartFailed, StackError, UnknownPart
from stack.processes import POLL, Process

if TYPE_CHECKING:
    import signal
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence

    from stack.places import Places
    from stack.services import Service


def status(name: str, state: str, detail: str = "") -> str:
    """One status line."""
    return f"{name:<10} {state:<9} {detail}".rstrip()


@dataclass(frozen=True)
class BackOff:
    """How long to wait before a restart, in seconds, and when to give up."""

    first: float = 0.2
    longest: float = 5.0
    rapid: float = 30.0
    """A part that crashes sooner than this after its start has failed rapidly."""
    limit: int = 5
    """Rapid failures in a row after which the part is given up."""

    def delay(self, failures: int) -> float:
        """Seconds to wait after `failures` rapid failures in a row."""
        return float(min(self.first * 2 ** (failures - 1), self.longest))


class Keeper:
    """Keeps one service running: its process, whether it is ready, how often it failed."""

    # About the time of ten old backends to leave, far below a person's patience.
    TRIES_AGAIN = 50

    def __init__(
        self, service: Service, places: Places, report: Callable[[str], None], back_off: BackOff
    ) -> None:
        self.service = service
        self.foundations: Sequence[Keeper] = ()
        self.is_ready = asyncio.Event()
        self.process: Process | None = None
        self.starts = 0
        self._has_started = asyncio.Condition()
        self._places = places
        self._report = report
        self._back_off = back_off
        self._asked_to_restart = False
        self._failures = 0
        self._tries_left = self.TRIES_AGAIN
        self._started_at = 0.0

    async def run(self) -> None:
        """Starts the service and restarts it for ever; PartFailed when it is given up."""
        await self.service.prepare()
        while True:
            for foundation in self.foundations:
                await foundation.is_ready.wait()
            process = await self._start()
            if self.service.one_shot:
                return await self._finish(process)
            if await self._becomes_ready(process):
                await self._announce("ready")
            code = await process.exited()
            self.is_ready.clear()
            await self._recover(process, code)

    async def stop(self) -> None:
        """Ends the process; one that outlives its grace is killed, and that is said."""
        if self.process is None or self.process.exit_code() is not None:
            return
        if await self.process.stop():
            self._say("stopped")
        else:
            self._say("killed", f"still running {self.process.command.grace:.0f} s after the stop")

    async def restart(self) -> None:
        """Ends the process as a stop would and waits until its successor is ready."""
        await self.is_ready.wait()
        starts = self.starts
        if self.process is not None:
            self._asked_to_restart = True
            await self.process.stop()
        await self.started_since(starts)

    async def kill(self, number: signal.Signals) -> None:
        """Signals the process and waits until its successor is ready; not counted as a failure."""
        starts = self.starts
        self._failures = 0
        if self.process is not None:
            self.process.signal(number)
        await self.started_since(starts)

    async def started_since(self, starts: int) -> None:
        """Waits until the service has become ready more often than `starts` times."""
        async with self._has_started:
            await self._has_started.wait_for(lambda: self.starts > starts)

    async def _start(self) -> Process:
        self._started_at = time.monotonic()
        self.process = Process(self.service.name, self.service.command(), self._places)
        return self.process

    async def _becomes_ready(self, process: Process) -> bool:
        """Waits until the service is ready (True) or its process ended (False)."""
        asking, ending = self._ask(), process.exited()
        try:
            if await first_of(asking, ending, within=self.service.patience):
                # Another program may answer at the port of one that just died.
                return process.exit_code() is None
        except TimeoutError:
            process.kill()
            what = f"was not ready after {self.service.patience:.0f} s"
            raise self._failed(what, process) from None
        return False

    async def _ask(self) -> None:
        while not await self.service.ready():  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(POLL)

    async def _finish(self, process: Process) -> None:
        code = await process.exited()
        if code:
            raise self._failed(f"ended with {_meaning(code)}", process)
        await self._announce("done")

    async def _announce(self, state: str) -> None:
        self._say(state, self.service.summary())
        self._tries_left = self.TRIES_AGAIN  # for the next crash, however many there were before
        self.is_ready.set()
        self.starts += 1
        async with self._has_started:
            self._has_started.notify_all()

    async def _recover(self, process: Process, code: int) -> None:
        """Counts and reports a crash and waits before the next start, or gives up."""
        if self._asked_to_restart:
            self._asked_to_restart = False
            self._say("stopped", "to start again")
            return
        if self._passes(process):
            await asyncio.sleep(self._back_off.first)
            return
        rapid = time.monotonic() - self._started_at < self._back_off.rapid
        self._failures = self._failures + 1 if rapid else 1
        if self._failures >= self._back_off.limit:
            what = f"crashed {self._failures} times in a row, at last with {_meaning(code)}"
            raise self._failed(what, process)
        delay = self._back_off.delay(self._failures)
        log = self._places.log(self.service.name)
        self._say("crashed", f"{_meaning(code)}; starting again in {delay:.1f} s (log {log})")
        await asyncio.sleep(delay)

    def _passes(self, process: Process) -> bool:
        """Whether the start failed for a reason that goes away by itself."""
        if self._tries_left == 0:
            return False
        self._tries_left -= 1
        return self.service.may_try_again(process.output(), first_start=self.starts == 0)

    def _failed(self, what: str, process: Process) -> PartFailed:
        log = self._places.log(self.service.name)
        return PartFailed(self.service.name, what, log, process.output())

    def _say(self, state: str, detail: str = "") -> None:
        self._report(status(self.service.name, state, detail))


class Supervisor:
    """The services of one stack, in the order given; they stop in the reverse of it."""

    def __init__(
        self,
        services: Sequence[Service],
        places: Places,
        report: Callable[[str], None],
        back_off: BackOff | None = None,
    ) -> None:
        self._report = report
        self._keepers = [Keeper(s, places, report, back_off or BackOff()) for s in services]
        for keeper in self._keepers:
            needs = keeper.service.needs
            keeper.foundations = [k for k in self._keepers if k.service.part in needs]
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None
        self._has_failed = asyncio.Event()

    async def start(self) -> None:
        """Starts every service as soon as what it needs is ready; returns when all are."""
        for keeper in self._keepers:
            task = asyncio.create_task(keeper.run(), name=keeper.service.name)
            task.add_done_callback(self._note_failure)
            self._tasks.append(task)
        await self._unless_one_fails(all_of(k.is_ready.wait() for k in self._keepers))

    async def stop(self) -> None:
        """Stops the services in reverse order, those of one part together."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        backwards = groupby(reversed(self._keepers), key=lambda keeper: keeper.service.part)
        for _, keepers in backwards:
            await all_of(keeper.stop() for keeper in keepers)

    async def wait_for_failure(self) -> None:
        """Waits until a part is given up, and raises why."""
        await self._has_failed.wait()
        self.check()

    def check(self) -> None:
        """Raises the failure of the first part that was given up, if any was."""
        if self._failure is not None:
            raise self._failure

    def process_ids(self, name: str) -> list[int]:
        """The processes of a part (or of one service of it) at this moment."""
        processes = [keeper.process for keeper in self._named(name)]
        return [p.pid for p in processes if p is not None and p.exit_code() is None]

    async def restart(self, name: str) -> None:
        """Restarts a part and returns when it is ready again."""
        keepers = self._lasting(name)
        await self._unless_one_fails(all_of(k.restart() for k in keepers))

    async def kill(self, name: str, number: signal.Signals) -> None:
        """Signals a part's processes and returns when their successors are ready."""
        keepers = self._lasting(name)
        await self._unless_one_fails(all_of(k.kill(number) for k in keepers))

    def _named(self, name: str) -> list[Keeper]:
        found = [k for k in self._keepers if name in {k.service.part, k.service.name}]
        if not found:
            raise UnknownPart(name, dict.fromkeys(k.service.part for k in self._keepers))
        return found

    def _lasting(self, name: str) -> list[Keeper]:
        found = self._named(name)
        if any(keeper.service.one_shot for keeper in found):
            raise StackError(f"{name} runs once and ends: expected a part that keeps running.")
        return found

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        if failure is None or self._failure is not None:
            return
        self._failure = failure
        self._has_failed.set()
        kind = "given up" if isinstance(failure, StackError) else "broken"
        self._report(status(task.get_name(), kind, str(failure)))

    async def _unless_one_fails(self, doing: Coroutine[object, object, object]) -> None:
        """Does something, unless a part is given up before it is done."""
        await first_of(doing, self._has_failed.wait())
        self.check()


async def first_of(
    doing: Coroutine[object, object, object],
    other: Coroutine[object, object, object],
    within: float | None = None,
) -> bool:
    """Whether `doing` is done before `other`; the slower one is cancelled.

    TimeoutError if neither is done in `within` seconds.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in (doing, other)]
    try:
        done, _ = await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise TimeoutError
        for task in done:
            task.result()
        return tasks[0] in done
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_of(coroutines: Iterable[Awaitable[object]]) -> None:
    """Awaits all at the same time."""
    await asyncio.gather(*coroutines)


def _meaning(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
