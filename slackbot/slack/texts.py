"""All sentences that the bot shows in Slack.

Sentences may use `*bold*`, `_italic_` and `` `code` ``. Placeholders in braces are replaced by
values, and untrusted text is never parsed as markup (see `blocks/text.py`). A time is written as
`{end:time}` or `{start:when}`, and Slack shows it in the reader's time zone.

The tone is short and friendly. Explain the situation first, and then the action of the button.
"""

from __future__ import annotations

from typing import Final

# --- first contact and linking -------------------------------------------------------------------
CONNECT_FIRST: Final = "*First, connect your Accelevents account.*"
CONNECT_THEN: Final = "Then I'll do what you asked: `{command}`"
CONNECT_AGAIN: Final = (
    "*Accelevents no longer accepts your connection.*\n"
    "Access tokens expire after a while. Connect again, and I'll go on where we stopped."
)
CONNECT_SMALL: Final = (
    "Your token is encrypted and is only ever sent to Accelevents. Disconnect whenever you like."
)
TOKEN_HELP: Final = (
    "*Two ways to connect, take the one you have:*\n"
    "1. The *magic link* from your ticket e-mail. Copy the whole link without opening it: "
    "it works only once.\n"
    "2. An *access token*. Sign in to your event in a browser; the event's organiser can tell you "
    "where your event shows it.\n"
    "You also need the address of your event, such as {example}."
)
MODAL_TITLE: Final = "Connect Accelevents"
MODAL_SUBMIT: Final = "Connect"
MODAL_CLOSE: Final = "Not now"
MODAL_EVENT_LABEL: Final = "Your event"
MODAL_EVENT_HINT: Final = "The event's link, or the last part of it."
MODAL_CREDENTIAL_LABEL: Final = "Magic link or access token"
MODAL_CREDENTIAL_HINT: Final = (
    "Paste the whole magic link from your e-mail, or your access token. "
    "A magic link works only once, and connecting uses it."
)
MODAL_LINKED_NOW: Final = "You're connected to *{event}* now. Connecting again replaces that."
MODAL_CHECKING: Final = "*Checking with Accelevents…*\nThis takes a few seconds. You can wait here."
MODAL_LINKED: Final = "*You're connected to {event}.*\nYou can close this."
PROBLEM: Final = "*{problem}*"
MODAL_DONE: Final = "Done"
LINKED: Final = "*You're connected to {event}.*"
LINKED_NEXT: Final = "See which networking sessions are open, or say that you're available."
DISCONNECTED: Final = (
    "*You're disconnected.* I deleted your token, your availability and your matches."
)
DISCONNECT_ASK: Final = (
    "*Disconnect from {event}?*\nI'll delete your token, your availability and your matches."
)
DISCONNECT_OTHER: Final = (
    "*You're connected to {event}, not to* `{other}`. I left everything as it was.\n"
    "Do you want to disconnect from {event}? Then I'll delete your token, your availability and "
    "your matches."
)
FORM_NOT_OPENED: Final = (
    "*The form didn't open, because Slack took too long.*\n"
    "You're still connected to {event}. Press the button to open the form again."
)
LEFT_UNCONFIRMED: Final = (
    "Accelevents has not confirmed yet that you left your session, so you might still be matched "
    "there. I keep asking, with your token in memory only, until it does or I am restarted. "
    "To be sure, leave it in the event hub."
)
NOT_CONNECTED: Final = "*You're not connected.* There is nothing to disconnect."
SECRET_TYPED: Final = (
    "*That looks like an access token or a magic link, so I did not use it and kept nothing.*\n"
    "Commands are not a safe place for it. Get a fresh one if you can, and put it into the form "
    "behind the button."
)

OTHER_WORKSPACE: Final = (
    "*I'm not set up for this Slack workspace.*\n"
    "I work in one workspace only, and it is another one. The person who installed me can tell you "
    "which, or move me here."
)
DM_SECRET: Final = (
    "*That looks like an access token or a magic link, so I did not use it and kept nothing.*\n"
    "Please delete your message: whoever reads it could use it. Get a fresh one if you can, and "
    "put it into the form behind the button."
)
DM_ANSWER: Final = (
    "*Hi! I don't read messages, but I know what to do with a button.*\n"
    "Pick one, or type `{command}` anywhere in Slack."
)

# --- pending answers -----------------------------------------------------------------------------
ASKING: Final = "Asking Accelevents. The answer follows below."
DEFECT: Final = (
    "*Something went wrong on my side.* Nothing else is affected.\n"
    "Please try again. If it stays, tell your administrator this reference: `{reference}`"
)

