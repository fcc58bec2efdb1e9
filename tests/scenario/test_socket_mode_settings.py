"""`slackbot run` and the two ways to reach Slack: which settings it needs, and how it says so."""

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
    """What `slackbot run` is given."""
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
    """Exit status of `slackbot run` and what it wrote."""
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
    """Slack refuses it: one line that names the variable and the reason, and not the token."""
    slack = Slack()
    wrong = "xapp-1-A0SANDBOX-200000000000-0123456789abcdef"
    async with serving(slack.app) as url:
        settings = environment(url, SLACK_BOT_TOKEN=slack.token, SLACK_APP_TOKEN=wrong)
        status, written = await ended(tmp_path, settings)
    assert (status, written) == (1, "Error: SLACK_APP_TOKEN: Slack refuses it (invalid_auth)\n")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, r"SLACK_SIGNING_SECRET: is missing \(or SLACK_APP_TOKEN, for Socket Mode\)"),
        ({"slack_app_token": "xoxb-" + "1" * 30}, r"SLACK_APP_TOKEN: is not an app-level token.*"),
        ({"slack_app_token": "xapp-"}, r"SLACK_APP_TOKEN: is not an app-level token.*"),
        ({"slack_app_token": APP_TOKEN, "slack_signing_secret": "short"}, r"SLACK_SIGNING.*hexa.*"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    """One of the two is needed; what is there has to look right."""
    bot_token = "xoxb-sandbox-000000000000-T0DEMO"
    named = {name.upper(): value for name, value in given.items()}
    settings = environment("http://127.0.0.1:9", SLACK_BOT_TOKEN=bot_token, **named)
    status, written = await ended(tmp_path, settings)
    assert status == 1
    assert re.fullmatch(rf"Error: {told}\n", written)
