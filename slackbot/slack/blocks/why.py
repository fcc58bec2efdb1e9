"""The card that says why somebody is not matched yet, with one reason and one suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from slackbot.services.waiting import Reason, Waiting
from slackbot.slack import manner_texts, texts
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import Command, Name

_SENTENCES: Final[Mapping[Reason, str]] = {
    Reason.UNREACHABLE: manner_texts.WHY_UNREACHABLE,
    Reason.SNOOZED: manner_texts.WHY_SNOOZED,
    Reason.NOT_AVAILABLE: manner_texts.WHY_NOT_AVAILABLE,
    Reason.LEAVING: manner_texts.WHY_LEAVING,
    Reason.MATCHED: manner_texts.WHY_MATCHED,
    Reason.UNCONFIRMED: manner_texts.WHY_UNCONFIRMED,
    Reason.UPDATES_DOWN: manner_texts.WHY_POLLING,
    Reason.NOBODY_ELSE: manner_texts.WHY_NOBODY,
    Reason.IN_ORDER: manner_texts.WHY_IN_ORDER,
}
# The label of the button that makes somebody available, by the reason why they are not matched.
_LABELS: Final[Mapping[Reason, str]] = {
    Reason.UNREACHABLE: texts.BUTTON_AVAILABLE,
    Reason.SNOOZED: manner_texts.BUTTON_AVAILABLE_NOW,
    Reason.NOT_AVAILABLE: texts.BUTTON_AVAILABLE,
    Reason.LEAVING: texts.BUTTON_AVAILABLE,
    Reason.MATCHED: texts.BUTTON_AVAILABLE_AGAIN,
    Reason.UNCONFIRMED: texts.BUTTON_ASK_AGAIN,
}
WHY_BUTTON: Final = Button(manner_texts.BUTTON_WHY, Command(Name.WHY))
_KEEP_WAITING: Final = Button(manner_texts.BUTTON_KEEP_WAITING, Command(Name.STATUS))


def why_card(waiting: Waiting) -> Message:
    """Render the reason, and the button for what the person can do about it."""
    status, reason, elsewhere = waiting.status, waiting.reason, waiting.elsewhere
    place = status.availability or status.snooze
    values: dict[str, Value] = {"title": place.session_title if place is not None else ""}
    if status.snooze is not None:
        values["until"] = status.snooze.until
    if reason is Reason.NOBODY_ELSE and elsewhere is not None:
        sentence = manner_texts.WHY_ELSEWHERE.of(elsewhere.count)
        draft = Draft().say(sentence, **values, other=elsewhere.title, count=elsewhere.count)
        label = manner_texts.BUTTON_SWITCH_TO.format(title=elsewhere.title)
        switch = Command(Name.AVAILABLE, str(elsewhere.session_id))
        draft.buttons(Button(label, switch, primary=True))
    else:
        opens = status.snooze is not None and status.snooze.opens
        draft = Draft().say(manner_texts.WHY_OPENS if opens else _SENTENCES[reason], **values)
        if reason in _LABELS and not opens:
            session = str(place.session_id) if place is not None else ""
            go_on = Command(Name.AVAILABLE, session)
            draft.buttons(Button(_LABELS[reason], go_on, primary=True))
        else:
            draft.buttons(_KEEP_WAITING)
    if status.availability is not None:
        small = [manner_texts.WHY_SMALL]
        times = {"since": status.availability.since}
        if status.feed is not None:
            small.append(manner_texts.WHY_NEWS)
            times["changed"] = status.feed.changed_at
        draft.small(*small, **times)
    return draft.done()
