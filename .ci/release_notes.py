"""Print the changelog's section for a tag: `python .ci/release_notes.py v0.1.0`.

Exit with an error if the tag is not the version of `pyproject.toml`, if the changelog has no
section for it, or if there are changes left under "Unreleased".
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path


def notes(tag: str, root: Path) -> str:
    """Return the section of the version, without its heading."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if tag != f"v{version}":
        sys.exit(f"the tag is {tag}, but the version in pyproject.toml is {version}")
    _, *parts = re.split(r"^## ", (root / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    headed = (part.partition("\n") for part in parts)
    sections = {heading.partition(" ")[0]: text.strip() for heading, _, text in headed}
    if not sections.get(version):
        sys.exit(f"CHANGELOG.md has no section {version}")
    if sections.get("Unreleased"):
        sys.exit("CHANGELOG.md has changes under Unreleased, which belong to a version")
    return sections[version]


if __name__ == "__main__":
    sys.stdout.write(notes(sys.argv[1], Path(__file__).parents[1]) + "\n")
