"""Files of the repository in the site, which is otherwise built from `docs/` alone."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

# Each file outside of `docs/` with its name in the site.
FROM_ROOT = {
    "README.md": "start.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "policy.md",
    "LICENSE": "LICENSE.txt",
    "manifest.yml": "manifest.yml",
    "ops/alerts.yml": "ops/alerts.yml",
    "ops/dashboard.json": "ops/dashboard.json",
}
_TO_ROOT = {name: source for source, name in FROM_ROOT.items()}
# The address of a link or picture: what is between `](` and its fragment or end.
_ADDRESS = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)[^)#\s]+")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files from outside of `docs/`."""
    root = Path(config.config_file_path).parent
    for source, name in FROM_ROOT.items():
        files.append(File.generated(config, name, abs_src_path=str(root / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_others: object) -> str:
    """Change links, which are right in the repository, to links that are right in the site."""
    here = page.file.src_uri
    folder = posixpath.dirname(_TO_ROOT.get(here, f"docs/{here}"))

    def changed(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[0]))
        in_site = FROM_ROOT.get(target, target.removeprefix("docs/"))
        return posixpath.relpath(in_site, posixpath.dirname(here) or ".")

    return _ADDRESS.sub(changed, markdown)
