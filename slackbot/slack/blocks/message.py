"""What messages are made of: sentences, small print, buttons, and the text that goes with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from slackbot.domain.text import sanitize
from slackbot.slack import texts as words
from slackbot.slack.blocks.limits import BUTTON_LIMIT, TEXT_LIMIT, URL_LIMIT, VALUE_LIMIT
from slackbot.slack.blocks.text import (
    NOTHING,
    Block,
    Value,
    fallback,
    mrkdwn,
    plain,
    rich,
)

KEEP: Final = "keep"
"""Blocks whose `block_id` begins so stay when a button of their message is answered."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message ready to send: blocks, and all their facts once more as text.

    Slack takes each id once, so of buttons with the same action the first alone stays.
    """

    text: str
    blocks: list[Block]

    def __post_init__(self) -> None:
        """Make the ids unique, wherever the blocks were put together."""
        object.__setattr__(self, "blocks", list(_with_unique_ids(self.blocks)))

    def payload(self) -> dict[str, Any]:
        """The arguments that every way of sending takes."""
        return {"text": self.text, "blocks": self.blocks}

    def versions(self) -> list[Message]:
        """Return the message as it is, without its picture, and as text alone.

        A picture's address is a stranger's, so it is what Slack refuses most.
        """
        versions = [self]
        if any("accessory" in block for block in self.blocks):
            plainer = [{k: v for k, v in b.items() if k != "accessory"} for b in self.blocks]
            versions.append(Message(self.text, plainer))
        missing = any(block["type"] == "actions" for block in self.blocks)
        text = f"{self.text}\n{words.BUTTONS_MISSING}" if missing else self.text
        return [*versions, Message(text, [])]


@dataclass(frozen=True, slots=True)
class Button:
    """`action` is an action id: a command's name, and its argument behind a colon."""

    label: str
    action: str
    value: str = ""
    url: str = ""
    primary: bool = False
    confirm: Block | None = None
    spoken: str = ""
    """What a screen reader says instead of the label, where several buttons look alike."""

    def block(self) -> Block:
        """The button as an element of an `actions` block."""
        element: Block = {
            "type": "button",
            "action_id": self.action,
            "text": {"type": "plain_text", "text": self.label[:BUTTON_LIMIT], "emoji": False},
        }
        if self.value:
            element["value"] = self.value[:VALUE_LIMIT]
        if self.url:
            element["url"] = self.url[:URL_LIMIT]
        if self.primary:
            element["style"] = "primary"
        if self.confirm:
            element["confirm"] = self.confirm
        if self.spoken:
            element["accessibility_label"] = sanitize(self.spoken, BUTTON_LIMIT)
        return element


@dataclass(slots=True)
class Draft:
    """A message in the making; each call adds a block and its text."""

    blocks: list[Block] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def heading(self, sentence: str) -> Draft:
        """A large line; ours alone, since nothing in it is parsed or cut with care."""
        text = {"type": "plain_text", "text": sentence, "emoji": False}
        self.blocks.append({"type": "header", "text": text})
        self.texts.append(sentence)
        return self

    def say(self, sentence: str, **values: Value) -> Draft:
        """A sentence of `texts.py`."""
        return self._add(rich(sentence, values), fallback(sentence, values))

    def keep(self, sentence: str, **values: Value) -> Draft:
        """The same, and it stays when a button of the message is answered in place."""
        return self._add(rich(sentence, values), fallback(sentence, values), kept=True)

    def beside_picture(self, text: str, url: str, alt: str) -> Draft:
        """One line of foreign text with a picture at its side; it stays, as `keep` does."""
        line = sanitize(text) or NOTHING
        block = {
            "type": "section",
            "text": {"type": "plain_text", "text": line, "emoji": False},
            "accessory": {"type": "image", "image_url": url[:URL_LIMIT], "alt_text": alt},
        }
        return self._add(block, fallback("{line}", {"line": line}), kept=True)

    def small(self, *sentences: str, **values: Value) -> Draft:
        """Facts in small print, the sentences parted by dots."""
        sentence = "  ·  ".join(sentences)
        element = {"type": "mrkdwn", "text": mrkdwn(sentence, values), "verbatim": True}
        return self._add({"type": "context", "elements": [element]}, fallback(sentence, values))

    def divider(self) -> Draft:
        """A line across."""
        self.blocks.append({"type": "divider"})
        return self

    def buttons(self, *buttons: Button) -> Draft:
        """A row of buttons, none when there are none."""
        if buttons:
            elements = [button.block() for button in buttons]
            self.blocks.append({"type": "actions", "elements": elements})
        return self

    def then(self, other: Message) -> Draft:
        """Another message below."""
        self.blocks.extend(other.blocks)
        self.texts.append(other.text)
        return self

    def done(self) -> Message:
        """The message."""
        text = "\n".join(self.texts)
        return Message(text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…", self.blocks)

    def _add(self, block: Block, text: str, *, kept: bool = False) -> Draft:
        if kept:
            block["block_id"] = KEEP
        self.blocks.append(block)
        self.texts.append(text)
        return self


def _with_unique_ids(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks with each action once, and those that stay numbered by their place."""
    actions: set[str] = set()
    for place, block in enumerate(blocks):
        if str(block.get("block_id", "")).startswith(KEEP):
            yield block | {"block_id": f"{KEEP}:{place}"}
        elif block["type"] == "actions":
            elements = []
            for button in block["elements"]:
                if button["action_id"] not in actions:
                    actions.add(button["action_id"])
                    elements.append(button)
            if elements:
                yield block | {"elements": elements}
        else:
            yield block


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    """A question asked before a button acts."""
    return {
        "title": {"type": "plain_text", "text": title},
        "text": {"type": "plain_text", "text": text},
        "confirm": {"type": "plain_text", "text": yes},
        "deny": {"type": "plain_text", "text": no},
    }


def picture_alt(sentence: str, **values: Value) -> str:
    """What stands for a picture."""
    return plain(sentence, values)
