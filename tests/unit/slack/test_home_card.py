"""What Home offers and says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.domain.errors import TokenRefused
from slackbot.domain.model import FeedHealth, Session, State
from slackbot.services.availability import AvailabilityStatus, NoticeState
from slackbot.services.dashboard import Dashboard
from slackbot.services.programmes import Programme
from slackbot.slack import home_texts, texts
from slackbot.slack.blocks.errors import ErrorContext, error_card
from slackbot.slack.blocks.home import home
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.status import status_card
from slackbot.slack.command import Command, Name
from tests.harness.fakes import EXPO, NOON, availability, link, session
from tests.harness.slow_commands import HUB

SLASH = "/networking"
KNOWN = Programme(read_at=NOON)
CONNECTED = FeedHealth(connected=True, changed_at=NOON)
STATUS = AvailabilityStatus(link(), None, None)


def drawn(board: Dashboard, answer: Message | None = None) -> Message:
    return home(board, SLASH, NOON, HUB, answer)


def with_live(*live: Session) -> Dashboard:
    return Dashboard(link=link(), status=STATUS, programme=Programme(live=live, read_at=NOON))


@pytest.mark.parametrize(
    ("facts", "is_offered"),
    [
        ({}, True),
        ({"capacity": 2, "taken": 2}, False),
        ({"capacity": 2, "taken": 2, "registered": True}, True),
        ({"private": True}, False),
        ({"private": True, "registered": True}, True),
    ],
)
def test_what_can_be_joined_has_a_button(facts: dict[str, object], is_offered: bool):
    """As in the list of sessions."""
    view = drawn(with_live(session(5, "Circle", **facts)))
    actions = [each["accessory"]["action_id"] for each in view.blocks if "accessory" in each]
    assert ("available:5" in actions) is is_offered


@pytest.mark.parametrize(
    ("status", "programme", "line"),
    [
        (STATUS, KNOWN, home_texts.HOME_WORKING),
        (STATUS, Programme(), home_texts.HOME_UNREAD),
        (STATUS, Programme(read_at=NOON, is_known=False), home_texts.HOME_UNREACHABLE),
        (
            AvailabilityStatus(link(unreachable="user_disabled"), None, None),
            KNOWN,
            home_texts.HOME_MESSAGES_REFUSED,
        ),
        (AvailabilityStatus(link(), availability(), None), KNOWN, home_texts.HOME_UPDATES_DOWN),
        (AvailabilityStatus(link(), availability(), CONNECTED), KNOWN, home_texts.HOME_WORKING),
        (
            AvailabilityStatus(link(), availability(), CONNECTED, confirmed=False),
            KNOWN,
            home_texts.HOME_UNCONFIRMED,
        ),
        (
            AvailabilityStatus(link(), availability(state=State.LEAVING), CONNECTED),
            KNOWN,
            home_texts.HOME_UNCONFIRMED,
        ),
        *(
            (
                AvailabilityStatus(
                    link(), availability(state=State.IN_MEETING), CONNECTED, notice=notice
                ),
                KNOWN,
                line,
            )
            for notice, line in (
                (NoticeState.SENT, home_texts.HOME_WORKING),
                (NoticeState.PENDING, home_texts.HOME_MESSAGE_PENDING),
                (NoticeState.NOT_SENT, home_texts.HOME_MESSAGES_REFUSED),
            )
        ),
    ],
)
def test_the_health_line_agrees_with_the_status(
    status: AvailabilityStatus, programme: Programme, line: str
):
    """Whatever the status says, the line says no other."""
    view = drawn(Dashboard(link=link(), status=status, programme=programme))
    lines = [getattr(home_texts, name) for name in dir(home_texts) if name.startswith("HOME_")]
    small = [each for each in view.text.splitlines() if each in lines]
    assert [each for each in small if each not in {home_texts.HOME_LIVE}] == [line]


def test_a_login_that_has_run_out_is_said_once():
    """With what follows once the person has connected again."""
    board = Dashboard(link=link(), programme=KNOWN)
    context = ErrorContext(Command(Name.AVAILABLE, "7"), SLASH, EXPO)
    answer = error_card(TokenRefused(status=401), context, HUB, NOON)
    view = drawn(board, answer)
    assert view.text.count("has run out") == 1
    assert view.text.count("You can't be matched until you connect") == 1
    assert f"{SLASH} available 7" in view.text


def test_the_status_stands_once():
    """Although the answer to an outdated button holds it too."""
    answer = Draft().say(home_texts.OUTDATED).then(status_card(STATUS, HUB)).done()
    view = drawn(Dashboard(link=link(), status=STATUS, programme=KNOWN), answer)
    assert "That card is out of date" in view.text
    assert view.text.count("You're not available") == 1
    assert home_texts.BUTTON_HOME_BACK in str(view.blocks)
    below = drawn(Dashboard(link=link(), status=STATUS, programme=KNOWN), answer.above(answer))
    assert texts.BUTTON_AVAILABLE in str(below.blocks)


def test_the_next_change_is_the_next_time_that_is_shown():
    """The end of an open session, the start of a joined one, or the end of the login."""
    hour = timedelta(hours=1)
    live = session(5, ends_at=NOON + 2 * hour)
    joined = session(6, starts_at=NOON + hour, ends_at=NOON + 3 * hour)
    board = Dashboard(
        link=link(expires_at=NOON + 4 * hour),
        programme=Programme(live=(live,), joined=(joined,)),
    )
    moments, now = [], NOON
    while (after := board.next_change(now)) is not None:
        moments.append((after - NOON) / hour)
        now = after
    assert moments == [1, 2, 4]
