"""`slackbot init` and the first start: nothing secret is shown, and nothing is overwritten."""

from __future__ import annotations

import asyncio
import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from slackbot.cli.main import main
from slackbot.settings import Settings
from slackbot.storage.encryption import parse_keys
from tests.harness.terminal import in_terminal

from .installation import Installation

ROOT = Path(__file__).parents[3]
ASKED = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACKBOT_SECRET_KEYS")


@pytest.fixture
def new(installation: Installation) -> Installation:
    """An installation that has no settings of its own yet, but for the sandbox's addresses."""
    for name in ASKED:
        installation.environment.pop(name, None)
    return installation


async def run_init(new: Installation, *arguments: str, piped: str = "", **given: str) -> Result:
    run: Any = CliRunner().invoke
    environment = new.environment | given
    return await asyncio.to_thread(run, main, ["init", *arguments], input=piped, env=environment)


def tokens(new: Installation) -> str:
    """Return what Socket Mode asks for, one a line."""
    return f"{new.slack.token}\n{new.slack.app_token}\n"


async def test_the_settings_are_written_and_checked(new: Installation) -> None:
    """`.env` is closed to others, has fresh keys and both tokens, and the doctor finds no fault."""
    result = await run_init(new, piped=tokens(new))
    assert result.exit_code == 0, result.output
    file = new.folder / ".env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    settings = Settings(_env_file=file)  # type: ignore[call-arg]
    assert settings.slack_bot_token.get_secret_value() == new.slack.token
    assert settings.slack_app_token.get_secret_value() == new.slack.app_token
    keys = settings.slackbot_secret_keys.get_secret_value()
    assert len(parse_keys(keys)) == 1
    assert "All is well" in result.output
    for secret in (new.slack.token, new.slack.app_token, keys):
        assert secret not in result.output


async def test_each_installation_has_its_own_key(new: Installation) -> None:
    """Two runs write two keys."""
    written = set()
    for _ in range(2):
        await run_init(new, piped=tokens(new))
        file = new.folder / ".env"
        written |= set(re.findall("SLACKBOT_SECRET_KEYS=(.+)", file.read_text()))
        file.unlink()
    assert len(written) == 2


async def test_the_manifest_is_printed_first(new: Installation) -> None:
    """Standard output has the manifest, for Socket Mode or for the address that was given."""
    result = await run_init(new, piped=tokens(new))
    manifest = CliRunner().invoke(main, ["manifest", "--socket-mode"]).stdout
    assert result.stdout.startswith(manifest)
    (new.folder / ".env").unlink()
    url = "https://bot.example.com"
    result = await run_init(new, "--url", url, piped=f"{new.slack.token}\n{'0123456789abcdef' * 2}")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(CliRunner().invoke(main, ["manifest", "--url", url]).stdout)
    written = (new.folder / ".env").read_text()
    assert f"PUBLIC_URL={url}\n" in written
    assert "SLACK_SIGNING_SECRET=0123" in written
    assert "SLACK_APP_TOKEN" not in written


async def test_a_url_that_slack_cannot_reach_is_refused(new: Installation) -> None:
    """Nothing is asked and nothing is written."""
    result = await run_init(new, "--url", "http://bot.example.com", piped=tokens(new))
    assert result.exit_code == 2
    assert list(new.folder.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "link"])
async def test_what_exists_is_never_changed(new: Installation, kind: str) -> None:
    """A `.env` stays as it is, even a link that leads nowhere, and nothing is asked."""
    file = new.folder / ".env"
    if kind == "file":
        file.write_text("PORT=3001\n")
    else:
        file.symlink_to("elsewhere")
    result = await run_init(new, piped=tokens(new))
    assert result.exit_code == 1
    assert result.output.startswith("Error: .env exists and stays as it is")
    assert [path.name for path in new.folder.iterdir()] == [".env"]
    assert kind == "link" or file.read_text() == "PORT=3001\n"


@pytest.mark.parametrize(
    ("piped", "why"),
    [
        ("xoxp-0123456789-abcdefghij\n", "SLACK_BOT_TOKEN is not a whole bot token"),
        (
            "xoxb-0123456789-abcdefghij\nxoxb-0123456789-abcd\n",
            "SLACK_APP_TOKEN is not a whole app",
        ),
        ("xoxb-0123456789-abc$(ls)def\n", "SLACK_BOT_TOKEN has characters"),
    ],
)
async def test_a_wrong_form_is_refused(new: Installation, piped: str, why: str) -> None:
    """The line names the variable and never its value, and nothing is written."""
    result = await run_init(new, piped=piped)
    assert result.exit_code == 1
    assert f"Error: {why}" in result.output
    assert not [line for line in piped.split() if line in result.output]
    assert list(new.folder.iterdir()) == []


