"""`Dockerfile` and `compose.yaml` name only what is there; nothing here needs Docker."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from slackbot.cli.main import main
from slackbot.settings import Settings
from slackbot.storage.url import DatabaseUrl

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = re.findall(r"^([A-Z]+) (.*)$", DOCKERFILE, re.MULTILINE)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
BOTS = {name: it for name, it in SERVICES.items() if it["image"] == "slackbot"}
SETTINGS = {name.upper() for name in Settings.model_fields}
# What one stage of the image takes from another.
BUILT = {"/src/dist/", "/src/slackbot/web/call/static/"}


def given(instruction: str) -> list[str]:
    return [text for name, text in INSTRUCTIONS if name == instruction]


def test_every_command_is_one_of_slackbots():
    """What the image and each service run is a command that `slackbot` has."""
    commands = [json.loads(text) for text in given("CMD")] + [it["command"] for it in BOTS.values()]
    assert sorted(BOTS) == ["migrate", "web", "worker"]
    for program, *arguments in commands:
        assert program == "slackbot"
        assert len(arguments) == 1
        assert arguments[0] in main.commands


def test_every_variable_is_a_setting():
    """What the image and each service set is in settings.py."""
    in_image = {pair.partition("=")[0] for text in given("ENV") for pair in text.split()}
    in_services = {name for it in BOTS.values() for name in it["environment"]}
    assert in_image
    assert in_services
    assert in_image | in_services <= SETTINGS


def test_everything_that_is_copied_is_there_and_not_ignored():
    """Each source of COPY is here or built before, and .dockerignore lets it through."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in rules
    let_through = {rule[1:] for rule in rules if rule.startswith("!")}
    for text in given("COPY"):
        *sources, _target = text.removeprefix("--from=page ").removeprefix("--from=wheel ").split()
        if text.startswith("--from="):
            assert set(sources) <= BUILT
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in let_through, source
    assert not any(fnmatch(name, it) for name in (".env", "var", ".git") for it in let_through)


def test_the_bot_runs_as_an_ordinary_user_on_hashed_packages():
    """No root at the end, every package by hash or from the wheel, and no registry is named."""
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER slackbot$", last, re.MULTILINE)
    installs = re.findall(r"pip (?:install|wheel) [^\n&]*", DOCKERFILE)
    assert len(installs) == 4
    assert all("--require-hashes" in it or "--no-deps" in it for it in installs)
    images = [text.split()[0] for text in given("FROM")]
    images += [it["image"] for it in SERVICES.values()]
    assert not [it for it in images if "." in it.partition("/")[0] and "/" in it]
    assert not re.search(r"index-url|registry|https://", DOCKERFILE)


def test_the_health_of_the_image_is_a_route_that_is_there():
    """HEALTHCHECK is valid Python once its shell quoting is gone, and asks for /healthz."""
    [check] = given("HEALTHCHECK")
    source = re.search(r'CMD python -c "(.*)"$', check)
    assert source is not None
    compile(source[1], "HEALTHCHECK", "exec")
    assert "'/healthz'" in source[1]
    assert 'Route("/healthz"' in (ROOT / "slackbot/web/app.py").read_text()


@pytest.mark.parametrize("name", ["web", "worker"])
def test_the_database_is_migrated_before_anything_starts(name: str):
    """PostgreSQL is up, `migrate` has ended well, and only then the others start."""
    assert BOTS[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert BOTS["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert BOTS["migrate"]["restart"] == "no"
    assert "healthcheck" in SERVICES["database"]
    assert BOTS["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", sorted(BOTS))
def test_the_services_meet_at_one_database(name: str):
    """The address that each is given is one of PostgreSQL, with the names that this has."""
    address = re.sub(
        r"\$\{POSTGRES_PASSWORD[^}]*\}", "pw", BOTS[name]["environment"]["DATABASE_URL"]
    )
    url, database = DatabaseUrl.parse(address).url, SERVICES["database"]["environment"]
    assert url.get_backend_name() == "postgresql"
    assert url.host in SERVICES
    assert (url.username, url.database) == (database["POSTGRES_USER"], database["POSTGRES_DB"])
