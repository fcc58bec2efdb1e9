"""`slackbot migrate` and `slackbot rotate-keys`, and what `slackbot run` refuses."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from pydantic import SecretStr

from slackbot.cli.main import main
from slackbot.domain.model import AuthScheme, EventSlug, Link, Person, TeamId, UserId
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, new_key, parse_keys
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import connect, epoch_of
from tests.harness.postgres import Server

OLD, NEW, LOST = (new_key() for _ in range(3))
ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-0123456789-abcdefghij",
    "SLACK_SIGNING_SECRET": "0123456789abcdef" * 2,
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "SLACKBOT_SECRET_KEYS": OLD,
}
Command = Callable[..., Result]


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    """Run a command in an empty folder."""
    runner = CliRunner()

    def run(*arguments: str, **environment: str) -> Result:
        return runner.invoke(main, arguments, env=ENVIRONMENT | environment)

    with contextlib.chdir(tmp_path):
        yield run


@pytest.fixture(params=["file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"sqlite:///{tmp_path}/bot.db"
    return str(request.getfixturevalue("empty_postgresql_url"))


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "slackbot", *arguments],
        env=os.environ | ENVIRONMENT | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def link(number: int) -> Link:
    person = Person(TeamId("T1"), UserId(f"U{number}"))
    return Link(
        person=person,
        person_epoch=epoch_of(person),
        event=EventSlug("expo"),
        token=SecretStr("a token"),
        auth_scheme=AuthScheme.BARE,
        linked_at=datetime(2026, 5, 4, tzinfo=UTC),
        credential_digest="d",
    )


def save(url: str, key: str, *numbers: int) -> None:
    """Store links, encrypted with this key."""

    async def work() -> None:
        database = Database(DatabaseUrl.parse(url))
        await schema.upgrade(database)
        store = SqlStore(database, Cipher(parse_keys(key)))
        for number in numbers:
            await connect(store, link(number))
        await database.aclose()

    asyncio.run(work())


def test_migrate_lists_its_migrations(command: Command, url: str):
    """Each migration by name, on PostgreSQL the delivery engine's too, and nothing a second time.

    On SQLite the engine makes its tables when the bot starts.
    """
    first, second = (command("migrate", DATABASE_URL=url) for _ in range(2))
    *steps, end = first.output.splitlines()
    if not url.startswith("sqlite"):
        assert re.fullmatch(r"Migrated: delivery tables \(DBOS\) to version \d+", steps.pop())
    assert steps[0] == "Migrated: 0001 Links, availabilities, matches and seen events."
    numbers = [int(step.removeprefix("Migrated: ").split()[0]) for step in steps]
    assert numbers == list(range(1, len(numbers) + 1))
    assert end == "The database is up to date."
    assert second.output == "The database is up to date.\n"
    assert first.exit_code == second.exit_code == 0


def waiting(postgresql: Server) -> int:
    """Count the processes that wait for the migration lock."""
    with psycopg.connect(postgresql.url("postgres").replace("+psycopg", "")) as connection:
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def test_concurrent_migrations_wait_for_each_other(postgresql: Server, empty_postgresql_url: str):
    """Of two processes that wait together one does each step, and both end well.

    The tables of the bot and those of the delivery engine have a lock each, so the process that
    did not migrate the first may be the one that migrates the second.
    """
    url = empty_postgresql_url
    with psycopg.connect(url.replace("+psycopg", "")) as held:
        held.execute("SELECT pg_advisory_xact_lock(%s)", [schema.LOCK_KEY])
        running = [start("migrate", DATABASE_URL=url) for _ in range(2)]
        until = time.monotonic() + 60
        while waiting(postgresql) < len(running) and time.monotonic() < until:
            time.sleep(0.05)
    output = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], output
    done = re.findall(r"^Migrated: (\w+)", "".join(out for out, _ in output), re.MULTILINE)
    bots = sorted(step.revision for step in schema.scripts().walk_revisions())
    assert sorted(done) == [*bots, "delivery"]


def test_processes_migrate_one_file_at_once(tmp_path: Path):
    """On SQLite too one does the work, and both end well."""
    running = [start("migrate", DATABASE_URL=f"sqlite:///{tmp_path}/bot.db") for _ in range(2)]
    output = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], output
    assert sorted("Migrated" in out for out, _ in output) == [False, True]


def test_run_refuses_old_tables_of_postgresql(empty_postgresql_url: str):
    """One line names the command that helps; status 1, and nothing is started."""
    process = start("run", DATABASE_URL=empty_postgresql_url, PORT="0")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "`slackbot migrate`" in err


def test_run_refuses_postgresql_without_tables_for_delivery(
    command: Command, empty_postgresql_url: str
):
    """Our own tables are not enough: one line names the command that creates both."""
    save(empty_postgresql_url, OLD)
    refused = start("run", DATABASE_URL=empty_postgresql_url, PORT="0")
    out, err = refused.communicate(timeout=60)
    assert (refused.returncode, out) == (1, "")
    *before, last = err.splitlines()
    assert last.startswith("Error: DATABASE_URL: its tables for delivery")
    assert last.endswith("run `slackbot migrate` first")
    assert not any("DBOS" in line or "Traceback" in line for line in before)
    assert command("migrate", DATABASE_URL=empty_postgresql_url).exit_code == 0
    with psycopg.connect(empty_postgresql_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM dbos.workflow_status").fetchone() == (0,)


@pytest.mark.parametrize("arguments", [["migrate"], ["rotate-keys"]])
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql+psycopg://me:hunter2@127.0.0.1:9/x", "does not answer: .*127.0.0.1"),
        ("sqlite:////dev/null/bot.db", "cannot be opened: .*/dev/null"),
        ("mysql://me:hunter2@127.0.0.1/x", "only sqlite"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line(
    command: Command, arguments: list[str], url: str, reason: str
):
    """With its reason, without its password, with status 1."""
    refused = command(*arguments, DATABASE_URL=url)
    assert refused.exit_code == 1
    assert len(refused.output.splitlines()) == 1
    assert refused.output.startswith("Error: DATABASE_URL: ")
    assert "hunter2" not in refused.output
    assert re.search(reason, refused.output)


def test_after_a_rotation_the_old_key_can_go(command: Command, url: str):
    """With both keys everything is encrypted again; with the new one alone all can be read."""
    save(url, OLD, 1, 2, 3)
    both = command("rotate-keys", DATABASE_URL=url, SLACKBOT_SECRET_KEYS=f"{NEW},{OLD}")
    assert both.exit_code == 0
    assert both.output.splitlines() == [
        "3 resealed, 0 already had the newest key, 0 could not be opened.",
        "The other keys can be removed.",
    ]
    alone = command("rotate-keys", DATABASE_URL=url, SLACKBOT_SECRET_KEYS=NEW)
    assert alone.exit_code == 0
    assert alone.output.splitlines() == [
        "0 resealed, 3 already had the newest key, 0 could not be opened.",
        "There is one key. To change it, put a new one before it and run this again.",
    ]


def test_values_that_cannot_be_decrypted_are_counted(command: Command, url: str):
    """With a reason and status 1, so that no key is removed too early."""
    save(url, LOST, 1)
    save(url, OLD, 2)
    result = command("rotate-keys", DATABASE_URL=url, SLACKBOT_SECRET_KEYS=f"{NEW},{OLD}")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "1 resealed, 0 already had the newest key, 1 could not be opened.",
        "Error: Keep the other keys for now. Not opened: unknown key: 1.",
    ]


def test_keys_are_not_rotated_in_an_old_schema(command: Command, empty_postgresql_url: str):
    """Another version's tables are left as they are."""
    refused = command("rotate-keys", DATABASE_URL=empty_postgresql_url)
    assert refused.exit_code == 1
    assert "run `slackbot migrate` first" in refused.output
