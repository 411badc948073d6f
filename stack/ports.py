"""Free ports on loopback: the preferred one or the next free one, and the same one tomorrow."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

HOST = "127.0.0.1"

# Below 32768, where Linux begins to hand out ports for outgoing connections.
PREFERRED: Mapping[str, int] = {
    "temporal": 7233,
    "temporal-ui": 8233,
    "temporal-http": 7243,
    "temporal-metrics": 7253,
    "postgres": 5433,
    "sandbox": 8090,
    "api": 8000,
}
SEARCHED = 500


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        # As servers do: a connection of the previous run in TIME_WAIT does not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return not _answers(port)


def _answers(port: int) -> bool:
    """On macOS one may bind 127.0.0.1 under a server that listens on every address."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((HOST, port)) == 0


def next_free(preferred: int, avoid: Collection[int] = ()) -> int:
    """The first free port at or above `preferred` that is not in `avoid`."""
    for port in range(preferred, min(preferred + SEARCHED, 65536)):
        if port not in avoid and is_free(port):
            return port
    raise StackError(
        f"no free port on {HOST} between {preferred} and {preferred + SEARCHED - 1}: "
        "stop what listens there."
    )


class Ports:
    """The ports of one stack by name, remembered in a file from one start to the next."""

    def __init__(self, record: Path, preferred: Mapping[str, int] = PREFERRED) -> None:
        self._record = record
        self._preferred = {**preferred, **_recorded(record)}
        self._chosen: dict[str, int] = {}
        for name in preferred:
            self._choose(name)
        self._write()

    def __getitem__(self, name: str) -> int:
        return self._chosen[name]

    def renew(self, *names: str) -> None:
        """Chooses again for `names`, after another program took one of their ports."""
        for name in names:
            self._choose(name)
        self._write()

    def _choose(self, name: str) -> None:
        others = [port for other, port in self._chosen.items() if other != name]
        self._chosen[name] = next_free(self._preferred[name], others)

    def _write(self) -> None:
        self._record.write_text(json.dumps(self._chosen, indent=2) + "\n")


def _recorded(record: Path) -> dict[str, int]:
    """What the last start used; a record that cannot be read is only a lost preference."""
    try:
        ports = json.loads(record.read_text())
        return {str(name): int(port) for name, port in ports.items() if 0 < int(port) < 65536}  # noqa: PLR2004 - the highest port
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
