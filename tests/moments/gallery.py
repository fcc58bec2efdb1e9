"""The page of the documentation that shows every moment, written by `make pictures`."""

from __future__ import annotations

from typing import Final

from tests.browser.requirements import PICTURES, ROOT
from tests.moments.scenes import SCENES

CARDS: Final = PICTURES / "cards"
PAGE: Final = ROOT / "docs/cards.md"
LOOKS: Final = ("light", "dark")
_BEGINNING: Final = """\
# Cards

What people see, moment by moment, in the light and the dark look. The pictures come from the
[playground](playground.md), which draws the bot's cards in its own style: Slack's fonts and colours
differ. [How a moment is added](playground.md#pictures).
"""


def pictures(name: str) -> list[str]:
    """Return the names of a moment's pictures."""
    return [f"{name}-{look}.png" for look in LOOKS]


def write() -> None:
    """Write the page, and remove the pictures of moments that are gone."""
    names = [moment.name for scene in SCENES for moment in scene.moments]
    for file in CARDS.iterdir():
        if not any(file.name in {f"{name}.json", *pictures(name)} for name in names):
            file.unlink()
    PAGE.write_text(text(), "utf-8")


def text() -> str:
    """Return the text of the page."""
    parts = [_BEGINNING]
    for scene in SCENES:
        parts.append(f"\n## {scene.title}\n")
        for moment in scene.moments:
            shown = [
                f"![{moment.caption}](pictures/cards/{file})" for file in pictures(moment.name)
            ]
            parts.append(
                f"\n{moment.caption}\n\n| light | dark |\n|---|---|\n| {' | '.join(shown)} |\n"
            )
    return "".join(parts)
