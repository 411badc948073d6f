import asyncio
import json
import os
import signal
import socket
from datetime import timedelta

import psycopg
import pytest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from stack import (
    AlreadyRunning,
    BackOff,
    NoStackRunning,
    PartFailed,
    StackError,
    UnknownPart,
    read_addresses,
    running_stack,
    stack_in_thread,
)
from stack.parts import child_environment, with_needs
from stack.places import Places
from stack.ports import Ports
from stack.supervisor import Supervisor
from stack.temporal import Temporal
from tests.stack.programs import (
    eventually,
    is_alive,
    open_directory,
    python,
    quick_disk,
    read_until,
    write_programs,
)

pytestmark = pytest.mark.stack

UP = """
import sys
from pathlib import Path
from stack import up
up(Path(sys.argv[1]), parts=sys.argv[2:])
"""


@pytest.fixture(scope="module")
def lines():
    return []


@pytest.fixture(scope="module")
def home():
    """A working directory with small programs called like ours, and room for the data."""
    with open_directory(quick_disk()) as directory, pytest.MonkeyPatch.context() as patch:
        write_programs(directory)
        patch.chdir(directory)
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        yield directory


@pytest.fixture(scope="module")
def stack(home, lines):
    with stack_in_thread(home / "data", workers=2, report=lines.append, environ={}) as running:
        yield running


def seen_by(home, name):
    return json.loads((home / f"seen-{name}.json").read_text())


def query(url, statement):
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        return connection.execute(statement)


def pids(home):
    files = (home / "data" / "run").glob("*.pid")
    return {file.stem: json.loads(file.read_text())["pid"] for file in files}


def test_every_part_is_reported_and_no_secret_is(stack, lines):
    found = stack.addresses
    assert f"postgres   ready     {found.database_url.partition('@')[2]}" in lines
    ui = found.temporal_ui_url
    assert f"temporal   ready     {found.temporal_address}  (UI {ui})" in lines
    assert f"api        ready     {found.api_url}" in lines
    for line in ("migrations done", "workers-1  ready", "workers-2  ready", "twilio     sandbox"):
        assert line in lines
    password = found.database_url.partition("tahsil:")[2].partition("@")[0]
    for secret in (password, "token-of-twilio", "sk_test_1"):
        assert not [line for line in lines if secret in line]


def test_other_commands_find_the_running_stack(stack, home):
    assert read_addresses(home / "data") == stack.addresses
    assert stack.addresses.pid == os.getpid()
    assert (home / "data" / "stack.json").stat().st_mode & 0o777 == 0o600


def test_the_parts_get_the_addresses_and_the_sandboxs_keys(stack, home):
    found = stack.addresses
    told = seen_by(home, "api")
    assert told["TAHSIL_DATABASE_URL"] == found.database_url
    assert told["TAHSIL_TEMPORAL_ADDRESS"] == found.temporal_address
    assert told["TAHSIL_TEMPORAL_UI_URL"] == found.temporal_ui_url
    assert told["TAHSIL_PUBLIC_URL"] == found.api_url
    assert told["TAHSIL_SANDBOX_URL"] == found.sandbox_url
    assert told["TAHSIL_FAST_FORWARD"] == "1"
    assert told["TWILIO_BASE_URL"] == f"{found.sandbox_url}/twilio"
    assert stack.environment.items() <= told.items()
    assert stack.environment.items() <= seen_by(home, "workers").items()
    assert seen_by(home, "migrations")["TAHSIL_DATABASE_URL"] == found.database_url
    assert told["NO_PROXY"].endswith("127.0.0.1,localhost")


def test_temporal_keeps_history_for_a_year_and_searches_by_our_attributes(stack):
    async def look():
        client = await Client.connect(stack.addresses.temporal_address)
        told = await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace="default")
        )
        kept = told.config.workflow_execution_retention_ttl.ToTimedelta()
        assert kept == timedelta(days=365)
        known = await client.count_workflows(
            "Creditor = 'acme' AND DaysPastDue > 30 AND Currency = 'USD'"
            " AND NextContactAt < '2026-01-01T00:00:00Z' AND Journey = 'a' AND Stage = 'b'"
            " AND State = 'c' AND Hold = 'd'"
        )
        assert known.count == 0
        with pytest.raises(RPCError, match="Balance"):  # it cannot be encrypted
            await client.count_workflows("Balance > 0")

    asyncio.run(look())


def test_a_worker_that_is_killed_comes_back(stack, lines):
    before = stack.process_ids("workers")
    stack.kill("workers-1", signal.SIGKILL)
    after = stack.process_ids("workers")
    assert before[0] != after[0]
    assert before[1] == after[1]
    assert [line for line in lines if line.startswith("workers-1  crashed   signal 9")]


def test_temporal_comes_back_where_it_was(stack):
    stack.restart("temporal")

    async def look():
        client = await Client.connect(stack.addresses.temporal_address)
        assert (await client.count_workflows("Creditor = 'acme'")).count == 0

    asyncio.run(look())


def test_each_test_worker_can_have_a_database_of_its_own(stack):
    url = stack.create_database("tahsil_test_w1")
    assert query(url, "SELECT 1").fetchone() == (1,)


def test_a_second_start_on_the_same_data_names_the_running_one(stack, home):
    found = stack.addresses
    expected = rf"already running in .*data: process {found.pid}, API {found.api_url}, Temporal"
    with pytest.raises(AlreadyRunning, match=expected), stack_in_thread(home / "data"):
        pass
    assert read_addresses(home / "data") == found


