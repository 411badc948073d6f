import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess

import psycopg
import pytest

from stack import postgres, running_stack
from stack.errors import StackError
from stack.places import Places
from stack.ports import Ports
from stack.postgres import normalised, place, reachable, reachable_binaries, wheel_directory
from stack.supervisor import Supervisor
from tests.stack.programs import open_directory, python, quick_disk, read_until

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")

ONE_ROW = """
import asyncio, os, sys
from pathlib import Path
import psycopg
from stack import running_stack

async def main():
    async with running_stack(Path(sys.argv[1]), parts=["postgres"]) as stack:
        url = stack.addresses.database_url.replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            print("user", os.geteuid(), connection.execute("SHOW server_version").fetchone()[0])

asyncio.run(main())
"""


def run(data, story, report=lambda _: None):
    """Tells a story about a running database."""

    async def main():
        async with running_stack(data, parts=["postgres"], report=report, environ={}) as stack:
            await story(stack)

    asyncio.run(main())


def connect(stack):
    return psycopg.connect(stack.addresses.database_url.replace("+psycopg", ""), autocommit=True)


@pytest.mark.stack
def test_a_committed_row_survives_a_killed_postmaster_and_a_stop_and_a_start(data):
    seen = []

    async def write_and_kill(stack):
        with connect(stack) as connection:
            connection.execute("CREATE TABLE ledger (entry int)")
            connection.execute("INSERT INTO ledger VALUES (42)")
        await stack.kill("postgres", signal.SIGKILL)
        with connect(stack) as connection:
            seen.append(connection.execute("SELECT entry FROM ledger").fetchone())

    async def read(stack):
        with connect(stack) as connection:
            seen.append(connection.execute("SELECT entry FROM ledger").fetchone())
            seen.append(stack.addresses.database_url)

    run(data, write_and_kill)
    url_before = (data / "postgres-password").read_text().strip()
    run(data, read)
    assert seen[:2] == [(42,), (42,)]
    assert url_before in seen[2]


@pytest.mark.stack
def test_the_server_takes_tcp_with_a_password_and_has_the_settings_we_count_on(data):
    async def look(stack):
        with connect(stack) as connection:
            settings = {
                name: connection.execute(f"SHOW {name}").fetchone()[0]
                for name in ("max_connections", "listen_addresses", "TimeZone", "server_encoding")
            }
            (locale,) = connection.execute(
                "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'tahsil'"
            ).fetchone()
        assert list(settings.values()) == ["200", "127.0.0.1", "UTC", "UTF8"]
        assert locale == "bC.UTF-8"
        wrong = stack.addresses.database_url.replace("+psycopg", "").replace("tahsil:", "tahsil:x")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        first = await stack.create_database("tahsil_test_1")
        assert await stack.create_database("tahsil_test_1") == first
        with psycopg.connect(first.replace("+psycopg", "")) as connection:
            assert connection.info.dbname == "tahsil_test_1"

    run(data, look)
    assert (data / "postgres-password").stat().st_mode & 0o777 == 0o600


@pytest.mark.stack
def test_a_stranger_whose_pid_is_in_postmasters_file_is_left_alone(data):
    async def nothing(stack):
        pass

    run(data, nothing)
    user = postgres.unprivileged_user()
    with subprocess.Popen(["/bin/sleep", "60"], user=user.uid if user else None) as stranger:
        pid_file = data / "postgres" / "data" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{data}\n0\n5433\n\n127.0.0.1\n")
        run(data, nothing)
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.stack
def test_a_port_taken_between_the_choice_and_the_start_is_chosen_again(data):
    servers = []

    async def take(port):
        servers.append(socket.create_server(("127.0.0.1", port)))

    class Robbed(postgres.Postgres):
        async def prepare(self):
            await super().prepare()
            await take(self._ports["postgres"])

    async def main():
        places = Places.prepare(data)
        ports = Ports(places.ports)
        service = Robbed(places, ports, lambda _: None)
        supervisor = Supervisor([service], places, lambda _: None)
        await supervisor.start()
        await supervisor.stop()
        return ports["postgres"]

    assert asyncio.run(main()) > servers[0].getsockname()[1]
    servers[0].close()


@needs_root
@pytest.mark.stack
def test_the_server_runs_for_an_ordinary_user(monkeypatch):
    nobody = pwd.getpwnam("nobody")
    # Root's own Python may lie where nobody can pass; this grants reading, and nothing else.
    able = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    with open_directory(quick_disk()) as home:
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        with python(ONE_ROW, home / "data", cwd=home, prefix=[*become, *able]) as program:
            lines = read_until(program, "user")
            assert lines[-1].startswith(f"user {nobody.pw_uid} 18.")
            assert program.wait(10) == 0
        assert (home / "data" / "postgres" / "data").stat().st_uid == nobody.pw_uid


@needs_root
@pytest.mark.stack
def test_roots_data_that_no_other_user_can_reach_is_kept_elsewhere_and_stays_there(
    tmp_path, monkeypatch
):
    lines: list[str] = []
    homes: list[str] = []

    async def look(stack):
        with connect(stack) as connection:
            homes.append(connection.execute("SHOW data_directory").fetchone()[0])

    with open_directory(quick_disk()) as elsewhere:
        monkeypatch.setattr(postgres, "ROOTS_PLACE", elsewhere)
        tmp_path.chmod(0o700)
        run(tmp_path / "data", look, lines.append)
        tmp_path.chmod(0o711)
        run(tmp_path / "data", look, lines.append)
    assert homes[0] == homes[1]
    assert homes[0].startswith(str(elsewhere))
    assert "moved     data in" in lines[0]


@needs_root
@needs_root
@pytest.mark.stack
def test_binaries_that_no_other_user_can_reach_are_copied(tmp_path, monkeypatch):
    wheel, user = wheel_directory(), postgres.unprivileged_user()
    assert reachable_binaries(wheel, None) == wheel / "pginstall18"
    hidden = tmp_path / wheel.name
    tmp_path.chmod(0o700)
    for name in (wheel.name, f"{wheel.name}.libs"):
        if (wheel.parent / name).exists():
            shutil.copytree(wheel.parent / name, tmp_path / name, symlinks=True)
    with open_directory() as elsewhere:
        monkeypatch.setattr(postgres, "ROOTS_PLACE", elsewhere)
        assert user is not None
        copy = reachable_binaries(hidden, user)
        assert copy.is_relative_to(elsewhere)
        shutil.rmtree(hidden / "pginstall18" / "share")
        told = subprocess.run(
            [copy / "bin" / "initdb", "--version"], user=user.uid, capture_output=True, check=True
        )
        assert told.stdout.startswith(b"initdb (PostgreSQL) 18")


@needs_root
def test_a_directory_others_cannot_enter_is_not_reachable(tmp_path):
    tmp_path.chmod(0o700)
    assert not reachable(tmp_path, postgres.unprivileged_user())
    assert reachable(tmp_path, None)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_given_url_is_spelt_for_psycopg_and_told_without_its_password(scheme):
    url = normalised(f"{scheme}://me:secret@db.example:5000/debts")
    assert url == "postgresql+psycopg://me:secret@db.example:5000/debts"
    assert place(url) == "db.example:5000/debts"


def test_a_url_of_another_kind_is_an_error_that_does_not_repeat_it():
    with pytest.raises(StackError, match="not a PostgreSQL URL") as raised:
        normalised("mysql://me:secret@db.example/debts")
    assert "secret" not in str(raised.value)
