"""`tahsil account skip`: take an account past a contact or a charge that fails for ever."""

import getpass
import secrets
from contextlib import closing
from datetime import timedelta

from rich.console import Console
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError

from cli.acting import connect, find
from compliance.skips import Skip
from stack import Addresses
from storage import Database, bulk
from workflows.ailments import Run
from workflows.door import TemporalDoor
from workflows.examining import run_of
from workflows.messages import AccountState

PATIENCE = timedelta(seconds=30)
"""For the worker to give the step up; it waits for a call that is under way."""


async def skip_step(
    addresses: Addresses, name: str, reason: str, by: str | None, console: Console
) -> None:
    """Give up what the account is doing, on record with the reason, and print what comes next.

    ValueError if nothing is that may be skipped, RuntimeError if no worker answers.
    """
    with closing(Database(addresses.database_url)) as database:
        account = find(database, name)
        client = await connect(addresses)
        state = await TemporalDoor(client).state(account.workflow_id)
        if state is None:
            raise RuntimeError(
                f"{account.id}: its workflow does not answer. Is a worker of its build running? "
                "`tahsil doctor` says more."
            )
        if state.under_way is None:
            run = await run_of(client, account.workflow_id, account.id, deep=False)
            raise ValueError(f"{account.id}: {_why_not(run, state.next.why)}")
        skip = Skip(
            instruction_id=f"skip_{secrets.token_hex(8)}",
            reason=reason,
            by=by or getpass.getuser(),
            step=state.under_way,
        )
        handle = client.get_workflow_handle(account.workflow_id)
        try:
            after: AccountState = await handle.execute_update(
                "skip_step", skip, result_type=AccountState, rpc_timeout=PATIENCE
            )
        except WorkflowUpdateFailedError as error:
            raise ValueError(f"{account.id}: {error.cause}") from error
        except WorkflowUpdateRPCTimeoutOrCancelledError as error:
            raise RuntimeError(
                f"{account.id}: no answer within {PATIENCE.seconds} s; look at it again before "
                "you repeat this"
            ) from error
        with database.transaction() as session:
            done = bulk.by_id(session, skip.instruction_id) is not None
    word = "was given up" if done else "came to its end before it could be given up"
    console.print(f"{skip.step} {word}; next: {after.next.why}", highlight=False, markup=False)


def _why_not(run: Run | None, next_: str) -> str:
    """Why there is nothing to skip: it rests, or what it does may not be left undone."""
    doing = [f"{each.name} (attempt {each.attempt})" for each in run.doing] if run else []
    if not doing:
        return f"nothing is under way; it waits {next_}"
    return (
        f"{', '.join(doing)} is under way, and only a contact or a charge can be skipped: mend "
        "the cause (see the worker's log), and it goes on by itself"
    )
