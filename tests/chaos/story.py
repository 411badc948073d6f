"""A run from its first start to its findings."""

import os

from stack import running_stack
from tests.chaos.checks import Checks
from tests.chaos.run import SPANS, Chaos


async def live_through(data, asked, plan, console):
    """Live through the plan on a stack of its own; what was found afterwards."""

    def say(line):
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    environ = {**os.environ, **SPANS}
    async with running_stack(data, environ=environ, report=lambda line: say(f"   {line}")) as stack:
        chaos = Chaos(stack, asked, say)
        async with chaos.opened():
            await chaos.run(plan)
            chaos.tell("the troubles are over")
            return await Checks(chaos, data, console).findings()