# --- sessions ------------------------------------------------------------------------------------
HEADINGS: Final = {
    "current": "Networking now",
    "live": "Networking now",
    "upcoming": "Coming up",
    "past": "Already over",
    "mine": "Your sessions",
}
LATER: Final = "Later"
CARD_TITLE: Final = "*{title}*"
CARD_UNTIL: Final = "Until {end:time}"
CARD_OPEN: Final = "Open now"
CARD_STARTS: Final = "{start:when}  ·  opens then"
CARD_ENDED: Final = "Ended {end:when}"
CARD_PLACES: Final = "{taken} of {capacity} places taken"
CARD_CAPACITY: Final = "{capacity} places"
CARD_REGISTERED: Final = "_You're registered_"
CARD_AVAILABLE: Final = "_You're available here_"
NO_SESSIONS: Final = {
    "current": "*No networking session is open or announced at {event}.*",
    "live": "*No networking session is open right now.* Let's see what is coming up.",
    "upcoming": "*No further networking session is announced at {event}.*",
    "past": "*No networking session has ended yet at {event}.*",
    "mine": "*You haven't joined a networking session yet.* Pick one.",
}
# A list of which a filter left nothing; by its only condition, or `words` for any other.
NOTHING_FITS: Final = {
    "today": "*No networking session is open today.*",
    "tomorrow": "*No networking session is open tomorrow.*",
    "track": "*Nothing in the track* `{track}` *is open or coming up.*",
    "words": "*No session fits* `{words}`.\nI looked in titles, tracks and places.",
}
DAY_UNKNOWN: Final = (
    "*I can't tell which day it is where you are,* because Slack didn't give me your time zone. "
    "Here are the sessions of all days:"
)
UNKNOWN_PART: Final = "I don't know what to do with `{rest}`, so here is everything:"
LIST_SMALL: Final = "{first} to {last} of {count} sessions  ·  {event}  ·  times are yours"
LIST_SMALL_ALL: Final = "{event}  ·  times are yours"
PICK: Final = "*Which session do you mean?*"
JOINED: Final = "*You're in {title}.*\nSay that you're available, and I'll message you on a match."
UNTIL_SMALL: Final = "Session open until {end:time}"

# --- availability --------------------------------------------------------------------------------
WAITING: Final = (
    "*You're available in {title}.*\n"
    "I'll message you the moment you're matched. You can keep working."
)
WAITING_UNCONFIRMED: Final = (
    "*I asked Accelevents to make you available in {title}, but it has not confirmed yet.*\n"
    "I'm listening all the same. Press once more if nothing happens for a while."
)
WAITING_SMALL: Final = "Waiting since {since:time}"
WAITING_UNTIL: Final = "session open until {end:time}"
LISTENING: Final = "listening"
LOOKING: Final = "no live connection right now, so I look every 10 seconds"
MATCHED_ALREADY: Final = (
    "*You're matched in {title}.* The details are in my direct message to you.\n"
    "When your talk is over, say that you're available again."
)
MATCHED_PENDING: Final = (
    "*You're matched in {title}.* My direct message with the details is on its way: "
    "I keep trying until Slack takes it."
)
MATCHED_NOT_SENT: Final = (
    "*You're matched in {title}*, but my message with the details did not get through. "
    "The list of people you met shows who it is."
)
PAUSED: Final = "*You're not available.* I won't have you matched."
PAUSED_UNCONFIRMED: Final = (
    "*I asked Accelevents to stop in {title}, but it has not confirmed yet.* You might still be "
    "matched, and I would tell you. I keep asking; press once more to ask at once."
)
PAUSE_TIMED: Final = (
    "*I can't pause you for a set time,* so I left everything as it was.\n"
    "Pause now, and say that you're available when you want to go on."
)
NOT_AVAILABLE_THERE: Final = (
    "*You're not available in* `{query}`, so nobody is matched with you there.\n"
    "To give up your place in a session, open it in the event hub."
)
NOT_AVAILABLE: Final = "*You're not available.*"
UNREACHABLE: Final = (
    "*I couldn't send you a direct message about a match, so I stopped looking.* "
    "Please let this app message you (open it under Apps), then say that you're available again."
)
UNREACHABLE_BY_RULES: Final = (
    "*Your Slack workspace doesn't let me send you direct messages, so I stopped looking.* "
    "Please ask a Slack admin to let this app message you, then say that you're available again."
)
STATUS_SMALL: Final = "Connected to {event} since {since:when}"

