"""Accounts that are under way go on with today's code: recorded histories are played again.

Replay compares the order and the kind of commands (activity, timer, continue-as-new), and not what
is in them: how long a timer is, or which message leaves, is the business of tests/journeys.
"""

import json
import re
from base64 import b64decode

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from compliance.laws import LAWS
from journeys import JOURNEYS
from tests.workflows import histories
from tests.workflows.incompatible import SleepsFirst
from workers.runner import WORKFLOWS, runner

RECORDED = histories.recorded()
LATEST = histories.latest().name
"""Histories of every release, and the release that knows every stage there is."""
STAGES = [
    f"{journey.name}.{stage.name}" for journey in JOURNEYS.values() for stage in journey.stages
]
CASES = ("paid", "hold", "hold_in_temporal", "recall", "switched", "opt_out")
ONCE = ("standard.instructed", "standard.skipped")
EXPECTED = [*STAGES, *(f"{name}.{each}" for name in JOURNEYS for each in CASES), *ONCE]
RECORD_IT = "run `python -m tests.workflows.record_histories` and look at what it changes"

pytestmark = pytest.mark.anyio


def replayer(*workflows):
    return Replayer(
        workflows=workflows,
        workflow_runner=runner(),
        data_converter=pydantic_data_converter,
        build_id="replay",
    )


def recorded(name):
    told = json.loads(RECORDED[name].read_text("utf-8"))
    began = told["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(began["workflowId"], told)


@pytest.fixture(autouse=True)
def the_laws_they_went_by(monkeypatch):
    """Laws are found where they were written down with the histories, and nowhere else."""
    monkeypatch.setattr(LAWS, "_fetch", histories.laws().get)


@pytest.fixture(scope="module")
def ours():
    return replayer(*WORKFLOWS)


@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_run_goes_the_same_way_again(ours, name):
    await ours.replay_workflow(recorded(name))


@pytest.mark.parametrize("name", EXPECTED)
def test_every_stage_and_case_has_been_recorded(name):
    assert any(each.endswith(f"/{name}") for each in RECORDED), RECORD_IT


def test_nothing_is_recorded_of_stages_that_are_no_more():
    now = {file.stem for file in RECORDED.values() if file.parent.name == LATEST}
    assert {*EXPECTED} >= now, RECORD_IT


def test_no_history_of_any_release_is_lost():
    assert not histories.astray(), "take it back from the repository; see tests/histories/README.md"


@pytest.mark.parametrize("name", ["standard.reminders", "subscription.last_try"])
async def test_a_workflow_with_another_command_is_caught(name):
    with pytest.raises(NondeterminismError):
        await replayer(SleepsFirst).replay_workflow(recorded(f"{LATEST}/{name}"))


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_people_are_fictional(name):
    text = " ".join(_payloads(json.loads(RECORDED[name].read_text("utf-8"))))

    assert all(re.match(r"\+1\d{3}55501\d\d$", number) for number in re.findall(r"\+\d{7,}", text))
    assert all(host == "example.com" for host in re.findall(r"\w@(\w[\w-]*\.[a-z]+)", text))


def _payloads(told):
    """Every payload of a history, as text: they are in base64."""
    if isinstance(told, list):
        return [text for each in told for text in _payloads(each)]
    if not isinstance(told, dict):
        return []
    mine = [b64decode(told["data"]).decode()] if isinstance(told.get("data"), str) else []
    return mine + [text for each in told.values() for text in _payloads(each)]
