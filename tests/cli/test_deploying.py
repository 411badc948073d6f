"""`tahsil deploy`, as far as a stack with one build can show it: see tests/integration, too."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from rich.progress import Progress
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from cli import deploying
from cli.builds import Group
from cli.deploying import _Mover
from tests.cli.test_commands import tahsil

__all__ = ["tahsil"]

NO_TELLING = WorkflowQueryFailedError("it is still writing the record")


def refused(status):
    return RPCError("no", status, b"")


GONE = refused(RPCStatusCode.FAILED_PRECONDITION)
SLOW = refused(RPCStatusCode.DEADLINE_EXCEEDED)


@dataclass
class Server:
    """Accounts by stage, and what comes of a question to each; None: it answers."""

    stages: dict[str, list[Exception | None]]
    asked: list[str] = field(default_factory=list)

    async def list_workflows(self, query, limit):
        assert f"{deploying.PROBLEMS} IS NULL" in query
        stage = query.split()[0]
        for number in range(len(self.stages[stage][:limit])):
            yield SimpleNamespace(id=f"{stage}/{number}", run_id="run")

    def get_workflow_handle(self, workflow_id, *, run_id):
        return SimpleNamespace(query=lambda *_, **__: self._says(workflow_id))

    async def _says(self, workflow_id):
        self.asked.append(workflow_id)
        stage, number = workflow_id.split("/")
        said = self.stages[stage][int(number)]
        if said is not None:
            raise said


def mover_to(build, server=None):
    return _Mover(server, build, 1.0, Progress())


@pytest.fixture
def abandoned(monkeypatch):
    """Which builds are taken for gone, of one build with these stages."""

    def found(**stages):
        groups = [Group("standard", name, "old", 9, name) for name in stages]

        async def listed(*_):
            return groups

        monkeypatch.setattr(deploying, "groups", listed)
        return asyncio.run(mover_to("new", Server(stages))._abandoned("new"))

    return found


def test_a_build_is_gone_when_nobody_answers_for_any_of_its_accounts(abandoned):
    assert abandoned(reminders=[GONE, SLOW], plan=[SLOW]) == ["old"]


@pytest.mark.parametrize("answer", [None, NO_TELLING, refused(RPCStatusCode.NOT_FOUND)])
def test_one_account_that_answers_in_any_way_shows_that_its_build_lives(abandoned, answer):
    """An account that is still writing its record refuses every question, and sorts first."""
    assert abandoned(new=[SLOW, SLOW], reminders=[SLOW, answer]) == []
    assert abandoned(new=[answer]) == []


def test_a_build_whose_accounts_are_all_ill_is_not_taken_for_gone(abandoned):
    assert abandoned(reminders=[]) == []


def test_a_server_in_trouble_condemns_no_build(abandoned):
    with pytest.raises(RPCError):
        abandoned(reminders=[SLOW, refused(RPCStatusCode.UNAVAILABLE)])


def test_a_rescue_moves_runs_to_a_build_only_where_there_are_builds():
    [here] = mover_to("new")._onto_the_build()
    override = here.update_workflow_options.workflow_execution_options.versioning_override
    assert override.one_time.target_deployment_version.build_id == "new"
    assert mover_to(None)._onto_the_build() == []


def test_a_build_that_no_worker_runs_cannot_become_current_and_the_way_on_is_named(tahsil):
    said = tahsil("deploy", "nowhere", "--wait", 0, exit_code=2)
    assert "no worker of build 'nowhere' is known" in said
    assert "--rescue alone" in said
    assert "begin their stage again" in tahsil("deploy", "--rescue")
    assert "the workers here have no versions" in tahsil("deploy", exit_code=2)
