"""Every error that ends a command is one line, foreseen or not."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from slackbot.bootstrap import database as commands
from slackbot.cli.main import main
from slackbot.storage import migrations as schema
from slackbot.storage.encryption import new_key
from tests.harness.postgres import Server

ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-0123456789-abcdefghij",
    "SLACK_SIGNING_SECRET": "0123456789abcdef" * 2,
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "SLACKBOT_SECRET_KEYS": new_key(),
    "PORT": "0",
    "LOG_LEVEL": "error",
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


def assert_one_line(result: Result, pattern: str) -> None:
    assert result.exit_code == 1
    (line,) = result.output.splitlines()
    assert re.search(f"^Error: {pattern}", line), line


@pytest.fixture
def plain_user(postgresql: Server, empty_postgresql_url: str) -> Iterator[str]:
    """The URL of an empty database, for a user that may create nothing in it."""
    allowed = "GRANT USAGE ON SCHEMA public TO plain"
    postgresql.execute(f"CREATE ROLE plain LOGIN; {allowed}", "without_tables")
    yield empty_postgresql_url.replace("postgres@", "plain@")
    postgresql.cut("without_tables")
    postgresql.execute("DROP OWNED BY plain; DROP ROLE plain", "without_tables")


def test_a_user_who_may_not_create_tables(command: Command, plain_user: str):
    """The line says what to grant."""
    assert_one_line(
        command("migrate", DATABASE_URL=plain_user),
        "DATABASE_URL: its user may not do that: GRANT CREATE .*permission denied",
    )


def test_a_user_who_may_not_create_the_delivery_schema(
    command: Command, plain_user: str, postgresql: Server
):
    """Our tables alone are not enough."""
    postgresql.execute("GRANT CREATE ON SCHEMA public TO plain", "without_tables")
    assert_one_line(
        command("migrate", DATABASE_URL=plain_user),
        "DATABASE_URL: its user may not do that: GRANT CREATE .*permission denied",
    )


@pytest.mark.parametrize(
    ("query", "pattern"),
    [
        ("pgbouncer=true", "its option pgbouncer is another client's: leave it out"),
        ("schema=public", "its option schema is another client's: write options="),
        ("hunter2=x", "one of its options"),
    ],
)
@pytest.mark.parametrize("arguments", [["run"], ["migrate"]])
def test_options_of_other_clients(command: Command, arguments: list[str], query: str, pattern: str):
    """Providers put them into their URLs. What may be part of a password is not repeated."""
    result = command(*arguments, DATABASE_URL=f"postgresql://u:p@127.0.0.1:9/x?{query}")
    assert_one_line(result, f"DATABASE_URL: {pattern}")
    assert "hunter2" not in result.output


def test_a_delivery_file_that_cannot_be_opened(command: Command, tmp_path: Path):
    """As if it belonged to another user."""
    (tmp_path / "bot-delivery.db").mkdir()
    assert_one_line(
        command("run", DATABASE_URL=f"sqlite:///{tmp_path}/bot.db"),
        "DATABASE_URL: the file cannot be opened: give it and its folder to the bot's user",
    )


def test_a_lock_that_is_held_is_waited_for_with_a_bound(
    command: Command, empty_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
):
    """The holder is named while waiting, and in the end."""
    monkeypatch.setattr(schema, "TRY_SECONDS", 1)
    monkeypatch.setattr(commands.migrations.upgrade, "__kwdefaults__", _waits(2.0))
    with psycopg.connect(empty_postgresql_url.replace("+psycopg", "")) as held:
        held.execute("SELECT pg_advisory_xact_lock(%s)", [schema.LOCK_KEY])
        pid = held.info.backend_pid
        result = command("migrate", DATABASE_URL=empty_postgresql_url)
    *waiting, end = result.output.splitlines()
    assert waiting[0] == (
        f"Waiting for a lock that is held by process {pid} (unnamed, idle in transaction)"
    )
    assert end.startswith(f"Error: DATABASE_URL: a lock is held by process {pid} (")
    assert end.endswith("then run `slackbot migrate` again")
    assert command("migrate", DATABASE_URL=empty_postgresql_url).exit_code == 0


def _waits(seconds: float) -> dict[str, object]:
    defaults = commands.migrations.upgrade.__kwdefaults__
    assert defaults is not None
    return defaults | {"seconds": seconds}


@pytest.mark.parametrize(("level", "lines"), [("info", 1), ("INFO", 1), ("debug", 2), ("Debug", 2)])
def test_an_error_that_was_not_foreseen(
    command: Command, monkeypatch: pytest.MonkeyPatch, level: str, lines: int
):
    """Its kind and what it says, redacted; where it happened only at debug."""

    def fail(_: object) -> None:
        raise ZeroDivisionError("divided xoxb-123456789012-abcdefghijkl by nothing")

    monkeypatch.setattr(commands, "direct_url", fail)
    result = command("migrate", LOG_LEVEL=level)
    *before, last = result.output.splitlines()
    assert result.exit_code == 1
    assert len([*before, last]) >= lines
    assert ("in fail" in "".join(before)) is (level.lower() == "debug")
    assert re.match(
        r"Error: it ended by an error that was not foreseen: ZeroDivisionError: divided \[hidden\]",
        last,
    )
    assert "xoxb-1" not in result.output
