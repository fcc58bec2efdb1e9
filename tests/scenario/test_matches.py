"""A match is sent once, to the right person, for any shape of the payload."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.model import EventSlug, Match, Person, TeamId, UserId
from slackbot.sandbox.accelevents import SHAPES, Accelevents, Session
from slackbot.sandbox.slack import Fault
from slackbot.slack.texts import BUTTON_MEET
from tests.harness.sizes import share

from .conftest import (
    LogLines,
    Mission,
    Start,
    dms,
    environment_for,
    settings_for,
    until,
    waits_for_dms,
)
from .process import bot_process

PAYLOADS = Path(__file__).parents[1] / "payloads" / "platform"
OK = sorted(PAYLOADS.glob("socket_ok_*.json"))
BROKEN = sorted(PAYLOADS.glob("socket_broken_*.json"))
SESSION = 11645
TIMES, ROOMS = share(100, 0.4), 10


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def unreadable() -> float:
    """Return the counter of unreadable socket payloads."""
    return REGISTRY.get_sample_value("slackbot_unreadable_total", {"source": "socket"}) or 0.0


async def stored(mission: Mission, *names: str) -> list[Match]:
    """Return the stored matches of these people, newest first."""
    people = [Person(TeamId(mission.team), UserId(mission.person(name).id)) for name in names]
    async with mission.store() as store:
        known = [
            m for person in people for m in await store.matches.list_for(person, EventSlug("demo"))
        ]
        found = [await store.matches.get(m.person, m.id) for m in known]
        return [m for m in found if m is not None]


def in_a_file(tmp_path: Path) -> dict[str, str]:
    return {"database_url": f"sqlite:///{tmp_path}/slackbot.db"}


# --- nothing is lost while somebody becomes available --------------------------------------------


async def meet_who_waits(mission: Mission, room: int) -> None:
    """Somebody waits in the hub, and one without a feed becomes available, again and again."""
    for number in range(TIMES // ROOMS):
        waiter, comer = f"waiter{room}-{number}", f"comer{room}-{number}"
        mission.platform.add_attendee(waiter, waiter)
        mission.add(comer)
        mission.platform.networking.set_status(900 + room, waiter, "CHECK_IN_AVAILABLE")
        person = await mission.link(comer)
        await mission.ask(person, f"/networking available {900 + room}")
        await person.waits_for(f"You're matched with {waiter}", where="dm", timeout=20)


async def test_finding_somebody_waiting_always_gives_the_call(start: Start, tmp_path: Path) -> None:
    """Each time somebody is already waiting: a message, and a stored call."""
    mission = await start(**in_a_file(tmp_path))
    mission.slack.rate_limits.enabled = False
    now, hour = mission.platform.now(), timedelta(hours=1)
    for room in range(ROOMS):
        mission.platform.event.add(Session(900 + room, f"Room {room}", now - hour, now + hour))
    await asyncio.gather(*(meet_who_waits(mission, room) for room in range(ROOMS)))
    comers = [f"comer{room}-{n}" for room in range(ROOMS) for n in range(TIMES // ROOMS)]
    assert len(comers) == TIMES
    found = await stored(mission, *comers)
    assert len(found) == TIMES
    for comer, match in zip(comers, found, strict=True):
        assert match.call is not None
        assert not match.late
        assert len(await dms(mission.person(comer))) == 1


# --- one pairing is one message ------------------------------------------------------------------


@pytest.mark.parametrize("with_time", [True, False], ids=["time", "no_time"])
@pytest.mark.parametrize("shape", SHAPES)
async def test_a_match_reported_often_is_sent_once(
    start: Start, shape: str, with_time: bool
) -> None:
    """Any number of reports, and the list in another zone: one message; met again: a second."""
    platform = Accelevents()
    platform.knobs.shape, platform.knobs.with_time = shape, with_time
    platform.knobs.list_zone, platform.knobs.list_time_format = "Asia/Kolkata", "%d.%m.%Y %H:%M:%S"
    mission = await start(platform)
    mission.slack.rate_limits.enabled = False
    ada = await mission.link("ada")
    await mission.link("priya")
    await mission.ask(ada, f"/networking available {SESSION}")
    await until(lambda: mission.platform_calls("GET", "/matches") == 2)  # the watch's first look
    await platform.pair("ada", "priya")
    await platform.send_again(1 + SHAPES.index(shape) * 2 % 20 + with_time, only="ada")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    await reads_the_list(mission)
    assert len(await dms(ada)) == 1
    await meets_again(mission)
    assert len(await dms(ada, "Priya Raman")) == 2


async def reads_the_list(mission: Mission) -> None:
    """Become available again, so that the bot compares the list with the messages sent."""
    before = mission.platform_calls("GET", "/matches")
    await mission.go_on(mission.ada, SESSION)
    assert mission.platform_calls("GET", "/matches") > before


async def meets_again(mission: Mission) -> None:
    """Pair the same two again within a minute."""
    await mission.platform.pair("ada", "priya")
    if mission.platform.knobs.shape == "no_call":
        # Without a call nothing but the list tells this from another telling of the first.
        await mission.ask(mission.ada, "/networking pause")
    await waits_for_dms(mission.ada, 2)


@pytest.mark.parametrize("with_time", [True, False], ids=["time", "no_time"])
@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem.removeprefix("socket_ok_"))
async def test_every_understood_payload_is_sent_once(
    start: Start, path: Path, with_time: bool
) -> None:
    """Each partner in a payload sent 1 to 20 times is one message; the list adds none."""
    case = read(path)
    args = case["args"] if with_time else without_time(case["args"])
    times = 1 + OK.index(path) % 20
    mission = await start()
    mission.slack.rate_limits.enabled = False
    platform = mission.platform
    platform.knobs.list_zone = "Pacific/Auckland"
    platform.add_attendee("tom", "Tom Okafor", user_id=503)
    ada = await mission.link_with_account_id("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    for _ in range(times):
        await platform.emit("ada", tuple(args))
    await waits_for_dms(ada, len(case["expect"]))
    for want in case["expect"]:
        partner = "tom" if want["account_id"] == 503 else "priya"
        platform.networking.pair(want["session_id"] or SESSION, "ada", partner)
    await reads_the_list(mission)
    messages = await dms(ada)
    assert len(messages) == len(case["expect"])
    for want in case["expect"]:
        assert any(want["name"] in seen.text for seen in messages)
    # A message to somebody else comes after all of them.
    platform.add_attendee("kim", "Kim Park", user_id=504)
    await platform.pair("ada", "kim")
    await ada.waits_for("Kim Park", where="dm")
    assert len(await dms(ada)) == len(case["expect"]) + 1


def without_time(args: Any) -> Any:
    """Return the payload without `matTimeDate` in any spelling, at any depth."""
    if isinstance(args, dict):
        named = {key: without_time(value) for key, value in args.items()}
        return {k: v for k, v in named.items() if k.replace("_", "").lower() != "mattimedate"}
    if isinstance(args, list):
        return [without_time(value) for value in args]
    if isinstance(args, str) and args.startswith("{"):
        return json.dumps(without_time(json.loads(args)))
    return args


async def test_broken_payloads_are_counted_and_not_sent(
    mission: Mission, log_lines: LogLines
) -> None:
    """Each broken shape: no message, one count, one log line without its content."""
    ada = await mission.link_with_account_id("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    log_lines.clear()
    before = unreadable()
    for path in BROKEN:
        await mission.platform.emit("ada", tuple(read(path)["args"]))
    await until(lambda: unreadable() == before + len(BROKEN))
    await mission.platform.pair("ada", "priya")
    await ada.waits_for("You're matched with", where="dm")
    assert len(await dms(ada)) == 1
    assert unreadable() == before + len(BROKEN)
    lines = [line for line in log_lines if line["event"] == "match_event_unreadable"]
    assert len(lines) == len(BROKEN)
    written = json.dumps(log_lines, default=str)
    assert not any(word in written for word in ("Priya", "Ana Lima", "NWMxZDhm", "0f6cbe5d"))
    history = await mission.ask(ada, "/networking matches")
    assert history.text.count("Priya Raman") == 1


# --- what Slack does not take --------------------------------------------------------------------

POST = "chat.postMessage"
NOT_TAKEN: dict[str, tuple[list[Fault], bool]] = {
    "its picture": ([Fault(POST, error="invalid_blocks")], True),
    "its blocks": ([Fault(POST, error="msg_blocks_too_long", times=2)], False),
    "its blocks, the answer lost": (
        [Fault(POST, error="invalid_blocks", times=2), Fault(POST, drop="after")],
        False,
    ),
    "so many": ([Fault(POST, error="rate_limited", times=2)], True),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
async def test_a_match_that_slack_refuses_is_sent_once(mission: Mission, what: str) -> None:
    """A refused one is sent in a plainer version; rate limits only take time."""
    faults, has_buttons = NOT_TAKEN[what]
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    for fault in faults:
        mission.slack.faults.order(replace(fault))
    await mission.platform.pair("ada", "priya")
    message = await ada.waits_for("You're matched with Priya Raman", where="dm", timeout=12)
    assert (BUTTON_MEET in {b.text for b in message.buttons}) is has_buttons
    assert "Northwind" in message.text
    await reads_the_list(mission)
    assert len(await dms(ada)) == 1


# --- the right person in the right workspace -----------------------------------------------------


async def test_equal_user_ids_in_two_workspaces_are_two_people(
    start: Start, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two workspaces share a user id, and both are matched: each gets its own match."""
    here = await start(**in_a_file(tmp_path))
    other_team = here.slack.add_workspace("T0OTHER")
    other_team.add("ada", real_name="Ada Other")
    here.platform.add_attendee("other", "Ada Other", user_id=601)
    async with in_another_workspace(here, "T0OTHER", tmp_path_factory.mktemp("elsewhere")) as there:
        assert here.ada.id == there.ada.id
        await here.link("ada")
        await there.link("ada", attendee="other")
        await here.link("priya")
        for mission in (here, there):
            await mission.ask(mission.ada, "/networking available 11646")
        await here.ada.waits_for("matched with Ada Other", where="dm")
        await there.ada.waits_for("matched with Ada Example", where="dm")
        assert len(await dms(here.ada)) == len(await dms(there.ada)) == 1
        (at_home,), (away,) = await stored(here, "ada"), await stored(there, "ada")
    assert (at_home.partner.name, away.partner.name) == ("Ada Other", "Ada Example")
    assert at_home.call != away.call


