"""Backups of an embedded stack: the record and Temporal's file of one moment, and back again.

The record must never be older than Temporal. A workflow that is older than the record does again
what it did since, with the same keys, and finds it done; one that is newer would believe in
contacts and payments that nobody has. So writers of the record are held for as long as Temporal's
file is copied, and the record is read as of the end of that.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from pydantic import AwareDatetime, BaseModel, ValidationError

from stack.addresses import hold
from stack.errors import StackError
from stack.keys import FILE_VARIABLE, VARIABLE
from stack.places import Places
from stack.postgres import INSTALL, wheel_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from stack.addresses import Addresses

FORMAT = 1
MANIFEST = "backup.json"
RECORD, TEMPORAL, SANDBOX = "record.dump", "temporal.db", "sandbox"
SANDBOX_STORE = "sandbox.sqlite3"
SANDBOX_KEYS = ("credentials.json", "sendgrid-signing-key.pem")

HELD_WITHIN = "3s"
"""How long we stand in line for the record's tables, in all: those behind us wait as long."""
TRIES = 20

TABLES = """
select tablename from pg_tables where schemaname = 'public' order by tablename"""


class BackupError(StackError):
    """A backup that cannot be made or restored; says what to do."""


class Manifest(BaseModel, frozen=True):
    """What a backup holds. The master keys are not in it."""

    format: int = FORMAT
    moment: AwareDatetime
    """The record's own clock at the moment that the backup shows."""
    files: dict[str, str]
    """SHA-256 of each file, by its name."""


