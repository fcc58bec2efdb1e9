"""The sentences about errors, written as those of `texts.py` are."""

from __future__ import annotations

from typing import Final

from slackbot.slack.texts import Plural

# --- errors: one sentence for each code of `domain/errors.py` ------------------------------------
# `not_linked` shows the connect prompt, and `ambiguous_session` a choice of sessions.
ERRORS: Final = {
    "bad_event_link": "That isn't an event link. It looks like {example}.",
    "bad_credential": "That's neither a magic link nor an access token. Paste the whole of it.",
    "no_such_session": "*I can't find a session like* `{query}`.\nHave a look at what there is.",
    "other_event": (
        "*That session belongs to another event,* `{other}`.\n"
        "You're connected to {event}. To join it, connect to its event."
    ),
    "available_elsewhere": (
        "*You're available in {title}, not in* `{query}`.\nI left everything as it was."
    ),
    "nothing_live": "*Nothing is open right now.*\nSee what's coming up.",
    "event_not_found": (
        "*Accelevents doesn't know your event any more.*\nConnect again with the event's link."
    ),
    "session_not_found": (
        "*{title} can't be found.*\nIt may have been taken off the programme. Pick another one."
    ),
    "session_full": (
        "*{title} is full.*\n"
        "A place opens up when somebody leaves. Try again in a moment, or pick another session."
    ),
    "session_not_live": "*{title} isn't open.*\nPick one that is.",
    "ticket_not_permitted": (
        "*{title} isn't in your ticket.*\n"
        "Pick another session, or change your ticket in the event hub."
    ),
    "ticket_limit_reached": (
        "To change to {title}, leave one of yours in the event hub, then try again."
    ),
    "not_a_member": (
        "*I work for members of this Slack workspace only,* so I can't do that for you.\n"
        "Ask a Slack admin to make you a member, or meet people in the event hub."
    ),
    "not_registered": (
        "*This account isn't registered for the event.*\n"
        "Register in the event hub, or connect with the account that is."
    ),
    "token_refused": "*Your login has run out.*\nConnect again to be matched.",
    "account_locked": "*Accelevents has locked this account.*\nTry again in 30 minutes.",
    "account_not_found": "*Accelevents doesn't know this account.*\nConnect with another one.",
    "duplicate_account": (
        "*Accelevents has more than one account with your e-mail address.*\n"
        "Ask the organiser which one to use, or connect with an access token."
    ),
    "magic_link_invalid": "This magic link isn't valid. Ask the organiser for a new one.",
    "magic_link_used": (
        "This magic link was opened before, or has run out. Ask the organiser for a new one."
    ),
    "meeting_not_created": (
        "*Accelevents couldn't set up a meeting for you.*\nTry again in a moment."
    ),
    "forbidden": (
        "*Your account can't do that at this event.*\n"
        "The organisers can change it. The event hub shows what's open to you."
    ),
    "rejected": "*Accelevents refused and gave no reason.*\nThe event hub may tell you more.",
    "superseded": "*I've stopped trying this,* because you've asked me again since.",
    "interrupted": (
        "*I had to restart before Accelevents answered.*\n"
        "Please try again: it does no harm if it has worked already."
    ),
    "given_up": (
        "*Accelevents is still too slow, so I've stopped trying.*\nTry again in a few minutes."
    ),
    "timed_out": ("*Accelevents isn't answering in time.*\nIt's not you. Try again in a moment."),
    "unreachable": "*I can't reach Accelevents right now.*\nTry again in a moment.",
    "rate_limited": "*Accelevents asks me to slow down.*\nTry again in a minute.",
    "server_failed": (
        "*Accelevents isn't answering properly.*\nIt's not you. Try again in a moment."
    ),
    "unreadable": (
        "*Accelevents answered something I can't read.*\n"
        "It's not you. Try again; if it happens again, tell your Slack admin."
    ),
}
# Where the platform gives a reason of its own, which follows as a quotation.
REFUSED: Final = "*Accelevents refused that.* It says:"
REFUSED_SESSION: Final = "*Accelevents didn't let you into {title}.* It says:"
NOT_LIVE_YET: Final = "*{title} isn't open yet.* It opens {start:when}."
NOT_LIVE_ANY_MORE: Final = "*{title} isn't open any more.* It ended {end:when}."
TICKET_LIMIT: Final = Plural(
    one="*Your ticket covers one session, and you've joined it.*",
    other="*Your ticket covers {count} sessions, and you've joined that many.*",
)
TICKET_LIMIT_UNKNOWN: Final = "*Your ticket covers no further session.*"

# The id is that of a keynote, a workshop or the like.
NOT_NETWORKING: Final = (
    "*{title} isn't a networking session,* so nobody is matched there.\n"
    "Have a look at those that are."
)
# Replaces an unknown session title. Sentences may begin with `{title}`.
THIS_SESSION: Final = "This session"

# The sentences for fields of the connect form, which do not support markup.
AT_FIELD: Final = {
    "not_linked": "You disconnected while I was checking this. Submit once more to connect.",
    "token_refused": "Accelevents doesn't accept this token. Get a new one and paste it here.",
    "not_a_member": (
        "I work for members of this Slack workspace only. Ask a Slack admin to make you a member."
    ),
    "event_not_found": "Accelevents doesn't know this event. Check the link.",
    "account_locked": "Accelevents has locked this account. Try again in 30 minutes.",
    "account_not_found": "Accelevents doesn't know this account. Use another account.",
    "duplicate_account": (
        "Accelevents has more than one account with your e-mail address. Use an access token."
    ),
    "not_registered": "This account isn't registered for the event. Use another account.",
    "forbidden": "This account can't use the event. Use another account.",
    "rejected": "Accelevents refused this and gave no reason. The event hub may tell you more.",
    "timed_out": "Accelevents isn't answering in time. Submit once more in a moment.",
    "unreachable": "I can't reach Accelevents right now. Submit once more in a moment.",
    "rate_limited": "Accelevents asks me to slow down. Submit once more in a minute.",
    "server_failed": "Accelevents isn't answering properly. Submit once more in a moment.",
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
