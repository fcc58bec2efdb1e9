"""The sentences about a person's data, written as those of `texts.py` are."""

from __future__ import annotations

from typing import Final

from slackbot.slack.texts import Plural

# --- what is stored ------------------------------------------------------------------------------
# Each fact, and the columns that hold it. It is stored as soon as one of their tables has a row.
# `team_id`, `user_id` and `person_epoch` stand in every table, and say only whose the row is.
STORED: Final[dict[str, tuple[str, ...]]] = {
    "Your Slack member ID, and a random number that stands for you until you erase everything": (
        "people.epoch",
        "people.created_at",
    ),
    "Your Accelevents account: its name and number, your event, and since when you're connected": (
        "links.event",
        "links.account_id",
        "links.account_name",
        "links.linked_at",
        "links.used_at",
        "links.sessions_read_at",
    ),
    "Sessions that you've joined or want to be reminded of, and when I reminded you": (
        "planned_sessions.event",
        "planned_sessions.session_id",
        "planned_sessions.session_title",
        "planned_sessions.location",
        "planned_sessions.starts_at",
        "planned_sessions.ends_at",
        "planned_sessions.joined",
        "planned_sessions.wanted",
        "planned_sessions.lead_minutes",
        "planned_sessions.reminded_for",
    ),
    "That I've written to you how an event went for you, so that I don't do it twice": (
        "recaps.event",
        "recaps.sent_at",
    ),
    "Your logins to other events, as that to this one": (
        "other_links.event",
        "other_links.token_sealed",
        "other_links.auth_scheme",
        "other_links.account_id",
        "other_links.account_name",
        "other_links.expires_at",
        "other_links.linked_at",
        "other_links.credential_digest",
        "other_links.refused_at",
        "other_links.used_at",
    ),
    "Your login, encrypted, until when it works, and a digest of what you pasted": (
        "links.token_sealed",
        "links.auth_scheme",
        "links.expires_at",
        "links.refused_at",
        "links.credential_digest",
    ),
    "Our direct message: which conversation it is, and whether Slack lets me write there": (
        "links.dm_channel",
        "links.unreachable",
    ),
    "The session you're available in, since when, and how the live updates about it are": (
        "availabilities.event",
        "availabilities.session_id",
        "availabilities.session_title",
        "availabilities.state",
        "availabilities.since",
        "availabilities.session_ends_at",
        "availabilities.baseline_at",
        "availabilities.confirmed",
        "availabilities.reacted_at",
        "feeds.session_id",
        "feeds.owner",
        "feeds.epoch",
        "feeds.wanted_at",
        "feeds.connected",
        "feeds.changed_at",
        "feeds.failure",
    ),
    "A pause that ends by itself, or a session whose opening you wait for: when, and which": (
        "snoozes.event",
        "snoozes.session_id",
        "snoozes.session_title",
        "snoozes.session_ends_at",
        "snoozes.asked_at",
        "snoozes.until",
        "snoozes.tries",
        "snoozes.next_try_at",
        "snoozes.resumed_at",
        "snoozes.opens",
    ),
    "A session that you've left, until Accelevents confirms it": (
        "departures.session_id",
        "departures.event",
        "departures.left_at",
        "departures.tries",
        "departures.next_try_at",
    ),
    "Your matches: with whom (name, title, company, picture), when, in which session, and what you "
    "answered": (
        "matches.event",
        "matches.account",
        "matches.session_id",
        "matches.session_title",
        "matches.partner_name",
        "matches.partner_account_id",
        "matches.partner_title",
        "matches.partner_company",
        "matches.partner_picture",
        "matches.received_at",
        "matches.raw_time",
        "matches.matched_at",
        "matches.ends_at",
        "matches.answer",
        "matches.talked",
        "matches.declined_at",
        "matches.declines",
    ),
    "About each match: how I heard of it, and which of my messages tells of it": (
        "matches.id",
        "matches.partner_key",
        "matches.ordinal",
        "matches.source",
        "matches.settled_at",
        "matches.outcome",
        "matches.channel",
        "matches.ts",
        "matches.over_at",
    ),
    "The call of a match, encrypted, until a minute after the round, and a digest of its number": (
        "matches.call_sealed",
        "matches.meeting_digest",
    ),
    "The links to your calls, as digests: when you opened, joined and left each, and the browser": (
        "call_links.id_digest",
        "call_links.match_id",
        "call_links.made_at",
        "call_links.expires_at",
        "call_links.revoked_at",
        "call_links.browser_digest",
        "call_links.opened_at",
        "call_links.joined_at",
        "call_links.left_at",
    ),
    "Whether you want to swap contacts with people you met, and what came of it if you both do": (
        "contact_answers.partner_user_id",
        "contact_answers.partner_epoch",
        "contact_answers.match_id",
        "contact_answers.wanted",
        "contact_answers.answered_at",
        "contact_answers.agreed_at",
        "contact_answers.channel",
        "contact_answers.posting_at",
        "contact_answers.settled_at",
        "contact_answers.outcome",
    ),
    "Your reports to the organisers, with your words, encrypted": (
        "reports.match_id",
        "reports.reason_sealed",
        "reports.reported_at",
        "reports.settled_at",
    ),
    "Your settings: reminders, quiet hours, your time zone, and what I don't write to you about": (
        "preferences.reminder_minutes",
        "preferences.quiet_from",
        "preferences.quiet_to",
        "preferences.zone",
        "preferences.muted",
    ),
    "Messages of mine that I may still have to correct, such as that you're available": (
        "state_cards.channel",
        "state_cards.ts",
        "state_cards.kind",
        "state_cards.since",
        "state_cards.session_id",
        "state_cards.session_title",
    ),
    "That you have my Home tab open, for four hours": ("homes.opened_at", "homes.view_hash"),
    "That I've welcomed you, so that I don't do it twice": ("welcomes.welcomed_at",),
    "Messages on their way to you and those of the last two days, without their text": (
        "notices.id",
        "notices.kind",
        "notices.status",
        "notices.created_at",
        "notices.values",
    ),
}
STORED_TITLE: Final = "*What I store about you*"
STORED_FACT: Final = "•  {fact}"
STORED_NOTHING: Final = "*I store nothing about you.*"
STORED_NOT: Final = (
    "*What I don't store*\nWhat is said in a call, and what you write to others in Slack."
)
STORED_FOR: Final = Plural(
    one="*For how long*\nMatches are kept for one day, and so is a login that you don't use. "
    "Everything else until you disconnect.",
    other="*For how long*\nMatches are kept for {count} days, and so is a login that you don't "
    "use. Everything else until you disconnect.",
)
PERMISSIONS_TITLE: Final = "*Why I have each permission in Slack*"
PERMISSION: Final = "`{scope}`  {reason}"