# --- matches -------------------------------------------------------------------------------------
MATCHED: Final = "*You're matched with {name}*"
MATCH_OVER: Final = "*You were matched with {name}*"
ROUND_OVER: Final = "The round is over. Shall I go on looking?"
ROUND_WAS: Final = "{start:time} to {end:time}"
MATCH_ENDS: Final = "The round ends at {end:time}"
MATCH_SESSION: Final = "_{title}_"
ROLE: Final = "{role}"
LATE: Final = "*You missed a match, and so did my connection.*"
LATE_WHEN: Final = "At {at:time} you were matched with *{name}*"
LATE_UNKNOWN_WHEN: Final = "You were matched with *{name}*"
LATE_WHY: Final = (
    "I heard of it only now, because my connection to Accelevents was down. "
    "They may still be in the event hub."
)
CALL_SMALL: Final = (
    "The call opens in one browser of yours, and in no other. To change, take a new link."
)
CALL_GONE: Final = "There is no call to join here any more."
# Shown below a message if Slack accepted only its text.
BUTTONS_MISSING: Final = "This message came without its buttons. Go on in my Home tab."
HISTORY: Final = "People you met"
HISTORY_NAME: Final = "*{name}*"
HISTORY_WHEN: Final = "{at:when}"
HISTORY_SMALL: Final = "The latest {count}  ·  {event}"
HISTORY_SMALL_ALL: Final = "{event}"
NO_HISTORY: Final = "*No matches yet.* Say that you're available, and I'll message you on a match."
SESSION_OVER: Final = (
    "*{title} is over.*\nI stopped listening, so you're not available any more. "
    "See what comes next."
)
AVAILABILITY_LOST: Final = "*You're no longer available in {title}.*"

# --- buttons -------------------------------------------------------------------------------------
BUTTON_CONNECT: Final = "Connect"
BUTTON_CONNECT_AGAIN: Final = "Connect again"
BUTTON_TOKEN_HELP: Final = "Where do I find my token?"
BUTTON_SESSIONS: Final = "See sessions"
BUTTON_OTHER_SESSIONS: Final = "Other sessions"
BUTTON_UPCOMING: Final = "What's coming up"
BUTTON_JOIN: Final = "Join"
BUTTON_AVAILABLE: Final = "I'm available"
BUTTON_AVAILABLE_AGAIN: Final = "I'm available again"
BUTTON_PAUSE: Final = "Pause"
BUTTON_HUB: Final = "Open in the event hub"
BUTTON_MEET: Final = "Meet in the event hub"
BUTTON_CALL: Final = "Join call"
BUTTON_NEW_LINK: Final = "New link"
BUTTON_TRY_AGAIN: Final = "Try again"
BUTTON_STATUS: Final = "Where I stand"
BUTTON_MATCHES: Final = "People you met"
BUTTON_DISCONNECT: Final = "Disconnect"
BUTTON_STAY_CONNECTED: Final = "Stay connected"
BUTTON_ALL_SESSIONS: Final = "Show all sessions"
BUTTON_HELP: Final = "Help"
BUTTON_NEXT_PAGE: Final = "Next"
BUTTON_PREVIOUS_PAGE: Final = "Back"
CONFIRM_DISCONNECT_TITLE: Final = "Disconnect?"
CONFIRM_DISCONNECT: Final = "I'll delete your token, your availability and your matches."
CONFIRM_DENY: Final = "Keep"
PICTURE: Final = "Picture of {name}"

# --- help ----------------------------------------------------------------------------------------
UNKNOWN: Final = "I don't know `{word}`. Here is what I can do:"
UNKNOWN_NEAREST: Final = "I don't know `{word}`. Did you mean `{nearest}`? Here is what I can do:"
HELP_TITLE: Final = "*Speed networking at your Accelevents event, right here in Slack*"
HELP_ROW: Final = "`{usage}`  {meaning}"
HELP: Final = {
    "": "where you stand, and what is open now",
    "connect": "connect your Accelevents account (also `login`, `signin`, `link`)",
    "sessions [live|upcoming|past|mine|today|tomorrow]": "the networking sessions",
    "sessions [track and its name, or words of a title]": "only those that fit",
    "join [id, link or words of the title]": "join a session",
    "available [id or words]": "join and get matched (also `ready`)",
    "pause": "stop being matched (also `stop`, `leave`)",
    "matches": "the people you met",
    "status": "where you stand",
    "disconnect": "delete what I know about you (also `logout`, `signout`, `unlink`)",
    "help": "this list",
}

