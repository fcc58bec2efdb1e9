"""The process: what prevents its start, and how it stops."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from slackbot.bootstrap.app import running
from slackbot.cli.main import main
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack, User
from slackbot.settings import Settings, SettingsError

from .conftest import KEY, Mission, environment_for, settings_for, until
from .process import bot_process

SECRET_WORD = "a-word-that-no-log-may-hold"


async def test_sigterm_under_load(tmp_path: Path) -> None:
    """Stopped while busy, the process ends by itself within ten seconds, with status 0."""
    slack, platform = Slack(), Accelevents()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        settings = settings_for(slack, slack_url, platform_url, database_url="")
        environment = environment_for(settings) | {"LOG_LEVEL": "debug"}
        async with bot_process(environment, tmp_path) as bot:
            url = await bot.serving()
            mission = Mission(slack, platform, slack_url, platform_url, settings, "T0DEMO", url)
            people = [mission.add(f"p{number}") for number in range(3)]
            for person in people:
                await mission.link(person.member.name)
                await person.types("/networking available 11646")
            platform.delay(30, "/rest/events/*/session/v2")
            busy = [asyncio.create_task(keeps_typing(person)) for person in people]
            await until(lambda: requests_hang(platform))
            async with asyncio.timeout(10):
                assert await bot.signal(signal.SIGTERM) == 0
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)
            log = "\n".join(bot.lines)
    assert "Traceback" not in log
    assert not [line for line in bot.lines if '"level": "error"' in line]
    assert SECRET_WORD not in log
    assert "First Network Session" not in log
    assert "You're" not in log
    assert not [t for t in platform.people._tokens if t in log]
    assert slack.token not in log


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
async def test_sigterm_during_the_start(tmp_path: Path) -> None:
    """There is a handler from the start, without which a container's first process would go on."""
    async with bot_process(COMPLETE, tmp_path) as bot:
        await until(lambda: bot.handles(signal.SIGTERM))
        assert await bot.signal(signal.SIGTERM) == 128 + signal.SIGTERM
        assert bot.lines == []


async def keeps_typing(person: User) -> None:
    while True:
        await person.types(f"/networking join {SECRET_WORD}")


def requests_hang(platform: Accelevents) -> bool:
    """Return True while requests hang at the platform."""
    return sum(call.status is None for call in platform.calls) > 2


COMPLETE = {
    "SLACK_BOT_TOKEN": "xoxb-sandbox-000000000000-T0DEMO",
    "SLACK_SIGNING_SECRET": "5a6d0b1c9f3e47288b7d60e1c4f2a935",
    "SLACKBOT_SECRET_KEYS": KEY,
    "SLACK_API_URL": "http://127.0.0.1:1/api/",
    "ACCELEVENTS_API_URL": "http://127.0.0.1:1",
}
MALFORMED = [
    ("SLACK_BOT_TOKEN", None),
    ("SLACK_BOT_TOKEN", "xoxb-your-token-goes-here"),
    ("SLACK_BOT_TOKEN", "xoxb-short"),
    ("SLACK_BOT_TOKEN", "xoxp-sandbox-000000000000-T0DEMO"),
    ("SLACK_SIGNING_SECRET", None),
    ("SLACK_SIGNING_SECRET", ""),
    ("SLACK_SIGNING_SECRET", "changeme"),
    ("SLACK_SIGNING_SECRET", "0" * 32),
    ("SLACKBOT_SECRET_KEYS", None),
    ("SLACKBOT_SECRET_KEYS", ""),
    ("SLACKBOT_SECRET_KEYS", " , "),
    ("SLACK_API_URL", "slack.example"),
    ("ACCELEVENTS_API_URL", "ftp://x"),
    ("ACCELEVENTS_API_URL", "http://api.accelevents.com"),
    ("ACCELEVENTS_SOCKET_URL", "ws://api.accelevents.com"),
    ("SLACK_API_URL", "http://10.0.0.1/api/"),
    ("ACCELEVENTS_SOCKET_URL", "socket.example"),
    ("ACCELEVENTS_TIMEZONE", "Mars/Olympus"),
    ("ACCELEVENTS_EVENT_TIMEZONES", "demo=Mars/Olympus"),
    ("ACCELEVENTS_EVENT_TIMEZONES", "Asia/Kolkata"),
    ("ACCELEVENTS_EVENT_TIMEZONES", "demo=UTC,demo=Asia/Tokyo"),
    ("ACCELEVENTS_EVENT_NAMES", "Demo Summit"),
    ("ACCELEVENTS_EVENT_NAMES", "demo=Demo Summit; demo=Another"),
    ("ACCELEVENTS_EVENT_NAMES", f"demo={'x' * 81}"),
    ("ACCELEVENTS_STATUS_REQUEST", "PUT no-slash"),
    ("ACCELEVENTS_STATUS_REQUEST", "DELETE /x/{session_id}"),
    ("ACCELEVENTS_STATUS_REQUEST", "PUT /x/{event}"),
    ("ACCELEVENTS_MATCHES_REQUEST", "GET /x/{session_id}/{other}"),
    ("ACCELEVENTS_SESSION_LINK", "{web}/{unknown}"),
    ("ACCELEVENTS_SOCKET_AUTH", "cookie"),
    ("ACCELEVENTS_AUTH_SCHEME", "basic"),
    ("PORT", "eighty"),
    ("METRICS_PORT", "70000"),
    ("SLACK_COMMAND", "networking"),
    ("LOG_LEVEL", "loud"),
]
# Values that only the part that is built with them refuses.
UNUSABLE = [
    ("SLACKBOT_SECRET_KEYS", "c2hvcnQ="),
    ("SLACKBOT_SECRET_KEYS", "A" * 43 + "="),
    ("DATABASE_URL", "mysql://x"),
    ("ACCELEVENTS_SOCKET_NAMESPACE", "meet"),
    ("ACCELEVENTS_SOCKET_HELLO", "hello {json"),
]
# One of each kind, tried as a whole process.
PROCESSES = [("SLACK_BOT_TOKEN", "xoxb-your-token-goes-here"), ("SLACKBOT_SECRET_KEYS", "c2hvcnQ=")]


