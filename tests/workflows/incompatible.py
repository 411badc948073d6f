"""What must never be deployed over running accounts: the account's workflow with a command more."""

import asyncio

from temporalio import workflow

from workflows.account import AccountWorkflow
from workflows.messages import AccountState, Leg


@workflow.defn(name="account")
class SleepsFirst(AccountWorkflow):
    """An account that sleeps for a moment before it begins."""

    @workflow.init
    def __init__(self, leg: Leg) -> None:
        """Take over what was carried."""
        super().__init__(leg)

    @workflow.run
    async def run(self, leg: Leg) -> AccountState:
        """Start a timer that no history knows of."""
        await asyncio.sleep(60)
        return await super().run(leg)
