"""The sentences about pauses, unanswered matches and settings, written as those of `texts.py`."""

from __future__ import annotations

from typing import Final

from slackbot.slack.texts import Plural

# --- pauses that end by themselves ---------------------------------------------------------------
SNOOZED: Final = "*Paused until {until:when}.*\nThen you'll be available in {title} again."
SNOOZED_OVER: Final = "*Paused.* {title} will be over {until:when}, so I won't make you available."
SNOOZE_SMALL: Final = "Since {since:when}"
SNOOZE_NOTHING: Final = (
    "*You're not available,* so there's nothing to pause.\n"
    "Say that you're available, and you can pause for a while."
)
BACK: Final = "*You're available in {title} again,* as you asked {asked:when}."
OPENS: Final = (
    "*You'll be available in {title} when it opens, {until:when}.*\n"
    "I'll message you then. If you're available elsewhere, I'll move you."
)
OPENED: Final = "*{title} is open, and you're available there,* as you asked {asked:when}."
NOT_OPENED: Final = "*I couldn't make you available in {title}.*"
PAUSE_TIMED: Final = (
    "*I don't know until when that is,* so I left everything as it was.\n"
    "Pick a time, or type it like `pause 10 minutes` or `pause until 15:30`."
)
PAUSE_LIMITS: Final = (
    "*A pause that ends by itself lasts from one minute to 24 hours,* so I left everything as it "
    "was.\nPick a time, or pause until you say that you're available."
)
ZONE_UNKNOWN: Final = (
    "*I can't tell which time it is where you are,* because Slack didn't give me your time zone, "
    "so I left everything as it was.\nSay for how long, like `pause 30 minutes`."
)
PAUSE_FOR: Final = "Pause for a while"
PAUSE_FOR_OPTIONS: Final = {
    "10 minutes": "For 10 minutes",
    "30 minutes": "For 30 minutes",
    "1 hour": "For one hour",
}
PAUSE_UNTIL: Final = "Pause until"
BUTTON_AVAILABLE_NOW: Final = "I'm available now"
BUTTON_STAY_PAUSED: Final = "Stay paused"

# --- notifications that Slack holds back ---------------------------------------------------------
HELD_BACK: Final = (
    "*Slack holds back your notifications until {until:when}.*\nYou might not notice a match."
)
HELD_BACK_SMALL: Final = "You're not available yet"
BUTTON_ALL_THE_SAME: Final = "Be available all the same"
BUTTON_NOT_NOW: Final = "Not now"

# --- a partner who cannot make it ----------------------------------------------------------------
DECLINED_NOTIFIED: Final = (
    "*I told {name} that you can't make it.*\nYou're paused until you say you're available."
)
DECLINED_ALONE: Final = (
    "*You're out of this round.*\n"
    "{name} gets no message about it from me. You're paused until you say you're available."
)
TAKEN_BACK_NOTIFIED: Final = (
    "*You're back in the round with {name}.*\nI told them that you can make it."
)
TAKEN_BACK_ALONE: Final = "*You're back in the round with {name}.*"
PARTNER_CANT: Final = (
    "*{name} can't make it this time.*\nNo need to wait. Ready for the next person?"
)
PARTNER_BACK: Final = "*{name} can make it after all.*"
PARTNER_GONE: Final = (
    "*{name} isn't waiting any more,* so you're still out of that round.\n"
    "Ready for the next person?"
)
NO_ROUND: Final = "*That round is over,* so nobody waits for you. Here's how things stand now:"
ROUND_ENDS: Final = "the round ends at {end:time}"
BUTTON_CANT: Final = "Can't make it"
BUTTON_CAN: Final = "I can make it after all"

# --- people who do not react ---------------------------------------------------------------------
STILL_THERE: Final = (
    "*Still there?*\nYou had two matches and didn't answer, so I paused you in {title}."
)
PAUSED_SMALL: Final = "Paused {paused:when}"
OPEN_SMALL: Final = "session open until {ends:when}"
BUTTON_HERE: Final = "I'm here"

