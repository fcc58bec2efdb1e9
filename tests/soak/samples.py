"""What the processes and the database hold at one moment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from .stage import DATABASE, CountedBot, Stage

TABLES = """
    SELECT schemaname || '.' || relname FROM pg_stat_user_tables ORDER BY 1
"""
CONNECTIONS = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}'"
# Tables that keep what has been: they grow with each match, and are purged by age.
HISTORY = ("matches", "dbos", "seen_events", "call_links")


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment. Per process: open files, MiB in memory, tasks of the event loop."""

    seconds: float
    files: Mapping[str, int]
    memory: Mapping[str, float]
    tasks: Mapping[str, int]
    rows: Mapping[str, int]
    # Of PostgreSQL, and of the platform's socket server.
    connections: int
    feeds: int
    made: int
    sent: int

    @property
    def people_rows(self) -> dict[str, int]:
        """The rows of tables that say how things are now."""
        return {
            name: count
            for name, count in self.rows.items()
            if not any(word in name for word in HISTORY)
        }


async def take(here: Stage, seconds: float, made: int, sent: int) -> Sample:
    """Look at everything once."""
    rows, connections = await asyncio.to_thread(_database, here)
    pids = {bot.name: bot.pid for bot in here.bots}
    alive = {name: pid for name, pid in pids.items() if pid is not None}
    return Sample(
        seconds=seconds,
        files={name: len(_listed(Path(f"/proc/{pid}/fd"))) for name, pid in alive.items()},
        memory={name: _memory(pid) for name, pid in alive.items()},
        tasks={bot.name: _tasks(bot) for bot in here.bots},
        rows=rows,
        connections=connections,
        feeds=len(here.mission.platform.sockets),
        made=made,
        sent=sent,
    )


def _database(here: Stage) -> tuple[dict[str, int], int]:
    server = here.server
    with psycopg.connect(
        host=str(server.folder), port=server.port, user="postgres", dbname=DATABASE, autocommit=True
    ) as connection:
        names = [name for (name,) in connection.execute(TABLES)]
        counted = {name: connection.execute(_count(name)).fetchone() for name in names}
        rows = {name: row[0] for name, row in counted.items() if row is not None}
        (connections,) = connection.execute(CONNECTIONS.encode()).fetchone() or (0,)
    return rows, connections - 1  # without this one


def _count(table: str) -> bytes:
    schema, _, name = table.partition(".")
    return f'SELECT count(*) FROM "{schema}"."{name}"'.encode()


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _memory(pid: int) -> float:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0.0
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _tasks(bot: CountedBot) -> int:
    try:
        return int(bot.counts.read_text() or 0)
    except (OSError, ValueError):
        return 0
