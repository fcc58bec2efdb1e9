"""The sentences that the bot shows in Slack, except those of the other `_texts` modules.

Sentences may use `*bold*`, `_italic_` and `` `code` ``. Placeholders in braces are replaced by
values, and untrusted text is never parsed as markup (see `blocks/text.py`). A time is written as
`{end:time}`, or with its day as `{start:when}`, and Slack shows it in the reader's time zone.

The tone is short and warm, in the reader's words: what is, then what to do. No exclamation marks.
Another language is another version of these files, with its own rule for plurals.
"""

from __future__ import annotations

from typing import Final


class Plural:
    """A sentence that depends on a `{count}`, with one form for each plural category."""

    def __init__(self, *, one: str, other: str) -> None:
        self.one = one
        self.other = other

    def of(self, count: int) -> str:
        """Return the form for a count, in which the placeholders are still to be filled."""
        return self.one if count == 1 else self.other


# --- first contact and linking -------------------------------------------------------------------
CONNECT_FIRST: Final = "*First, connect your Accelevents account.*"
CONNECT_THEN: Final = "Then I'll do what you asked: `{command}`"
CONNECT_SMALL: Final = (
    "Your login is kept encrypted and is only ever sent to Accelevents. "
    "Disconnect, and it's deleted."
)
TOKEN_HELP: Final = (
    "*Your magic link is in your ticket e-mail.*\n"
    "Press and hold it, or right-click it, and copy: it works only once, so don't open it."
)
LINK_USED_ORGANISER: Final = (
    "*Opened it already?* Then you need a new one, or paste an access token into the same field. "
    "Your event's organiser says:"
)
LINK_USED: Final = (
    "*Opened it already?* Then you need a new one: ask your event's organiser, or paste an access "
    "token into the same field."
)
TOKEN_TOO: Final = "Have an access token instead? Paste it into the same field."
MODAL_TITLE: Final = "Connect Accelevents"
MODAL_SUBMIT: Final = "Connect"
MODAL_CLOSE: Final = "Not now"
MODAL_EVENT_LABEL: Final = "Event link"
MODAL_EVENT_HINT: Final = "The address of your event's page. The last part of it is enough."
MODAL_CREDENTIAL_LABEL: Final = "Magic link"
MODAL_CREDENTIAL_HINT: Final = (
    "It's in your ticket e-mail. Press and hold it, or right-click it, and copy: it works only "
    "once, so don't open it."
)
MODAL_LINKED_NOW: Final = (
    "You're connected to *{event}*. Connecting again replaces that login, and another event's link "
    "keeps it; your matches stay."
)
MODAL_CHECKING: Final = (
    "*One moment, checking with Accelevents…*\nYou can wait here, or close this: I'll write to you."
)
MODAL_LINKED: Final = "*You're connected to {event}.*\nYou can close this."
PROBLEM: Final = "*{problem}*"
MODAL_DONE: Final = "Done"
# Without the name of the account, and with it.
LINKED: Final = ("*You're connected to {event}.*", "*You're connected to {event}* as {account}.")
LINKED_NEXT: Final = "See which sessions are open, or say that you're available."
ALREADY_LINKED: Final = (
    "*You're already connected to {event}.*",
    "*You're already connected to {event}* as {account}.",
)
ALREADY_LINKED_NEXT: Final = "Connecting again replaces that login; your matches stay."
DISCONNECTED: Final = (
    "*You're disconnected.* Your login, your settings and your matches are deleted."
)
DISCONNECT_ASK: Final = (
    "*Disconnect from {event}?*\n"
    "I'll delete your login, your settings and your matches, and you won't be matched any more. "
    "To keep your matches, export your data first."
)
FORM_NOT_OPENED: Final = (
    "*The form didn't open, because Slack took too long.*\n"
    "You're still connected to {event}. Press the button to open the form again."
)
LEFT_UNCONFIRMED: Final = (
    "Accelevents hasn't confirmed yet that you've left your session, so somebody may still be "
    "paired with you there. I keep asking. To be sure, leave the session in the event hub."
)
NOT_CONNECTED: Final = "*You're not connected,* so there's nothing to disconnect."
SECRET_TYPED: Final = (
    "*That looks like a login, so I didn't use it and kept nothing.*\n"
    "Other people may see what's typed here. Get a new link if you can, and put it into the form."
)

OTHER_WORKSPACE: Final = (
    "*I'm not set up for this Slack workspace.*\n"
    "I work in another one. The person who installed me can tell you which, or set me up here."
)
DM_SECRET: Final = (
    "*That looks like a login, so I didn't use it and kept nothing.*\n"
    "Please delete your message: whoever reads it could use it. Get a new link if you can, and put "
    "it into the form."
)

