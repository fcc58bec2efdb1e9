"""Every command has its last word within 25 seconds, and the end of what goes on is said."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from slackbot.domain.model import EventSlug, Person, TeamId, UserId
from slackbot.domain.ports import Posted
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.status import confirmed_disconnect
from slackbot.slack.blocks.text import fallback
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.attempts import STOP_SECONDS
from tests.harness.fakes import ANA, COFFEE, TEA, session
from tests.harness.sizes import share
from tests.harness.slow_commands import SlowCommands, slow_commands

LAST_WORD_SECONDS = 25.0
ENOUGH_SECONDS = 600.0  # until whatever goes on has ended
TOKEN = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY"
MAGIC_LINK = "https://www.accelevents.com/e/expo/portal?userKey=aB3dE5fG7hJ9kL1mN3pQ5rS7"
STILL_ASKING = fallback(texts.STILL_ASKING, {})
GIVEN_UP = fallback(error_texts.ERRORS["given_up"], {})
INTERRUPTED = fallback(error_texts.ERRORS["interrupted"], {})
SUPERSEDED = fallback(error_texts.ERRORS["superseded"], {})
TIMED_OUT = fallback(error_texts.ERRORS["timed_out"], {})
# Each kind of command, and words of its answer once it is done.
TYPED = {
    "": "Coffee",
    "help": "sessions",
    "status": "available in Coffee",
    "sessions": "Coffee",
    "sessions past": "Nothing has ended",
    "sessions mine": "joined",
    "matches": "No matches yet",
    "join 7": "Coffee",
    "join coffee": "Coffee",
    "available": "Which session",
    "available 8": "available in Tea",
    "available tea": "available in Tea",
    "pause": "Paused.",
    "disconnect": "Disconnect from",
}
CLICKED = {
    Command(Name.SESSIONS, "upcoming"): "Nothing more",
    Command(Name.JOIN, "7"): "Coffee",
    Command(Name.AVAILABLE, "8"): "available in Tea",
    Command(Name.PAUSE): "Paused.",
    confirmed_disconnect(EventSlug("expo")): "disconnected",
}
FORMS = [(TOKEN, ""), (TOKEN, "available 7"), (MAGIC_LINK, "join 7"), (MAGIC_LINK, "status")]


@pytest.fixture
async def slow() -> AsyncIterator[SlowCommands]:
    async with slow_commands() as commands:
        commands.harness.platform.programme = [session(), session(TEA, "Tea")]
        yield commands


def people(count: int) -> list[Person]:
    return [Person(TeamId("T1"), UserId(f"U{number:03}")) for number in range(100, 100 + count)]


async def ask_everything(slow: SlowCommands, count: int) -> dict[object, str]:
    """Give one command each to so many people, and return the words of each good answer."""
    kinds = [*TYPED.items(), *CLICKED.items(), *CLICKED.items(), *FORMS]
    asked: dict[object, str] = {}
    for number, person in enumerate(people(count)):
        kind = number % len(kinds)
        what, done = kinds[kind]
        place: str | Posted = f"place-{number}"
        if kind >= len(kinds) - len(FORMS):
            slow.submits(person, what, done, place)
            done = "expo"
        else:
            await slow.harness.linked(*slow.harness.platform.programme, person=person)
            if number % 2 or done.endswith("in Coffee"):
                await slow.harness.availabilities.start(person, str(COFFEE))
            if isinstance(what, str):
                slow.types(person, what, place)
            else:
                if kind < len(TYPED) + len(CLICKED):
                    place = Posted(f"D{number}", f"{number}.0")
                slow.clicks(person, what, place)
        asked[place] = done
    return asked


# 3.1 and 60 s: opsknight-labs/OpsKnight#256 and jundis/CWSlack-SlashCommands#89
@pytest.mark.parametrize("seconds", [3.1, 5.0, 10.0, 30.0, 60.0])
async def test_commands_of_every_kind(slow: SlowCommands, seconds: float) -> None:
    """Each is answered in time, and the end of whatever goes on is said."""
    asked = await ask_everything(slow, share(200, 0.3))
    slow.harness.platform.slow = seconds
    await slow.pass_time_until_answered(asked, ENOUGH_SECONDS)
    ends = (TIMED_OUT, GIVEN_UP, "hasn't confirmed")
    for place, done in asked.items():
        words = slow.words(place)
        assert words, f"{place}: nothing"
        assert slow.moments(place)[0] <= LAST_WORD_SECONDS, f"{place}: {words}"
        is_done = done in words[-1]
        assert is_done or (seconds >= 30.0 and any(end in words[-1] for end in ends)), words
    await slow.harness.monitor.stop_polling()
    await slow.wait_idle()
    locks = slow.harness.accounts.locks
    assert not [person for person in people(len(asked)) if locks.of(person).locked()]


async def test_what_goes_on_is_said_before_its_end(slow: SlowCommands) -> None:
    """A change that takes longer is announced in time, and its result is a direct message."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 10.0
    slow.types(ANA, "available", "here")
    await slow.pass_time(LAST_WORD_SECONDS)
    assert slow.words("here") == [STILL_ASKING]
    await slow.pass_time(120.0)
    assert len(slow.words("here")) == 2
    assert "available in Coffee" in slow.words("here")[1]
    assert slow.screen.posted == slow.words("here")[1:]
    assert (await slow.harness.availabilities.status(ANA)).confirmed


