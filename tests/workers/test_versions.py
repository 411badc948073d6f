"""What a build is called, and which one becomes current as its worker starts."""

import pytest
from pydantic import ValidationError
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentResponse
from temporalio.service import RPCError, RPCStatusCode

from workers import versions
from workers.settings import Settings
from workers.versions import PATIENCE, code_build, make_current, take_up

pytestmark = pytest.mark.anyio


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A working tree with one file that decides, one that says something, and a test."""
    monkeypatch.setattr(versions, "ROOT", tmp_path)
    for name in ("journeys/standard.py", "journeys/messages/nudge.txt", "tests/test_it.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("as it was")
    return tmp_path


def test_code_that_decides_something_else_is_another_build(tree):
    before = code_build()
    (tree / "journeys/standard.py").write_text("otherwise")

    assert code_build() != before


@pytest.mark.parametrize("name", ["journeys/messages/nudge.txt", "tests/test_it.py"])
def test_words_and_tests_make_no_other_build(tree, name):
    before = code_build()
    (tree / name).write_text("otherwise")

    assert code_build() == before


@pytest.mark.parametrize("build", ["v1' OR 'a' = 'a", "", "two words", "x" * 65])
def test_a_build_is_called_by_what_can_stand_in_a_query(build):
    with pytest.raises(ValidationError, match="build"):
        Settings(database_url="", public_url="", build=build)


def server_with(current, **told):
    """A server on which that build is current."""
    return Server(current, **told)


class Server:
    """A server that has seen a worker poll after a while, and knows which build is current."""

    namespace, identity = "default", "tests"

    def __init__(self, current, *, seen_after=0):
        self.current, self.unseen = current, seen_after

    @property
    def workflow_service(self):
        return self

    async def describe_worker_deployment(self, request):
        told = DescribeWorkerDeploymentResponse()
        version = told.worker_deployment_info.routing_config.current_deployment_version
        version.build_id = self.current
        return told

    async def set_worker_deployment_current_version(self, request):
        if self.unseen:
            self.unseen -= 1
            raise RPCError("no pollers", RPCStatusCode.FAILED_PRECONDITION, b"")
        self.current = request.build_id


@pytest.mark.parametrize(("current", "then"), [("", "new"), ("old", "old"), ("new", "new")])
async def test_a_worker_that_starts_leaves_the_current_build_alone(current, then):
    server = server_with(current)

    await take_up(server, "new")

    assert server.current == then


async def test_a_worker_waits_until_the_server_has_seen_it(monkeypatch):
    monkeypatch.setattr(versions, "LOOK_AGAIN", 0)
    server = server_with("", seen_after=3)

    await take_up(server, "new")

    assert server.current == "new"


async def test_a_worker_that_is_never_seen_says_so():
    with pytest.raises(RPCError, match="no pollers"):
        await make_current(server_with("", seen_after=2), "new", patience=-PATIENCE)
