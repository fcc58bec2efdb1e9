"""The card of a person's settings, each with what changes it."""

from __future__ import annotations

from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.slack import manner_texts
from slackbot.slack.blocks.message import Button, Draft, Menu, Message, TimePicker
from slackbot.slack.command import Command, Name

SETTINGS_BUTTON = Button(manner_texts.BUTTON_SETTINGS, Command(Name.SETTINGS))


def preferences_card(preferences: Preferences, unknown: str = "") -> Message:
    """Render all settings. `unknown` is what was typed and is none."""
    draft = Draft().heading(manner_texts.SETTINGS_TITLE)
    if unknown:
        draft.say(manner_texts.SETTINGS_UNKNOWN, rest=unknown)
    is_reminded = preferences.allows(NoticeKind.REMINDER)
    minutes = preferences.reminder_minutes if is_reminded else 0
    reminders = manner_texts.REMINDERS.of(minutes) if minutes else manner_texts.NO_REMINDERS
    draft.say(reminders, count=minutes)
    options = {
        Command(Name.SETTINGS, f"reminders {words}").action: label
        for words, label in manner_texts.REMIND_OPTIONS.items()
    }
    draft.buttons(Menu(manner_texts.REMIND_BEFORE, "menu:reminders", options))
    begin, end = clock(preferences.quiet_from), clock(preferences.quiet_to)
    quiet = manner_texts.QUIET if preferences.has_quiet_hours else manner_texts.NO_QUIET
    draft.say(quiet, begin=begin, end=end)
    draft.buttons(
        TimePicker(manner_texts.QUIET_FROM, Command(Name.SETTINGS, "quiet from").action, begin),
        TimePicker(manner_texts.QUIET_TO, Command(Name.SETTINGS, "quiet to").action, end),
        Button(manner_texts.BUTTON_NO_QUIET, Command(Name.SETTINGS, "quiet off")),
    )
    draft.say(manner_texts.NOTICES_TITLE)
    for kind in NoticeKind:
        is_on, words = preferences.allows(kind), kind.value.replace("_", " ")
        label = manner_texts.BUTTON_SWITCH_OFF if is_on else manner_texts.BUTTON_SWITCH_ON
        change = Command(Name.SETTINGS, f"{words} {'off' if is_on else 'on'}")
        row = manner_texts.NOTICE_ON if is_on else manner_texts.NOTICE_OFF
        meaning = manner_texts.NOTICES[kind]
        button = Button(label, change, spoken=f"{label}: {meaning}")
        draft.beside_button(row.replace("{kind}", meaning), button)
    return draft.small(manner_texts.SETTINGS_SMALL).done()


def clock(minute: int | None) -> str:
    """Return a minute of the day as `22:00`, or an empty text."""
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"
