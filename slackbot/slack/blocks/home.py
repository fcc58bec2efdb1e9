"""The app's Home: where I stand and what is open, the same cards as in messages."""

from __future__ import annotations

from typing import Any, Final

from slackbot.slack.blocks.message import Message

HOME_BLOCKS: Final = 100


def home(message: Message) -> dict[str, Any]:
    """A message's blocks as a Home view."""
    return {"type": "home", "blocks": message.blocks[:HOME_BLOCKS]}
