"""A PgBouncer before a server of the tests, where its program is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from slackbot.sandbox.story.bot_process import free_port
from tests.harness.postgres import Owner, Server

START_SECONDS = 20.0

CONFIGURATION = """
[databases]
* = host={folder} port={port} user=postgres
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {own_port}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
server_round_robin = {round_robin}
"""


def program() -> str | None:
    """Return PgBouncer's program, or None without it."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def pooled(server: Server, mode: str, *, round_robin: bool = False) -> Iterator[Server]:
    """Start a PgBouncer in this mode; yield the server as it is reached through it."""
    found = program()
    assert found is not None, "pgbouncer is not installed"
    behind = Server(server.folder, free_port())
    file = server.folder / f"pgbouncer-{behind.port}.ini"
    file.write_text(
        CONFIGURATION.format(
            folder=server.folder,
            port=server.port,
            own_port=behind.port,
            mode=mode,
            # In session mode each connection of the bot keeps one of the pooler's.
            size=60 if mode == "session" else 6,
            round_robin=int(round_robin),
        )
    )
    owner = Owner.of(server.folder)
    owner.take(file)
    process = subprocess.Popen(
        [found, str(file)], stderr=subprocess.DEVNULL, cwd=server.folder, **owner.identity
    )
    try:
        _wait(behind, process)
        yield behind
    finally:
        process.kill()
        process.wait()


def _wait(behind: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            behind.execute("SELECT 1")
        except psycopg.OperationalError:
            assert process.poll() is None, "pgbouncer has ended"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