# --- logins that run out -------------------------------------------------------------------------
LOGIN_EXPIRING: Final = (
    "*Your login runs out {expires:when}, before {title} ends.*\n"
    "Connect again before then, and you won't miss a match."
)
STILL_AVAILABLE: Final = "You're still available"
LOGIN_EXPIRED: Final = "*Your login to {event} has run out.*\nConnect again to be matched."
LOGIN_EXPIRED_AVAILABLE: Final = (
    "*Your login to {event} has run out.*\n"
    "Connect again, and I'll make you available in {title} as before."
)
LOGIN_EXPIRED_COMMAND: Final = (
    "*Your login to {event} has run out.*\nConnect again, and I'll do what you asked: `{command}`"
)
LOGIN_EXPIRED_SMALL: Final = "You can't be matched until you connect"
MATCHES_SAFE: Final = "your matches are safe"
LOGIN_LASTS: Final = "login lasts until {expires:when}"
ORGANISER_SAYS: Final = "For a new magic link, the organiser of {event} says:"
ORGANISER_SAYS_AT_FIELD: Final = "{problem} They say: “{organiser}”"
BUTTON_GET_LINK: Final = "Get a new link"
YOUR_EVENT: Final = "your Accelevents event"

# --- pending answers -----------------------------------------------------------------------------
ASKING: Final = "One moment, checking with Accelevents…"
STILL_ASKING: Final = (
    "*Accelevents is slow today.*\nI keep trying for five minutes, and write to you how it ended. "
    "If you hear nothing by then, please ask again."
)
DEFECT: Final = (
    "*Something went wrong on my side.* Please try again.\n"
    "If it happens again, give your Slack admin this code: `{reference}`"
)

# --- sessions ------------------------------------------------------------------------------------
HEADINGS: Final = {
    "current": "Networking now",
    "live": "Networking now",
    "upcoming": "Later",
    "past": "Over",
    "mine": "Your sessions",
}
LATER: Final = "Later"
CARD_TITLE: Final = "*{title}*"
CARD_UNTIL: Final = "Until {end:when}"
CARD_OPEN: Final = "Open now"
CARD_STARTS: Final = "Opens {start:when}"
CARD_ENDED: Final = "Ended {end:when}"
CARD_PLACES: Final = Plural(
    one="{taken} of one place taken", other="{taken} of {count} places taken"
)
CARD_CAPACITY: Final = Plural(one="one place", other="{count} places")
CARD_SPEAKERS: Final = "with {speakers}"
CARD_REGISTERED: Final = "You've joined"
CARD_RECORDED: Final = "Recorded"
CARD_NUMBER: Final = "No. {number}"
CARD_AVAILABLE: Final = "*You're available here*"
CARD_FULL: Final = "*Full*"
CARD_INVITATION: Final = "*By invitation*"
NO_SESSIONS: Final = {
    "current": "*Nothing is open or announced at {event}.*",
    "live": "*Nothing is open right now.*\nSee what's coming up.",
    "upcoming": "*Nothing more is announced at {event}.*",
    "past": "*Nothing has ended yet.*",
    "mine": "*You haven't joined a session yet.*\nPick one of those that are open.",
}
# A list of which a filter left nothing; by its only condition, or `words` for any other.
NOTHING_FITS: Final = {
    "today": "*Nothing is open today.*",
    "tomorrow": "*Nothing is open tomorrow.*",
    "track": "*Nothing in the track* `{track}` *is open or coming up.*",
    "words": "*No session fits* `{words}`.\nI looked in titles, tracks and places.",
}
OTHER_TRACKS: Final = Plural(
    one="There's one session in another track.",
    other="There are {count} sessions in other tracks.",
)
DAY_UNKNOWN: Final = (
    "*I can't tell which day it is where you are,* because Slack didn't give me your time zone. "
    "Here are the sessions of all days:"
)
UNKNOWN_PART: Final = "I don't know what to do with `{rest}` here, so I left it out:"
LIST_SMALL: Final = "{first} to {last} of {count} sessions  ·  {event}  ·  shown in your time zone"
LIST_SMALL_ALL: Final = Plural(
    one="One session  ·  {event}  ·  shown in your time zone",
    other="{count} sessions  ·  {event}  ·  shown in your time zone",
)
PICK: Final = "*Which session do you mean?*"
PICK_SOME: Final = (
    "*Which session do you mean?*\n"
    "{shown} of {count}. Type another word of the title to narrow it down."
)
JOINED: Final = (
    "*You've joined {title}.*\nSay that you're available, and I'll message you when you're matched."
)
UNTIL_SMALL: Final = "Session open until {end:when}"

