"""`Dockerfile` and `compose.yaml` name only what exists. No test here needs Docker."""

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
BOTS = {name: service for name, service in SERVICES.items() if service["image"] == "slackbot"}
SETTINGS = {name.upper() for name in Settings.model_fields}
# Folders that one stage of the image copies from another.
BUILT = {"/src/dist/", "/src/slackbot/web/call/static/"}


def values_of(instruction: str) -> list[str]:
    return [text for name, text in INSTRUCTIONS if name == instruction]


def test_every_command_is_one_of_slackbots():
    """The image and each service run a command of `slackbot`."""
    commands = [json.loads(text) for text in values_of("CMD")]
    commands += [service["command"] for service in BOTS.values()]
    assert sorted(BOTS) == ["migrate", "web", "worker"]
    for program, *arguments in commands:
        assert program == "slackbot"
        assert len(arguments) == 1
        assert arguments[0] in main.commands


def test_every_variable_is_a_setting():
    """Each environment variable of the image and the services is a setting."""
    in_image = {pair.partition("=")[0] for text in values_of("ENV") for pair in text.split()}
    in_services = {name for service in BOTS.values() for name in service["environment"]}
    assert in_image
    assert in_services
    assert in_image | in_services <= SETTINGS


def test_every_copied_path_exists_and_is_not_ignored():
    """Each source of COPY is in the repository or an earlier stage, and not in .dockerignore."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in rules
    included = {rule[1:] for rule in rules if rule.startswith("!")}
    for text in values_of("COPY"):
        *sources, _target = text.removeprefix("--from=page ").removeprefix("--from=wheel ").split()
        if text.startswith("--from="):
            assert set(sources) <= BUILT
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in included, source
    for name in (".env", "var", ".git"):
        assert not any(fnmatch(name, rule) for rule in included)


def test_the_bot_runs_unprivileged_on_hashed_packages():
    """The user is not root, each package is pinned by hash or from the wheel, no registry named."""
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER slackbot$", last, re.MULTILINE)
    installs = re.findall(r"pip (?:install|wheel) [^\n&]*", DOCKERFILE)
    assert len(installs) == 4
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    images = [text.split()[0] for text in values_of("FROM")]
    images += [service["image"] for service in SERVICES.values()]
    assert not [image for image in images if "." in image.partition("/")[0] and "/" in image]
    assert not re.search(r"index-url|registry|https://", DOCKERFILE)


def test_the_health_check_requests_a_route():
    """HEALTHCHECK is valid Python inside its shell quoting, and requests /healthz."""
    [check] = values_of("HEALTHCHECK")
    source = re.search(r'CMD python -c "(.*)"$', check)
    assert source is not None
    compile(source[1], "HEALTHCHECK", "exec")
    assert "'/healthz'" in source[1]
    assert 'Route("/healthz"' in (ROOT / "slackbot/web/app.py").read_text()


@pytest.mark.parametrize("name", ["web", "worker"])
def test_the_database_is_migrated_before_anything_starts(name: str):
    """`migrate` waits for PostgreSQL, and the others for the success of `migrate`."""
    assert BOTS[name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert BOTS["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert BOTS["migrate"]["restart"] == "no"
    assert "healthcheck" in SERVICES["database"]
    assert BOTS["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", sorted(BOTS))
def test_the_services_share_one_database(name: str):
    """Each `DATABASE_URL` is that of the PostgreSQL service, with its user and database."""
    address = re.sub(
        r"\$\{POSTGRES_PASSWORD[^}]*\}", "pw", BOTS[name]["environment"]["DATABASE_URL"]
    )
    url, database = DatabaseUrl.parse(address).url, SERVICES["database"]["environment"]
    assert url.get_backend_name() == "postgresql"
    assert url.host in SERVICES
    assert (url.username, url.database) == (database["POSTGRES_USER"], database["POSTGRES_DB"])