async def test_the_environment_gives_the_tokens(new: Installation) -> None:
    """Without a terminal and a pipe, both come from the environment."""
    given = {"SLACK_BOT_TOKEN": new.slack.token, "SLACK_APP_TOKEN": new.slack.app_token}
    result = await run_init(new, **given)
    assert result.exit_code == 0, result.output
    assert new.slack.token not in result.output
    assert new.slack.app_token in (new.folder / ".env").read_text()


async def test_tokens_can_be_filled_in_later(new: Installation) -> None:
    """Nothing given: the file has its keys, and the doctor says what is missing."""
    result = await run_init(new)
    assert result.exit_code == 1
    assert "SLACK_BOT_TOKEN" in result.output
    assert "\nSLACK_BOT_TOKEN=\nSLACK_APP_TOKEN=\n" in (new.folder / ".env").read_text()


async def test_what_is_pasted_into_a_terminal_is_not_shown(new: Installation) -> None:
    """A wrong paste is asked for again; neither it nor the right one is shown."""
    command = [sys.executable, "-m", "slackbot", "init"]
    environment = {"PYTHONPATH": str(ROOT), **new.environment}
    async with in_terminal(command, new.folder, environment) as terminal:
        await terminal.shows("SLACK_BOT_TOKEN: ")
        terminal.type("xoxp-wrong-0123456789-abcdefghij")
        await terminal.shows("SLACK_BOT_TOKEN: ", times=2)
        terminal.type(new.slack.token)
        await terminal.shows("SLACK_APP_TOKEN: ")
        terminal.type(new.slack.app_token)
        assert await terminal.ends() == 0, terminal.shown
        await terminal.shows("All is well")
    assert "Error: SLACK_BOT_TOKEN is not a whole bot token" in terminal.shown
    for secret in ("xoxp-wrong", new.slack.token, new.slack.app_token):
        assert secret not in terminal.shown
    assert new.slack.token in (new.folder / ".env").read_text()


async def test_misspelt_settings_are_named(installation: Installation) -> None:
    """A variable that is no setting is a warning with the nearest one, in either place."""
    (installation.folder / ".env").write_text("SLACKBOT_SECRET_KEY=x\nPOSTGRES_PASSWORD=y\n")
    report = await installation.run_doctor(ACCELEVENTS_EVNT="demo", SLACK_QQQ="1")
    assert report.status == 0
    assert "ACCELEVENTS_EVNT is no setting → rename it to ACCELEVENTS_EVENT" in report.printed
    assert "SLACKBOT_SECRET_KEY is no setting → rename it to SLACKBOT_SECRET_KEYS" in report.printed
    assert "SLACK_QQQ is no setting → remove it" in report.printed
    assert "POSTGRES_PASSWORD" not in report.printed


async def test_a_start_that_fails_names_what_is_misspelt(new: Installation) -> None:
    """The one line of the error has what is missing, and what was meant to be it."""
    environment = new.environment | {"SLACK_TOKEN": new.slack.token}
    result = CliRunner().invoke(main, ["run"], env=environment)
    assert result.exit_code == 1
    assert "SLACK_BOT_TOKEN: is missing" in result.output
    assert "SLACKBOT_SECRET_KEYS: is missing" in result.output
    assert "SLACK_TOKEN: is no setting; did you mean SLACK_BOT_TOKEN?" in result.output
    assert len(result.output.splitlines()) == 1


async def test_the_start_ends_with_what_to_type(installation: Installation) -> None:
    """In a terminal, the last line says that the bot is ready, where, and what to type."""
    environment = {
        **installation.environment,
        "PYTHONPATH": str(ROOT),
        "PORT": "0",
        "SLACK_COMMAND": "/net",
        "SLACK_BOT_TOKN": "misspelt",
    }
    async with in_terminal(
        [sys.executable, "-m", "slackbot", "run"], installation.folder, environment
    ) as terminal:
        await terminal.shows("Ready in Demo Workspace: type /net in Slack")
        terminal.process.terminate()
        assert await terminal.ends() == 0
    before, _, _ = terminal.shown.partition("Ready in")
    assert "Uvicorn running on" in before
    assert re.search("setting_unknown.*SLACK_BOT_TOKEN", before)


async def test_without_a_terminal_the_log_says_that_it_is_ready(installation: Installation) -> None:
    """A log file has JSON lines only."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "slackbot", "run"),
        cwd=installation.folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PORT": "0",
            **installation.environment,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    events = []
    async with asyncio.timeout(60):
        while "ready" not in events:
            events.append(json.loads(await process.stderr.readline())["event"])
        process.terminate()
        rest = await process.stderr.read()
        assert await process.wait() == 0
    assert b"Ready in" not in rest
    assert all(json.loads(line) for line in rest.splitlines())