# --- availability --------------------------------------------------------------------------------
WAITING: Final = (
    "*You're available in {title}.*\n"
    "I'll message you the moment you're matched. You can keep working."
)
WAITING_LOOKING: Final = (
    "*You're available in {title}.*\n"
    "I'll message you within seconds of your match. You can keep working."
)
WAITING_UNCONFIRMED: Final = (
    "*Accelevents hasn't confirmed yet that you're available in {title}.*\n"
    "Until it does, you may not be matched. I keep asking; you can also ask now."
)
WAITING_SMALL: Final = "Since {since:when}"
WAITING_UNTIL: Final = "session open until {end:when}"
LISTENING: Final = "connected: you'll hear at once"
LOOKING: Final = "live updates are down, checking every 10 seconds"
MATCHED_ALREADY: Final = (
    "*You have a match in {title}:* see my direct message.\n"
    "Finished talking? Go on to the next person."
)
MATCHED_PENDING: Final = (
    "*You have a match in {title}.* My direct message about it is on its way: I keep trying until "
    "Slack takes it."
)
MATCHED_NOT_SENT: Final = (
    "*You have a match in {title},* but my message about it didn't get through. "
    "_Your matches_ shows who it is."
)
PAUSED: Final = "*Paused.* You won't be matched until you say you're available."
PAUSED_UNCONFIRMED: Final = (
    "*I've asked Accelevents to pause you in {title}, and it hasn't confirmed yet.* You might "
    "still be matched, and I'd tell you. I keep asking."
)
NOT_AVAILABLE_THERE: Final = (
    "*You're not available in* `{query}`, so nobody is matched with you there.\n"
    "To give up your place in a session, leave it in the event hub."
)
NOT_AVAILABLE: Final = "*You're not available.*"
UNREACHABLE: Final = (
    "*I couldn't send you a message about a match, so I paused you.* "
    "Open this app under _Apps_, allow its messages, then say that you're available."
)
UNREACHABLE_BY_RULES: Final = (
    "*This workspace doesn't let me send you messages, so I paused you.* "
    "Ask a Slack admin to let this app message you, then say that you're available."
)
STATUS_SMALL: Final = (
    "Connected to {event} since {since:when}",
    "Connected to {event} as {account} since {since:when}",
)

# --- matches -------------------------------------------------------------------------------------
# Follows a sentence that ends in what somebody else says.
QUOTED: Final = "“{quoted}”"
MATCHED: Final = "*You're matched with {name}*"
MATCH_OVER: Final = "*You were matched with {name}*"
ROUND_OVER: Final = "Time's up. Ready for the next person?"
ROUND_WAS: Final = "{start:time} to {end:time}"
MATCH_ENDS: Final = "The round ends at {end:time}"
MATCH_SESSION: Final = "{title}"
ROLE: Final = "{role}"
LATE: Final = "*You were matched while I was offline.*"
LATE_WHEN: Final = "The match was {at:when}, with *{name}*"
LATE_UNKNOWN_WHEN: Final = "The match was with *{name}*"
LATE_WHY: Final = "I've only just found out. Sorry. {name} may still be in the event hub."
LEAVE_ROUND: Final = (
    "*You're with {name} until {end:time}.*\nLeave this round and go on to the next person?"
)
LEAVE_ROUND_UNKNOWN: Final = (
    "*You were matched with {name} at {at:time}.*\n"
    "Have you finished talking? Then go on to the next person."
)
CALL_SMALL: Final = "The call opens in one browser; for another, press _Use another device_"
CALL_GONE: Final = "This call has ended."
# Shown below a message if Slack accepted only its text.
BUTTONS_MISSING: Final = "This message came without its buttons. Go on in my Home tab."
HISTORY: Final = "Your matches"
HISTORY_NAME: Final = "*{name}*"
HISTORY_ROLE: Final = "*{name}*, {role}"
HISTORY_WHEN: Final = "{at:when}"
HISTORY_EVENT: Final = "{event}"
ALL_EVENTS: Final = "all your events"
TALKED: Final = "Talked"
TALKED_MINUTES: Final = Plural(one="Talked one minute", other="Talked {count} minutes")
MISSED: Final = "Missed"
NO_MATCH_FITS: Final = (
    "*No match of yours fits* `{words}`.\nI looked in names, roles, sessions and events."
)
MATCHES_KEPT: Final = "You're not connected now. Your matches stay here until you erase them."
EXPORT_MATCHES: Final = Plural(
    one="*Your match is ready to download,* as a table.",
    other="*Your {count} matches are ready to download,* as a table.",
)
EXPORT_SMALL: Final = (
    "Works until {until:time}  ·  anybody who has the link can read your matches, so keep it to "
    "yourself"
)
EXPORT_NO_ADDRESS: Final = (
    "*I can't offer downloads here,* because this bot has no public address.\n"
    "_Your matches_ has everything, to read and to copy. A Slack admin can set up the address."
)
HISTORY_SMALL: Final = "{first} to {last} of {count}  ·  {event}  ·  shown in your time zone"
HISTORY_SMALL_ALL: Final = Plural(
    one="One match  ·  {event}  ·  shown in your time zone",
    other="{count} matches  ·  {event}  ·  shown in your time zone",
)
NO_HISTORY: Final = (
    "*No matches yet.* Say that you're available, and I'll message you when you're matched."
)
SESSION_OVER: Final = "*{title} is over.*\nYou're not available any more. See what comes next."
AVAILABILITY_LOST: Final = "*You're no longer available in {title}.*"

