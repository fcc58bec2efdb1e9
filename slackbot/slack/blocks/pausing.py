"""Cards for pauses that end by themselves, and for partners who can't make it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from slackbot.domain.notices import PartnerLeft, SnoozeOver, StillThere
from slackbot.domain.snoozes import Snooze
from slackbot.services.availability import is_over_by
from slackbot.slack import manner_texts, reminder_texts, texts
from slackbot.slack.blocks.message import Button, Draft, Menu, Message, Part, TimePicker
from slackbot.slack.command import Command, Name

_STAY_PAUSED: Final = Button(manner_texts.BUTTON_STAY_PAUSED, Command(Name.PAUSE))
_STATUS: Final = Button(texts.BUTTON_STATUS, Command(Name.STATUS))


def pause_choices() -> tuple[Menu, TimePicker]:
    """Return the menu and the clock with which a pause that ends by itself is picked."""
    options = {
        Command(Name.PAUSE, words).action: label
        for words, label in manner_texts.PAUSE_FOR_OPTIONS.items()
    }
    until = Command(Name.PAUSE, "until").action
    return Menu(manner_texts.PAUSE_FOR, "menu:pause", options), TimePicker(
        manner_texts.PAUSE_UNTIL, until
    )


def pause_timed_card(sentence: str = manner_texts.PAUSE_TIMED) -> Message:
    """Ask until when a pause is, or for how long if times of the day mean nothing here."""
    button = Button(texts.BUTTON_PAUSE, Command(Name.PAUSE), primary=True)
    menu, picker = pause_choices()
    choices = (menu,) if sentence == manner_texts.ZONE_UNKNOWN else (menu, picker)
    return Draft().say(sentence).buttons(button, *choices).done()


def snoozed_card(snooze: Snooze) -> Message:
    """Say when a pause ends, or that the session will be over by then. It can be undone."""
    if snooze.opens:
        return opening_card(snooze)
    ends_at, title = snooze.session_ends_at, snooze.session_title
    again = Command(Name.AVAILABLE, str(snooze.session_id))
    now = Button(manner_texts.BUTTON_AVAILABLE_NOW, again, primary=True)
    if ends_at is not None and is_over_by(snooze):
        draft = Draft().say(manner_texts.SNOOZED_OVER, title=title, until=ends_at)
        return draft.buttons(now).done(Part.STATUS)
    draft = Draft().say(manner_texts.SNOOZED, title=title, until=snooze.until)
    draft.buttons(now, _STAY_PAUSED, *pause_choices())
    small = [manner_texts.SNOOZE_SMALL]
    values = {"since": snooze.asked_at}
    if ends_at is not None:
        small.append(texts.WAITING_UNTIL)
        values["end"] = ends_at
    return draft.small(*small, **values).done(Part.STATUS)


def opening_card(opening: Snooze) -> Message:
    """Say in which session somebody is made available when it opens. It can be undone."""
    title, session = opening.session_title, str(opening.session_id)
    draft = Draft().say(manner_texts.OPENS, title=title, until=opening.until)
    off = Button(reminder_texts.BUTTON_NOT_THIS_TIME, Command(Name.PAUSE, session))
    draft.buttons(off, _STATUS)
    return draft.small(texts.CARD_NUMBER, number=session).done(Part.STATUS)


def nothing_to_pause_card() -> Message:
    """Answer a pause for a while by somebody who is available nowhere."""
    button = Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True)
    return Draft().say(manner_texts.SNOOZE_NOTHING).buttons(button, _STATUS).done()


def held_back_card(until: datetime, argument: str) -> Message:
    """Say that Slack holds back notifications, and ask somebody who wants to be available."""
    draft = Draft().say(manner_texts.HELD_BACK, until=until)
    go_on = Command(Name.AVAILABLE, argument, confirmed="held")
    draft.buttons(
        Button(manner_texts.BUTTON_ALL_THE_SAME, go_on, primary=True),
        Button(manner_texts.BUTTON_NOT_NOW, Command(Name.STATUS)),
    )
    return draft.small(manner_texts.HELD_BACK_SMALL).done()


def availability_notice(notice: SnoozeOver | StillThere | PartnerLeft) -> Message:
    """Render a notice about a pause that is over, one that has begun, or a partner's."""
    if isinstance(notice, StillThere):
        return still_there_card(notice)
    if isinstance(notice, PartnerLeft):
        return partner_left_card(notice)
    asked = datetime.fromisoformat(notice.asked)
    sentence = manner_texts.OPENED if notice.opens == str(True) else manner_texts.BACK
    draft = Draft().say(sentence, title=notice.title, asked=asked)
    return draft.buttons(Button(texts.BUTTON_PAUSE, Command(Name.PAUSE)), _STATUS).done()


def still_there_card(notice: StillThere) -> Message:
    """Ask somebody who was paused if they are still there."""
    draft = Draft().say(manner_texts.STILL_THERE, title=notice.title)
    draft.buttons(
        Button(manner_texts.BUTTON_HERE, Command(Name.AVAILABLE, notice.session), primary=True),
        _STAY_PAUSED,
        Button(texts.BUTTON_MATCHES, Command(Name.MATCHES)),
    )
    small = [manner_texts.PAUSED_SMALL]
    values = {"paused": datetime.fromisoformat(notice.paused)}
    if notice.ends:
        small.append(manner_texts.OPEN_SMALL)
        values["ends"] = datetime.fromisoformat(notice.ends)
    return draft.small(*small, **values).done()


def partner_left_card(notice: PartnerLeft) -> Message:
    """Tell somebody that their partner can't make it, or can after all."""
    if notice.is_back == str(True):
        draft = Draft().say(manner_texts.PARTNER_BACK, name=notice.name).buttons(_STATUS)
    else:
        go_on = Command(Name.AVAILABLE, notice.session, notice.round)
        draft = Draft().say(manner_texts.PARTNER_CANT, name=notice.name)
        draft.buttons(
            Button(texts.BUTTON_AVAILABLE_AGAIN, go_on, primary=True),
            Button(texts.BUTTON_PAUSE, Command(Name.PAUSE, notice.session)),
        )
    return draft.small(texts.MATCH_SESSION, title=notice.title).done()
