"""`slackbot run` needs the settings of one transport, and names the missing ones."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.socket_mode import APP_TOKEN

from .conftest import KEY


def environment(slack_url: str, **given: str) -> dict[str, str]:
    """Return the environment of `slackbot run`."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PORT": "0",
        "LOG_LEVEL": "error",
        "SLACK_API_URL": f"{slack_url}/api/",
        "SLACKBOT_SECRET_KEYS": KEY,
        **given,
    }


async def ended(folder: Path, settings: dict[str, str]) -> tuple[int | None, str]:
    """Run `slackbot run`; return its exit status and output."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "slackbot", "run"),
        cwd=folder,
        env=settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        written, _ = await process.communicate()
    return process.returncode, written.decode()


async def test_a_wrong_app_token_ends_the_start_in_one_line(tmp_path: Path) -> None:
    """One line names the variable and the reason, and not the token."""
    slack = Slack()
    wrong = "xapp-1-A0SANDBOX-200000000000-0123456789abcdef"
    async with serving(slack.app) as url:
        settings = environment(url, SLACK_BOT_TOKEN=slack.token, SLACK_APP_TOKEN=wrong)
        status, written = await ended(tmp_path, settings)
    assert (status, written) == (1, "Error: SLACK_APP_TOKEN: Slack refuses it (invalid_auth)\n")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, r"SLACK_SIGNING_SECRET: is missing \(or SLACK_APP_TOKEN, for Socket Mode\)"),
        (
            {"slack_app_token": "xoxb-" + "1" * 30},
            r"SLACK_APP_TOKEN: is not a whole app.*",
        ),
        ({"slack_app_token": "xapp-"}, r"SLACK_APP_TOKEN: is not a whole app.*"),
        ({"slack_app_token": APP_TOKEN, "slack_signing_secret": "short"}, r"SLACK_SIGNING.*hexa.*"),
    ],
)
async def test_missing_or_wrong_settings_are_named(
    tmp_path: Path, given: dict[str, str], error: str
) -> None:
    """One of both is needed, and must look right."""
    bot_token = "xoxb-sandbox-000000000000-T0DEMO"
    named = {name.upper(): value for name, value in given.items()}
    settings = environment("http://127.0.0.1:9", SLACK_BOT_TOKEN=bot_token, **named)
    status, written = await ended(tmp_path, settings)
    assert status == 1
    assert re.fullmatch(rf"Error: {error}\n", written)
