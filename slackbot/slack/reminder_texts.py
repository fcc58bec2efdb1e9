"""The sentences about reminders, recaps and talks, written as those of `texts.py` are."""

from __future__ import annotations

from typing import Final

from slackbot.slack.texts import Plural

# --- reminders -----------------------------------------------------------------------------------
REMINDER: Final = Plural(
    one="*{title}* *opens in one minute.*", other="*{title}* *opens in {count} minutes.*"
)
REMINDER_AT: Final = "At {start:time}"
REMINDER_PLACE: Final = "{place}"
REMINDER_UNTIL: Final = "until {end:when}"
REMINDER_JOINED: Final = "{event}  ·  you've joined"
REMINDER_ASKED: Final = "{event}  ·  you asked me to remind you"
REMINDER_LEAD: Final = Plural(
    one="I remind you one minute before; change it in Settings",
    other="I remind you {count} minutes before; change it in Settings",
)
REMIND_SET: Final = "*I'll remind you of {title} {at:when}.*\nIt opens {start:when}."
REMIND_SOON: Final = (
    "*{title} opens {start:when}.*\nThat's so soon that I'll remind you right away."
)
REMIND_NEVER: Final = (
    "*You've switched reminders off,* so I won't remind you of {title}.\n"
    "It opens {start:when}. Switch them on in Settings."
)
REMIND_OFF: Final = "*I won't remind you of {title}.*"
REMIND_NOT: Final = "*I don't remind you of that session,* so there's nothing to change."
REMIND_UNKNOWN: Final = (
    "*I can't remind you of {title},* because it isn't coming up: it's open, over, or has no time."
)
BUTTON_REMIND: Final = "Remind me"
BUTTON_AVAILABLE_THEN: Final = "Make me available then"
BUTTON_NOT_THIS_TIME: Final = "Not this time"
BUTTON_CALENDAR: Final = "Add to calendar"
BUTTON_UNDO: Final = "Undo"

# --- recap ---------------------------------------------------------------------------------------
RECAP: Final = Plural(
    one="*That was networking at {event}.*\nYou had one match.",
    other="*That was networking at {event}.*\nYou had {count} matches.",
)
RECAP_TALKED: Final = Plural(
    one="You talked with one person.", other="You talked with {count} people."
)
RECAP_SMALL: Final = (
    "They stay here when your login has run out  ·  you can switch this message off in Settings"
)

# --- did you talk? -------------------------------------------------------------------------------
DID_YOU_TALK: Final = "Did you talk?"
TALKED_WITH: Final = "*You talked with {name}*"
NEXT_PERSON: Final = "Ready for the next person?"
NOBODY_CAME: Final = "No one came. Ready for the next person?"
TALK_SMALL: Final = "only you see your answer"
BUTTON_TALKED: Final = "Yes"
BUTTON_NOBODY_CAME: Final = "No one came"
BUTTON_CHANGE_ANSWER: Final = "Change my answer"
