"""The files for hosts without containers, which the programs that read them accept.

`make hosts` requires these programs; otherwise, a test whose program is missing is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from slackbot.cli.main import main
from slackbot.settings import Settings

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "ops/slackbot.service"
CADDYFILE = ROOT / "ops/Caddyfile"
PROCFILE = dict(
    line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line
)
# systemd's rating of what a service could do, times ten: 100 is everything.
EXPOSURE = 15


def program(name: str) -> str:
    """Return the path of a program, or skip the test."""
    found = shutil.which(name)
    if found is None and not os.environ.get("REQUIRE_HOSTS"):
        pytest.skip(f"{name} is not on this machine")
    assert found is not None, f"{name} is missing"
    return found


def run(*command: str | Path, **environment: str) -> str:
    """Run a program to its end, and return its output."""
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_systemd_accepts_the_unit(tmp_path: Path):
    """systemd knows every key, if the bot's program is where the unit says."""
    analyze, copy = program("systemd-analyze"), tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/slackbot/bin/slackbot", sys.executable))
    # Without the warnings of the machine's own units.
    assert run(analyze, "verify", "--man=no", "--recursive-errors=no", copy) == ""


def test_systemd_rates_the_unit():
    """The service can do little beside its work."""
    analyze = program("systemd-analyze")
    run(analyze, "security", "--no-pager", "--offline=true", f"--threshold={EXPOSURE}", UNIT)


def test_the_unit_runs_the_bot():
    """The unit runs a command of `slackbot`, and gives it more time to stop than it takes."""
    unit = RawConfigParser(strict=False)
    unit.read(UNIT)
    service = unit["Service"]
    executable, command = service["ExecStart"].split()
    assert Path(executable).name == "slackbot"
    assert command in main.commands
    assert int(service["TimeoutStopSec"]) > 10


@pytest.mark.parametrize("address", ["", "https://bot.example.org"])
def test_caddy_accepts_its_file(address: str):
    """Caddy proxies to the bot with the setting `PUBLIC_URL`, and on this machine without it."""
    caddy = program("caddy")
    environment = {"PUBLIC_URL": address, "UPSTREAM": "web:3000"} if address else {}
    command = (caddy, "adapt", "--validate", "--adapter", "caddyfile", "--config", CADDYFILE)
    adapted = run(*command, **environment)
    assert (address.removeprefix("https://") or "localhost") in adapted
    assert environment.get("UPSTREAM", "127.0.0.1:3000") in adapted
    assert '"access"' not in adapted


def test_the_caddyfile_reads_a_setting():
    """The proxy's address is the setting of the bot."""
    [setting, *others] = re.findall(r"\{\$(\w+)", CADDYFILE.read_text())
    assert setting.lower() in Settings.model_fields
    assert others == ["UPSTREAM"]


def test_the_procfile_runs_the_bot():
    """Each process of the Procfile runs a command of `slackbot`, without an installed package."""
    assert set(PROCFILE) == {"release", "web"}
    for line in PROCFILE.values():
        [command] = re.findall(r"python -m slackbot (\S+)$", line)
        assert command in main.commands


def test_compose_accepts_its_file(tmp_path: Path):
    """Compose reads every service, with the settings of `.env`."""
    compose = program("docker-compose")
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=secret\nPUBLIC_URL=https://bot.example.org\n")
    file = tmp_path / "compose.yaml"
    services = run(compose, "--file", file, "--profile", "tls", "config", "--services").split()
    assert sorted(services) == ["database", "migrate", "proxy", "web", "worker"]
