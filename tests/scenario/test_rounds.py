"""A round is left only by somebody who was asked about it."""

from __future__ import annotations

import pytest

from slackbot.sandbox.slack import ScreenItem, User
from slackbot.slack import texts

from .conftest import Mission, pressed


async def matched(mission: Mission, ada: User, partner: str, name: str) -> ScreenItem:
    """Pair Ada, and return the message about it."""
    await mission.platform.pair("ada", partner)
    return await ada.waits_for(f"You're matched with {name}", where="dm")


@pytest.fixture
async def ada(mission: Mission) -> User:
    """Ada, available in the session, in which Omar is too."""
    mission.add("omar", "Omar Haddad")
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    return ada


async def test_an_old_question_leaves_no_other_round(mission: Mission, ada: User) -> None:
    """Its answer is about one partner; in a round with another, it is asked again."""
    await matched(mission, ada, "priya", "Priya Raman")
    first = await mission.ask(ada, "/networking available 11645")
    second = await mission.ask(ada, "/networking available 11645")
    await pressed(ada, first, texts.BUTTON_LEAVE_ROUND, says="You're available")
    await matched(mission, ada, "omar", "Omar Haddad")
    before = mission.availabilities_set()
    asked = await pressed(ada, second, texts.BUTTON_LEAVE_ROUND, says="Omar Haddad")
    assert mission.availabilities_set() == before
    await pressed(ada, asked, texts.BUTTON_LEAVE_ROUND, says="You're available")


async def test_an_old_match_card_leaves_no_other_round(mission: Mission, ada: User) -> None:
    """The dialog of its button named an earlier partner."""
    card = await matched(mission, ada, "priya", "Priya Raman")
    await mission.go_on(ada, 11645)
    await matched(mission, ada, "omar", "Omar Haddad")
    before = mission.availabilities_set()
    asked = await pressed(ada, card, texts.BUTTON_AVAILABLE_AGAIN, says="Omar Haddad")
    assert mission.availabilities_set() == before
    await pressed(ada, asked, texts.BUTTON_STAY, says="You have a match")
    assert mission.availabilities_set() == before


async def test_what_a_button_confirms_is_not_shown(mission: Mission, ada: User) -> None:
    """After a login has run out, the command is repeated as it would be typed."""
    card = await matched(mission, ada, "priya", "Priya Raman")
    mission.platform.revoke("ada")
    seen = await pressed(ada, card, texts.BUTTON_AVAILABLE_AGAIN, says="run out")
    assert "I'll do what you asked: /networking available 11645" in seen.text