@asynccontextmanager
async def in_another_workspace(here: Mission, team: str, folder: Path) -> AsyncIterator[Mission]:
    """Run the bot of another workspace beside this one, with its own database."""
    token, database = here.slack.workspaces[team].token, f"sqlite:///{folder}/slackbot.db"
    between = here.slack, here.slack_url, here.platform_url
    settings = settings_for(*between, slack_bot_token=token, database_url=database)
    async with bot_process(environment_for(settings), folder) as bot:
        url = await bot.serving()
        slack, slack_url, platform_url = between
        yield Mission(slack, here.platform, slack_url, platform_url, settings, team, url)


async def test_another_workspace_gets_nothing(
    mission: Mission, caplog: pytest.LogCaptureFixture
) -> None:
    """A signed request from a workspace without the bot reads and changes nothing."""
    await mission.link("ada")
    mission.slack.add_workspace("T0OTHER").add("ada")
    stranger = mission.slack.user("ada", bot_url=mission.bot_url, team="T0OTHER")

    def asked() -> list[Any]:
        # What ada has joined is read for her reminders, whenever that is due.
        return [c for c in mission.platform.calls if not c.path.endswith("/registered")]

    asked_before = len(asked())
    for words in ("", " status", " available 11645", " disconnect", " connect"):
        answer = await stranger.types(f"/networking{words}")
        assert "demo" not in answer.body
    await stranger.opens_home()
    assert len(asked()) == asked_before
    assert not [seen for seen in await stranger.sees() if seen.buttons or seen.fields]
    assert "Connected to demo" in (await mission.ask(mission.ada, "/networking status")).text
    caplog.clear()  # Bolt calls each of these requests an error


