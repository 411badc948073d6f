"""How workflows are run: the same by workers and by the replay of recorded histories."""

from concurrent.futures import ThreadPoolExecutor

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from compliance.laws import LAWS
from storage import Database, laws
from workflows.account import AccountWorkflow
from workflows.batches import BulkWorkflow
from workflows.checkups import CheckupWorkflow
from workflows.housekeeping import PlacementWorkflow, SweepInbox
from workflows.reconciling import ReconcileWorkflow

WORKFLOWS: tuple[type, ...] = (
    *(AccountWorkflow, BulkWorkflow, PlacementWorkflow),
    *(CheckupWorkflow, ReconcileWorkflow, SweepInbox),
)

PASSED_THROUGH = (
    *("domain", "compliance", "engine", "journeys", "workflows"),
    *("phonenumbers", "iso4217", "email_validator", "idna", "dns", "zoneinfo", "tzdata"),
)
"""Modules that the workflow sandbox need not load anew for every account. That ours are free of
clocks and dice is held by the import contracts in pyproject.toml."""


def runner() -> SandboxedWorkflowRunner:
    """The sandbox that workflows run in."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    )


LAWYER = ThreadPoolExecutor(1, thread_name_prefix="law")
"""Reads a law that this process has not seen, outside of the sandbox of the workflow that asks."""


def read_laws_from(database: Database) -> None:
    """Have workflows find in this record the laws that they go by."""
    LAWS.fetch_from(laws.fetcher(database), aside=lambda read: LAWYER.submit(read).result())
