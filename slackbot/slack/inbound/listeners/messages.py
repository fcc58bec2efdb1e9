"""Direct messages to the bot, which are answered with a short text and buttons."""

from __future__ import annotations

from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.credentials import holds_secret
from slackbot.domain.model import Person
from slackbot.slack.blocks.status import message_answer
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed

# Seconds after an answer for which further messages from the same person are not answered.
QUIET_SECONDS: Final = 60.0
# Maximum number of people whose last answer is remembered.
CAPACITY: Final = 10_000
# Maximum characters of a message that are examined.
TEXT_LIMIT: Final = 4_000


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to direct messages to the bot."""
    # People are always warned about a pasted token, even shortly after another answer.
    answered = TtlCache[Person, bool](seconds=QUIET_SECONDS, capacity=CAPACITY)

    async def message_written(body: dict[str, Any], event: dict[str, Any], origin: Origin) -> None:
        """Answer a message from a person. Edits and messages from bots are ignored."""
        is_plain = not event.get("subtype") and not event.get("bot_id")
        if event.get("channel_type") == "im" and is_plain and origin.user is not None:
            text = str(event.get("text") or "")[:TEXT_LIMIT]
            work = answer(origin.person, str(body["event_id"]), text)
            parts.background.start(work, "answer")

    async def answer(writer: Person, event_id: str, text: str) -> None:
        if answered.peek(writer) and not holds_secret(text):
            return
        answered.put(writer, True)
        if await parts.record_event(writer.team, event_id):
            message = message_answer(text, parts.slash)
            await parts.responder.send(writer, "", message, replace=False)

    app.event("message")(timed("event", message_written))
