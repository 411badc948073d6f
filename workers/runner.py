"""How workflows are run: the same by workers and by the replay of recorded histories.

Without the SDK's sandbox. What it watches over are the modules that it loads anew for every
workflow, and ours must not be loaded anew: a workflow, its messages, journeys and laws are the same
in all of them. So nothing of ours was under watch, and what was left of the sandbox took nearly
half of what a replay takes. That there is no clock, no dice and no I/O in what workflows run is
held by the import contracts in pyproject.toml, ruff and `tests/workers/test_runner.py`, and that
they do again what they did by the replay of recorded histories (`tests/histories`,
`tahsil replay --open`).
"""

from concurrent.futures import ThreadPoolExecutor

from temporalio.worker import UnsandboxedWorkflowRunner

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


def runner() -> UnsandboxedWorkflowRunner:
    """What runs workflows."""
    return UnsandboxedWorkflowRunner()


LAWYER = ThreadPoolExecutor(1, thread_name_prefix="law")
"""Reads a law that is new here. The SDK breaks off a workflow that takes too long, and
is not to break off what holds a connection."""


def read_laws_from(database: Database) -> None:
    """Have workflows find in this record the laws that they go by."""
    LAWS.fetch_from(laws.fetcher(database), aside=lambda read: LAWYER.submit(read).result())
