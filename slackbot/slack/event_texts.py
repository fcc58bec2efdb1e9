"""The sentences about several events, written as those of `texts.py` are."""

from __future__ import annotations

from typing import Final

from slackbot.slack.texts import Plural

EVENTS: Final = "Your events"
EVENT_ACTIVE: Final = "{event}  ·  you're here"
EVENT_OTHER: Final = "{event}"
EVENT_LASTS: Final = "Login lasts until {expires:when}"
EVENT_RUN_OUT: Final = "Your login has run out"
EVENTS_ONE: Final = (
    "To add another event, connect with its magic link: you keep your login to this one."
)
EVENTS_SMALL: Final = (
    "You can be matched at one event at a time  ·  your matches of all of them stay"
)
SWITCHED: Final = "*You're at {event} now.*"
SWITCHED_MATCHES: Final = Plural(
    one="Your match at {other} stays under _Your matches_.",
    other="Your {count} matches at {other} stay under _Your matches_.",
)
ALREADY_THERE: Final = "*You're at {event} already.*"
NOT_CONNECTED_THERE: Final = (
    "*You're not connected to* `{other}`, so I left everything as it was.\n"
    "Connect with its magic link, or pick one of your events."
)
DISCONNECT_EVENT_ASK: Final = (
    "*Disconnect from {event}?*\n"
    "I'll delete your login to it. Your matches stay, and so do your other events."
)
DISCONNECT_ONLY_EVENT_ASK: Final = (
    "*Disconnect from {event}?*\nI'll delete your login to it. Your matches stay."
)
DISCONNECT_ALL_ASK: Final = (
    "*Disconnect from all your events?*\n"
    "I'll delete your logins to {events}, your settings and all your matches, and you won't be "
    "matched any more. To keep your matches, export your data first.\n"
    "To leave only one event, type its name: `{slash} disconnect {event}`."
)
NOT_CONNECTED_TO_LEAVE: Final = (
    "*You're not connected to* `{other}`, so I left everything as it was.\n"
    "To leave one of your events, type its name: `{slash} disconnect {event}`."
)
DISCONNECTED_EVENT: Final = (
    "*You're disconnected from {event}.* Your login to it is deleted; your matches stay."
)
NOW_AT: Final = "You're at {event} now."
BUTTON_SWITCH_TO: Final = "Switch"
BUTTON_SWITCH_EVENT: Final = "Switch event"
BUTTON_ANOTHER_EVENT: Final = "Another event"
