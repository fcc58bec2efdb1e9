"""Builders for the parts of a message: sentences, small print, buttons and fallback text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, Final

from slackbot.domain.model import Availability
from slackbot.domain.text import sanitize
from slackbot.slack import texts
from slackbot.slack.blocks.text import (
    NOTHING,
    Block,
    Sentence,
    Value,
    Whole,
    fallback,
    mrkdwn,
    plain,
    plain_text,
    rich,
)
from slackbot.slack.command import Command

# Slack's limits in characters. Longer text is truncated.
TEXT_LIMIT: Final = 3900  # fallback text; Slack allows 4,000
# The shares of their length that untrusted values keep in a fallback text that is too long.
SHARES: Final = (1.0, 0.5, 0.25, 0.1)
BUTTON_LIMIT: Final = 75  # a button's label or its accessibility label
VALUE_LIMIT: Final = 2000  # a button's value
URL_LIMIT: Final = 3000  # the URL of a button or a picture
HEADING_LIMIT: Final = 150
# Maximum number of blocks in a Home view.
HOME_LIMIT: Final = 100


DIVIDER: Final = {"type": "divider"}

# Stands between facts in one line.
SEPARATOR: Final = "  ·  "
# A sentence from `texts.py` and its values.
Line = tuple[str, Mapping[str, Value]]


class Part(Enum):
    """The part of Home whose place a card takes, if its button was pressed there."""

    ANSWER = auto()  # a part of its own, at the top
    STATUS = auto()
    LOGIN = auto()  # in place of the status of somebody who cannot be matched until they connect
    SESSIONS = auto()
    MATCHES = auto()


@dataclass(frozen=True, slots=True)
class Message:
    """A message with blocks and a fallback text that contains the same information.

    Several cards may become one message, in which each action stands once, and one button leads.
    """

    text: str
    blocks: list[Block]
    lines: tuple[Line, ...] = field(default=(), repr=False)  # of which the text is made
    about: Part = Part.ANSWER
    # The availability that the message says is waiting for a match.
    waiting: Availability | None = None
    # What stands above the person's status in this message. Home has the status in its own place.
    above_status: Message | None = None

    def __post_init__(self) -> None:
        """Keep the first button of each action, and of the primary buttons only the first."""
        actions: set[str] = set()
        blocks: list[Block] = []
        has_primary = False
        for block in self.blocks:
            beside = block.get("accessory", {}).get("action_id")
            if beside is not None and beside in actions:
                blocks.append({name: block[name] for name in block if name != "accessory"})
                continue
            if block["type"] != "actions":
                actions.update([beside] if beside else [])
                blocks.append(block)
                continue
            elements = []
            for button in block["elements"]:
                if button["action_id"] in actions:
                    continue
                actions.add(button["action_id"])
                is_primary = button.get("style") == "primary"
                keys = button.keys() - {"style"} if is_primary and has_primary else button.keys()
                elements.append({key: button[key] for key in button if key in keys})
                has_primary = has_primary or is_primary
            if elements:
                blocks.append(block | {"elements": elements})
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
            versions.append(replace(self, blocks=plainer))
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


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu. Its options are labels, by the action of the button that each stands for."""

    label: str
    action: str
    options: Mapping[str, str]
    initial: str = ""  # the option that is chosen, if any

    def block(self) -> Block:
        """Return the menu as an element of an `actions` block."""
        options = [
            {"text": plain_text(label), "value": action} for action, label in self.options.items()
        ]
        element: Block = {"type": "static_select", "action_id": self.action, "options": options}
        element["placeholder"] = plain_text(self.label)
        chosen = [option for option in options if option["value"] == self.initial]
        return element | ({"initial_option": chosen[0]} if chosen else {})


@dataclass(frozen=True, slots=True)
class TimePicker:
    """A clock. The time that is picked follows its action, as if it had been typed."""

    label: str
    action: str
    initial: str = ""

    def block(self) -> Block:
        """Return the clock as an element of an `actions` block."""
        element: Block = {"type": "timepicker", "action_id": self.action}
        element["placeholder"] = plain_text(self.label)
        return element | ({"initial_time": self.initial} if self.initial else {})


