"""Builders for the parts of a message: sentences, small print, buttons and fallback text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from slackbot.domain.text import sanitize
from slackbot.slack import texts
from slackbot.slack.blocks.text import NOTHING, Block, Value, fallback, mrkdwn, plain_text, rich
from slackbot.slack.command import Command

# Slack's limits in characters. Longer text is truncated.
TEXT_LIMIT: Final = 3900  # fallback text; Slack allows 4,000
BUTTON_LIMIT: Final = 75  # a button's label or its accessibility label
VALUE_LIMIT: Final = 2000  # a button's value
URL_LIMIT: Final = 3000  # the URL of a button or a picture
# Maximum number of blocks in a Home view.
HOME_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Message:
    """A message with blocks and a fallback text that contains the same information.

    Slack accepts each action id only once, so only the first button with an action is kept.
    """

    text: str
    blocks: list[Block]

    def __post_init__(self) -> None:
        """Make the action ids unique, because several cards may have the same button."""
        actions: set[str] = set()
        blocks: list[Block] = []
        for block in self.blocks:
            if block["type"] == "actions":
                elements = []
                for button in block["elements"]:
                    if button["action_id"] not in actions:
                        actions.add(button["action_id"])
                        elements.append(button)
                if elements:
                    blocks.append(block | {"elements": elements})
            else:
                blocks.append(block)
        object.__setattr__(self, "blocks", blocks)

    def payload(self) -> dict[str, Any]:
        """Return the arguments that all methods of sending have in common."""
        return {"text": self.text, "blocks": self.blocks}

    def home_view(self) -> dict[str, Any]:
        """Return the blocks as a Home view."""
        return {"type": "home", "blocks": self.blocks[:HOME_LIMIT]}

    def above(self, other: Message) -> Message:
        """Return this message with the other one below it, separated by a divider."""
        return Draft().then(self).divider().then(other).done()

    def versions(self) -> list[Message]:
        """Return the message unchanged, without its picture, and as plain text.

        The URL of a picture is untrusted, so it is the most likely part to be rejected by Slack.
        """
        versions = [self]
        if any("accessory" in block for block in self.blocks):
            plainer = [{k: v for k, v in b.items() if k != "accessory"} for b in self.blocks]
            versions.append(Message(self.text, plainer))
        missing = any(block["type"] == "actions" for block in self.blocks)
        text = f"{self.text}\n{texts.BUTTONS_MISSING}" if missing else self.text
        return [*versions, Message(text, [])]


@dataclass(frozen=True, slots=True)
class Button:
    """A button whose `action` is the command that it runs or another action id."""

    label: str
    action: Command | str
    value: str = ""
    url: str = ""
    primary: bool = False
    # The texts of a confirmation dialog, which Slack shows after a click on the button.
    confirm: dict[str, str] | None = None
    # Read by screen readers instead of the label, if several buttons have the same label.
    spoken: str = ""

    def block(self) -> Block:
        """Return the button as an element of an `actions` block."""
        element: Block = {
            "type": "button",
            "action_id": self.action if isinstance(self.action, str) else self.action.action,
            "text": plain_text(self.label[:BUTTON_LIMIT]),
        }
        if self.value:
            element["value"] = self.value[:VALUE_LIMIT]
        if self.url:
            element["url"] = self.url[:URL_LIMIT]
        if self.primary:
            element["style"] = "primary"
        if self.confirm:
            parts = self.confirm.items()
            element["confirm"] = {k: {"type": "plain_text", "text": v} for k, v in parts}
        if self.spoken:
            element["accessibility_label"] = sanitize(self.spoken, BUTTON_LIMIT)
        return element


@dataclass(slots=True)
class Draft:
    """A message builder. Each method adds a block and its fallback text."""

    blocks: list[Block] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def heading(self, sentence: str) -> Draft:
        """Add a heading of trusted text, which is neither parsed nor truncated."""
        return self._add({"type": "header", "text": plain_text(sentence)}, sentence)

    def say(self, sentence: str, **values: Value) -> Draft:
        """Add a sentence from `texts.py`."""
        return self._add(rich(sentence, values), fallback(sentence, values))

    def beside_picture(self, text: str, url: str, alt: str) -> Draft:
        """Add one line of untrusted text beside a picture."""
        line = sanitize(text) or NOTHING
        block = {
            "type": "section",
            "text": plain_text(line),
            "accessory": {"type": "image", "image_url": url[:URL_LIMIT], "alt_text": alt},
        }
        return self._add(block, fallback("{line}", {"line": line}))

    def small(self, *sentences: str, **values: Value) -> Draft:
        """Add the sentences as small print, separated by dots."""
        sentence = "  ·  ".join(sentences)
        element = {"type": "mrkdwn", "text": mrkdwn(sentence, values), "verbatim": True}
        return self._add({"type": "context", "elements": [element]}, fallback(sentence, values))

    def divider(self) -> Draft:
        """Add a horizontal line."""
        self.blocks.append({"type": "divider"})
        return self

    def buttons(self, *buttons: Button) -> Draft:
        """Add a row of buttons, if there are any."""
        if buttons:
            elements = [button.block() for button in buttons]
            self.blocks.append({"type": "actions", "elements": elements})
        return self

    def then(self, other: Message) -> Draft:
        """Add another message below."""
        self.blocks.extend(other.blocks)
        self.texts.append(other.text)
        return self

    def done(self) -> Message:
        """Return the message."""
        text = "\n".join(self.texts)
        return Message(text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + "…", self.blocks)

    def _add(self, block: Block, text: str) -> Draft:
        self.blocks.append(block)
        self.texts.append(text)
        return self
