"""The page of the playground: it draws all that the bot sends, and nothing needs a build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.sandbox.playground.server import PAGE
from tests.harness.cards import CARDS, VIEWS
from tests.harness.sizes import share

SCRIPTS = {path.name: path.read_text("utf-8") for path in PAGE.glob("*.js")}
HTML_SINKS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
# Text objects are no elements, and parts of rich text have a function of their own.
TEXTS = {"plain_text", "mrkdwn"}


def drawn(script: str, table: str) -> set[str]:
    """Return the keys of a table of functions in a script."""
    body = SCRIPTS[script].partition(f"const {table} = {{\n")[2].partition("\n};")[0]
    return set(re.findall(r"^  ([a-z_]+):", body, re.MULTILINE))


def kinds(value: Any) -> Iterator[str]:
    """Yield the type of every block and element, rich text as one."""
    if isinstance(value, list):
        for member in value:
            yield from kinds(member)
    elif isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value["type"]
        if value.get("type") != "rich_text":
            for member in value.values():
                yield from kinds(member)


@settings(max_examples=share(500, 0.1), deadline=None)
@given(st.data())
def test_every_block_and_element_of_the_bot_is_drawn(data: st.DataObject) -> None:
    """No message, form or Home of the bot has a kind that the page would only name."""
    known = drawn("blocks.js", "DRAWN") | drawn("elements.js", "DRAWN") | TEXTS
    name = data.draw(st.sampled_from(sorted({**CARDS, **VIEWS})))
    card = data.draw({**CARDS, **VIEWS}[name])
    blocks = card["blocks"] if isinstance(card, dict) else card.blocks
    assert set(kinds(blocks)) <= known


def test_the_tables_of_the_page_are_found() -> None:
    """The test above would notice an element that is not drawn."""
    assert {"section", "actions", "input", "rich_text"} <= drawn("blocks.js", "DRAWN")
    assert {"button", "overflow", "static_select"} <= drawn("elements.js", "DRAWN")
    assert "carousel" not in drawn("blocks.js", "DRAWN")


def test_nothing_is_read_as_html() -> None:
    """No script of the page turns text into HTML or into a program."""
    found = [(name, sink) for name, text in SCRIPTS.items() for sink in HTML_SINKS if sink in text]
    assert found == []


def test_the_page_needs_nothing_but_its_files() -> None:
    """Every file that the page or a script names is there, and no address leads elsewhere."""
    page = (PAGE / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    named |= {name for text in SCRIPTS.values() for name in re.findall(r"from '\./([^']+)'", text)}
    assert named <= {path.name for path in PAGE.iterdir()}
    styles = [path.read_text("utf-8") for path in PAGE.glob("*.css")]
    assert not [text for text in (page, *styles) if re.search(r"https?://|url\(|@import", text)]
    addresses = {a for text in SCRIPTS.values() for a in re.findall(r"https?://[\w.]+", text)}
    assert addresses == {"http://www.w3.org"}  # a namespace of SVG, which is never loaded