async def test_a_command_that_changes_nothing_does_not_go_on(slow: SlowCommands) -> None:
    """A list is not asked for again after it was too slow, and the answer says so."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 30.0
    slow.types(ANA, "sessions live", "here")
    await slow.pass_time(ENOUGH_SECONDS)
    assert slow.words("here") == [TIMED_OUT]
    assert slow.moments("here")[0] <= LAST_WORD_SECONDS


async def test_a_later_command_supersedes_what_goes_on(slow: SlowCommands) -> None:
    """A pause ends the attempts at becoming available: nothing is sent for them any more."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 30.0
    slow.types(ANA, "available", "first")
    await slow.pass_time(40.0)
    slow.harness.journal.clear()
    slow.types(ANA, "pause", "second")
    await slow.pass_time(ENOUGH_SECONDS)
    assert slow.words("first") == [STILL_ASKING, SUPERSEDED]
    assert "Paused." in slow.words("second")[-1]
    assert slow.harness.asked("join", "status") == []


async def test_a_later_command_supersedes_one_that_has_not_gone_on_yet(slow: SlowCommands) -> None:
    """A command whose time runs out after a later one does not start again."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 30.0
    slow.types(ANA, "available", "first")
    await slow.pass_time(10.0)
    slow.types(ANA, "pause", "second")
    await slow.pass_time(ENOUGH_SECONDS)
    assert slow.words("first")[-1] == SUPERSEDED
    assert slow.harness.asked("join", "status") == []


@pytest.mark.parametrize("at", [25.0, 40.0])
@pytest.mark.parametrize("seconds", [10.0, 15.0, 30.0, 40.0])
async def test_the_same_change_after_it_was_superseded(
    slow: SlowCommands, seconds: float, at: float
) -> None:
    """Available, pause, available: the last one is a change of its own, and it holds."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = seconds
    slow.types(ANA, "available", "first")
    await slow.pass_time(at)
    slow.types(ANA, "pause", "second")
    slow.types(ANA, "available", "third")
    await slow.pass_time(ENOUGH_SECONDS)
    assert slow.words("first")[-1] == SUPERSEDED or "available in Coffee" in slow.words("first")[-1]
    last = slow.words("third")[-1]
    assert last == GIVEN_UP if seconds == 40.0 else "available in Coffee" in last, last


@pytest.mark.parametrize("typed", ["disconnect", "pause until the keynote", "status"])
async def test_what_changes_nothing_ends_nothing(slow: SlowCommands, typed: str) -> None:
    """A question, a refusal and a list leave a change that goes on alone."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 10.0
    slow.types(ANA, "available", "first")
    await slow.pass_time(LAST_WORD_SECONDS)
    assert slow.words("first") == [STILL_ASKING]
    slow.types(ANA, typed, "second")
    await slow.pass_time(ENOUGH_SECONDS)
    assert slow.words("second")
    assert "available in Coffee" in slow.words("first")[-1]


async def test_joins_of_other_sessions_go_on_beside_it(slow: SlowCommands) -> None:
    """To join one session does not give up another."""
    await slow.harness.linked(session(), session(TEA, "Tea"))
    slow.harness.platform.slow = 14.0
    slow.types(ANA, "join 7", "first")
    await slow.pass_time(30.0)
    slow.types(ANA, "join 8", "second")
    await slow.pass_time(ENOUGH_SECONDS)
    assert "Coffee" in slow.words("first")[-1]
    assert "Tea" in slow.words("second")[-1]


async def test_the_same_command_shares_what_goes_on(slow: SlowCommands) -> None:
    """Typed again, it runs once, and both are answered."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 10.0
    slow.types(ANA, "join 7", "first")
    await slow.pass_time(15.0)
    slow.types(ANA, "join 7", "second")
    await slow.pass_time(ENOUGH_SECONDS)
    assert "Coffee" in slow.words("first")[-1]
    assert slow.words("second") == [slow.words("first")[-1]]
    assert slow.harness.asked("join") == ["join 7"]


