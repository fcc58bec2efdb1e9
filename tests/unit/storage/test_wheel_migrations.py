"""Tests of migrations as an installed wheel runs them, without a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]

UPGRADE = """
import asyncio, pathlib, sys
import slackbot
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.url import DatabaseUrl

async def main(installed, url):
    assert pathlib.Path(slackbot.__file__).is_relative_to(installed), slackbot.__file__
    location = schema.configuration().get_main_option("script_location")
    assert pathlib.Path(location).is_relative_to(installed), location
    database = Database(DatabaseUrl.parse(url))
    await schema.upgrade(database)
    current, head = await schema.current_and_head(database)
    assert current == head, (current, head)
    await database.aclose()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content, as pip installs it."""
    built, site = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("site")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)],
        cwd=CHECKOUT,
        env={**os.environ, "HATCH_BUILD_NO_HOOKS": "true"},  # the call page has its own tests
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def test_the_wheel_holds_the_migrations(installed: Path):
    """All of them, inside the package and without compiled leftovers."""
    inside = installed / "slackbot" / "migrations"
    there = {str(file.relative_to(inside)) for file in inside.rglob("*") if file.is_file()}
    source = CHECKOUT / "migrations"
    wanted = {str(file.relative_to(source)) for file in source.rglob("*.py")}
    assert there == wanted | {"script.py.mako"}
    assert "versions/0001_first.py" in there


def test_the_wheel_migrates_a_database(installed: Path, tmp_path: Path):
    """Outside a checkout it finds its own migrations and runs them."""
    ran = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(installed), f"sqlite:///{tmp_path}/bot.db"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
