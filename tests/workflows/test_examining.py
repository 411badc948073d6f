"""What is read from a run's history: timers that run, and why its tasks fail."""

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.failure.v1 import ApplicationFailureInfo, Failure, ServerFailureInfo
from temporalio.api.history.v1 import HistoryEvent, WorkflowTaskFailedEventAttributes
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowHistory

from tests.workflows.histories import latest
from workflows.examining import _kind, _task_failure, _timers

STARTED = EventType.EVENT_TYPE_TIMER_STARTED


@pytest.fixture(scope="module")
def events():
    """Of a stage that was put on hold, went on, and ended."""
    text = (latest() / "standard.hold.json").read_text("utf-8")
    return list(WorkflowHistory.from_json("account/acme/A1", text).events)


def test_a_timer_runs_until_it_fires_or_is_given_up(events):
    first = next(number for number, each in enumerate(events) if each.event_type == STARTED)
    assert _timers(events[:first]) == 0
    assert _timers(events[: first + 1]) == 1
    assert _timers(events) == 0


def test_a_failure_of_a_workflow_task_counts_until_one_is_completed(events):
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
    failed = HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
        workflow_task_failed_event_attributes=WorkflowTaskFailedEventAttributes(cause=cause),
    )
    assert _task_failure(events) is None
    assert _task_failure([*events, failed]) == "NON_DETERMINISTIC_ERROR"
    assert _task_failure([failed, *events]) is None


def test_a_failure_that_was_too_long_for_the_server_is_told_by_its_kind():
    ours = Failure(application_failure_info=ApplicationFailureInfo(type="ValidationError"))
    cut = Failure(server_failure_info=ServerFailureInfo(), cause=ours)
    assert _kind(PendingActivityInfo(last_failure=cut)) == "ValidationError"
    assert _kind(PendingActivityInfo(last_failure=ours)) == "ValidationError"
