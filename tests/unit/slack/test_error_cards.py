"""Each error says what happened, why, and has the button that does the next thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slackbot.domain import errors
from slackbot.domain.errors import SessionError, SlackbotError
from slackbot.domain.model import EventSlug, Session, SessionId
from slackbot.sandbox.slack.mrkdwn import unescape
from slackbot.slack import texts
from slackbot.slack.blocks.errors import ErrorContext, error_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.attempts import GivenUp, Interrupted, Superseded
from tests.harness.cards import kinds
from tests.harness.fakes import NOON

HUB = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")
COFFEE = Session(id=SessionId(7), title="Coffee")
JOIN = Command(Name.JOIN, "coffee")
OTHER = "sessions:"
AGAIN = "join:7"
CLOSED = "Networking is closed by the organiser until 3 pm"
# The actions of the buttons for each code, the main one first, after `join coffee` found session 7.
STEPS = {
    "not_linked": "link:open link:help",
    "no_such_session": "sessions:",
    "ambiguous_session": "join:7 join:8",
    "other_event": "link:open",
    "available_elsewhere": "pause: status:",
    "nothing_live": "sessions:upcoming",
    "bad_event_link": "link:open",
    "bad_credential": "link:open",
    "event_not_found": "link:open",
    "session_not_found": OTHER,
    "session_full": f"{OTHER} {AGAIN}",
    "session_not_live": OTHER,
    "ticket_not_permitted": f"{OTHER} hub:",
    "ticket_limit_reached": f"hub: {AGAIN}",
    "not_registered": "hub: link:open",
    "token_refused": "link:open matches:",
    "account_locked": AGAIN,
    "account_not_found": "link:open",
    "duplicate_account": "link:open",
    "magic_link_invalid": "link:open",
    "magic_link_used": "link:open",
    "meeting_not_created": f"{AGAIN} {OTHER}",
    "forbidden": f"hub: {OTHER}",
    "rejected": f"hub: {OTHER} {AGAIN}",
    "timed_out": AGAIN,
    "unreachable": AGAIN,
    "rate_limited": AGAIN,
    "server_failed": AGAIN,
    "unreadable": AGAIN,
    "superseded": "join:coffee",
    "given_up": "join:coffee",
    "interrupted": "join:coffee status:",
}
ELSEWHERE = {"not_a_member"}  # tests/scenario/test_who_may_use_it.py
KINDS = {kind.code: kind for kind in (*kinds(SlackbotError), GivenUp, Interrupted, Superseded)}


def raised(kind: type[SlackbotError], **known: Any) -> SlackbotError:
    """Return an error as a join of session 7 would meet it."""
    if kind in {errors.NoSuchSession, errors.OtherEvent}:
        return kind("tea")
    if kind is errors.AvailableElsewhere:
        return errors.AvailableElsewhere("tea", "Coffee")
    if kind is errors.AmbiguousSession:
        return errors.AmbiguousSession([COFFEE, replace(COFFEE, id=SessionId(8))])
    if issubclass(kind, errors.PlatformError):
        return SessionError(COFFEE, kind(**known))
    return kind()


def card_of(error: SlackbotError, command: Command = JOIN) -> Message:
    return error_card(error, ErrorContext(command, "/n", EventSlug("demo")), HUB, NOON)


def buttons(message: Message) -> list[dict[str, Any]]:
    return [e for b in message.blocks if b["type"] == "actions" for e in b["elements"]]


def read(message: Message) -> str:
    return unescape(message.text).replace("\u200b", "")


def test_the_table_is_complete() -> None:
    """Every code that a person can meet stands in it."""
    assert set(STEPS) == set(KINDS) - ELSEWHERE


@pytest.mark.parametrize("code", STEPS)
def test_each_error_has_wording_and_the_next_step(code: str) -> None:
    """What happened, and the buttons in order; the first one leads, and is the only green one."""
    message = card_of(raised(KINDS[code]))
    found = buttons(message)
    assert " ".join(button["action_id"] for button in found) == STEPS[code]
    if code != "ambiguous_session":
        assert [b["action_id"] for b in found if b.get("style")] == [found[0]["action_id"]]
    assert len(read(message)) > 20


@pytest.mark.parametrize("kind", [errors.Rejected, errors.Forbidden])
def test_the_platforms_reason_is_quoted(kind: type[errors.PlatformError]) -> None:
    """In a quotation, with the session; another session is the sensible next thing."""
    message = card_of(raised(kind, reason=CLOSED))
    assert read(message).startswith(f"Accelevents didn't let you into Coffee. It says:\n“{CLOSED}”")
    quote = message.blocks[0]["elements"][1]
    assert quote == {"type": "rich_text_quote", "elements": [{"type": "text", "text": CLOSED}]}
    assert [b["action_id"] for b in buttons(message)] == [OTHER, AGAIN, "hub:"]
    listed = card_of(kind(reason=CLOSED), Command(Name.SESSIONS))
    assert read(listed).startswith(f"Accelevents refused that. It says:\n“{CLOSED}”")
    assert [b["action_id"] for b in buttons(listed)] == ["sessions:", "hub:"]


def test_a_long_reason_is_shortened() -> None:
    """At about 200 characters, and never within an entity."""
    message = card_of(raised(errors.Rejected, reason="Closed & " * 100))
    assert len(message.blocks[0]["elements"][1]["elements"][0]["text"]) == 200
    assert "&amp;…" not in message.text.replace("&amp; …", "")


@pytest.mark.parametrize("kind", [errors.SessionFull, errors.TicketNotPermitted])
def test_a_reason_does_not_replace_our_own_sentence(kind: type[errors.PlatformError]) -> None:
    """What the documentation explains has a better sentence than the platform's."""
    assert "It says" not in card_of(raised(kind, reason="Max user registration")).text


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ((1, 2), "Coffee isn't open yet. It opens <!date"),
        ((-2, -1), "Coffee isn't open any more. It ended <!date"),
        ((-1, 1), "Coffee isn't open."),
        (None, "Coffee isn't open."),
    ],
)
def test_a_session_that_is_not_open_says_when(hours: tuple[int, int] | None, says: str) -> None:
    """As far as its times are known, with the day."""
    session = COFFEE
    if hours is not None:
        starts, ends = (NOON + timedelta(hours=hour) for hour in hours)
        session = replace(COFFEE, starts_at=starts, ends_at=ends)
    message = card_of(SessionError(session, errors.SessionNotLive()))
    assert read(message).startswith(says)
    assert "{date_short_pretty}" in message.text or "<!date" not in says


@pytest.mark.parametrize(
    ("permitted", "says"),
    [
        (1, "Your ticket covers one session, and you've joined it."),
        (3, "Your ticket covers 3 sessions, and you've joined that many."),
        (None, "Your ticket covers no further session."),
    ],
)
def test_the_limit_of_a_ticket_is_counted(permitted: int | None, says: str) -> None:
    """With a singular, and what to do in the next line."""
    lines = read(card_of(raised(errors.TicketLimitReached, permitted=permitted))).splitlines()
    assert lines[:2] == [
        says,
        "To change to Coffee, leave one of yours in the event hub, then try again.",
    ]


def test_the_number_of_the_session_is_shown() -> None:
    """So that somebody can name it to the organiser."""
    number = texts.CARD_NUMBER.format(number=7)
    assert number in read(card_of(raised(errors.SessionFull)))
    assert number not in read(card_of(errors.NothingLive()))
