"""Run the commands of the README and of docs/ as a reader does: `make docs-check`.

They run in a copy of the checkout and against the sandbox, in the order of each page. What they
install is downloaded.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.settings import Settings

from .elsewhere import ELSEWHERE
from .pages import ROOT, Page, pages

PATIENCE_SECONDS: Final = 900.0  # for one command, such as an installation on a slow line
STOP_SECONDS: Final = 15.0
READY: Final = b"Uvicorn running on"
# Commands that make a new `.env`.
WRITERS: Final = ("slackbot init", "install -m 600 .env.example .env")
# Commands that run until they are stopped.
SERVERS: Final = {"slackbot run"}
PROXIES: Final = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}  # an installation may need them
# A reader has neither our settings nor the place of our checkout.
NOT_INHERITED: Final = {"PYTHONPATH", *(name.upper() for name in Settings.model_fields)} - PROXIES


@dataclass
class Reader:
    """Somebody with a copy of the checkout, who types what a page says."""

    folder: Path
    environment: dict[str, str]
    piped: bytes

    async def type(self, command: str) -> str:
        """Run a command. Return its output if it failed, or an empty text."""
        if any(writer in command for writer in WRITERS):
            (self.folder / ".env").unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", command.replace("SLUG", "demo")),
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if command in SERVERS:
                    return await self._stop_when_ready(process)
                output, _ = await process.communicate(self.piped)
        except TimeoutError:
            return f"it did not end within {PATIENCE_SECONDS:.0f} s"
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return f"{output.decode()}exit status {process.returncode}" if process.returncode else ""

    @staticmethod
    async def _stop_when_ready(process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        lines = [await process.stdout.readline()]
        while lines[-1] and READY not in lines[-1]:
            lines.append(await process.stdout.readline())
        if lines[-1]:
            os.killpg(process.pid, signal.SIGTERM)
            async with asyncio.timeout(STOP_SECONDS):
                lines.append(await process.stdout.read())
                if await process.wait() == 0:
                    return ""
        return b"".join(lines).decode() + "it ended before it was ready, or did not stop"


def copy_checkout(folder: Path) -> None:
    """Copy the files that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


async def run_page(page: Page, reader: Reader) -> int:
    """Run the commands of a page, print a line for each, and return how many failed."""
    failed = 0
    for command in page.commands:
        if command in ELSEWHERE:
            click.echo(f"-       {page.name}: {command} ({ELSEWHERE[command]})")
        elif await reader.type(f"type {command.split()[0]}"):
            click.echo(f"-       {page.name}: {command} (its program is not on this machine)")
        # Once more if it failed, because a busy machine may answer too late.
        elif await reader.type(command) and (output := await reader.type(command)):
            failed += 1
            click.echo(f"FAILED  {page.name}: {command}\n{output}")
        else:
            click.echo(f"ok      {page.name}: {command}")
    return failed


async def main() -> int:
    """Run the commands of every page, the README's first; return the exit status."""
    slack, platform = Slack(), Accelevents()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            copy_checkout(folder)
            environment = {n: value for n, value in os.environ.items() if n not in NOT_INHERITED}
            environment |= {
                "PATH": f"{folder}/.bot/bin:{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HATCH_BUILD_NO_HOOKS": "true",  # the call page is built by `make page`
                "SLACK_API_URL": f"{slack_url}/api/",
                "ACCELEVENTS_API_URL": platform_url,
                "SLACK_BOT_TOKEN": slack.token,
                "SLACK_APP_TOKEN": slack.app_token,
                "PORT": "0",
            }
            reader = Reader(folder, environment, f"{platform.token_for('ada')}\n".encode())
            failed = 0
            # The README's commands install the bot and write the settings for the others.
            for page in sorted(pages(), key=lambda page: page.name != "README.md"):
                failed += await run_page(page, reader)
    click.echo(f"{failed} failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