async def test_an_availability_that_stays_unconfirmed_says_so(slow: SlowCommands) -> None:
    """After the last attempt, the answer says that the feed is open all the same."""
    await slow.harness.linked(session())
    slow.harness.platform.slow, slow.harness.platform.slow_calls = 90.0, frozenset({"status"})
    slow.types(ANA, "available", "here")
    await slow.pass_time(ENOUGH_SECONDS)
    first, last = slow.words("here")
    assert first == STILL_ASKING
    assert GIVEN_UP in last
    assert "hasn't confirmed yet" in last


async def test_a_pause_that_stays_unconfirmed_is_still_asked_for(slow: SlowCommands) -> None:
    """The answer says that I keep asking, which the polls do."""
    await slow.harness.available(session())
    slow.harness.platform.slow, slow.harness.platform.slow_calls = 90.0, frozenset({"status"})
    slow.types(ANA, "pause", "here")
    await slow.pass_time(ENOUGH_SECONDS)
    assert slow.words("here")[0] == STILL_ASKING
    assert "I keep asking" in slow.words("here")[-1]
    assert GIVEN_UP not in slow.words("here")[-1]


@pytest.mark.parametrize("seconds", [3.0, 40.0, 47.0])
@pytest.mark.parametrize("typed", ["join 7", "available 7", "sessions"])
async def test_a_restart_is_said(slow: SlowCommands, typed: str, seconds: float) -> None:
    """A command is answered before the process stops, also between two attempts."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 45.0
    slow.types(ANA, typed, "here")
    await slow.pass_time(seconds)
    stopping = slow.harness.background.start(slow.attempts.stop(), "stop")
    await slow.pass_time(STOP_SECONDS)
    assert stopping.done()
    is_over = typed == "sessions" and seconds > LAST_WORD_SECONDS
    assert slow.words("here")[-1] == (TIMED_OUT if is_over else INTERRUPTED)
    slow.types(ANA, typed, "later")
    await slow.pass_time(1.0)
    assert slow.words("later") == [INTERRUPTED]


async def test_what_ends_soon_is_not_interrupted(slow: SlowCommands) -> None:
    """What is running when the process stops has a moment."""
    await slow.harness.linked(session())
    slow.harness.platform.slow = 0.5
    slow.types(ANA, "join 7", "here")
    await slow.pass_time(0.75)
    slow.harness.background.start(slow.attempts.stop(), "stop")
    await slow.pass_time(STOP_SECONDS)
    assert "Coffee" in slow.words("here")[-1]


async def test_the_form_says_that_the_check_goes_on(slow: SlowCommands) -> None:
    """A magic link is redeemed once, for up to a minute, and the form shows the end."""
    slow.harness.platform.programme = [session()]
    slow.harness.platform.slow = 28.0
    slow.submits(ANA, MAGIC_LINK, "connect", "here")
    await slow.pass_time(LAST_WORD_SECONDS)
    assert len(slow.words("here")) == 1
    assert "I keep trying" in slow.words("here")[0]
    await slow.pass_time(120.0)
    assert "connected to" in slow.words("here")[-1]
    assert len(slow.harness.asked("redeem")) == 1


async def test_the_form_says_that_the_check_took_too_long(slow: SlowCommands) -> None:
    """After a minute the form is shown again, with the sentence at the field."""
    slow.harness.platform.slow = 70.0
    slow.submits(ANA, TOKEN, "connect", "here")
    await slow.pass_time(120.0)
    assert "I keep trying" in slow.words("here")[0]
    assert error_texts.AT_FIELD["timed_out"] in slow.words("here")[-1]
    assert slow.moments("here")[0] <= LAST_WORD_SECONDS
