"""Surfaces that show a state follow its changes: an open Home, the DM's cards and the status."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from slackbot.sandbox.accelevents.knobs import Knobs
from slackbot.sandbox.slack import ScreenItem, User
from slackbot.sandbox.slack.faults import Fault
from slackbot.slack import home_texts, texts
from tests.harness.sizes import FULL

from . import refusals
from .conftest import Mission, dms, pressed
from .test_workers import Fleet, fleet

__all__ = ["fleet"]  # a fixture

AVAILABLE = "You're available in First Network Session"
MATCHED = "You have a match in First Network Session"
NOT_AVAILABLE = "You're not available"
WAS_WAITING = "You were available in First Network Session"
LOGIN_ENDED = "Your login to demo has run out"
# Each surface follows within these seconds. `FAULTS=full` is for a machine with nothing else to do;
# otherwise a slow machine is allowed for, since a surface that does not follow never changes.
SECONDS = 2.0 if FULL else 10.0
POLL_SECONDS = 10.0  # between polls of somebody whose feed is not connected
ROUND_SECONDS = 10  # the shortest round that counts as plausible


async def connects(mission: Mission) -> None:
    """Connect by command."""
    await mission.link("ada")


async def becomes_available(mission: Mission) -> None:
    """Become available by command."""
    await mission.ask(mission.ada, "/networking available 11645")


async def is_matched(mission: Mission) -> None:
    """Be matched, of which a feed hears, maybe that of another process."""
    before = len(await dms(mission.ada))
    await mission.platform.pair("ada", "priya")
    await mission.ada.waits_for(
        lambda seen: seen.where == "dm" and "You're matched with" in seen.text,
        since=mission.ada.now if before else 0,
        timeout=SECONDS,
    )


async def goes_on(mission: Mission) -> None:
    """Become available again with the button of the match's message."""
    [*_, match] = await dms(mission.ada, "Priya Raman")
    card = await pressed(mission.ada, match, texts.BUTTON_AVAILABLE_AGAIN, says=AVAILABLE)
    assert "You were matched with Priya Raman" in card.text


async def pauses(mission: Mission) -> None:
    """Pause by command."""
    await mission.ask(mission.ada, "/networking pause")


async def loses_the_login(mission: Mission) -> None:
    """Have a token that Accelevents refuses, which a command finds out."""
    mission.platform.revoke("ada")
    assert LOGIN_ENDED in (await mission.ask(mission.ada, "/networking sessions")).text


async def disconnects(mission: Mission) -> None:
    """Disconnect by command."""
    await mission.disconnect(mission.ada)


@dataclass(frozen=True)
class Change:
    """A change, and what the surfaces say afterwards; the last card of the DM if it is not new."""

    make: Callable[[Mission], Awaitable[None]]
    home: str
    status: str
    card: str = ""


CHANGES = (
    Change(connects, NOT_AVAILABLE, NOT_AVAILABLE),
    Change(becomes_available, AVAILABLE, AVAILABLE),
    Change(is_matched, MATCHED, MATCHED),
    Change(goes_on, AVAILABLE, AVAILABLE, card=AVAILABLE),
    Change(is_matched, MATCHED, MATCHED, card=WAS_WAITING),
    Change(goes_on, AVAILABLE, AVAILABLE, card=AVAILABLE),
    Change(pauses, NOT_AVAILABLE, NOT_AVAILABLE, card=WAS_WAITING),
    Change(becomes_available, AVAILABLE, AVAILABLE),
    Change(loses_the_login, LOGIN_ENDED, LOGIN_ENDED),
    Change(connects, AVAILABLE, AVAILABLE),
    Change(is_matched, MATCHED, MATCHED),
    Change(goes_on, AVAILABLE, AVAILABLE, card=AVAILABLE),
    Change(disconnects, home_texts.HOME_TITLE, "First, connect", card=WAS_WAITING),
)


async def follow_all(mission: Mission) -> None:
    """Make one change after another, and look at every surface."""
    ada = mission.ada
    mission.slack.rate_limits.enabled = False
    await ada.opens_home()
    await ada.waits_for(home_texts.HOME_TITLE, where="home", timeout=SECONDS)
    for change in CHANGES:
        await change.make(mission)
        home = await ada.waits_for(change.home, where="home", timeout=SECONDS)
        assert [part for part in (AVAILABLE, MATCHED, NOT_AVAILABLE) if part in home.text] in (
            [change.home],
            [],
        )
        assert change.status in (await mission.ask(ada, "/networking status")).text
        if change.card:
            card = await ada.waits_for(change.card, where="dm", timeout=SECONDS)
            assert (AVAILABLE in card.text) is (change.card == AVAILABLE)
    waiting = [seen for seen in await dms(ada) if AVAILABLE in seen.text]
    assert waiting == []


async def test_every_surface_follows_every_change(mission: Mission) -> None:
    """On SQLite, in the one process that makes all changes."""
    await follow_all(mission)


async def test_changes_of_another_process_are_followed(fleet: Fleet) -> None:
    """On PostgreSQL, where one process answers Slack and others hold the feeds."""
    await follow_all(fleet.mission)


async def by_slash_command(mission: Mission) -> None:
    """Pause with the slash command."""
    await pauses(mission)


async def by_direct_message(mission: Mission) -> None:
    """Pause by writing to the bot."""
    assert (await mission.ada.types("pause")).ok


async def by_mention(mission: Mission) -> None:
    """Pause by mentioning the bot in a channel."""
    assert (await mission.ada.types("<@U0BOT> pause", "general")).ok


