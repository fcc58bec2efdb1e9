"""`slackbot demo --keep`: what it prints really brings two tabs together."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.browser.chromium import visitors
from tests.browser.evening import IN_CALL, PARTNER_SEEN, PREVIEW
from tests.scenario.test_story import lines_until, process


async def shell(line: str) -> str:
    """What a line prints in a shell."""
    running = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    told, _ = await running.communicate()
    return told.decode().strip()


async def newer_link(command: str, old: str) -> str:
    """The link that this line finds, once the message of the new match is there."""
    async with asyncio.timeout(20):
        while (found := await shell(command)) in {"", old}:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.2)
        return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_printed_lines_lead_two_tabs_into_one_call(tmp_path: Path) -> None:
    """The lines as they are printed: two are available, are matched, and see each other."""
    async with process("-m", "slackbot", "demo", "--keep", folder=tmp_path) as demo:
        lines = await lines_until(demo, lambda line: "Ctrl-C" in line)
        start = next(at for at, line in enumerate(lines) if line.startswith("To meet in a call"))
        commands = [line for line in lines[start:] if line.startswith("curl ")]
        assert len(commands) == 4
        finds = {command: await shell(command) for command in commands[2:]}
        for command in commands[:2]:
            await shell(command)
        async with visitors() as browsers:
            tabs = [await browsers.opens(await newer_link(*found)) for found in finds.items()]
            for tab in tabs:
                await tab.until(PREVIEW)
                await tab.page.click("#join")
                await tab.until(IN_CALL)
            for tab in tabs:
                await tab.until(PARTNER_SEEN)
                await tab.until_media_flows()
        demo.terminate()
        assert await asyncio.wait_for(demo.wait(), 20) == 0
