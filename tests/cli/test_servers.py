"""How commands find the servers: where a stack runs, or by the variables of workers and API."""

import os
import re
from pathlib import Path

import pytest
import yaml

from cli.servers import Ambiguous, find_servers
from stack import Addresses, NoStackRunning, StackError
from stack.addresses import hold
from stack.errors import NoSandbox
from stack.places import DEFAULT, Places

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text("utf-8"))
RECORD = "postgresql://me:secret@db:5432/tahsil"
NAMED = {
    "TAHSIL_DATABASE_URL": RECORD,
    "TAHSIL_TEMPORAL_ADDRESS": "temporal:7233",
    "TAHSIL_TEMPORAL_NAMESPACE": "collections",
    "TAHSIL_PUBLIC_URL": "https://pay.example",
    "TAHSIL_MASTER_KEYS": "not looked at yet",
}


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """A directory in which no stack runs, and an environment that names nothing."""
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith("TAHSIL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def named(monkeypatch):
    """Servers that the environment names."""
    for name, value in NAMED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def running():
    """A stack that runs in the usual place."""
    places = Places.prepare(DEFAULT)
    found = Addresses(
        temporal_address="127.0.0.1:1", database_url=f"postgresql+psycopg{RECORD[10:]}", api_url="a"
    )
    with hold(places):
        found.write(places.addresses)
        yield found


@pytest.mark.usefixtures("named")
def test_servers_are_found_by_the_variables_of_workers_and_api(monkeypatch):
    found = find_servers(None)

    assert found.database_url == "postgresql+psycopg://me:secret@db:5432/tahsil"
    assert (found.temporal_address, found.temporal_namespace) == ("temporal:7233", "collections")
    assert found.api_url == "https://pay.example"
    assert found.master_key_file is None
    assert not found.may_skip_time
    assert "secret" not in repr(found)

    monkeypatch.setenv("TAHSIL_API_URL", "http://api:8000")
    monkeypatch.delenv("TAHSIL_MASTER_KEYS")
    monkeypatch.setenv("TAHSIL_MASTER_KEY_FILE", "keys")
    found = find_servers(None)
    assert (found.api_url, found.master_key_file) == ("http://api:8000", Path("keys"))


def test_where_there_is_neither_the_error_names_both_ways():
    with pytest.raises(NoStackRunning, match=r"`tahsil up` \(looked in \.tahsil, .*DATABASE_URL"):
        find_servers(None)


@pytest.mark.usefixtures("named", "running")
def test_a_directory_that_is_given_wins_over_the_environment(tmp_path):
    with pytest.raises(NoStackRunning, match=r"no stack is running here.*looked in .*elsewhere"):
        find_servers(tmp_path / "elsewhere")


@pytest.mark.usefixtures("named")
def test_the_stack_that_runs_here_is_taken_and_never_instead_of_another_record(
    running, monkeypatch
):
    assert find_servers(None) == running

    monkeypatch.setenv("TAHSIL_DATABASE_URL", "postgresql://me:secret@db/live")
    with pytest.raises(Ambiguous, match=r"--data \.tahsil") as told:
        find_servers(None)
    assert "secret" not in str(told.value)
    assert find_servers(DEFAULT) == running


@pytest.mark.usefixtures("named")
def test_what_is_missing_beside_the_record_is_named_without_any_value(monkeypatch):
    monkeypatch.delenv("TAHSIL_PUBLIC_URL")

    with pytest.raises(StackError, match=r"TAHSIL_PUBLIC_URL \(Field required\)") as told:
        find_servers(None)
    assert "secret" not in str(told.value)

    monkeypatch.setenv("TAHSIL_PUBLIC_URL", "https://pay.example")
    monkeypatch.setenv("TAHSIL_DATABASE_URL", "mysql://me:secret@db/live")
    with pytest.raises(StackError, match="not a PostgreSQL URL") as told:
        find_servers(None)
    assert "secret" not in str(told.value)


@pytest.mark.usefixtures("named")
def test_real_providers_have_no_sandbox_and_the_error_says_what_to_do_instead():
    with pytest.raises(NoSandbox, match="audit --sends FILE"):
        _ = find_servers(None).sandbox_url


def test_docker_compose_runs_commands_on_its_own_servers(monkeypatch):
    service = COMPOSE["services"]["tahsil"]
    for name, value in service["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:[?-][^}]*\}", "given", value or ""))
    found = find_servers(None)

    assert service["entrypoint"] == ["tahsil"]
    assert found.temporal_address == "temporal:7233"
    assert found.database_url == "postgresql+psycopg://tahsil:given@postgres:5432/tahsil"
    assert found.api_url == "http://api:8000"
    assert found.sandbox is None