# --- sent late, sent after a crash ---------------------------------------------------------------


async def test_a_match_missed_by_the_feed_is_sent_late(mission: Mission) -> None:
    """A match made while the feed is down is sent once it is up, and says so."""
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await mission.platform.restart_sockets(60)
    await mission.platform.disconnected("ada")
    await mission.platform.pair("ada", "priya")
    await mission.platform.restart_sockets(0)
    message = await ada.waits_for("You were matched while I was offline", where="dm", timeout=12)
    assert "Priya Raman" in message.text
    assert "I've only just found out. Sorry." in message.text
    assert mission.availabilities_set() == 1  # they are in a meeting: not looking for another
    assert len(await dms(ada)) == 1


async def test_pausing_finds_a_match_of_the_last_moment(mission: Mission) -> None:
    """Pausing while the feed is down still sends a match made before."""
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await mission.platform.restart_sockets(60)
    await mission.platform.disconnected("ada")
    await mission.platform.pair("ada", "priya")
    await mission.ask(ada, "/networking pause")
    message = await ada.waits_for("You were matched while I was offline", where="dm")
    assert "Priya Raman" in message.text
    assert len(await dms(ada)) == 1


async def test_matches_before_becoming_available_are_not_sent(mission: Mission) -> None:
    """Matches listed before somebody becomes available do not count as missed."""
    mission.platform.networking.pair(SESSION, "ada", "priya")
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await mission.ask(ada, "/networking pause")
    await mission.platform.pair("ada", "priya")
    await mission.ask(ada, "/networking available 11646")
    assert await dms(ada) == []


