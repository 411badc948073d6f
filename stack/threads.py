"""A running stack for code without an event loop: the loop has a thread of its own."""

from __future__ import annotations

import asyncio
import signal
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from stack.parts import ALL
from stack.running import running_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
    from pathlib import Path

    from stack.running import Stack

Result = TypeVar("Result")


class SyncStack:
    """A Stack for code without an event loop of its own, such as pytest's session fixtures."""

    def __init__(self, stack: Stack, loop: asyncio.AbstractEventLoop) -> None:
        self._stack = stack
        self._loop = loop
        self.addresses = stack.addresses
        self.environment = stack.environment

    def restart(self, part: str) -> None:
        """Stops a part properly, starts it again, and returns when it is ready."""
        self._run(self._stack.restart(part))

    def kill(self, part: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends a deadly signal to a part's processes and returns when new ones are ready."""
        self._run(self._stack.kill(part, number))

    def process_ids(self, part: str) -> list[int]:
        """The processes of a part at this moment."""
        return self._stack.process_ids(part)

    def create_database(self, name: str) -> str:
        """Makes a database beside the stack's own unless it is there; gives its URL."""
        return self._run(self._stack.create_database(name))

    def _run(self, doing: Coroutine[object, object, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result()


@contextmanager
def stack_in_thread(
    data: Path,
    *,
    parts: Collection[str] = ALL,
    workers: int = 1,
    report: Callable[[str], None] = print,
    environ: Mapping[str, str] | None = None,
) -> Iterator[SyncStack]:
    """The same as `running_stack`, with an event loop of its own in a thread of its own."""
    started: Future[SyncStack] = Future()
    ended: Future[None] = Future()

    async def keep() -> None:
        loop = asyncio.get_running_loop()
        leave = asyncio.Event()
        async with running_stack(
            data, parts=parts, workers=workers, report=report, environ=environ
        ) as stack:
            ended.add_done_callback(lambda _: loop.call_soon_threadsafe(leave.set))
            started.set_result(SyncStack(stack, loop))
            await leave.wait()

    thread = _StackThread(keep, started)
    thread.start()
    try:
        yield started.result()
    finally:
        ended.set_result(None)
        thread.join()
    thread.check()


class _StackThread(threading.Thread):
    """Runs a stack; hands a failed start to those who wait, keeps a later failure to be checked.

    The kernel kills the children when the thread that started them ends, so it ends last.
    """

    def __init__(
        self, keep: Callable[[], Coroutine[object, object, None]], started: Future[SyncStack]
    ) -> None:
        super().__init__(name="tahsil-stack")
        self._keep = keep
        self._handed_over = started
        self._failure: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._keep())
        except BaseException as failure:  # noqa: BLE001 - it is raised in the thread that asked
            self._failure = failure
            if not self._handed_over.done():
                self._handed_over.set_exception(failure)

    def check(self) -> None:
        """Raises what ended the stack after it had started, if anything did."""
        if self._failure is not None:
            raise self._failure
