"""Reminders of sessions, and the recap after an event."""

from __future__ import annotations

from datetime import datetime, timedelta

from slackbot.domain.model import EventSlug, SessionId
from slackbot.domain.notices import Recap, SessionReminder
from slackbot.domain.plans import PlannedSession
from slackbot.domain.text import sanitize
from slackbot.services.reminders import ReminderSet
from slackbot.slack import manner_texts, reminder_texts, texts
from slackbot.slack.blocks.history import EXPORT_BUTTON, FILE_OPEN, MATCHES_BUTTON
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import SEPARATOR, Button, Draft, Menu, Message
from slackbot.slack.blocks.text import Linked, Value
from slackbot.slack.command import Command, Name


def reminder_card(notice: SessionReminder, links: HubLinks) -> Message:
    """Remind somebody of a session, with a primary button to be matched there."""
    event, number = EventSlug(notice.event), SessionId(int(notice.session))
    url, left = links.session(event, number), int(notice.left or notice.minutes)
    draft = Draft().say(
        reminder_texts.REMINDER.of(left), title=Linked(notice.title, url), count=left
    )
    values: dict[str, Value] = {"start": datetime.fromisoformat(notice.starts)}
    facts = [reminder_texts.REMINDER_AT]
    if sanitize(notice.place):
        facts.append(reminder_texts.REMINDER_PLACE)
        values["place"] = notice.place
    if notice.ends:
        facts.append(reminder_texts.REMINDER_UNTIL)
        values["end"] = datetime.fromisoformat(notice.ends)
    sentence = SEPARATOR.join(facts)
    draft.say(sentence, **values)
    then = Command(Name.AVAILABLE, f"when {notice.session} opens")
    draft.buttons(
        Button(reminder_texts.BUTTON_AVAILABLE_THEN, then, primary=True),
        _calendar_button(notice.calendar, url),
        Button(reminder_texts.BUTTON_NOT_THIS_TIME, _off(event, number)),
    )
    is_joined = notice.joined == str(True)
    why = reminder_texts.REMINDER_JOINED if is_joined else reminder_texts.REMINDER_ASKED
    minutes = int(notice.minutes)
    lead = reminder_texts.REMINDER_LEAD.of(minutes)
    return draft.small(why, lead, event=links.name(event), count=minutes).done()


def remind_set_card(found: ReminderSet, links: HubLinks, now: datetime) -> Message:
    """Confirm when somebody is reminded of a session."""
    plan, at = found.plan, found.plan.starts_at - timedelta(minutes=found.minutes)
    sentence = reminder_texts.REMIND_SOON if at <= now else reminder_texts.REMIND_SET
    sentence = reminder_texts.REMIND_NEVER if not found.minutes else sentence
    draft = Draft().say(sentence, title=plan.session_title, at=at, start=plan.starts_at)
    url = links.session(plan.event, plan.session_id)
    draft.buttons(_calendar_button(found.calendar, url), _lead_menu(found))
    number = str(plan.session_id)
    return draft.small(texts.CARD_NUMBER, number=number).done()


def remind_off_card(plan: PlannedSession | None) -> Message:
    """Confirm that nobody is reminded of a session, or say that nobody was."""
    sessions = Button(texts.BUTTON_UPCOMING, Command(Name.SESSIONS, "upcoming"))
    if plan is None:
        return Draft().say(reminder_texts.REMIND_NOT).buttons(sessions).done()
    undo = Button(reminder_texts.BUTTON_UNDO, Command(Name.REMIND, str(plan.session_id)))
    draft = Draft().say(reminder_texts.REMIND_OFF, title=plan.session_title)
    return draft.buttons(undo, sessions).done()


def remind_unknown_card(title: str) -> Message:
    """Say that a session is not one to be reminded of."""
    sessions = Button(texts.BUTTON_SESSIONS, Command(Name.SESSIONS))
    return Draft().say(reminder_texts.REMIND_UNKNOWN, title=title).buttons(sessions).done()


def recap_card(notice: Recap, links: HubLinks) -> Message:
    """Say how many people somebody met at an event that is over."""
    count, talked = int(notice.count), int(notice.talked)
    event = links.name(EventSlug(notice.event))
    draft = Draft().say(reminder_texts.RECAP.of(count), event=event, count=count)
    if talked:
        draft.say(reminder_texts.RECAP_TALKED.of(talked), count=talked)
    draft.buttons(MATCHES_BUTTON, EXPORT_BUTTON)
    return draft.small(reminder_texts.RECAP_SMALL).done()


def _off(event: EventSlug, number: SessionId) -> Command:
    """Return the command of a button, which is about its event whichever one is active by then."""
    return Command(Name.REMIND, f"off {number}", confirmed=event)


def _lead_menu(found: ReminderSet) -> Menu:
    """Return the menu of how long before the session its reminder comes."""
    number, options = found.plan.session_id, dict[str, str]()
    for words, label in manner_texts.REMIND_OPTIONS.items():
        before = Command(Name.REMIND, f"{words} minutes before {number}")
        command = _off(found.plan.event, number) if words == "off" else before
        options[command.action] = label
    chosen = Command(Name.REMIND, f"{found.minutes} minutes before {number}").action
    return Menu(manner_texts.REMIND_BEFORE, "menu:remind", options, chosen)


def _calendar_button(url: str, hub_url: str) -> Button:
    """Return the button to the calendar entry, or to the session's page without one."""
    if not url:
        return Button(texts.BUTTON_HUB, FILE_OPEN, url=hub_url)
    return Button(reminder_texts.BUTTON_CALENDAR, FILE_OPEN, url=url)
