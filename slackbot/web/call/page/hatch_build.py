"""Builds the call page into the wheel where npm is at hand; without it the wheel has no call page.

`REQUIRE_CALL_PAGE=1` makes a missing page an error: for the machine that builds releases. A page
that was built before, as in a container's first stage, is taken as it is where there is no npm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OFF = "the call page is off in this build"
PATIENCE = 600  # seconds for npm


class CallPage(BuildHookInterface[Any]):
    """Hatch's hook; runs for wheels, never for editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page, or say once that there is none.

        Raises:
            SystemExit: the page is required and cannot be had.
            subprocess.CalledProcessError: it can be had and does not build, as with a licence
                that is not allowed or more bytes than the budget.
        """
        if version == "editable":
            return
        page = Path(self.root, "slackbot/web/call/page")
        npm = shutil.which("npm")
        if npm is None:
            if not (page.parent / "static/call.html").exists():
                self._without(f"npm not found: {OFF}")
            return
        if not _installed(page) and not _install(npm, page):
            self._without(f"npm could not install what the call page needs: {OFF}")
            return
        build = [npm, "run", "--silent", "build"]
        subprocess.run(build, cwd=page, check=True, timeout=PATIENCE)  # noqa: S603

    def _without(self, why: str) -> None:
        if os.environ.get("REQUIRE_CALL_PAGE") == "1":
            raise SystemExit(f"REQUIRE_CALL_PAGE is set, but {why}")
        self.app.display_warning(why)


def _installed(page: Path) -> bool:
    """Whether node_modules is what the lock says; npm leaves a copy of the lock there."""
    copy = page / "node_modules/.package-lock.json"
    lock = page / "package-lock.json"
    return copy.exists() and copy.stat().st_mtime >= lock.stat().st_mtime


def _install(npm: str, page: Path) -> bool:
    command = [npm, "ci", "--ignore-scripts", "--silent"]
    return subprocess.run(command, cwd=page, check=False, timeout=PATIENCE).returncode == 0  # noqa: S603
