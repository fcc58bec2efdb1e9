"""An installation for the doctor to check, healthy until something in it is changed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from slackbot.cli.main import main
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import new_key
from slackbot.storage.url import DatabaseUrl


@dataclass(frozen=True)
class Report:
    """The doctor's output and exit status."""

    status: int
    printed: str

    def on(self, subject: str) -> str:
        """Return the lines on one subject."""
        return "\n".join(
            line for line in self.printed.splitlines() if line[9:23].strip() == subject
        )


@dataclass
class Installation:
    """A sandbox and the environment of a bot that goes with it."""

    slack: Slack
    platform: Accelevents
    folder: Path
    environment: dict[str, str] = field(repr=False)
    secrets: list[str] = field(default_factory=list, repr=False)

    async def run_doctor(self, *arguments: str, typed: str = "", **changes: str) -> Report:
        """Run `slackbot doctor`; no secret may be printed, and all but `ok` has a hint."""
        given = {**self.environment, **changes}
        run: Any = CliRunner().invoke
        result = await asyncio.to_thread(run, main, ["doctor", *arguments], input=typed, env=given)
        for secret in [*self.secrets, typed.strip()]:
            assert not secret or secret not in result.output
        for line in result.output.splitlines():
            if line.startswith(("ok ", "warning ", "failure ")):
                assert ("→" in line) is not line.startswith("ok"), line
        return Report(result.exit_code, result.output)

    async def run(self, command: str) -> None:
        """Run another command, which must succeed."""
        run: Any = CliRunner().invoke
        result = await asyncio.to_thread(run, main, [command], env=self.environment)
        assert result.exit_code == 0, result.output

    async def run_in_process(
        self, *arguments: str, before: Callable[[], None] | None = None, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command as an operator does, its output into a pipe."""
        run = partial(
            subprocess.run,
            [sys.executable, "-m", "slackbot", "doctor", *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
            | self.environment
            | changes,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=before,
        )
        return await asyncio.to_thread(run)

    async def run_doctor_as_ada(self, **changes: str) -> Report:
        """Run it with Ada's token, by a pipe."""
        token = self.platform.token_for("ada")
        return await self.run_doctor(
            "--as-attendee", "--event", "demo", typed=f"{token}\n", **changes
        )


@asynccontextmanager
async def healthy(folder: Path, platform: Accelevents) -> AsyncIterator[Installation]:
    """Provide an installation in which nothing is wrong."""
    slack, key = Slack(), new_key()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        yield Installation(
            slack,
            platform,
            folder,
            {
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "SLACK_API_URL": f"{slack_url}/api/",
                "ACCELEVENTS_API_URL": platform_url,
                "SLACKBOT_SECRET_KEYS": key,
                "SLACKBOT_DATA_DIR": str(folder / "var"),
            },
            [slack.token, slack.signing_secret, key],
        )


async def upgraded(installation: Installation) -> Database:
    """Return its database, in the newest schema."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{installation.folder}/var/slackbot.db"))
    await schema.upgrade(database)
    return database
