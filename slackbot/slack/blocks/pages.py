"""Pages of long lists, with buttons to the next and the previous one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from slackbot.slack import texts
from slackbot.slack.blocks.message import Button
from slackbot.slack.blocks.text import plain
from slackbot.slack.command import Command

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list. `start` is the number of items before it."""

    items: Sequence[T]
    number: int
    size: int
    start: int
    count: int  # items of the whole list

    @property
    def position(self) -> dict[str, int]:
        """The values of a sentence that says which part of the list is shown."""
        last = self.start + len(self.items)
        return {"first": self.start + 1, "last": last, "count": self.count}

    def buttons(self, command: Callable[[int], Command]) -> list[Button]:
        """Return the buttons to the neighbouring pages, whose `command` gets the page."""
        after = self.count - self.start - len(self.items)
        buttons = []
        if self.number > 1:
            buttons.append(Button(texts.BUTTON_PREVIOUS_PAGE, command(self.number - 1)))
        if after > 0:
            label = plain(texts.BUTTON_NEXT_PAGE, {"count": min(after, self.size)})
            buttons.append(Button(label, command(self.number + 1)))
        return buttons


def paged(items: Sequence[T], number: int, size: int) -> Page[T]:
    """Return a page. A number outside of the list stands for its first or its last page."""
    pages = max(1, -(-len(items) // size))
    number = min(max(number, 1), pages)
    start = (number - 1) * size
    return Page(items[start : start + size], number, size, start, len(items))
