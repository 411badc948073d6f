import asyncio
import json
import os
import signal
import subprocess
import sys

import pytest

from stack import processes
from stack.places import Places
from stack.processes import Command, Process, end_leftovers, identity
from tests.stack.programs import eventually, is_alive, python

SLEEP = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    "import signal; print('here', flush=True); signal.pause()",
]
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); print('here', flush=True)"
STUBBORN = [sys.executable, "-c", f"{DEAF}\nwhile True: signal.pause()"]
PARENT = """
import sys, time
from pathlib import Path
from stack.places import Places
from stack.processes import Command, Process
print(Process("child", Command(["/bin/sleep", "60"], {}), Places.prepare(Path(sys.argv[1]))).pid)
time.sleep(60)
"""


@pytest.fixture
def places(tmp_path):
    return Places.prepare(tmp_path / "data")


@pytest.fixture
def stranger():
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as process:
        yield process
        process.kill()


def start(places, argv, **more):
    process = Process("child", Command(argv, {}, **more), places)
    eventually(lambda: "here" in process.output())
    return process


def test_a_process_logs_to_its_file_and_ends_when_asked(places):
    process = start(places, SLEEP)
    assert asyncio.run(process.stop())
    assert process.exit_code() == -signal.SIGTERM
    assert places.log("child").read_text() == "here\n"
    assert not places.pid("child").exists()


def test_a_process_that_does_not_end_when_asked_is_killed_after_its_grace(places):
    process = start(places, STUBBORN, grace=0.1)
    assert not asyncio.run(process.stop())
    assert process.exit_code() == -signal.SIGKILL


def test_the_children_of_a_process_that_ends_end_with_it(places):
    process = start(places, ["/bin/sh", "-c", "sleep 60 & echo $!; echo here; wait"])
    grandchild = int(process.output().split()[0])
    process.signal(signal.SIGKILL)
    asyncio.run(process.exited())
    eventually(lambda: not is_alive(grandchild))


def test_output_is_what_this_process_logged_not_its_predecessor(places):
    for _ in range(2):
        process = start(places, ["/bin/echo", "here"])
        asyncio.run(process.exited())
    assert process.output() == "here"
    assert places.log("child").read_text() == "here\nhere\n"


def test_a_log_that_has_grown_too_long_is_set_aside(places, monkeypatch):
    monkeypatch.setattr(processes, "LOG_LIMIT", 3)
    for _ in range(2):
        asyncio.run(start(places, ["/bin/echo", "here"]).exited())
    assert places.log("child").read_text() == "here\n"
    assert places.log("child").with_name("child.log.1").read_text() == "here\n"


def test_a_program_that_is_not_there_says_so_in_the_log(places):
    process = Process("child", Command(["/bin/no-such"], {}), places)
    assert asyncio.run(process.exited()) == 1
    assert process.output() == "cannot run /bin/no-such: No such file or directory"


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_a_child_dies_with_the_supervisor_that_is_killed(tmp_path):
    with python(PARENT, tmp_path / "data", cwd=tmp_path) as parent:
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
        eventually(lambda: not is_alive(child))


def pid_file(places, pid, known):
    told = {"pid": pid, "identity": known, "stop_signal": int(signal.SIGTERM)}
    places.pid("child").write_text(json.dumps(told))
    return places.pid("child")


def test_a_child_left_over_is_ended_at_the_next_start(places, stranger):
    file = pid_file(places, stranger.pid, identity(stranger.pid))
    lines: list[str] = []
    end_leftovers(places.data / "run", lines.append)
    assert stranger.wait(5) == -signal.SIGTERM
    assert lines == [f"child      left over  ending process {stranger.pid} of the previous run"]
    assert not file.exists()


def test_a_stranger_who_got_the_pid_is_left_alone(places, stranger):
    file = pid_file(places, stranger.pid, "another boot/12345")
    end_leftovers(places.data / "run", pytest.fail)
    assert stranger.poll() is None
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": 1, "identity": "x", "stop_signal": 9}'])
def test_a_spoilt_pid_file_ends_nobody(places, text):
    places.pid("child").write_text(text)
    end_leftovers(places.data / "run", pytest.fail)


def test_identity_is_none_for_a_process_that_is_gone():
    gone = subprocess.run(["/bin/sh", "-c", "echo $$"], capture_output=True, check=True)
    assert identity(int(gone.stdout)) is None
    assert identity(os.getpid()) == identity(os.getpid())
