"""`Dockerfile` and `compose.yaml` name only what exists, and grant little.

No test here needs Docker. `make image` builds and runs the image.
"""

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
# The one capability that a service may have.
CAPABILITIES = {"proxy": ["NET_BIND_SERVICE"]}
BOTS = {name: service for name, service in SERVICES.items() if service["image"] == "slackbot"}
SETTINGS = {name.upper() for name in Settings.model_fields}
# Folders that one stage of the image copies from another.
BUILT = {"/opt/slackbot/", "/src/slackbot/web/call/static/"}


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
    assert in_image - {"PATH"} | in_services <= SETTINGS


def test_every_copied_path_exists_and_is_not_ignored():
    """Each source of COPY is in the repository or an earlier stage, and not in .dockerignore."""
    rules = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in rules
    included = {rule[1:] for rule in rules if rule.startswith("!")}
    for text in values_of("COPY"):
        *sources, _target = text.removeprefix("--from=page ").removeprefix("--from=build ").split()
        if text.startswith("--from="):
            assert set(sources) <= BUILT
            continue
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] in included, source
    for name in (".env", "var", ".git"):
        assert not any(fnmatch(name, rule) for rule in included)


def test_the_bot_runs_unprivileged_on_hashed_packages():
    """The user is a number, each package is pinned by hash or from the wheel, no registry named."""
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert "pip" not in last
    installs = re.findall(r"pip (?:--python \S+ )?(?:install|wheel) [^\n&]*", DOCKERFILE)
    assert len(installs) == 4
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    images = [text.split()[0] for text in values_of("FROM")]
    images += [service["image"] for service in SERVICES.values()]
    assert not [image for image in images if "." in image.partition("/")[0] and "/" in image]
    assert not re.search(r"index-url|registry|https://", DOCKERFILE)


def test_the_build_installs_only_what_builds():
    """The lock file of the build has the build backend, in the version of the development."""
    pins = re.compile(r"^[\w.-]+==\S+", re.MULTILINE)
    build = set(pins.findall((ROOT / "requirements-build.txt").read_text()))
    assert any(pin.startswith("hatchling==") for pin in build)
    assert build <= set(pins.findall((ROOT / "requirements-dev.txt").read_text()))
    assert len(build) < 10


def test_the_health_check_requests_a_route():
    """HEALTHCHECK is a list of words without a shell, whose Python code requests /healthz."""
    [check] = values_of("HEALTHCHECK")
    program, option, source = json.loads(check[check.index("CMD ") + 4 :])
    assert (program, option) == ("python", "-c")
    compile(source, "HEALTHCHECK", "exec")
    assert "'/healthz'" in source
    assert 'Route("/healthz"' in (ROOT / "slackbot/web/app.py").read_text()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_can_do_little(name: str):
    """Its root is read-only, and it has no capabilities and gains none."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == CAPABILITIES.get(name, [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_only_the_proxy_is_public():
    """The bot's port is open on the machine alone, and the database's and the metrics' nowhere."""
    public = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert public.pop("web") == ["127.0.0.1:3000:3000"]
    assert set(public) == {"proxy"}
    assert SERVICES["proxy"]["profiles"] == ["tls"]
    assert SERVICES["proxy"]["environment"]["UPSTREAM"] == "web:3000"
    mounted = {volume.partition(":")[0] for volume in SERVICES["proxy"]["volumes"]}
    assert (ROOT / "ops/Caddyfile").is_file()
    assert mounted == {"./ops/Caddyfile", "certificates"}


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
