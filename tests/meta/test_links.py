"""Every link and every path in the documents leads somewhere."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.documents.pages import ROOT, Page, pages

PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
# Names of files and folders of the repository, which may have placeholders.
PATH = re.compile(r"(?:tests|slackbot|docs|migrations|ops)/[\w./-]*")
# The first line of a list, with the line of a paragraph before it.
JOINED_LIST = re.compile(r"(?m)^(?![#\-|>\d ])\S.*\n(?:- |1\. ).*")
# Paths that exist only once something was built or run.
MADE = {"docs/pictures/soak.svg"}


@PAGES
def test_every_link_leads_somewhere(page: Page) -> None:
    """A relative link names a file, and its fragment a heading; any other is an https address."""
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            assert "." in (parts.hostname or ""), link
            continue
        target = (page.path.parent / parts.path).resolve() if parts.path else page.path
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if parts.fragment:
            assert parts.fragment in Page(target).anchors, link


@PAGES
def test_every_list_begins_after_an_empty_line(page: Page) -> None:
    """The site's Markdown joins a list to the paragraph directly before it."""
    assert JOINED_LIST.findall(page.prose) == []


@PAGES
def test_every_path_exists(page: Page) -> None:
    """A path within a sentence is that of a file or folder."""
    paths = [code for code in page.code if PATH.fullmatch(code)]
    assert [path for path in paths if not (ROOT / path).exists() and path not in MADE] == []


def test_every_page_is_in_the_site() -> None:
    """The navigation of the site has every page, and the index of decisions every decision."""
    navigation = (ROOT / "mkdocs.yml").read_text().partition("nav:")[2].partition("theme:")[0]
    for path in (ROOT / "docs").glob("*.md"):
        assert re.search(rf"(?m)[:-] {path.name}$", navigation), path.name


def test_a_link_that_leads_nowhere_is_found() -> None:
    """Links and headings are read as in a rendered page."""
    page = Page(ROOT / "docs/operations.md")
    assert "backups" in page.anchors
    assert "doctor.md" in page.links
    assert "nowhere" not in page.anchors
