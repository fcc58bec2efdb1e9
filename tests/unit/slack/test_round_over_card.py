"""The card of a match whose round is over: the partner, the end, and how to continue."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slackbot.domain.model import Match, Partner
from slackbot.domain.notices import MatchOver
from slackbot.sandbox.slack.mrkdwn import unescape
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import match_card, round_over_card
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.command import Command, Name, from_action
from tests.harness.fakes import CALL, NOON, ZOE, match

LINKS = HubLinks("https://hub.example", "{web}/e/{event}/portal/schedule/{session_id}")


def buttons(message: Message) -> list[dict[str, Any]]:
    return [
        element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def lines(message: Message) -> list[str]:
    """Return the text as a screen reader reads it, with the fallback of each time."""
    drawn = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", message.text)
    return unescape(drawn).splitlines()


def met(**changes: Any) -> Match:
    made = match(ZOE, session_title="Coffee", call=CALL, ends_at=NOON + timedelta(minutes=5))
    return replace(made, **changes)


def test_it_says_that_the_round_is_over():
    """The partner stays, now in the past; it asks whether to continue."""
    assert lines(round_over_card(met())) == [
        "You were matched with Zoë",
        "CTO, Ωmega",
        "Time's up. Ready for the next person?",
        "Did you talk?",
        "12:00 UTC to 12:05 UTC  ·  Coffee  ·  only you see your answer",
    ]


@pytest.mark.parametrize(
    ("talked", "says"),
    [(True, "You talked with Zoë"), (False, "No one came. Ready for the next person?")],
)
def test_an_answer_can_be_changed(talked: bool, says: str):
    """It is said, and asked again on request."""
    message = round_over_card(met(talked=talked))
    assert says in lines(message)
    assert [button["text"]["text"] for button in buttons(message)] == [
        "Next person",
        "Pause",
        "Change my answer",
    ]


def test_it_has_one_main_button_to_go_on_and_one_to_stop():
    """Both are about the match's session; nothing leads to the meeting any more."""
    found = buttons(round_over_card(met()))[:2]
    assert [(button["text"]["text"], button.get("style")) for button in found] == [
        ("Next person", "primary"),
        ("Pause", None),
    ]
    assert [from_action(button["action_id"]) for button in found] == [
        Command(Name.AVAILABLE, "7"),
        Command(Name.PAUSE, "7"),
    ]
    assert not any("url" in button for button in found)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"ends_at": None}, "12:00"),
        ({"session_title": ""}, "Coffee"),
        ({"partner": Partner(name="Zoë")}, "Ωmega"),
    ],
)
def test_unknown_facts_are_left_out(changes: dict[str, Any], missing: str):
    """Neither the times of a round of unknown length, nor an empty title or role."""
    message = round_over_card(met(**changes))
    assert missing not in message.text
    assert "Zoë" in message.text
    assert len(buttons(message)) == 4
    assert all(line.strip() for line in lines(message))


def test_both_states_are_of_one_message():
    """Both name the same person, role and session; the notice of the end is this card."""
    first, second = match_card(met(), LINKS), round_over_card(met())
    for fact in ("Zoë", "CTO, Ωmega", "Coffee"):
        assert fact in first.text
        assert fact in second.text
    assert notice_message(MatchOver(met()), LINKS) == second


def test_the_card_holds_nothing_of_the_call():
    """The call's credentials are secret."""
    payload = repr(round_over_card(met()).payload())
    assert not [word for word in ("m-1", "attendee-1", "JoinToken") if word in payload]
