"""Direct messages to the bot and mentions of it, which are answered like the slash command.

A direct message is answered below it. A mention in a channel is answered to its writer alone.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from slackbot.domain.model import Person
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.status import mention_card, mentioned
from slackbot.slack.command import Command, Name, SecretTyped, Unknown, parse_message
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.outbound.messenger import Place
from slackbot.slack.request_context import hold_slot_for, timed

# Maximum characters of a message that are examined. The longest token is shorter.
TEXT_LIMIT: Final = 4_000
# Maximum number of messages of a person that are answered at the same time. People are always
# warned about a pasted token.
AT_ONCE: Final = 5
_HELP: Final = Command(Name.HELP)
# Fields of events that no person has just written: of bots, edits, and everything with a subtype.
_OF_OTHERS: Final = ("subtype", "bot_id", "bot_profile", "edited", "hidden")


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to direct messages to the bot and to mentions of it."""
    answering = Counter[Person]()

    async def written(
        body: dict[str, Any], event: dict[str, Any], origin: Origin, context: AsyncBoltContext
    ) -> None:
        """Answer a direct message or a mention by a person, and acknowledge all others."""
        place, bot = _place_of(event), str(context.bot_user_id)
        if place is None or origin.user in {None, bot}:
            return
        writer, text = origin.person, str(event.get("text") or "")[:TEXT_LIMIT]
        parts.responder.messenger.mark_active(writer)
        parsed = parse_message(text, parts.slash, bot)
        if answering[writer] < AT_ONCE or isinstance(parsed, SecretTyped):
            # Slack may report one message in several events, which have its `ts` in common.
            occasion = f"{place.channel}/{ts}" if (ts := event.get("ts")) else body["event_id"]
            answering[writer] += 1
            work = parts.responder.answered(answer(writer, str(occasion), parsed, place), writer)
            hold_slot_for(parts.background.start(work, "answer"))

    async def answer(
        writer: Person, occasion: str, parsed: Command | Unknown | SecretTyped, place: Place
    ) -> None:
        is_secret, is_unknown = isinstance(parsed, SecretTyped), isinstance(parsed, Unknown)
        try:
            if not await parts.is_new(writer.team, occasion):
                return
            if not place.is_direct and (is_unknown or parsed == _HELP):
                await parts.responder.send_to(writer, place, mention_card(parts.slash))
                return
            task = parts.handlers.start(writer, parsed, in_message=True)
            await parts.responder.is_done_in_time(task)
        finally:
            answering[writer] -= 1
            if not answering[writer]:
                del answering[writer]

        async def send(message: Message) -> None:
            if not (place.is_direct or is_secret):
                message = mentioned(message, parts.slash)
            await parts.responder.send_to(writer, place, message)

        await parts.responder.answer(task, send)

    app.event("message")(timed("event", written))
    app.event("app_mention")(timed("event", written))


def _place_of(event: dict[str, Any]) -> Place | None:
    """Return where to answer the event, or None if it is not a person's new message to the bot."""
    channel, thread = str(event.get("channel") or ""), event.get("thread_ts")
    is_mention = event["type"] == "app_mention"
    # A mention in a direct message is reported as a message too.
    is_ours = channel.startswith("D") is not is_mention
    is_direct = is_mention or event.get("channel_type") == "im"
    if not (is_ours and is_direct) or any(event.get(name) for name in _OF_OTHERS):
        return None
    return Place(channel, str(thread) if thread else None)
