"""Where a stack keeps its things: the layout of the data directory."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError

DEFAULT = Path(".tahsil")


@dataclass(frozen=True)
class Places:
    """The files and directories of the stack whose data is under `data`."""

    data: Path

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.data / "lock"

    @property
    def addresses(self) -> Path:
        """What other commands read to find the running stack."""
        return self.data / "stack.json"

    @property
    def ports(self) -> Path:
        """The ports of the last start, preferred at the next one."""
        return self.data / "ports.json"

    @property
    def postgres_password(self) -> Path:
        """The database superuser's password, generated once."""
        return self.data / "postgres-password"

    @property
    def master_keys(self) -> Path:
        """What everything that is encrypted rests upon, generated once. Keep a copy elsewhere."""
        return self.data / "master-keys"

    @property
    def codec_key(self) -> Path:
        """What the UI shows the API to have payloads opened, generated once."""
        return self.data / "codec-key"

    @property
    def sandbox(self) -> Path:
        """The provider sandbox's own directory."""
        return self.data / "sandbox"

    @property
    def restored(self) -> Path:
        """Between which instants the data was that of a backup and the world went on without us."""
        return self.data / "restored"

    def log(self, name: str) -> Path:
        """What the part called `name` writes to its standard output and error."""
        return self.data / "logs" / f"{name}.log"

    def pid(self, name: str) -> Path:
        """Which process runs the part called `name`."""
        return self.data / "run" / f"{name}.pid"

    def ready(self, name: str) -> Path:
        """What a worker called `name` writes once it polls."""
        return self.data / "run" / f"{name}.ready"

    @classmethod
    def prepare(cls, data: Path) -> Places:
        """Makes the directories that are missing under `data`."""
        places = cls(Path(os.path.abspath(data)))  # noqa: PTH100 - resolve() would follow links
        try:
            _make_private(places.data)
            if not os.access(places.data, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            for name in ("logs", "run", "temporal"):
                (places.data / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StackError(
                f"cannot keep data in {places.data}: {error.strerror}. "
                "Expected a directory this user may write to: name another one."
            ) from error
        return places


def _make_private(directory: Path) -> None:
    """Logs and databases hold personal data, so others stay out of what we make."""
    if directory.exists():
        return
    directory.mkdir(parents=True)
    # Root's PostgreSQL runs as another user, which has to get through to its own directory.
    directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