def changed(name: str, value: str | None) -> dict[str, str | None]:
    """Return a complete environment with this variable changed or unset."""
    unset: dict[str, str | None] = {field.upper(): None for field in Settings.model_fields}
    return unset | COMPLETE | {name: value}


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def assert_one_line(written: list[str], name: str, value: str | None) -> None:
    """Check that the only line names the variable, and neither its value nor any secret."""
    assert len(written) == 1
    assert name in written[0]
    if value:
        assert value not in written[0]
    assert not any(secret in written[0] for secret in (KEY, COMPLETE["SLACK_BOT_TOKEN"]))


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_malformed_settings_are_named(tmp_path: Path, name: str, value: str | None) -> None:
    """Missing, default, short or malformed: one line that names the variable, status not 0."""
    with chdir(tmp_path):
        result = CliRunner(env=changed(name, value)).invoke(main, ["run"])
    assert list(tmp_path.iterdir()) == []
    assert result.exit_code == 1
    assert_one_line(result.output.splitlines(), name, value)


@pytest.mark.parametrize(("name", "value"), UNUSABLE)
async def test_unusable_settings_are_named(tmp_path: Path, name: str, value: str) -> None:
    """Before anything is created or opened: the variable is named, and not its value."""
    given = {key.lower(): v for key, v in COMPLETE.items()} | {name.lower(): value}
    settings = Settings(_env_file=None, slackbot_data_dir=str(tmp_path), **given)
    with pytest.raises(SettingsError) as raised:
        async with running(settings):
            pass
    assert_one_line([str(raised.value)], name, value)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(("name", "value"), PROCESSES)
async def test_unusable_settings_end_the_start(tmp_path: Path, name: str, value: str) -> None:
    """One line, status 1, nothing listens, and no file was created."""
    environment = {k: v for k, v in changed(name, value).items() if v is not None}
    async with bot_process(environment, tmp_path) as bot:
        assert await bot.serving() == ""
        assert await bot.ends() == 1
        assert_one_line(bot.lines, name, value)
        assert files_in(tmp_path) == []


JUNK = "not a database at all " * 100


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("data", "SLACKBOT_DATA_DIR"),
        ("data/slackbot.db", "damaged, or no database"),
        ("data/slackbot-delivery.db", "slackbot-delivery.db beside the database is damaged"),
    ],
)
async def test_damaged_files_end_the_start(tmp_path: Path, file: str, message: str) -> None:
    """One line names the damaged file, which stays as it is."""
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(JUNK)
    environment = {**COMPLETE, "SLACKBOT_DATA_DIR": str(tmp_path / "data")}
    async with bot_process(environment, tmp_path) as bot:
        assert await bot.ends() == 1
        assert message in bot.lines[-1]
        assert not any("Traceback" in line for line in bot.lines)
    assert (tmp_path / file).read_text() == JUNK


async def test_a_port_that_is_taken_ends_the_start(tmp_path: Path) -> None:
    """Before anything is created: one line names the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment = {**COMPLETE, "PORT": str(taken.getsockname()[1])}
        async with bot_process(environment, tmp_path) as bot:
            assert await bot.ends() == 1
            (line,) = bot.lines
    assert line.startswith("Error: PORT: cannot listen at 127.0.0.1:")
    assert files_in(tmp_path) == []


async def test_a_token_that_slack_refuses_ends_the_start(tmp_path: Path) -> None:
    """One line gives Slack's error code, and nothing listens."""
    slack = Slack()
    slack.workspace.state = "account_inactive"
    async with serving(slack.app) as url:
        environment = COMPLETE | {"SLACK_API_URL": f"{url}/api/", "LOG_LEVEL": "warning"}
        async with bot_process(environment, tmp_path) as bot:
            assert await bot.serving() == ""
            assert await bot.ends() != 0
            assert "SLACK_BOT_TOKEN" in bot.lines[-1]
            assert "account_inactive" in bot.lines[-1]


async def test_an_unreachable_slack_does_not_end_the_start(tmp_path: Path) -> None:
    """Without an answer from Slack the bot starts: alive, but not ready."""
    async with bot_process(COMPLETE, tmp_path) as bot:
        url = await bot.serving()
        person = Slack().user("ada", bot_url=url)
        host, _, port = url.removeprefix("http://").partition(":")
        for path, status in (("/healthz", b" 200"), ("/readyz", b" 503")):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert status in await reader.readline()
            writer.close()
            await writer.wait_closed()
        assert (await person.send_raw("/slack/events", "", {})).status == 401
        assert await bot.signal(signal.SIGTERM) == 0