@dataclass(slots=True)
class Draft:
    """A message builder. Each method adds a block and its fallback text."""

    blocks: list[Block] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    waiting: Availability | None = None
    above_status: Message | None = None

    def heading(self, sentence: str, **values: Value) -> Draft:
        """Add a heading, which Slack does not parse."""
        line = plain(sentence, values)[:HEADING_LIMIT]
        return self._add({"type": "header", "text": plain_text(line)}, sentence, values)

    def say(self, sentence: str, **values: Value) -> Draft:
        """Add a sentence from `texts.py`."""
        return self._add(rich(sentence, values), sentence, values)

    def quote(self, sentence: str, quoted: str, **values: Value) -> Draft:
        """Add a sentence from `texts.py` that ends in what somebody else says."""
        said = {"quoted": quoted if isinstance(quoted, Sentence) else Sentence(quoted)}
        block = rich(sentence, values)
        (section,) = rich("{quoted}", said)["elements"]
        block["elements"].append(section | {"type": "rich_text_quote"})
        self.lines.append((sentence, values))
        return self._add(block, texts.QUOTED, said)

    def beside_picture(self, text: str, url: str, alt: str) -> Draft:
        """Add one line of untrusted text beside a picture."""
        line = sanitize(text) or NOTHING
        block = {
            "type": "section",
            "text": plain_text(line),
            "accessory": {"type": "image", "image_url": url[:URL_LIMIT], "alt_text": alt},
        }
        return self._add(block, "{line}", {"line": line})

    def beside_button(self, sentence: str, button: Button | None, **values: Value) -> Draft:
        """Add a sentence from `texts.py`, with a button at its side if there is one."""
        text = {"type": "mrkdwn", "text": mrkdwn(sentence, values), "verbatim": True}
        block: Block = {"type": "section", "text": text}
        if button is not None:
            block["accessory"] = button.block()
        return self._add(block, sentence, values)

    def small(self, *sentences: str, **values: Value) -> Draft:
        """Add the sentences as small print, separated by dots."""
        sentence = SEPARATOR.join(sentences)
        text = mrkdwn(sentence, values).strip() or NOTHING
        element = {"type": "mrkdwn", "text": text, "verbatim": True}
        return self._add({"type": "context", "elements": [element]}, sentence, values)

    def preformatted(self, text: str) -> Draft:
        """Add text that stays as it is, such as JSON."""
        element = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
        return self._add(
            {"type": "rich_text", "elements": [element]}, "{all}", {"all": Whole(text)}
        )

    def divider(self) -> Draft:
        """Add a horizontal line."""
        self.blocks.append(DIVIDER)
        return self

    def buttons(self, *buttons: Button | Menu | TimePicker) -> Draft:
        """Add a row of buttons, menus and clocks, if there are any."""
        if buttons:
            elements = [button.block() for button in buttons]
            self.blocks.append({"type": "actions", "elements": elements})
        return self

    def then(self, other: Message) -> Draft:
        """Add another message below."""
        if other.about is Part.STATUS and self.lines:
            above = self.blocks[:-1] if self.blocks[-1] == DIVIDER else self.blocks[:]
            self.above_status = Draft(above, self.lines[:]).done()
        self.blocks.extend(other.blocks)
        self.lines.extend(other.lines)
        self.waiting = other.waiting or self.waiting
        return self

    def done(self, about: Part = Part.ANSWER) -> Message:
        """Return the message."""
        lines = tuple(self.lines)
        text = fallback_text(self.lines)
        return Message(text, self.blocks, lines, about, self.waiting, self.above_status)

    def _add(self, block: Block, sentence: str, values: Mapping[str, Value]) -> Draft:
        self.blocks.append(block)
        self.lines.append((sentence, values))
        return self


def fallback_text(lines: Sequence[Line]) -> str:
    """Return the text of the lines, in which every fact stays.

    If it is too long, names are shortened. Whole lines are left out only as a last resort, since
    markup such as the token of a date must not be cut.
    """
    spoken: list[str] = []
    for share in SHARES:
        spoken = [fallback(sentence, values, share) for sentence, values in lines]
        if len("\n".join(spoken)) <= TEXT_LIMIT:
            return "\n".join(spoken)
    while len("\n".join((*spoken, NOTHING))) > TEXT_LIMIT:
        spoken.pop()
    return "\n".join((*spoken, NOTHING))
