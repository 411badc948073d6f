"""What is to run and where, settled before anything starts."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from stack import keys, postgres, temporal
from stack.addresses import Addresses
from stack.parts import (
    Migrations,
    Program,
    WebServer,
    Worker,
    child_environment,
    with_needs,
    worker_names,
)
from stack.ports import HOST, Ports
from stack.providers import modes, provider_environment
from stack.supervisor import status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stack.places import Places
    from stack.services import Service

LOCAL = "local"
"""What the workers' build is called: code that changes goes on with every account in place."""

APART = ("TAHSIL_METRICS_ADDRESS", "TAHSIL_HEALTH_ADDRESS")
"""Variables that name an address of a process's own."""


class Plan:
    """The services, addresses and environment of one stack."""

    def __init__(
        self,
        places: Places,
        parts: Collection[str],
        workers: int,
        environ: Mapping[str, str],
        report: Callable[[str], None],
    ) -> None:
        self.places = places
        self.parts = with_needs(parts)
        self._workers = workers
        self._environ = environ
        self._report = report
        self._ports = Ports(places.ports)
        self._modes = modes(environ)
        self._given_database = environ.get("TAHSIL_DATABASE_URL", "")
        self._given_temporal = environ.get("TAHSIL_TEMPORAL_ADDRESS", "")
        self._master_keys = keys.master_key_file(places, environ)
        self._codec_key = environ.get(keys.CODEC_VARIABLE) or keys.codec_key(places)
        self._temporal = temporal.Temporal(places, self._ports, self._codec_endpoint)
        self._postgres = (
            None if self._given_database else postgres.Postgres(places, self._ports, report)
        )

    @property
    def database_url(self) -> str:
        """With the password."""
        if self._postgres is None:
            return postgres.normalised(self._given_database)
        return self._postgres.url

    def addresses(self) -> Addresses:
        """Where everything is; ports may still move until all is ready."""
        ui_given = self._environ.get("TAHSIL_TEMPORAL_UI_URL") or None
        return Addresses(
            pid=os.getpid(),
            temporal_address=self._given_temporal or self._temporal.address,
            temporal_namespace=self._environ.get("TAHSIL_TEMPORAL_NAMESPACE") or "default",
            temporal_ui_url=ui_given if self._given_temporal else self._temporal.ui_url,
            database_url=self.database_url,
            master_key_file=self._master_keys,
            sandbox=self._url("sandbox"),
            api_url=self._url("api"),
            may_skip_time=self._may_skip_time,
        )

    @property
    def _may_skip_time(self) -> bool:
        """Real people live by the wall's clock, and so may a server of someone else's."""
        return not self._given_temporal and "live" not in modes(self._environ).values()

    @property
    def _codec_endpoint(self) -> str:
        """Where the UI has payloads opened: it can be given nothing but an address."""
        return f"{self._url('api')}/codec/{self._codec_key}"

    def _url(self, name: str) -> str:
        return f"http://{HOST}:{self._ports[name]}"

    def environment(self) -> dict[str, str]:
        """The variables of the API and the workers; the sandbox has to run already."""
        if "sandbox" not in self.parts:
            return self._addresses_as_variables()
        credentials = self.places.sandbox / "credentials.json"
        sandboxed = provider_environment(self._environ, credentials, self._url("sandbox"))
        return self._addresses_as_variables() | sandboxed

    def _addresses_as_variables(self) -> dict[str, str]:
        found = self.addresses()
        variables = {
            "TAHSIL_DATABASE_URL": found.database_url,
            "TAHSIL_TEMPORAL_ADDRESS": found.temporal_address,
            "TAHSIL_PUBLIC_URL": found.api_url,
            "TAHSIL_SANDBOX_URL": found.sandbox_url,
        }
        if found.master_key_file:
            variables[keys.FILE_VARIABLE] = str(found.master_key_file)
        if found.temporal_ui_url:
            variables["TAHSIL_TEMPORAL_UI_URL"] = found.temporal_ui_url
        if self._may_skip_time:
            variables["TAHSIL_FAST_FORWARD"] = "1"
        if self.places.restored.exists():
            variables["TAHSIL_RESTORED"] = self.places.restored.read_text("ascii").strip()
        return variables | self._build()

    def _build(self) -> dict[str, str]:
        """Here runs one build at a time, and by one name unless another is told: none is left."""
        if self._given_temporal:
            return {}
        told = {"TAHSIL_BUILD": LOCAL, "TAHSIL_ONE_BUILD": "1"}
        return {name: self._environ.get(name) or usual for name, usual in told.items()}

    def _of_migrations(self) -> dict[str, str]:
        """They make the UI's key known to the record, too."""
        return self._addresses_as_variables() | {keys.CODEC_VARIABLE: self._codec_key}

    def _with(self, ours: Callable[[], Mapping[str, str]]) -> Callable[[], Mapping[str, str]]:
        """The whole environment of a program that gets `ours`."""
        return lambda: child_environment({**os.environ, **self._environ}, ours())

    def services(self) -> list[Service]:
        """What the supervisor is to run, in the order of starting."""
        return [service for part in self.parts for service in self._services(part)]

    def _services(self, part: str) -> Sequence[Service]:
        match part:
            case "postgres":
                return [self._postgres] if self._postgres else []
            case "temporal":
                return [] if self._given_temporal else [self._temporal]
            case "migrations":
                return [Migrations(self._with(self._of_migrations))]
            case "sandbox":
                return [self._sandbox()]
            case "api":
                return [self._api()]
            case _:
                return self._worker_services()

    def _api(self) -> Program:
        return WebServer("api", self._url("api"), [], self._with(self.environment), "/readyz")

    def _sandbox(self) -> Program:
        argv = ["--data", str(self.places.sandbox), "--app-url", self._url("api")]
        return WebServer("sandbox", self._url("sandbox"), argv, self._with(dict))

    def _worker_services(self) -> Sequence[Service]:
        names = worker_names(self._workers)
        return [
            Worker(self.places, name, self._with(partial(self._of_worker, number)))
            for number, name in enumerate(names, start=1)
        ]

    def _of_worker(self, number: int) -> dict[str, str]:
        """Where several listen on one machine, the first has the port above that of the API."""
        variables = self.environment()
        for name in APART:
            host, _, port = self._environ.get(name, "").rpartition(":")
            if host and port.isdigit():
                variables[name] = f"{host}:{int(port) + number}"
        return variables

    async def check_given(self) -> None:
        """Looks whether the servers named in the environment are there."""
        if self._postgres is None and "postgres" in self.parts:
            await postgres.check(self.database_url)
            where = postgres.place(self.database_url)
            self._report(status("postgres", "ready", f"{where} (not ours)"))
        if self._given_temporal and "temporal" in self.parts:
            await temporal.check(self._given_temporal)
            self._report(status("temporal", "ready", f"{self._given_temporal} (not ours)"))

    def report_modes(self) -> None:
        """Says which providers are real."""
        if "sandbox" in self.parts:
            for name, mode in self._modes.items():
                self._report(status(name, mode))
