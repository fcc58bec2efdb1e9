"""The first answer is always in time; a slow result follows."""

from __future__ import annotations

import asyncio
import json
from zoneinfo import ZoneInfo

import pytest

from slackbot.sandbox.slack.faults import Fault
from slackbot.slack import texts

from . import refusals
from .conftest import Mission, dms, until

# Seconds: a little more than the first reply waits.
SLOW = 2.3


async def test_a_slow_platform_is_announced(mission: Mission) -> None:
    """The command gets "asking" in time, and the result follows below."""
    ada = await mission.link("ada")
    mission.platform.delay(SLOW, **refusals.LIST)
    answer = await ada.types("/networking sessions live")
    assert answer.ok
    assert texts.ASKING in json.loads(answer.body)["text"]
    seen = await ada.waits_for("Networking now", where="#general")
    asking = (await ada.sees(texts.ASKING, where="#general"))[0]
    assert seen.id > asking.id
    assert seen.kind == "ephemeral"


async def test_a_slow_refusal_follows(mission: Mission) -> None:
    """A late error follows with its own sentence and button."""
    ada = await mission.link("ada")
    mission.platform.delay(SLOW, **refusals.JOIN)
    answer = await ada.types("/networking join 11647")
    assert texts.ASKING in json.loads(answer.body)["text"]
    seen = await ada.waits_for("Coffee with the keynote is full", where="#general")
    assert seen.buttons[0].text == texts.BUTTON_OTHER_SESSIONS


async def test_a_slow_answer_without_its_response_url_is_a_direct_message(
    mission: Mission,
) -> None:
    """Slack refuses the late answer: the person gets it by direct message."""
    ada = await mission.link("ada")
    mission.platform.delay(SLOW, **refusals.LIST)
    mission.slack.faults.order(Fault("response_url", status=500))
    await ada.types("/networking sessions live")
    await ada.waits_for("Networking now", where="dm")
    assert len(await dms(ada)) == 1


async def test_a_slow_button_is_acknowledged_at_once(mission: Mission) -> None:
    """A press is acknowledged in time for any platform; the result replaces the message."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking sessions live")
    mission.platform.delay(SLOW, **refusals.JOIN)
    answer = await ada.clicks(seen, "join:11645")
    assert answer.ok
    assert answer.body == ""
    after = await ada.waits_for("You've joined First Network Session", where="#general")
    assert after.id == seen.id


async def test_a_slow_command_typed_twice_runs_once(mission: Mission) -> None:
    """Both get the same answer."""
    ada = await mission.link("ada")
    mission.platform.delay(SLOW, **refusals.JOIN)
    typed = [ada.types("/networking join 11645") for _ in range(2)]
    for answer in await asyncio.gather(*typed):
        assert json.loads(answer.body)["text"] == texts.ASKING
    await until(lambda: mission.answers() == 3)  # the first is of linking
    assert len(await ada.sees("You've joined First Network Session", where="#general")) == 2
    assert mission.platform_calls("PUT", "/session/11645") == 1


SECRET = "status eyJhbGciOiJIUzI1NiJ9"
LOCAL = ["", "help", "status", "matches", "disconnect", "nonsense", SECRET]


@pytest.mark.parametrize("typed", LOCAL, ids=lambda typed: typed or "alone")
async def test_local_commands_are_answered_at_once(mission: Mission, typed: str) -> None:
    """With a silent platform, commands that need only our data are answered in the first reply."""
    ada = mission.ada
    if typed not in {"", "nonsense", "help", SECRET}:
        ada = await mission.link("ada")
    mission.platform.delay(60)
    answer = await ada.types(f"/networking {typed}".strip())
    assert answer.ok
    assert texts.ASKING not in json.loads(answer.body)["text"]
    assert len(answer.body) > 100


async def test_unknown_words_show_the_nearest_and_the_help(mission: Mission) -> None:
    """A typo shows the nearest command and the help; gibberish only the help."""
    ada = mission.ada
    seen = await mission.ask(ada, "/networking sesions")
    assert "Did you mean /networking sessions?" in seen.text
    assert "/networking disconnect" in seen.text
    seen = await mission.ask(ada, "/networking xylophone")
    assert "I don't know xylophone" in seen.text
    assert "Did you mean" not in seen.text
    assert (await ada.clicks(seen, texts.BUTTON_STATUS)).ok
    await ada.waits_for("First, connect", where="#general")


async def test_help_names_everything(mission: Mission) -> None:
    """The help lists every command under the operator's slash command."""
    seen = await mission.ask(mission.ada, "/networking help")
    for usage, meaning in texts.HELP.items():
        assert f"/networking {usage}".strip() in seen.text
        assert meaning.replace("`", "") in seen.text


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "done"), [("join", "You've joined "), ("available", "You're available in ")]
)
async def test_several_sessions_fit(mission: Mission, command: str, done: str) -> None:
    """Words that fit several give a choice, whose buttons run the typed command."""
    mission.platform.session(11646).title = "Second Network Session"
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking {command} network")
    assert "Which session do you mean?" in seen.text
    assert [b.action_id for b in seen.buttons] == [f"{command}:11645", f"{command}:11646"]
    assert (await ada.clicks(seen, f"{command}:11646")).ok
    after = await ada.waits_for(f"{done}Second Network Session", where="#general")
    assert after.id == seen.id


@pytest.mark.parametrize(
    "words_of_it", ["first", "SESSION first", "first network session", "11645"]
)
async def test_one_session_fits(mission: Mission, words_of_it: str) -> None:
    """An id, or any words of its title in any order and case, find it."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking join {words_of_it}")
    assert "You've joined First Network Session" in seen.text


async def test_nothing_named_and_several_open(mission: Mission) -> None:
    """Without a name it is the joined session, else a choice of those open."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking available")
    assert "Which session do you mean?" in seen.text
    assert "Evening mixer" not in seen.text
    await mission.ask(ada, "/networking join 11646")
    seen = await mission.ask(ada, "/networking available")
    assert "You're available in Founders meet investors" in seen.text


async def test_times_are_each_readers_own(mission: Mission) -> None:
    """The same moment shows in each reader's time zone."""
    starts = mission.platform.session(11650).starts
    for name in ("ada", "priya"):
        person = await mission.link(name)
        seen = await mission.ask(person, "/networking sessions upcoming")
        assert f"{starts.astimezone(ZoneInfo(person.member.tz)):%H:%M}" in seen.text


@pytest.mark.parametrize("typed", ["/networking join 11645", "available 11645"])
async def test_a_restart_in_the_middle_is_said(mission: Mission, typed: str) -> None:
    """A command at a slow platform is answered before the bot stops."""
    ada = await mission.link("ada")
    mission.platform.delay(40.0, **refusals.JOIN)
    await ada.types(typed)
    await mission.stop_bot()
    [*_, last] = [seen for seen in await ada.sees() if seen.from_bot]
    assert "I had to restart before Accelevents answered" in last.text
    assert last.buttons[0].text == texts.BUTTON_TRY_AGAIN