def test_a_given_database_is_used_and_no_other_started(stack, home):
    lines: list[str] = []
    given = {"TAHSIL_DATABASE_URL": stack.create_database("given").replace("+psycopg", "")}
    second = home / "second"
    with stack_in_thread(
        second, parts=["migrations"], report=lines.append, environ=given
    ) as running:
        assert running.environment["TAHSIL_DATABASE_URL"].startswith("postgresql+psycopg://")
    assert lines[0].endswith("/given (not ours)")
    assert not (second / "postgres").exists()


def test_a_given_temporal_is_used_and_its_time_is_not_skipped(stack, home):
    lines: list[str] = []
    given = {"TAHSIL_TEMPORAL_ADDRESS": stack.addresses.temporal_address}
    with stack_in_thread(
        home / "third", parts=["temporal"], report=lines.append, environ=given
    ) as running:
        assert "TAHSIL_FAST_FORWARD" not in running.environment
        assert running.addresses.temporal_ui_url is None
    assert lines == [f"temporal   ready     {stack.addresses.temporal_address} (not ours)"]


def test_a_given_database_that_is_not_there_is_an_error_without_its_password(home):
    given = {"TAHSIL_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/none"}
    with (
        pytest.raises(StackError, match=r"no database at 127.0.0.1:1/none") as raised,
        stack_in_thread(home / "fourth", parts=["postgres"], environ=given),
    ):
        pass
    assert "secret" not in str(raised.value)


def test_a_part_given_up_in_the_meantime_is_told_at_the_end(home):
    lines: list[str] = []

    async def story():
        async with running_stack(
            home / "fifth",
            parts=["sandbox"],
            environ={},
            report=lines.append,
            back_off=BackOff(first=0.05),
        ) as stack:
            (home / "sandbox" / "__main__.py").rename(home / "sandbox" / "gone.py")
            os.kill(stack.process_ids("sandbox")[0], signal.SIGKILL)
            with pytest.raises(PartFailed, match=r"No module named sandbox\.__main__"):
                await stack.lasting()

    try:
        with pytest.raises(PartFailed, match=r"sandbox crashed 5 times .*logs/sandbox.log"):
            asyncio.run(story())
    finally:
        (home / "sandbox" / "gone.py").rename(home / "sandbox" / "__main__.py")


def test_where_nothing_runs_the_error_says_how_to_start(tmp_path):
    with pytest.raises(NoStackRunning, match="no stack is running here: start it with `tahsil up`"):
        read_addresses(tmp_path)


def test_a_killed_supervisor_leaves_no_children_and_the_next_start_finds_the_data(home):
    data = home / "killed"
    with python(UP, data, "postgres", "temporal", "sandbox", cwd=home) as supervisor:
        read_until(supervisor, "the stack is running")
        before = read_addresses(data)
        query(before.database_url, "CREATE TABLE kept AS SELECT 42 AS entry")
        children = {
            file.stem: json.loads(file.read_text())["pid"] for file in (data / "run").glob("*.pid")
        }
        assert set(children) == {"postgres", "temporal", "sandbox"}
        supervisor.kill()
        eventually(lambda: not any(is_alive(pid) for pid in children.values()))
    with pytest.raises(NoStackRunning):
        read_addresses(data)
    with python(UP, data, "postgres", "sandbox", cwd=home) as supervisor:
        read_until(supervisor, "the stack is running")
        after = read_addresses(data)
        assert query(after.database_url, "SELECT entry FROM kept").fetchone() == (42,)
        assert after.database_url == before.database_url
        supervisor.send_signal(signal.SIGTERM)
        told = [line.split()[:2] for line in supervisor.stdout]
        assert told[:3] == [["stopping,", "the"], ["sandbox", "stopped"], ["postgres", "stopped"]]
        assert supervisor.wait(10) == 0
    assert not list((data / "run").glob("*.pid"))


class Robbed(Temporal):
    """Another program takes the UI's port just before the server starts."""

    robber = None

    async def prepare(self):
        self.robber = socket.create_server(("127.0.0.1", self._ports["temporal-ui"]))


def test_a_port_taken_under_temporals_eyes_is_chosen_again(tmp_path):
    async def story():
        await supervisor.start()
        await supervisor.stop()

    lines: list[str] = []
    places = Places.prepare(tmp_path / "data")
    temporal = Robbed(places, Ports(places.ports), "http://127.0.0.1:1/codec")
    supervisor = Supervisor([temporal], places, lines.append)
    asyncio.run(story())
    assert temporal.robber is not None
    taken = temporal.robber.getsockname()[1]
    temporal.robber.close()
    assert not temporal.ui_url.endswith(f":{taken}")
    assert [line.split()[1] for line in lines] == ["ready", "stopped"]


def test_live_keys_reach_the_parts_untouched(home):
    live = {"STRIPE_API_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_live"}
    lines: list[str] = []
    with stack_in_thread(
        home / "live", parts=["sandbox"], environ=live, report=lines.append
    ) as running:
        assert "STRIPE_API_KEY" not in running.environment
        assert "TWILIO_BASE_URL" in running.environment
    assert "stripe     live" in lines


def test_parts_bring_what_they_need():
    assert with_needs(["migrations"]) == ["postgres", "migrations"]
    assert with_needs(["api"]) == ["postgres", "temporal", "sandbox", "migrations", "api"]
    with pytest.raises(UnknownPart, match='no part "apis"'):
        with_needs(["apis"])


def test_loopback_is_never_reached_through_a_proxy():
    given = {"NO_PROXY": "corp.example", "HTTPS_PROXY": "http://proxy:3128"}
    told = child_environment(given, {})
    assert told["NO_PROXY"] == told["no_proxy"] == "corp.example,127.0.0.1,localhost"
    assert told["HTTPS_PROXY"] == "http://proxy:3128"