# --- export --------------------------------------------------------------------------------------
EXPORT_READY: Final = "*Your data is ready.*\nEverything I store about you, as a JSON file."
EXPORT_READY_MATCHES: Final = (
    "*Your data is ready.*\n"
    "Everything I store about you, as a JSON file, and your matches as a table."
)
EXPORT_UNTIL: Final = (
    "Works until {until:time}  ·  anybody who has a link can read your data, so keep it to yourself"
)
EXPORT_HERE: Final = "*Everything I store about you,* part {number} of {count}:"
EXPORT_HERE_SMALL: Final = "Put the parts together, and you have one JSON file"

# --- erase ---------------------------------------------------------------------------------------
ERASE_ASK: Final = Plural(
    one="*Erase everything?*\nI'll delete your login, your settings and your one match, and you'll "
    "be disconnected. This can't be undone. To keep your match, export it first.",
    other="*Erase everything?*\nI'll delete your login, your settings and your {count} matches, "
    "and you'll be disconnected. This can't be undone. To keep your matches, export them first.",
)
ERASE_ASK_NO_MATCH: Final = (
    "*Erase everything?*\nI'll delete your login and your settings, and you'll be disconnected. "
    "This can't be undone."
)
ERASE_STAYS: Final = (
    "What Accelevents showed your partners about you stays in their matches, and my messages to "
    "you stay in Slack."
)
ERASED: Final = Plural(
    one="*Everything about you is erased:* your login, your settings and one match.",
    other="*Everything about you is erased:* your login, your settings and {count} matches.",
)
ERASED_NO_MATCH: Final = "*Everything about you is erased:* your login and your settings."
ERASED_NOTHING: Final = "*Nothing is stored about you.*"
RECEIPT: Final = "Receipt: `{receipt}`"
RECEIPT_SMALL: Final = (
    "Erased {at:when}  ·  with the receipt, an admin can check that it was done, without seeing "
    "what it was"
)
CONFIRM_ERASE_TITLE: Final = "Erase everything?"
CONFIRM_ERASE: Final = (
    "I'll delete your login, your settings and your matches, and you'll be disconnected. This "
    "can't be undone. To keep your matches, export them first. What Accelevents showed your "
    "partners stays in their matches."
)

# --- buttons -------------------------------------------------------------------------------------
BUTTON_PRIVACY: Final = "Privacy"
BUTTON_EXPORT_DATA: Final = "Export my data"
BUTTON_MATCHES_ONLY: Final = "Matches only"
BUTTON_PERMISSIONS: Final = "Why each permission?"
BUTTON_ERASE: Final = "Erase everything"
BUTTON_KEEP: Final = "Keep it"