# --- errors: one sentence for each code of `domain/errors.py` ------------------------------------
# `not_linked` shows the connect prompt, and `ambiguous_session` a choice of sessions.
ERRORS: Final = {
    "bad_event_link": "That isn't an event link. It looks like {example}.",
    "bad_credential": "That's neither a magic link nor an access token. Paste the whole of it.",
    "no_such_session": "I can't find a session like `{query}`.\nHave a look at what there is.",
    "other_event": (
        "*That session belongs to another event,* `{other}`.\n"
        "You're connected to {event}. To join it, connect to its event."
    ),
    "available_elsewhere": (
        "*You're available in {title}, not in* `{query}`.\nI left everything as it was."
    ),
    "nothing_live": "*No networking session is open right now.*\nHave a look at what is coming up.",
    "event_not_found": (
        "*Accelevents does not know your event any more.*\nConnect again with the event's link."
    ),
    "session_not_found": ("*{title} does not exist.*\nIt may have been removed. Pick another one."),
    "session_full": (
        "*{title} is full.*\n"
        "Places open up when people leave. Try again in a moment, or pick another session."
    ),
    "session_not_live": (
        "*{title} is not open right now.*\n"
        "You can join only while it runs. Have a look at what is open."
    ),
    "ticket_not_permitted": (
        "*{title} is not included in your ticket.*\nPick another session, or change your ticket "
        "in the event hub."
    ),
    "ticket_limit_reached": (
        "*Your ticket allows {permitted} sessions, and you have joined that many.*\n"
        "Leave one of them in the event hub, then try again."
    ),
    "ticket_limit_unknown": (
        "*Your ticket allows no further session.*\n"
        "Leave one of yours in the event hub, then try again."
    ),
    "not_registered": (
        "*This account is not registered for that.*\n"
        "Register in the event hub with the same account, then try again."
    ),
    "token_refused": CONNECT_AGAIN,
    "account_locked": (
        "*Accelevents has locked this account for a while.*\nTry again in 30 minutes."
    ),
    "account_not_found": "*Accelevents does not know this account.*\nConnect with another one.",
    "duplicate_account": (
        "*Accelevents has more than one account with your e-mail address.*\n"
        "Connect with an access token instead of the magic link."
    ),
    "magic_link_invalid": "Accelevents does not accept this magic link. Ask for a new one there.",
    "magic_link_used": "This magic link has expired or was used already. Ask for a new one there.",
    "meeting_not_created": (
        "*Accelevents could not set up a meeting for you.*\nTry again in a moment."
    ),
    "forbidden": (
        "*Your account may not do that at this event.*\nThe event hub shows what is open to you."
    ),
    "rejected": "*Accelevents said no, without telling why.*\nThe event hub may tell you more.",
    "timed_out": "*Accelevents did not answer in time.*\nIt may be busy. Try again in a moment.",
    "unreachable": "*I can't reach Accelevents right now.*\nTry again in a moment.",
    "rate_limited": "*Accelevents asks me to slow down.*\nTry again in a moment.",
    "server_failed": "*Accelevents has a problem of its own right now.*\nTry again in a moment.",
    "unreadable": (
        "*Accelevents answered something I can't read.*\nTry again; if it stays, tell your "
        "administrator."
    ),
}

# Replaces an unknown session title. Sentences may begin with `{title}`.
THIS_SESSION: Final = "This session"

# The sentences for fields of the connect form, which do not support markup.
AT_FIELD: Final = {
    "not_linked": "You disconnected while I was checking this. Submit once more to connect.",
    "token_refused": "Accelevents does not accept this token. Get a fresh one and paste it here.",
    "event_not_found": "Accelevents does not know this event. Check the link.",
    "account_locked": "Accelevents has locked this account. Try again in 30 minutes.",
    "account_not_found": "Accelevents does not know this account.",
    "duplicate_account": (
        "Accelevents has more than one account with your e-mail address. Use an access token."
    ),
    "not_registered": "This account is not registered for the event. Use another account.",
    "forbidden": "This account may not use the event. Use another account.",
    "rejected": "Accelevents did not accept this, without telling why.",
    "timed_out": "Accelevents did not answer in time. Submit once more in a moment.",
    "unreachable": "I can't reach Accelevents right now. Submit once more in a moment.",
    "rate_limited": "Accelevents asks me to slow down. Submit once more in a moment.",
    "server_failed": "Accelevents has a problem right now. Submit once more in a moment.",
    "unreadable": "Accelevents answered something I can't read. Submit once more in a moment.",
    "defect": "Something went wrong on my side. Submit once more in a moment.",
}

# The problems of what was pasted that have a sentence of their own.
EVENT_PROBLEMS: Final = {
    "no_event": "That link leads to no event. The link of an event looks like {example}.",
    "wrong_field": "That looks like a magic link or a token. It belongs in the field below.",
}
CREDENTIAL_PROBLEMS: Final = {
    "several": "There is more than one magic link or token in this. Paste only one.",
    "cut": "A part of this is missing at the end. Copy the whole magic link or token.",
    "event_link": (
        "That's the link of your event, without a key. The magic link in your ticket e-mail is "
        "longer. Copy it without opening it."
    ),
    "filtered": (
        "Your mail program replaced this link by one of its own, and I can't see the magic link in "
        "it. Open the e-mail in another program and copy the link there, or use an access token."
    ),
    "other_link": "There is no key in this link. Copy the magic link from your ticket e-mail.",
    "e_mail": (
        "That's an e-mail address. I need the magic link that Accelevents sent there, or an access "
        "token."
    ),
    "of_slack": "That's a token of Slack. I need the magic link or the token of Accelevents.",
}
