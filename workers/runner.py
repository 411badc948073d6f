"""How workflows are run: the same by workers and by the replay of recorded histories."""

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

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
