"""Option menus: the bot shows none whose options it is asked for, so every one stays empty.

Sessions are cards with buttons, found by words or number too; a menu would ask the platform at
every key that a person presses.
"""

from __future__ import annotations

import re

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack.inbound.timing import timed


def register(app: AsyncApp) -> None:
    """Answer at once what Slack's client waits for with the menu open."""

    async def asked(ack: AsyncAck) -> None:
        await ack(options=[])

    app.options(re.compile(r"[\s\S]*"))(timed("options", asked))
