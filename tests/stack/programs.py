"""Tiny real programs that stand in for our packages, and patience for what takes its time."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

SERVE = """
import http.server, json, os, sys
from pathlib import Path

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in ("/healthz", "/readyz") else 404)
        self.end_headers()

    def log_message(self, *_):
        pass

port = int(sys.argv[sys.argv.index("--port") + 1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Health)
"""
REMEMBER = """
import json, os
from pathlib import Path
Path("seen-{name}.json").write_text(json.dumps(dict(os.environ)))
"""
CREDENTIALS = """
data = Path(sys.argv[sys.argv.index("--data") + 1])
data.mkdir(exist_ok=True)
(data / "credentials.json").write_text(json.dumps({
    "twilio": {"account_sid": "AC1", "auth_token": "token-of-twilio",
               "messaging_service_sid": "MG1", "from_number": "+15005550006"},
    "sendgrid": {"api_key": "SG.1", "webhook_public_key": "MFk="},
    "stripe": {"api_key": "sk_test_1", "webhook_secret": "whsec_1"},
}))
"""
WORK = """
import os, signal
from pathlib import Path
Path(os.environ["TAHSIL_READY_FILE"]).touch()
signal.pause()
"""


def write_programs(directory):
    """Packages called like ours; `python -m` finds those in the working directory first."""
    programs = {
        "sandbox/__main__.py": SERVE + CREDENTIALS + "server.serve_forever()",
        "api/__main__.py": REMEMBER.format(name="api") + SERVE + "server.serve_forever()",
        "workers/__main__.py": REMEMBER.format(name="workers") + WORK,
        "storage/migrate.py": REMEMBER.format(name="migrations"),
    }
    for name, text in programs.items():
        file = directory / name
        file.parent.mkdir(exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(text)


def quick_disk():
    """Memory if there is plenty, because databases sync and tests do not care."""
    memory = Path("/dev/shm")
    plenty = memory.is_dir() and shutil.disk_usage(memory).free > 1_000_000_000
    return memory if plenty else Path("/var/tmp")


@contextmanager
def open_directory(parent=Path("/var/tmp")):
    """A directory another user can pass through, which pytest's own are not."""
    made = Path(tempfile.mkdtemp(prefix="tahsil-test-", dir=parent))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


def eventually(holds, within=10.0):
    """Waits until `holds()` is true and gives what it returned."""
    deadline = time.monotonic() + within
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"still not so after {within} s"
        time.sleep(0.02)
    return answer


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, check=False)
    return bool(told.stdout.strip()) and not told.stdout.strip().startswith(b"Z")


@contextmanager
def python(text, *arguments, cwd, prefix=(), **more):
    """Runs a Python program that knows our packages; ended at the latest with the block."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    program = subprocess.Popen(
        [*prefix, sys.executable, "-c", text, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **more,
    )
    try:
        yield program
    finally:
        program.send_signal(signal.SIGKILL)
        program.communicate()


def read_until(program, words):
    """Reads a program's lines up to the one with `words`; its output is told if there is none."""
    lines: list[str] = []
    for line in program.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError("".join(lines))
