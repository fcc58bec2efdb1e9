"""The sentences of Home, the self-check and direct messages, written as those of `texts.py` are."""

from __future__ import annotations

from typing import Final

# --- messages to the bot, mentions and shortcuts -------------------------------------------------
HELLO: Final = (
    "*Hello. I bring the networking sessions of your Accelevents event into Slack.*\n"
    "Type what you want to do, for example:"
)
HELLO_SMALL: Final = "In other conversations, begin with `{command}`: only you see what I answer"
MENTIONED: Final = (
    "*I answer in private, so that only you see it.*\n"
    "Type `{command}`, or send me a direct message."
)
MENTIONED_SMALL: Final = "Only you see this  ·  next time, type `{command}` or send me a message"
CHECKED_FINE: Final = "*Everything works.*"
CHECKED_PROBLEM: Final = "*Not everything works right now.*"
CHECKED_NOT_CONNECTED: Final = "*You're not connected yet.*"
CHECKED_NOT_A_MEMBER: Final = "*I can't bring you into networking sessions here.*"
CHECK_FINE: Final = "*OK*  ·  {result}"
CHECK_PROBLEM: Final = "*Problem*  ·  {result}"
CHECK_NEXT: Final = "*Next*  ·  {result}"
CHECKS: Final = {
    "not_a_member": (
        "I work for members of this Slack workspace only. Ask a Slack admin to make you a member, "
        "or meet people in the event hub."
    ),
    "connected": "Your Accelevents account is connected to {event}.",
    "not_connected": "No Accelevents account is connected. Connect yours to be matched.",
    "login_accepted": "Accelevents accepts your login.",
    "login_refused": "Accelevents no longer accepts your login. Connect again.",
    "login_unknown": (
        "Accelevents isn't answering properly, so I couldn't try your login. Try again in a moment."
    ),
    "sessions_read": "I can read your event's sessions.",
    "sessions_refused": (
        "Accelevents doesn't let me read your event's sessions. "
        "The organisers can tell you whether your ticket covers them."
    ),
    "event_gone": (
        "Accelevents doesn't know {event} any more. Ask the organisers for the event's new link, "
        "or switch to another event."
    ),
    "updates_connected": "Live updates are connected, so you'll hear of a match at once.",
    "updates_down": (
        "Live updates from Accelevents are down. You can still be matched, just a few seconds late."
    ),
    "updates_not_needed": "Live updates start when you say that you're available.",
    "availability_unconfirmed": (
        "Accelevents hasn't confirmed yet what you asked for last, so you may not be matched, or "
        "still be. I keep asking."
    ),
    "messages_accepted": "Slack lets me send you direct messages.",
    "messages_refused": (
        "Slack doesn't let me send you direct messages. Open this app under Apps and allow its "
        "messages, or ask your Slack admin to."
    ),
    "messages_unknown": (
        "Slack isn't answering properly, so I couldn't check your direct messages. "
        "Try again in a moment."
    ),
    "message_pending": (
        "A message to you about a match is still on its way, because Slack hasn't taken it yet. "
        "I keep trying; _Your matches_ shows who it is."
    ),
    "last_message_failed": (
        "Slack takes direct messages to you again, but the last one about a match didn't reach you."
    ),
}
CHECK_SMALL: Final = (
    "Need help? Give your Slack admin this code: `{reference}`  ·  version {version}"
)
WELCOME: Final = (
    "*Hello. I bring you short one-to-one talks with other people at your Accelevents event.*\n"
    "Connect your account and say that you're available, and I'll message you here when you're "
    "matched."
)
WELCOME_SMALL: Final = "Nobody is matched with you until you say that you're available"
OUTDATED: Final = "*That card is out of date,* so I changed nothing. Here's how things stand now:"
OUTDATED_FORM: Final = (
    "*That form is out of date,* so I changed nothing and kept nothing.\n"
    "Close it, and start again from my Home tab."
)
# Names and descriptions of the shortcuts, by the commands that they run.
SHORTCUTS: Final = {
    "available": ("I'm available", "Get matched in a networking session"),
    "sessions": ("Networking sessions", "See what is open now and what comes next"),
}

# --- the app's page in Slack ---------------------------------------------------------------------
APP_DESCRIPTION: Final = "Speed networking at your Accelevents event, without leaving Slack."
APP_LONG_DESCRIPTION: Final = (
    "Short one-to-one talks with other people at your Accelevents event, straight from Slack.\n\n"
    "Connect your Accelevents account once, with the magic link from your ticket e-mail. See which "
    "networking sessions are open, join one, and say that you're available. The moment you're "
    "matched, you get a direct message that says who it is and how to meet. Everything works as a "
    "command, as a button, from the Home tab and in a direct message.\n\n"
    "Nobody is matched with you until you say that you're available. Your login is kept encrypted "
    "and is only ever sent to Accelevents. Disconnect, and it's deleted.\n\n"
    "You need a ticket for an event with networking sessions. Accelevents decides who meets whom."
)

# --- Home ----------------------------------------------------------------------------------------
HOME_TITLE: Final = "Speed networking in Slack"
HOME_TITLE_EVENT: Final = "Networking at {event}"
HOME_WHAT: Final = (
    "*Short one-to-one talks with other people at your event, straight from Slack.*\n"
    "Nobody is matched with you until you say that you're available."
)
HOME_STEPS: Final = (
    "1. Connect, with the magic link from your ticket e-mail.\n"
    "2. Say that you're available in a session that's open.\n"
    "3. Get a message here when you're matched, and join the call."
)
HOME_LIVE: Final = "*Live now*"
HOME_NEXT: Final = "*Next for you*"
HOME_MATCHES: Final = "*Your matches*"
HOME_MATCH: Final = "*{name}*\n{at:when}"
HOME_MATCH_ROLE: Final = "*{name}*, {role}\n{at:when}"
HOME_WORKING: Final = "Everything is working"
HOME_UPDATES_DOWN: Final = "Live updates from Accelevents are down; nothing is lost"
HOME_UNREACHABLE: Final = "I can't reach Accelevents; I'll catch up"
HOME_UNREAD: Final = "I'm reading your event's sessions"
HOME_UNCONFIRMED: Final = "I'm waiting for Accelevents to confirm"
HOME_MESSAGE_PENDING: Final = "A message to you is still on its way"
HOME_MESSAGES_REFUSED: Final = "Slack doesn't take my messages to you"
HOME_LOGIN_UNTIL: Final = "login lasts until {expires:when}"
BUTTON_HOME_BACK: Final = "Close"
BUTTON_ALL_MATCHES: Final = "All matches"

# --- cards whose state has ended -----------------------------------------------------------------
MATCHED_OVER: Final = "*The round in {title} is over.*\nReady for the next person?"
WAS_WAITING: Final = "You were available in {title} from {since:when}."
LOGIN_RENEWED: Final = (
    "I noticed {since:when} that your Accelevents login had run out. *You've connected again.*"
)
