"""The source distribution: the repository's files, whatever else lies beside them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

# The files and folders of the root. hatchling adds the last three.
CONTENTS = {
    "slackbot", "migrations", "README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md",
    "requirements.txt", "manifest.yml", "manifest.json", ".env.example",
    "pyproject.toml", "PKG-INFO", ".gitignore",
}  # fmt: skip
CHECKOUT = Path(__file__).resolve().parents[2]


def test_what_lies_beside_the_sources_stays_out(tmp_path: Path):
    """The sdist has its list of contents, although an environment has folders with such names."""
    leave = shutil.ignore_patterns("static", "__pycache__", "node_modules")
    for name in ("slackbot", "migrations"):
        shutil.copytree(CHECKOUT / name, tmp_path / name, ignore=leave)
    for name in CONTENTS - {"slackbot", "migrations", "PKG-INFO"}:
        shutil.copy(CHECKOUT / name, tmp_path)
    # An empty one, because ours leaves out the environment that the README names.
    (tmp_path / ".gitignore").write_text("")
    for name in ("slackbot", "docs", "migrations"):
        foreign = tmp_path / "environment/lib" / name / "foreign.py"
        foreign.parent.mkdir(parents=True)
        foreign.write_text("")
    shutil.copy(CHECKOUT / "LICENSE", tmp_path / "environment/LICENSE")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    [archive] = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        names = {name.partition("/")[2] for name in packed.getnames()}
    assert {name.partition("/")[0] for name in names} == CONTENTS
    assert {"slackbot/__main__.py", "slackbot/web/call/page/package-lock.json"} <= names
