"""Older copies of the database take the place of the newer one, while matches are made."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.harness import postgres

from . import poisoned
from .account import Account
from .bots import rng
from .stage import Stage

# What a failover loses, in seconds.
LAG_SECONDS = 5.0
OURS, ENGINES = "slackbot.db", "slackbot-delivery.db"
# The files of which an older copy is put back, in turns: no two are synced at the same moment.
CUT = ((OURS,), (ENGINES,), (OURS, ENGINES))


# --- a power cut ---------------------------------------------------------------------------------


async def power_cut(here: Stage, account: Account, cuts: int) -> None:
    """Kill the process and put back files as the disk had them up to 1.5 seconds earlier.

    One person leaves before the first copy: nothing of them may come back.
    """
    (bot,) = here.bots
    account.rows_are_lost = True
    folder, copies = _folder(here), here.folder / "copies"
    copies.mkdir()
    name = rng.choice(list(here.people))
    left = here.people.pop(name)
    await poisoned.leave(here, name)
    async with here.matches(5):
        for files in itertools.islice(itertools.cycle(CUT), cuts):
            await bot.ready()
            await asyncio.sleep(rng.uniform(0.5, 3.0))
            for file in files:
                await asyncio.to_thread(_copy_as_on_disk, folder / file, copies)
            await asyncio.sleep(rng.uniform(0.05, 1.5))
            await bot.killed()
            here.kills += 1
            for file in files:
                _put_back(copies / file, folder)
            bot.back()
        await bot.ready()
        await asyncio.sleep(1.0)
    await here.connected()
    await here.quiet(account)
    kept = poisoned.reader(here)(poisoned.KEPT.format(user=left))
    assert kept == [(0,)], "something of a person who left came back"


def _folder(here: Stage) -> Path:
    return Path(here.database.removeprefix("sqlite:///")).parent


def _copy_as_on_disk(file: Path, folder: Path) -> None:
    """Copy a database with its log, which hold every commit so far and nothing later.

    A reader keeps the log from being reused meanwhile. Another program copies, since closing a file
    here would drop SQLite's locks on it.
    """
    with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        subprocess.run(["cp", file, f"{file}-wal", folder], check=True)
        reader.execute("ROLLBACK")


def _put_back(copy: Path, folder: Path) -> None:
    (folder / f"{copy.name}-shm").unlink(missing_ok=True)
    for name in (copy.name, f"{copy.name}-wal"):
        shutil.copy2(copy.with_name(name), folder / name)


# --- a failover ----------------------------------------------------------------------------------


async def fail_over(here: Stage, account: Account, times: int) -> None:
    """Kill PostgreSQL and promote a replica that received nothing for some seconds."""
    server = here.server
    assert server is not None
    account.rows_are_lost = True
    async with here.matches(10):
        for _number in range(times):
            replica = postgres.replica(server)
            standby = await asyncio.to_thread(here.servers.enter_context, replica)
            await asyncio.sleep(2.0)
            await asyncio.to_thread(postgres.stop_streaming, standby)
            await asyncio.sleep(LAG_SECONDS)
            await asyncio.to_thread(postgres.fail_over, server, standby)
            here.kills += 1
            await asyncio.sleep(5.0)
    # Feeds that connect again read the lists at once, which have what the replica lacks.
    await here.reconnect()
    await here.quiet(account, 90)
    here.notes.append(f"the last {LAG_SECONDS:.0f} s lost")


# --- a restored backup ---------------------------------------------------------------------------


async def restore(here: Stage, account: Account) -> None:
    """Back up and restore as the documentation says, while matches are made."""
    folder = (here.server.folder if here.server is not None else here.folder) / "backup"
    folder.mkdir()
    if here.server is not None:
        postgres.Owner.of(folder)  # whose programs write there
    account.rows_are_lost = True
    async with here.matches(5):
        await asyncio.sleep(2.0)
        await asyncio.to_thread(_back_up, here, folder)
        await asyncio.sleep(3.0)
        await asyncio.gather(*(bot.away() for bot in here.bots))
        await asyncio.to_thread(_restore, here, folder)
        await here.bots[0].run_command("migrate")
        for bot in here.bots:
            bot.back()
            await bot.ready()
        await asyncio.sleep(2.0)
    await here.connected()
    await here.quiet(account)


def _back_up(here: Stage, folder: Path) -> None:
    if here.server is not None:
        # Not compressed, so that secrets would be found in it.
        options = ["--format=custom", "--compress=0", f"--file={folder / 'night.dump'}"]
        postgres.run_program(here.server, "pg_dump", *options, "nemesis")
        return
    for file in (OURS, ENGINES):
        # The same as `.backup` of the command line.
        with (
            closing(sqlite3.connect(_folder(here) / file, timeout=10)) as from_,
            closing(sqlite3.connect(folder / file)) as to,
        ):
            from_.backup(to)


def _restore(here: Stage, folder: Path) -> None:
    if here.server is not None:
        options = ["--clean", "--if-exists", "--dbname=nemesis"]
        postgres.run_program(here.server, "pg_restore", *options, str(folder / "night.dump"))
        return
    for file in (OURS, ENGINES):
        for log in ("-wal", "-shm"):
            (_folder(here) / f"{file}{log}").unlink(missing_ok=True)
        shutil.copy2(folder / file, _folder(here) / file)
