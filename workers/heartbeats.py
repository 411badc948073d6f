"""Heartbeats: while an activity of ours works in a thread, its worker says that it is alive.

An activity that waits for a provider cannot speak for itself. So the worker does, and Temporal
gives the order to another worker seconds after this one has died, not minutes. A thread that hangs
while its process lives is found by the time-out of the attempt. Activities on the event loop beat
by their own progress.
"""

import asyncio
import inspect
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

EVERY = timedelta(seconds=2)
"""Several beats in each heartbeat time-out; an activity that is over before costs none."""


class Heartbeats(Interceptor):
    """Beats for every activity that has a heartbeat time-out and works in a thread."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 -- the SDK's name
        """Stand before the activity."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        """Keep the way to Temporal that works on the event loop."""
        self._outbound = outbound
        super().init(outbound)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002, ANN401 -- the SDK's
        """Carry it out, beating until it is over."""
        if activity.info().heartbeat_timeout is None or inspect.iscoroutinefunction(input.fn):
            return await super().execute_activity(input)
        beating = asyncio.create_task(self._beat())
        try:
            return await super().execute_activity(input)
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(EVERY.total_seconds())
            self._outbound.heartbeat()
