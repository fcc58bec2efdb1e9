"""`slackbot demo --keep`: the printed lines really bring two tabs together."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.browser.chromium import running_browsers
from tests.browser.harness import IN_CALL, PARTNER_SEEN, PREVIEW
from tests.scenario.test_story import lines_until, process


async def shell(line: str) -> str:
    """Run a line in a shell and return its output."""
    running = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    output, _ = await running.communicate()
    return output.decode().strip()


async def newer_link(command: str, old: str) -> str:
    """Return the link that this line finds once the message of the new match is there."""
    async with asyncio.timeout(20):
        while (found := await shell(command)) in {"", old}:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.2)
        return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_printed_lines_lead_two_tabs_into_one_call(tmp_path: Path) -> None:
    """Run as printed, they make two people available, matched, and visible to each other."""
    async with process("-m", "slackbot", "demo", "--keep", folder=tmp_path) as demo:
        lines = await lines_until(demo, lambda line: "Ctrl-C" in line)
        start = next(
            number for number, line in enumerate(lines) if line.startswith("To meet in a call")
        )
        commands = [line for line in lines[start:] if line.startswith("curl ")]
        assert len(commands) == 4
        links = {command: await shell(command) for command in commands[2:]}
        for command in commands[:2]:
            await shell(command)
        async with running_browsers() as browsers:
            tabs = [await browsers.open(await newer_link(*link)) for link in links.items()]
            for tab in tabs:
                await tab.until(PREVIEW)
                await tab.page.click("#join")
                await tab.until(IN_CALL)
            for tab in tabs:
                await tab.until(PARTNER_SEEN)
                await tab.until_media_flows()
        demo.terminate()
        assert await asyncio.wait_for(demo.wait(), 20) == 0
