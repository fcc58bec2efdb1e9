"""Build the call page for the wheel if npm is available. Otherwise, the wheel has no call page.

For release builds, `REQUIRE_CALL_PAGE=1` turns a missing page into an error. If npm is missing but
the page is already built, for example by an earlier stage of a container build, the page is used
unchanged.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TIMEOUT = 600  # seconds for each npm command


class CallPage(BuildHookInterface[Any]):
    """A build hook for Hatch, which runs for wheels but not for editable installs."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page, or warn that the wheel has no page.

        Raises:
            SystemExit: The page is required, but npm is missing or cannot install the dependencies.
            subprocess.CalledProcessError: The build failed, for example because a licence is not
                allowed or the size exceeds the budget.
        """
        if version == "editable":
            return
        page = Path(self.root, "slackbot/web/call/page")
        npm = shutil.which("npm")
        if npm is None:
            if not (page.parent / "static/call.html").exists():
                self._without("npm not found")
            return
        install = [npm, "ci", "--ignore-scripts", "--silent"]
        if not _is_installed(page) and self._run(install, page, check=False) != 0:
            self._without("npm could not install what the call page needs")
            return
        self._run([npm, "run", "--silent", "build"], page, check=True)

    def _without(self, reason: str) -> None:
        reason += ": the call page is off in this build"
        if os.environ.get("REQUIRE_CALL_PAGE") == "1":
            raise SystemExit(f"REQUIRE_CALL_PAGE is set, but {reason}")
        self.app.display_warning(reason)

    @staticmethod
    def _run(command: list[str], page: Path, *, check: bool) -> int:
        return subprocess.run(command, cwd=page, check=check, timeout=TIMEOUT).returncode  # noqa: S603


def _is_installed(page: Path) -> bool:
    """Return True if the copy of the lock file in node_modules is up to date."""
    copy = page / "node_modules/.package-lock.json"
    lock = page / "package-lock.json"
    return copy.exists() and copy.stat().st_mtime >= lock.stat().st_mtime