async def by_another_card(mission: Mission) -> None:
    """Pause with a button of a message."""
    status = await mission.ask(mission.ada, "/networking status")
    await pressed(mission.ada, status, texts.BUTTON_PAUSE, says="Paused.")


async def by_the_organiser(mission: Mission) -> None:
    """Lose the session, which a press on an old card finds out."""
    mission.platform.move_session(11645, "past")
    await pauses(mission)


# Whatever changes a state, an open Home shows it: slackapi/bolt-js#473. So does a card, whose
# button would do nothing any more: denoland/clawpatrol#595 and odefun/ode#180
@pytest.mark.parametrize(
    "way", [by_slash_command, by_direct_message, by_mention, by_another_card, by_the_organiser]
)
async def test_surfaces_follow_a_change_made_anywhere(
    mission: Mission, way: Callable[[Mission], Awaitable[None]]
) -> None:
    """Home and the card of the direct message change, and the card loses its button."""
    ada = await mission.link("ada")
    assert (await ada.types("available 11645")).ok
    card = await ada.waits_for(AVAILABLE, where="dm")
    assert texts.BUTTON_PAUSE in [button.text for button in card.buttons]
    await ada.opens_home()
    await ada.waits_for(AVAILABLE, where="home", timeout=SECONDS)
    await way(mission)
    await ada.waits_for(NOT_AVAILABLE, where="home", timeout=SECONDS)
    over = await ada.waits_for(WAS_WAITING, where="dm", timeout=SECONDS)
    assert over.id == card.id
    assert texts.BUTTON_PAUSE not in [button.text for button in over.buttons]


async def test_home_is_published_with_the_hash_of_what_is_there(mission: Mission) -> None:
    """Neither an empty one nor one of ours: slack-go/slack#1462 and TracecatHQ/tracecat#2974."""
    ada = await mission.link("ada")
    await ada.opens_home()
    home = await ada.waits_for(NOT_AVAILABLE, where="home")
    home = await pressed(ada, home, "available:11645", says=AVAILABLE)
    await pauses(mission)
    await ada.waits_for(NOT_AVAILABLE, where="home", timeout=SECONDS)
    published = [call for call in mission.slack.calls if call.method == "views.publish"]
    assert len(published) >= 3
    assert [call.error for call in published if call.error] == []
    assert "" not in [call.args.get("hash") for call in published]


async def test_the_notice_of_a_refused_login_loses_its_button(mission: Mission) -> None:
    """It says that the person has connected again, wherever they did."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    mission.platform.revoke("ada")
    await mission.platform.drop_sockets("ada")
    notice = await ada.waits_for(LOGIN_ENDED, where="dm", timeout=POLL_SECONDS + SECONDS)
    await mission.link("ada")
    card = await ada.waits_for("You've connected again", where="dm", timeout=SECONDS)
    assert card.id == notice.id
    assert [button.text for button in card.buttons] == [texts.BUTTON_STATUS]


async def test_connecting_from_the_notice_is_answered_in_its_place(mission: Mission) -> None:
    """The answer stays, even if Slack was slow to take the notice's edit."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    mission.platform.revoke("ada")
    await mission.platform.drop_sockets("ada")
    notice = await ada.waits_for(LOGIN_ENDED, where="dm", timeout=POLL_SECONDS + SECONDS)
    mission.slack.faults.order(Fault("chat.update", error="ratelimited", retry_after=2))
    assert (await ada.clicks(notice, texts.BUTTON_CONNECT_AGAIN)).ok
    form = await ada.waits_for("Event link", where="modal")
    mission.platform.delay(1.0, **refusals.STATUS)  # so that the edit comes first
    await ada.submits(form, {"credential": mission.platform.token_for("ada")})
    card = await ada.waits_for(AVAILABLE, where="dm", timeout=SECONDS)
    assert card.id == notice.id
    await asyncio.sleep(3.0)  # longer than Slack refuses the edit
    (card,) = [seen for seen in await ada.sees("", where="dm") if seen.id == notice.id]
    assert AVAILABLE in card.text


@pytest.fixture
async def matched(mission: Mission) -> tuple[User, ScreenItem]:
    """Somebody with a match whose round is short, and its message."""
    mission.platform.set_knobs(Knobs(round_seconds=ROUND_SECONDS))
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    return ada, await ada.waits_for("You're matched with Priya Raman", where="dm")


async def test_the_status_says_matched_while_the_round_runs(
    mission: Mission, matched: tuple[User, ScreenItem]
) -> None:
    """When it is over, the message, an open Home and the status say so."""
    ada, _ = matched
    await ada.opens_home()
    await ada.waits_for(MATCHED, where="home")
    over = ROUND_SECONDS + SECONDS
    await ada.waits_for("You were matched with Priya Raman", where="dm", timeout=over)
    home = await ada.waits_for("The round in First Network Session is over", where="home")
    status = await mission.ask(ada, "/networking status")
    for seen in (home, status):
        assert MATCHED not in seen.text
        assert "Ready for the next person?" in seen.text


async def test_a_press_takes_no_edit(mission: Mission, matched: tuple[User, ScreenItem]) -> None:
    """The bot's own message is replaced by way of the press, and is still found by its key."""
    ada, match = matched
    card = await pressed(ada, match, texts.BUTTON_PAUSE, says="Paused.")
    assert mission.slack_calls("chat.update") == 0
    assert card.metadata == match.metadata is not None
