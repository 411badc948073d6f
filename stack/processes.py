"""Child processes that log to a file, die with us, and are recognised if they did not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stack.places import Places

POLL = 0.05
"""Seconds between two looks at a process."""
LOG_LIMIT = 10_000_000
"""Bytes after which a log is set aside as `<part>.log.1` at the next start."""
LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class User:
    """An operating-system user to run a program as, when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """A program to run as a part of the stack, and how to end it."""

    argv: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    user: User | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when the supervisor itself is killed (Linux)."""
    grace: float = 10.0
    """Seconds between the stop signal and SIGKILL."""


class Process:
    """A running child in a process group of its own, so that Ctrl-C reaches only the supervisor."""

    def __init__(self, name: str, command: Command, places: Places) -> None:
        self.command = command
        self._log = places.log(name)
        self._pid_file = places.pid(name)
        self._logged_before = _set_aside(self._log)
        self._ended = False
        self._child = self._spawn()
        self._record()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def _spawn(self) -> subprocess.Popen[bytes]:
        user = self.command.user
        identity = (user.uid, user.gid) if user else (-1, -1)
        numbers = (int(self.command.death_signal), os.getpid(), *identity)
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, numbers)]
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own command lines, no shell
                [*launcher, *self.command.argv],
                env=dict(self.command.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _record(self) -> None:
        """Leaves word of the child for the next supervisor, should this one be killed."""
        known = {
            "pid": self.pid,
            "identity": identity(self.pid),
            "stop_signal": int(self.command.stop_signal),
        }
        self._pid_file.write_text(json.dumps(known))

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while the child runs."""
        code = self._child.poll()
        if code is not None and not self._ended:
            self._ended = True  # only now: later the group's number may be a stranger's
            _signal_group(self.pid, signal.SIGKILL)  # its own children, if it left any
            self._pid_file.unlink(missing_ok=True)
        return code

    async def exited(self) -> int:
        """Waits for the child to end and gives its exit code."""
        while (code := self.exit_code()) is None:  # noqa: ASYNC110 - no event tells of it
            await asyncio.sleep(POLL)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the child alone."""
        self._child.send_signal(number)

    async def stop(self) -> bool:
        """Asks the child to end and waits; False if it had to be killed after its grace."""
        self.signal(self.command.stop_signal)
        try:
            await asyncio.wait_for(self.exited(), self.command.grace)
        except TimeoutError:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """Ends the child and its children at once."""
        _signal_group(self.pid, signal.SIGKILL)
        self._child.wait()
        self.exit_code()

    def output(self, limit: int = 4000) -> str:
        """The last `limit` bytes this child logged."""
        with self._log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._logged_before, size - limit))
            return log.read().decode(errors="replace").strip()


def _set_aside(log: Path) -> int:
    """Starts a new log if this one has grown too long; gives its size now, in bytes."""
    if not log.exists():
        return 0
    size = log.stat().st_size
    if size < LOG_LIMIT:
        return size
    log.replace(log.with_name(f"{log.name}.1"))
    return 0


def identity(pid: int) -> str | None:
    """What tells this process from another that gets the same pid later; None if there is none."""
    if sys.platform == "linux":
        return _linux_identity(pid)
    told = subprocess.run(  # noqa: S603 - a number of ours, no shell
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or None


def _linux_identity(pid: int) -> str | None:
    """The boot and the clock tick the process started at; a zombie counts as gone."""
    try:
        # The name stands in brackets and may itself hold spaces and brackets.
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if state in "ZX" else f"{boot}/{rest[18]}"


def command_line(pid: int) -> str:
    """What process `pid` was started as, words parted by spaces; empty if it cannot be known."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    told = subprocess.run(  # noqa: S603 - a number of ours, no shell
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def end_leftovers(run: Path, report: Callable[[str], None], grace: float = 5.0) -> None:
    """Ends the children a killed supervisor left behind, and no stranger who got their pid."""
    for pid_file in sorted(run.glob("*.pid")):
        left = _leftover(pid_file)
        if left is not None:
            pid, known, number = left
            report(f"{pid_file.stem:<10} left over  ending process {pid} of the previous run")
            _end(pid, known, number, grace)
        pid_file.unlink(missing_ok=True)


def _leftover(pid_file: Path) -> tuple[int, str, int] | None:
    """The process a pid file speaks of, if it is still that same process."""
    try:
        told = json.loads(pid_file.read_text())
        pid, known, number = int(told["pid"]), str(told["identity"]), int(told["stop_signal"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (pid, known, number) if pid > 1 and identity(pid) == known else None


def _end(pid: int, known: str, number: int, grace: float) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    deadline = time.monotonic() + grace
    while identity(pid) == known and time.monotonic() < deadline:
        time.sleep(POLL)
    if identity(pid) == known:
        _signal_group(pid, signal.SIGKILL)


def _signal_group(pid: int, number: signal.Signals) -> None:
    # macOS answers EPERM for a group of zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
