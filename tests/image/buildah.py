"""Buildah with a storage of its own, apart from the images of the machine."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Storage:
    """A folder of images and containers."""

    folder: Path

    def run(self, *arguments: str) -> str:
        """Run buildah, and return its last line of output.

        Raises:
            subprocess.CalledProcessError: it failed. What it says was printed.
        """
        done = subprocess.run(
            self._command(*arguments), check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip().rpartition("\n")[2]

    def pull(self, image: str, seconds: float) -> bool:
        """Pull an image, and return whether that succeeded."""
        try:
            done = subprocess.run(
                self._command("pull", "--quiet", "--retry=0", "--policy=always", image),
                capture_output=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def build(self, *arguments: str) -> None:
        """Build an image from the Dockerfile. Its steps are printed."""
        subprocess.run(self._command("build", *arguments), check=True)

    def config(self, image: str) -> dict[str, Any]:
        """Return the configuration of an image in Docker's format."""
        done = subprocess.run(
            self._command("inspect", "--type=image", image),
            capture_output=True,
            check=True,
        )
        config: dict[str, Any] = json.loads(done.stdout)["Docker"]["config"]
        return config

    def _command(self, *arguments: str) -> list[str]:
        root, run_root = self.folder / "storage", self.folder / "run"
        return ["buildah", "--root", str(root), "--runroot", str(run_root), *arguments]
