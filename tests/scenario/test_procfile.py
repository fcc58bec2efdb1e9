"""The Procfile, as honcho and hosts like Heroku run it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path

import httpx

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.story.bot_process import free_port

from .conftest import environment_for, settings_for
from .process import ROOT


async def test_a_host_releases_and_serves(tmp_path: Path) -> None:
    """The release phase ends with status 0, and `web` serves all addresses at the host's PORT."""
    shutil.copy(ROOT / "Procfile", tmp_path)
    slack, platform, port = Slack(), Accelevents(), free_port()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        settings = settings_for(slack, slack_url, platform_url, database_url="")
        environment = {
            **environment_for(settings),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PORT": str(port),
        }
        environment.pop("HOST", None)

        async def honcho(process: str) -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "honcho", "start", process),
                cwd=tmp_path,
                env=environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )

        async with asyncio.timeout(180):
            output, _ = await (await honcho("release")).communicate()
            assert b"The database is up to date." in output
            assert b"release.1 stopped (rc=0)" in output
            web = await honcho("web")
            assert web.stdout is not None
            lines = [await web.stdout.readline()]
            while lines[-1] and b"Uvicorn running on" not in lines[-1]:
                lines.append(await web.stdout.readline())
            assert f"http://0.0.0.0:{port}".encode() in lines[-1], lines
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{port}/healthz")
            assert answer.status_code == 200
            web.send_signal(signal.SIGTERM)
            output, _ = await web.communicate()
    assert b"web.1 stopped (rc=0)" in output, output
