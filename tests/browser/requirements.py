"""The requirements of the browser tests, and the one that is missing."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from slackbot.sandbox.chime import missing_requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "slackbot" / "web" / "call" / "page"
AXE = PAGE / "node_modules" / "axe-core" / "axe.min.js"
BUNDLE = ROOT / "slackbot" / "web" / "call" / "static" / "call.html"
PICTURES = ROOT / "docs" / "pictures"


def chromium() -> str | None:
    """Return the path of Debian's Chromium, or of the one in PATH."""
    return shutil.which("/usr/bin/chromium") or shutil.which("chromium")


def missing() -> str:
    """Return the first missing requirement, as a reason to skip; empty if none is."""
    if chromium() is None:
        return "Chromium is not installed (apt-get install chromium)"
    if find_spec("playwright") is None:
        return "playwright is not installed (requirements-browser.txt)"
    if reason := missing_requirement():
        return f"{reason} (requirements-browser.txt)"
    if not BUNDLE.is_file():
        return "the call page is not built (make page)"
    return ""


def required() -> bool:
    """Return True if a missing requirement is a failure, as in CI."""
    return os.environ.get("REQUIRE_BROWSER") == "1"
