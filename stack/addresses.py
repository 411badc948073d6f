"""Where the parts of a running stack are, kept in a file so that other commands find them."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from stack.errors import AlreadyRunning, NoSandbox, NoStackRunning, StackError
from stack.places import DEFAULT, Places

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 0.5
"""Seconds `hold` tries, because a reader takes the lock for an instant to see whether it can."""


class Addresses(BaseModel, frozen=True):
    """Where each part is (or would be, if the stack was started without it)."""

    pid: int | None = None
    """Who keeps it running; None: nobody here does."""
    temporal_address: str
    temporal_namespace: str = "default"
    temporal_ui_url: str | None = None
    """None if the Temporal server is not ours and its UI's address was not told."""
    database_url: str = Field(repr=False)
    """Holds the password: never print it."""
    master_key_file: Path | None = None
    """None: the master keys are in the environment."""
    sandbox: str | None = None
    """The URL of the providers on loopback; None: there is no such thing, they are real."""
    api_url: str
    may_skip_time: bool = False
    """Whether accounts may be carried ahead of the wall's clock."""

    @property
    def sandbox_url(self) -> str:
        """Where the providers' sandbox is; NoSandbox if they are real."""
        if self.sandbox is None:
            raise NoSandbox
        return self.sandbox

    def write(self, file: Path) -> None:
        """Replaces `file` at once, readable by its owner alone."""
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(self.model_dump_json(indent=2) + "\n")
        new.replace(file)


def read_addresses(data: Path = DEFAULT) -> Addresses:
    """The addresses of the stack that runs under `data`; NoStackRunning if none does."""
    places = Places(data)
    try:
        if not _held(places.lock):
            raise NoStackRunning(data)
        return Addresses.model_validate_json(places.addresses.read_bytes())
    except (FileNotFoundError, ValidationError) as error:  # it is still starting
        raise NoStackRunning(data) from error
    except PermissionError as error:
        raise StackError(
            f"the stack in {data} is another user's: run this as the user who started it."
        ) from error


@contextmanager
def hold(places: Places) -> Iterator[None]:
    """Makes this process the one that keeps a stack in `places`; AlreadyRunning if another does."""
    descriptor = os.open(places.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(descriptor, PATIENCE):
            raise AlreadyRunning(places.data, _holder(places))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        places.addresses.unlink(missing_ok=True)
        yield
    finally:
        os.close(descriptor)  # which also gives up the lock


def _locked(descriptor: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _held(lock: Path) -> bool:
    """Whether a supervisor holds the lock. The kernel lets go of it however the holder ends."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _holder(places: Places) -> str:
    """What is known of the process that holds the lock."""
    with suppress(NoStackRunning):
        found = read_addresses(places.data)
        return f"process {found.pid}, API {found.api_url}, Temporal {found.temporal_address}"
    return f"process {places.lock.read_text().strip() or 'unknown'}, which is still starting"
