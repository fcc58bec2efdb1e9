"""The demo: every step or a clear message about the failed one, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from slackbot.sandbox.story import play

# A bot that reports ready and runs `on_post` for every request from Slack.
BOT = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        {on_post}
    def log_message(self, *_):
        pass
address = ("127.0.0.1", int(os.environ["PORT"]))
http.server.HTTPServer(address, Handler).serve_forever()
"""
SECONDS = 180  # timeout of the demo's process


def python(code: str) -> tuple[str, ...]:
    """Return a command that runs this code."""
    return (sys.executable, "-c", code)


@asynccontextmanager
async def process(*arguments: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a demo in its own process, with its temporary files in `folder`."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=os.environ | {"TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def lines_until(
    demo: asyncio.subprocess.Process, is_last: Callable[[str], bool]
) -> list[str]:
    """Return the lines of the demo's output up to and including the last one."""
    assert demo.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(SECONDS):
        while not lines or not is_last(lines[-1]):
            line = await demo.stdout.readline()
            assert line, "".join(lines)
            lines.append(line.decode())
    return lines


async def content_of(note: Path) -> str:
    """Wait for a file written by another process, and return its content."""
    async with asyncio.timeout(SECONDS):
        while True:
            with suppress(FileNotFoundError):
                return await asyncio.to_thread(note.read_text)
            await asyncio.sleep(0.02)  # another process: nothing to await


async def test_a_bot_that_does_not_start_ends_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """The demo says that it did not reach the first step, and shows the bot's last output."""
    command = python("raise SystemExit('I will not')")
    assert await play(keep=False, bot_command=command) == 1
    output = capsys.readouterr().out
    assert "The story stopped in “the start”: the bot ended by itself, with exit status 1" in output
    assert "I will not" in output


async def test_a_failed_step_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """If the bot never answers, the step fails and the screen is shown."""
    silent = BOT.format(on_post="self.send_response(200), self.end_headers()")
    assert await play(keep=True, bot_command=python(silent), patience=0.1) == 1
    output = capsys.readouterr().out
    assert "The story stopped in “1 Ada finds the bot" in output
    assert "ada saw no “Short one-to-one talks” in home" in output
    assert "Every step happened" not in output


async def test_a_bot_that_exits_during_a_step_ends_the_demo(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The step during which the bot exits fails."""
    fragile = BOT.format(on_post="sys.stderr.write('I fell'), sys.stderr.flush(), os._exit(3)")
    assert await play(keep=False, bot_command=python(fragile)) == 1
    output = capsys.readouterr().out
    assert "The story stopped in “1 Ada finds the bot" in output
    assert "I fell" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_demo_stops_the_bot(tmp_path: Path, number: int) -> None:
    """Ctrl-C or SIGTERM at any time give the usual exit status and leave no process or file."""
    note, temporary = tmp_path / "note", tmp_path / "temporary"
    temporary.mkdir()
    bot = (
        "import os, pathlib, time; "
        f"note = pathlib.Path({str(note)!r}); "
        "note.with_suffix('.new').write_text(str(os.getpid())); "
        f"note.with_suffix('.new').rename(note); time.sleep({SECONDS})"
    )
    code = (
        "import asyncio, sys; from slackbot.sandbox.story import play; "
        f"sys.exit(asyncio.run(play(keep=False, bot_command={python(bot)!r})))"
    )
    async with process("-c", code, folder=temporary) as demo:
        bot_pid = int(await content_of(note))
        demo.send_signal(number)
        async with asyncio.timeout(SECONDS):
            assert await demo.wait() == 128 + number
    with pytest.raises(ProcessLookupError):
        os.kill(bot_pid, 0)
    assert os.listdir(temporary) == []


async def test_a_kept_demo_runs_until_it_is_ended(tmp_path: Path) -> None:
    """`--keep` prints the settings for another bot, answers HTTP, and ends cleanly on SIGTERM."""
    async with process("-m", "slackbot", "demo", "--keep", folder=tmp_path) as demo:
        lines = await lines_until(demo, lambda line: "Ctrl-C" in line)
        exports = [line.removeprefix("export ") for line in lines if line.startswith("export ")]
        given = {name: value.strip() for name, _, value in (e.partition("=") for e in exports)}
        async with httpx.AsyncClient(trust_env=False) as client:
            await _try_printed(client, given)
        demo.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await demo.wait() == 0
    assert {"SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "SLACKBOT_SECRET_KEYS"} <= given.keys()
    assert "userKey=" in given["SAMPLE_MAGIC_LINK"]
    assert sum(line.startswith("curl ") for line in lines) >= 3
    assert os.listdir(tmp_path) == []


async def _try_printed(client: httpx.AsyncClient, given: dict[str, str]) -> None:
    """Use the printed addresses and the sample token: sam's own command reaches the bot."""
    driver = given["SLACK_API_URL"].removesuffix("api/") + "_sandbox"
    typed = {"user": "sam", "text": "/networking help"}
    answer = await client.post(f"{driver}/type", json=typed)
    assert answer.json()["error"] is None
    seen = await client.get(f"{driver}/seen/sam")
    assert "right here in Slack" in seen.json()[-1]["text"]
    mine = await client.get(
        f"{given['ACCELEVENTS_API_URL']}/rest/events/demo/user-session/registered",
        headers={"Authorization": given["SAMPLE_ACCESS_TOKEN"]},
    )
    assert mine.status_code == 200