async def test_availability_survives_a_restart(start: Start, tmp_path: Path) -> None:
    """After a restart the feed opens, the status is set again, and a match is sent."""
    mission = await start(**in_a_file(tmp_path))
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await mission.stop_bot()
    await mission.platform.disconnected("ada")
    await mission.start_bot()
    await mission.platform.connected("ada")
    await until(lambda: mission.availabilities_set() == 2)
    await mission.platform.pair("ada", "priya")
    await mission.ada.waits_for("You're matched with Priya Raman", where="dm")
    assert "You have a match in" in (await mission.ask(mission.ada, "/networking status")).text


async def test_a_platform_whose_times_are_hours_off(mission: Mission) -> None:
    """Ends are read seven hours too early: nobody hears that a live session is over."""
    platform = mission.platform
    platform.knobs.zone = "America/Los_Angeles"
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    lists = [call for call in platform.calls if call.path.endswith("/session/v2")]
    await reads_the_list(mission)
    asked = [call for call in platform.calls if call.path.endswith("/session/v2")]
    assert len(asked) > len(lists), "the platform was not asked"
    await platform.pair("ada", "priya")
    await waits_for_dms(ada, 1)
    assert not [seen for seen in await dms(ada) if "is over" in seen.text]


async def test_a_list_that_fails_at_first_sends_nothing_old(mission: Mission) -> None:
    """Pairings of before are never sent, although the first list could not be read."""
    platform = mission.platform
    ada = await mission.link("ada")
    for _ in range(3):
        platform.networking.pair(SESSION, "ada", "priya")
    path = f"/rest/events/demo/user-session/{SESSION}/matches"
    platform.next_status(503, times=3, path=path)
    await mission.ask(ada, f"/networking available {SESSION}")
    await until(lambda: len([c for c in platform.calls if c.path == path and c.status == 200]) > 1)
    platform.add_attendee("kim", "Kim Park", user_id=504)
    await platform.pair("ada", "kim")
    await ada.waits_for("Kim Park", where="dm")
    assert len(await dms(ada)) == 1
