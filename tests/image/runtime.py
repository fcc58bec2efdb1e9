"""Containers as an OCI runtime runs them: read-only root, no capabilities, no new privileges."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

NO_CAPABILITIES: Final[dict[str, list[str]]] = {
    kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")
}
NAMESPACES: Final = ("pid", "mount", "ipc", "uts")  # not the network, where the sandbox is
PATIENCE_SECONDS: Final = 120


@dataclass(frozen=True)
class Image:
    """An image whose root file system is mounted, and what starts its containers."""

    config: dict[str, Any]
    root: Path
    folder: Path
    program: str

    def result(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container until it ends."""
        with self.container(command, environment) as container:
            output, _ = container.process.communicate(timeout=PATIENCE_SECONDS)
            return subprocess.CompletedProcess(command, container.process.returncode, output)

    @contextmanager
    def container(
        self, command: tuple[str, ...], environment: Mapping[str, str]
    ) -> Iterator[Container]:
        """Start a container, and remove it on exit."""
        name = f"slackbot-{uuid.uuid4().hex[:8]}"
        bundle = self.folder / name
        bundle.mkdir()
        data = bundle / "data"
        data.mkdir(mode=0o700)
        user, group = map(int, self.config["User"].split(":"))
        subprocess.run(["chown", f"{user}:{group}", data], check=True)
        process = {
            "user": {"uid": user, "gid": group},
            "args": list(command),
            "env": [*self.config["Env"], *(f"{k}={value}" for k, value in environment.items())],
            "cwd": self.config["WorkingDir"],
            "capabilities": NO_CAPABILITIES,
            "noNewPrivileges": True,
        }
        (bundle / "config.json").write_text(json.dumps(self._specification(process, data)))
        runtime = [self.program, "--root", str(self.folder / "state")]
        started = subprocess.Popen(
            [*runtime, "run", "--bundle", str(bundle), name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Container(name, started, runtime, process)
        finally:
            if started.poll() is None:
                subprocess.run([*runtime, "delete", "--force", name], check=False)
                started.wait(PATIENCE_SECONDS)

    def _specification(self, process: dict[str, Any], data: Path) -> dict[str, Any]:
        [volume] = self.config["Volumes"]
        memory = {"type": "tmpfs", "source": "tmpfs"}
        return {
            "ociVersion": "1.0.2",
            "process": process,
            "root": {"path": str(self.root), "readonly": True},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", **memory, "options": ["nosuid", "mode=755"]},
                {"destination": "/tmp", **memory, "options": ["nosuid", "nodev", "mode=1777"]},
                {"destination": volume, "type": "bind", "source": str(data), "options": ["bind"]},
            ],
            "linux": {"namespaces": [{"type": name} for name in NAMESPACES]},
        }


@dataclass(frozen=True)
class Container:
    """A running container."""

    name: str
    process: subprocess.Popen[str]
    runtime: list[str]
    specification: dict[str, Any] = field(repr=False)

    def status_of(self, *command: str) -> int:
        """Run a command in the container as its user, and return its exit status."""
        path = Path(self.runtime[-1]) / f"{self.name}.json"
        path.write_text(json.dumps({**self.specification, "args": list(command)}))
        execute = [*self.runtime, "exec", "--process", str(path), self.name]
        done = subprocess.run(execute, capture_output=True, check=False, timeout=PATIENCE_SECONDS)
        return done.returncode

    def signal(self, name: str) -> None:
        """Send a signal to the container's first process."""
        subprocess.run([*self.runtime, "kill", self.name, name], check=True)
