"""Build the image and run it as in production: `make image`. Needs root, buildah, and runc or crun.

The root is read-only, the user is a number without capabilities, and the first process is the bot.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn
from urllib.error import URLError
from urllib.request import urlopen

import click

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack

from .bases import build_mounts, obtain_bases
from .buildah import Storage
from .runtime import Container, Image

ROOT: Final = Path(__file__).parents[2]
BUILD: Final = ROOT / "build/image"
NAME: Final = "slackbot"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 10.0
LIMIT_SECONDS: Final = 600
# What the bot's process is, in its own words.
IDENTITY: Final = """
import json, os, pathlib
status = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines())
def writable(folder):
    try:
        (pathlib.Path(folder) / "file").touch()
    except OSError:
        return False
    return True
print(json.dumps({
    "pid": os.getpid(), "user": [os.getuid(), os.getgid()], "capabilities": status["CapBnd"],
    "writable": [f for f in ("/", "/opt/slackbot", "/usr", "/tmp", "/data") if writable(f)],
}))
"""
# Where a build leaves what only it needs.
LEFTOVERS: Final = (
    "src/*",
    "tmp/*",
    "root/.cache",
    "root/.npm",
    "opt/slackbot/bin/pip*",
    "opt/slackbot/lib/*/site-packages/hatchling",
    "opt/build",
    "usr/local/bin/node",
)


def missing() -> list[str]:
    """Return what is needed and not here."""
    needed = ["buildah", "npm"]
    absent = [name for name in needed if not shutil.which(name)]
    if not (shutil.which("runc") or shutil.which("crun")):
        absent.append("runc or crun")
    if os.geteuid() != 0:
        absent.append("root's rights")
    return absent


def build(storage: Storage, folder: Path) -> Image:
    """Build the image, and mount its root file system."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    click.echo(obtain_bases(dockerfile, storage, BUILD))
    storage.build(
        *("--pull-never", "--isolation=chroot", "--format=docker", f"--tag={NAME}"),
        *build_mounts(folder),
        str(ROOT),
    )
    mounted = storage.run("mount", storage.run("from", "--pull-never", NAME))
    return Image(
        config=storage.config(NAME),
        root=Path(mounted),
        folder=folder,
        program="runc" if shutil.which("runc") else "crun",
    )


def check_content(image: Image) -> str:
    """Check that the image holds nothing that only its build needs."""
    left = [path for pattern in LEFTOVERS for path in image.root.glob(pattern)]
    assert not left, left
    size = subprocess.run(
        ["du", "-sm", image.root / "opt/slackbot"], capture_output=True, check=True, text=True
    ).stdout.split()[0]
    return f"nothing is left over; the bot takes {size} MB beside Python"


def check_identity(image: Image) -> str:
    """Check the user, the capabilities and what can be written."""
    said = image.result("python", "-c", IDENTITY)
    assert json.loads(said.stdout) == {
        "pid": 1,
        "user": [10001, 10001],
        "capabilities": "0" * 16,
        "writable": ["/tmp", "/data"],
    }, said.stdout
    return "user 10001 without capabilities; only /tmp and /data can be written"


def check_demo(image: Image) -> str:
    """Check that the demo runs to its end, with the call page."""
    played = image.result("slackbot", "demo")
    assert played.returncode == 0, played.stdout
    assert "call page is not built" not in played.stdout, played.stdout
    return "slackbot demo ended with status 0"


async def check_bot(image: Image) -> str:
    """Check that the image's command answers, passes its health check, and stops at SIGTERM."""
    slack, platform = Slack(), Accelevents()
    async with serving(slack.app) as slack_url, serving(platform.app) as platform_url:
        slack.base_url = slack_url
        key = image.result("slackbot", "doctor", "--new-key").stdout.split()[-1]
        environment = {
            "SLACK_API_URL": f"{slack_url}/api/",
            "ACCELEVENTS_API_URL": platform_url,
            "SLACK_BOT_TOKEN": slack.token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACKBOT_SECRET_KEYS": key,
            "HOST": "127.0.0.1",
            "HTTP_PROXY": "http://127.0.0.1:9",  # which the health check must not ask
        }
        command = tuple(image.config["Cmd"])
        with image.container(command, environment) as container:
            return await asyncio.to_thread(_check_running, image, container)


def _check_running(image: Image, container: Container) -> str:
    kind, *check = image.config["Healthcheck"]["Test"]
    assert kind == "CMD"
    started = time.monotonic()
    while not _answers():
        assert container.process.poll() is None, container.process.communicate()[0]
        assert time.monotonic() < started + START_SECONDS, "it does not answer"
        time.sleep(0.2)
    assert container.status_of(*check) == 0
    assert container.status_of("env", "PORT=1", *check) != 0
    stopped = time.monotonic()
    container.signal("TERM")
    output, _ = container.process.communicate(timeout=STOP_SECONDS)
    seconds = time.monotonic() - stopped
    assert container.process.returncode == 0, output
    return f"slackbot run answered /healthz, passed its health check, stopped in {seconds:.1f} s"


def _answers() -> bool:
    with suppress(URLError), urlopen("http://127.0.0.1:3000/healthz", timeout=4) as response:
        return bool(response.status == 200)
    return False


def _give_up(*_: object) -> NoReturn:
    raise TimeoutError(f"make image was given up after {LIMIT_SECONDS} s")


def main() -> int:
    """Build, check and remove; return the exit status."""
    signal.signal(signal.SIGALRM, _give_up)
    if absent := missing():
        click.echo(f"make image needs what is not here: {', '.join(absent)}.")
        click.echo("On Debian: apt-get install buildah runc mmdebstrap npm, and run it as root.")
        return 1
    signal.alarm(LIMIT_SECONDS)
    BUILD.mkdir(parents=True, exist_ok=True)
    storage = Storage(BUILD)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=BUILD) as temporary:
        try:
            image = build(storage, Path(temporary))
            click.echo(f"Built in {time.monotonic() - started:.0f} s.")
            for check in (check_content, check_identity, check_demo):
                click.echo(f"ok  {check(image)}")
            click.echo(f"ok  {asyncio.run(check_bot(image))}")
        finally:
            storage.run("rm", "--all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
