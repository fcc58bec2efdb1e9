"""The call page in the wheel: built with npm, left out without npm."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
PAGE = Path("slackbot/web/call/page")
STATIC = "slackbot/web/call/static/"
ALLOWED = {"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "Zlib"}
OFF = "the call page is off"


def copy_of_the_checkout(folder: Path) -> Path:
    """Copy what a build needs, without the output of earlier builds."""
    leave = shutil.ignore_patterns("static", "__pycache__", "node_modules")
    for name in ("slackbot", "migrations"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=leave)
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(CHECKOUT / name, folder)
    return folder


def build(checkout: Path, *what: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run hatchling in the checkout; its output is in `dist`."""
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", *what],
        cwd=checkout,
        env={**os.environ, "REQUIRE_CALL_PAGE": "", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def wheel_of(checkout: Path) -> Path:
    return next((checkout / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def without_npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout on a machine without Node."""
    return copy_of_the_checkout(tmp_path_factory.mktemp("without"))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """npm's packages: the checkout's own, or fetched now."""
    without = pytest.fail if os.environ.get("REQUIRE_BROWSER") == "1" else pytest.skip
    npm = shutil.which("npm")
    if npm is None:
        without("npm is not installed")
    own = CHECKOUT / PAGE / "node_modules"
    if (own / ".package-lock.json").exists():
        return own
    folder = tmp_path_factory.mktemp("packages")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(CHECKOUT / PAGE / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--silent"]
    if subprocess.run(command, cwd=folder, check=False, timeout=600).returncode:
        without("npm cannot fetch the call page's packages here")
    return folder / "node_modules"


@pytest.fixture(scope="module")
def with_npm(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two checkouts in two folders, each with a wheel."""
    one = copy_of_the_checkout(tmp_path_factory.mktemp("one"))
    two = copy_of_the_checkout(tmp_path_factory.mktemp("two") / "elsewhere")
    for checkout in (one, two):
        (checkout / PAGE / "node_modules").symlink_to(packages)
        ran = build(checkout, "-t", "wheel", REQUIRE_CALL_PAGE="1")
        assert ran.returncode == 0, ran.stdout + ran.stderr
    return one, two


def test_without_npm_the_wheel_installs_with_one_warning(without_npm: Path, tmp_path: Path) -> None:
    """A machine without Node gets the bot, one warning and no part of the page."""
    ran = build(without_npm, "-t", "wheel", PATH="")
    assert ran.returncode == 0, ran.stderr
    assert (ran.stdout + ran.stderr).count(OFF) == 1
    wheel = wheel_of(without_npm)
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(STATIC)]
    options = ["--no-deps", "--no-index", "--no-compile", "--target", str(tmp_path), str(wheel)]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", *options], check=True, timeout=300
    )
    assert (tmp_path / "slackbot/web/app.py").exists()


def test_a_required_page_that_is_missing_is_an_error(without_npm: Path) -> None:
    """No release loses the page unnoticed."""
    ran = build(without_npm, "-t", "wheel", PATH="", REQUIRE_CALL_PAGE="1")
    assert ran.returncode != 0
    assert OFF in ran.stdout + ran.stderr


def test_the_sdist_has_the_sources_and_no_packages(with_npm: tuple[Path, Path]) -> None:
    """A wheel built from the sdist can have the page; npm's packages stay out of it."""
    checkout = with_npm[0]
    assert build(checkout, "-t", "sdist").returncode == 0
    made = next((checkout / "dist").glob("*.tar.gz"))
    listed = subprocess.run(["tar", "tzf", made], capture_output=True, text=True, check=True)
    inside = {name.split("/", 1)[1] for name in listed.stdout.split()}
    for name in ("call.ts", "call.html", "call.css", "build.mjs", "package-lock.json", ".npmrc"):
        assert str(PAGE / name) in inside
    assert not [name for name in inside if "node_modules" in name or name.startswith(STATIC)]


def test_with_npm_the_wheel_has_the_page(with_npm: tuple[Path, Path]) -> None:
    """Four files, each under the name that the page refers to, and no sources."""
    wheel = zipfile.ZipFile(wheel_of(with_npm[0]))
    inside = {n.removeprefix(STATIC): wheel.read(n) for n in wheel.namelist() if STATIC in n}
    html = inside["call.html"].decode()
    referred = set(re.findall(r'"/call/static/([^"]+)"', html))
    assert set(inside) == referred | {"call.html"}
    for name in referred - {"call.licences.txt"}:
        digest = hashlib.sha256(inside[name]).hexdigest()
        assert re.fullmatch(rf"call\.{digest[:12]}\.(js|css)", name)
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", html)
    assert b"console." not in b"".join(inside[n] for n in inside if n.endswith(".js"))
    assert not [name for name in wheel.namelist() if name.startswith(str(PAGE))]


def test_two_builds_are_the_same_bytes(with_npm: tuple[Path, Path]) -> None:
    """A build elsewhere gives the same page."""
    one, two = (wheel_of(checkout).read_bytes() for checkout in with_npm)
    assert one == two


def test_every_licence_is_listed(with_npm: tuple[Path, Path]) -> None:
    """The SDK and its dependencies, each with an allowed licence and the licence's text."""
    checkout = with_npm[0]
    text = (checkout / STATIC / "call.licences.txt").read_text()
    listed = set()
    for entry in re.split(r"^={80}\n", text, flags=re.MULTILINE)[1:]:
        heading, body = entry.split("\n", 1)
        found = re.fullmatch(r"(\S+) [\d.]+ \((.+)\)", heading)
        assert found, heading
        assert set(re.split(r"\W*\b(?:AND|OR)\b\W*", found[2].strip("()"))) <= ALLOWED, heading
        assert len(body.strip()) > 500, heading
        listed.add(found[1])
    loaded = re.compile(r"""require\("((?:@[\w-]+/)?[a-z][\w-]*)[^"]*"\)""")
    sdk = checkout / PAGE / "node_modules/amazon-chime-sdk-js/build"
    needed = {name for file in sdk.rglob("*.js") for name in loaded.findall(file.read_text())}
    # Messaging is left out of the bundle, and with it the AWS SDK.
    needed = {name for name in needed if not name.startswith("@aws-")}
    assert {"protobufjs", "ua-parser-js"} < needed
    assert needed | {"amazon-chime-sdk-js"} <= listed, needed - listed


def test_pins_are_exact_and_the_lock_names_no_registry() -> None:
    """The build uses the reviewed versions, from any registry."""
    wanted = json.loads((CHECKOUT / PAGE / "package.json").read_text())["devDependencies"]
    lock = json.loads((CHECKOUT / PAGE / "package-lock.json").read_text())["packages"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert lock[f"node_modules/{name}"]["version"] == version
    packages = [entry for path, entry in lock.items() if path]
    assert all(entry["integrity"].startswith("sha512-") for entry in packages)
    assert not [entry for entry in packages if "resolved" in entry]