# --- why somebody is not matched yet -------------------------------------------------------------
BUTTON_WHY: Final = "Why am I not matched yet?"
BUTTON_KEEP_WAITING: Final = "Keep waiting"
BUTTON_SWITCH_TO: Final = "Switch to {title}"
WHY_UNREACHABLE: Final = (
    "*I couldn't send you a message, so I paused you.* Open this app under _Apps_, allow its "
    "messages, then say that you're available."
)
WHY_SNOOZED: Final = (
    "*You're paused until {until:when},* and nobody is matched with you before. You can come back "
    "earlier."
)
WHY_OPENS: Final = (
    "*{title} isn't open yet.* You'll be available there when it opens, {until:when}."
)
WHY_NOT_AVAILABLE: Final = "*You're not available.* Say so in a session that's open."
WHY_LEAVING: Final = (
    "*You've asked to be paused,* and I wait for Accelevents to confirm it. To be matched again, "
    "say that you're available."
)
WHY_MATCHED: Final = (
    "*You have a match in {title}:* see my direct message. When you've finished talking, go on to "
    "the next person."
)
WHY_UNCONFIRMED: Final = (
    "*Accelevents hasn't confirmed yet that you're available.* Until it does, you may not be "
    "matched. I keep asking; you can also ask now."
)
WHY_POLLING: Final = (
    "*Live updates from Accelevents are down, so I'm checking every 10 seconds.* You can still be "
    "matched, just a few seconds late. There's nothing you need to do."
)
WHY_NOBODY: Final = (
    "*Nobody else from here is available in {title} right now.* There may be others in the event "
    "hub, and the next person to come in is likely to be your match."
)
WHY_ELSEWHERE: Final = Plural(
    one="*Nobody else from here is available in {title} right now.* In {other}, one person from "
    "here is.",
    other="*Nobody else from here is available in {title} right now.* In {other}, {count} people "
    "from here are.",
)
WHY_IN_ORDER: Final = (
    "*Everything is in order; Accelevents just hasn't matched you yet.* Keep waiting, and I'll "
    "message you the moment it does."
)
WHY_SMALL: Final = "Available since {since:when}"
WHY_NEWS: Final = "connection last changed {changed:when}"

# --- settings ------------------------------------------------------------------------------------
SETTINGS_TITLE: Final = "Your settings"
REMINDERS: Final = Plural(
    one="*Reminders* of sessions that you've joined: one minute before",
    other="*Reminders* of sessions that you've joined: {count} minutes before",
)
NO_REMINDERS: Final = "*Reminders* of sessions that you've joined: none"
REMIND_BEFORE: Final = "Remind me"
REMIND_OPTIONS: Final = {
    "5": "5 minutes before",
    "10": "10 minutes before",
    "30": "30 minutes before",
    "off": "Don't remind me",
}
QUIET: Final = (
    "*Quiet hours* from {begin} to {end}, in your own time zone. "
    "While you're available, matches always reach you."
)
NO_QUIET: Final = (
    "*Quiet hours:* none. In them I'd write to you only about your matches, and when you become "
    "available or aren't available any more."
)
QUIET_FROM: Final = "Quiet from"
QUIET_TO: Final = "Quiet until"
BUTTON_NO_QUIET: Final = "No quiet hours"
NOTICES_TITLE: Final = "*I write to you when*"
NOTICE_ON: Final = "{kind}"
NOTICE_OFF: Final = "not when {kind}"
NOTICES: Final = {
    "reminder": "a session you've joined is about to open",
    "login_expiring": "your login is about to run out",
    "recap": "an event is over, to say how many people you met",
    "still_there": "I paused you, because you didn't answer",
    "partner_left": "a partner can't make it",
}
BUTTON_SWITCH_ON: Final = "Switch on"
BUTTON_SWITCH_OFF: Final = "Switch off"
BUTTON_SETTINGS: Final = "Settings"
SETTINGS_SMALL: Final = (
    "You can type them too, like `settings quiet 22:00 to 08:00`, `settings reminders 10` or "
    "`settings recap off`"
)
SETTINGS_UNKNOWN: Final = "I don't know the setting `{rest}`, so I left everything as it was:"