def back_up(addresses: Addresses, data: Path, target: Path) -> Manifest:
    """Write a backup of the running stack under `data` into `target`; BackupError if it cannot be.

    The stack goes on working; whoever writes to the record waits while Temporal's file is copied.
    The master keys are not in it: they belong somewhere else.
    """
    places = Places(data.absolute())
    if not (places.data / "temporal" / TEMPORAL).exists():
        raise BackupError("Temporal is not ours here: back both servers up with their own tools.")
    _make_empty(target)
    with _moment(addresses.database_url, lambda: _copy_temporal(places, target)) as (moment, name):
        _dump(addresses.database_url, name, target / RECORD)
    _copy_sandbox(places.sandbox, target / SANDBOX)
    files = {str(each.relative_to(target)): _digest(each) for each in _files(target)}
    manifest = Manifest(moment=moment, files=files)
    (target / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n")
    return manifest


def check(source: Path) -> Manifest:
    """What a backup holds; BackupError unless every file is there as it was written."""
    try:
        manifest = Manifest.model_validate_json((source / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise BackupError(
            f"{source} is no backup, or one that was never finished: it has no sound {MANIFEST}."
        ) from error
    if manifest.format != FORMAT:
        raise BackupError(
            f"{source} is a backup of format {manifest.format}: expected {FORMAT}. "
            "Restore it with the release that wrote it."
        )
    for name, digest in manifest.files.items():
        if not (source / name).is_file() or _digest(source / name) != digest:
            raise BackupError(f"{source / name} is missing or was changed: use another backup.")
    return manifest


def check_place(data: Path, environ: Mapping[str, str] = os.environ) -> None:
    """BackupError unless `data` is fit to be restored into: no stack's data, but a master key."""
    places = Places.prepare(data)
    there = [
        each
        for each in (places.data / "postgres" / "data", places.data / "temporal" / TEMPORAL)
        if each.exists()
    ]
    if there:
        raise BackupError(
            f"{there[0]} is there already: restore into another directory, or move it away."
        )
    if not any(map(environ.get, (VARIABLE, FILE_VARIABLE))) and not places.master_keys.exists():
        raise BackupError(
            f"without its master keys a backup is of no use: put the copy that you keep of them "
            f"into {places.master_keys} (mode 600), or set {VARIABLE}."
        )


def load_record(source: Path, database_url: str) -> None:
    """Fill an empty database from a backup, all of it or nothing. This comes first."""
    arguments = ["--no-owner", "--single-transaction", "--exit-on-error", str(source / RECORD)]
    _run("pg_restore", database_url, "--dbname", *arguments)


def put_back(source: Path, data: Path, now: datetime) -> Manifest:
    """Put Temporal's file beside a record that was loaded, and say what the record is of.

    What left between the backup and `now` the record does not know: the workers are told so.
    The sandbox stands for the providers, whom nobody rolls back: it is filled if there is none.
    """
    manifest, places = check(source), Places.prepare(data)
    with hold(places):
        if not (places.sandbox / SANDBOX_STORE).exists():
            for file in sorted((source / SANDBOX).glob("*")):
                places.sandbox.mkdir(mode=0o700, exist_ok=True)
                _copy(file, places.sandbox / file.name)
        gap = f"{manifest.moment.isoformat()}/{now.isoformat()}"
        _write_private(places.restored, gap + "\n")
        _copy(source / TEMPORAL, places.data / "temporal" / TEMPORAL)
    return manifest


@contextmanager
def _moment(url: str, copy: Callable[[], None]) -> Iterator[tuple[datetime, str]]:
    """Hold all who write to the record, `copy`, and let go; gives the record as it was then.

    That is its own time, and the name of a snapshot that lasts until the block ends.
    """
    with _connected(url) as reader:
        with _connected(url) as writer, writer.transaction():
            _hold_writers(writer)
            copy()
            reader.execute("begin isolation level repeatable read read only")
            told = reader.execute("select clock_timestamp(), pg_export_snapshot()").fetchone()
        if told is None:
            raise BackupError("PostgreSQL gave no snapshot.")
        yield told


def _connected(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)


def _hold_writers(connection: psycopg.Connection[Any]) -> None:
    """Wait until nobody writes, without making others wait behind us for long."""
    found = connection.execute(TABLES).fetchall()
    tables = sql.SQL(", ").join(sql.Identifier("public", name) for (name,) in found)
    for left in reversed(range(TRIES)):
        try:
            with connection.transaction():
                connection.execute(sql.SQL("set local statement_timeout = {}").format(HELD_WITHIN))
                connection.execute(sql.SQL("lock table {} in share mode").format(tables))
                return
        except psycopg.errors.QueryCanceled:
            if not left:
                raise BackupError(
                    "somebody has been writing to the record for a minute: look for a long "
                    "transaction in pg_stat_activity, and try again."
                ) from None
            time.sleep(0.5)


def _copy_temporal(places: Places, target: Path) -> None:
    _copy_sqlite(places.data / "temporal" / TEMPORAL, target / TEMPORAL)


def _copy_sqlite(source: Path, target: Path) -> None:
    """A copy of a database that others are using, as of the beginning of the copy."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=10)) as opened,
        closing(sqlite3.connect(target)) as copy,
    ):
        opened.backup(copy)


def _copy_sandbox(sandbox: Path, target: Path) -> None:
    if not (sandbox / SANDBOX_STORE).exists():
        return
    target.mkdir(mode=0o700)
    _copy_sqlite(sandbox / SANDBOX_STORE, target / SANDBOX_STORE)
    for name in SANDBOX_KEYS:
        _copy(sandbox / name, target / name)


def _dump(url: str, snapshot: str, target: Path) -> None:
    arguments = ["--format", "custom", "--no-owner", "--snapshot", snapshot]
    _run("pg_dump", url, *arguments, "--file", str(target), "--dbname")


def _run(program: str, url: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; the last but one argument may name the database."""
    found = urlsplit(url)
    place = f"postgresql://{found.username}@{found.hostname}:{found.port}{found.path}"
    words = [
        word for each in arguments for word in ((each, place) if each == "--dbname" else (each,))
    ]
    told = subprocess.run(  # noqa: S603 - our own program, no shell
        [str(wheel_directory() / INSTALL / "bin" / program), *words],
        env={"PATH": os.defpath, "LC_ALL": "C", "PGPASSWORD": found.password or ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise BackupError(f"{program} ended with {told.returncode}: {told.stderr.strip()[-500:]}")


def _make_empty(target: Path) -> None:
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.chmod(0o700)
        if any(target.iterdir()):
            raise BackupError(f"{target} is not empty: a backup wants a directory of its own.")
    except OSError as error:
        raise BackupError(f"cannot write to {target}: {error.strerror}.") from error


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    target.chmod(0o600)


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text, "ascii")


def _files(target: Path) -> list[Path]:
    return sorted(each for each in target.rglob("*") if each.is_file())


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