# --- buttons -------------------------------------------------------------------------------------
BUTTON_CONNECT: Final = "Connect"
BUTTON_CONNECT_AGAIN: Final = "Connect again"
BUTTON_TOKEN_HELP: Final = "Where's my magic link?"
BUTTON_SESSIONS: Final = "See sessions"
BUTTON_OTHER_SESSIONS: Final = "Other sessions"
BUTTON_UPCOMING: Final = "What's coming up"
BUTTON_PAST: Final = "What's over"
BUTTON_JOIN: Final = "Join"
BUTTON_AVAILABLE: Final = "I'm available"
BUTTON_SWITCH: Final = "Switch to this one"
BUTTON_AVAILABLE_AGAIN: Final = "Next person"
BUTTON_STAY: Final = "Stay"
BUTTON_LEAVE_ROUND: Final = "Leave the round"
BUTTON_ASK_AGAIN: Final = "Ask again"
BUTTON_PAUSE: Final = "Pause"
BUTTON_HUB: Final = "Open in event hub"
BUTTON_MEET: Final = "Meet in event hub"
BUTTON_CALL: Final = "Join call"
BUTTON_NEW_LINK: Final = "Use another device"
BUTTON_TRY_AGAIN: Final = "Try again"
BUTTON_STATUS: Final = "My status"
BUTTON_MATCHES: Final = "Your matches"
BUTTON_EXPORT: Final = "Export"
BUTTON_DOWNLOAD: Final = "Download"
BUTTON_DISCONNECT: Final = "Disconnect"
BUTTON_STAY_CONNECTED: Final = "Stay connected"
BUTTON_ALL_SESSIONS: Final = "Show all sessions"
BUTTON_HELP: Final = "Help"
BUTTON_NEXT_PAGE: Final = "Next {count}"
BUTTON_PREVIOUS_PAGE: Final = "Back"
# A button for screen readers, if its label stands more than once in a message.
BUTTON_ABOUT: Final = "{label}: {title}"
CONFIRM_DISCONNECT_TITLE: Final = "Disconnect?"
CONFIRM_DISCONNECT: Final = "I'll delete your login and your matches."
CONFIRM_LEAVE_TITLE: Final = "Leave this round?"
CONFIRM_LEAVE: Final = "If you're still talking with {name}, stay. Or go on to the next person."
PICTURE: Final = "Picture of {name}"

# --- help ----------------------------------------------------------------------------------------
UNKNOWN: Final = "I don't know `{word}`. Here's what I can do:"
UNKNOWN_NEAREST: Final = "I don't know `{word}`. Did you mean `{nearest}`? Here's what I can do:"
HELP_TITLE: Final = "*Speed networking at your Accelevents event, right here in Slack*"
HELP_ROW: Final = "`{usage}`  {meaning}"
HELP: Final = {
    "": "your status, and what's open now",
    "connect": "connect your Accelevents account (also `login`, `signin`, `link`)",
    "sessions": "the networking sessions (only some: `today`, `tomorrow`, `live`, `upcoming`, "
    "`past`, `mine`)",
    "sessions track AI": "those of a track, or with such words in the title",
    "join coffee": "join a session by words of its title, its number or its link",
    "available coffee": "get matched there, or in the session that's open (also `ready`)",
    "pause": "stop being matched (also `stop`, `leave`)",
    "pause 10 minutes": "come back by yourself, or at a time: `pause until 15:30`",
    "cant": "leave a round that you can't make",
    "why": "why you're not matched yet",
    "settings": "reminders, quiet hours, and what I write to you about",
    "matches": "your matches (`matches maria` finds people, `matches export` makes a table)",
    "event": "your events, and which of them you're at (`event NAME` to switch)",
    "remind evening": "remind me of a session that's coming up",
    "swap": "swap contacts with people you met, if you both want to",
    "report": "report somebody you met to the admins",
    "check": "check that everything works",
    "status": "your status",
    "privacy": "what I store about you, and why I have each permission",
    "export": "everything I store about you, as a file",
    "erase": "erase everything I store about you, with a receipt",
    "disconnect": "the same as `erase` (also `logout`, `signout`, `unlink`)",
    "help": "this list",
}
