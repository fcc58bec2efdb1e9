"""People who leave are forgotten: deactivated, disconnected, in the middle of a command."""

from __future__ import annotations

from pathlib import Path

from slackbot.sandbox.slack import BotResponse, User
from slackbot.slack import texts

from . import refusals
from .conftest import Mission, Start, rows_of, until

SLOW = 3.0


async def deactivated(leaver: User, retry_num: int | None = None) -> BotResponse:
    """Deactivate somebody."""
    member = {"id": leaver.id, "deleted": True}
    return await leaver.event("user_change", event_id="Ev1", retry_num=retry_num, user=member)


async def test_a_deactivated_person_is_forgotten(start: Start, tmp_path: Path) -> None:
    """Their data is deleted and their session left; others stay, as do people who change their
    picture."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada, priya = await mission.link("ada"), await mission.link("priya")
    for person in (ada, priya):
        await mission.ask(person, "/networking available 11645")
        await person.waits_for("You're available")
    await ada.waits_for("matched with", where="dm")
    await mission.ask(ada, "/networking available 11645")
    await ada.waits_for("You're available")
    kept = rows_of(tmp_path, priya.id)
    picture = {"id": ada.id, "deleted": False, "profile": {"image_72": "https://a.example/72"}}
    assert (await priya.event("user_change", user=picture)).ok
    assert (await deactivated(ada)).ok
    await until(lambda: not rows_of(tmp_path, ada.id))
    await mission.platform.disconnected("ada")
    assert rows_of(tmp_path, priya.id) == kept
    posts = mission.slack_calls("chat.postMessage")
    await mission.platform.pair("ada", "priya")
    await priya.waits_for("matched with", where="dm")
    await until(lambda: mission.slack_calls("chat.postMessage") > posts)
    assert len(await ada.sees("matched with", where="dm")) == 1


async def test_a_running_connect_is_given_up(start: Start, tmp_path: Path) -> None:
    """Deactivated or disconnected while Accelevents checks, a person is not linked afterwards."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    people = mission.ada, mission.priya
    mission.platform.delay(SLOW, **refusals.LIST)
    for person in people:
        await person.types("/networking connect")
        form = await person.waits_for("Event link", where="modal")
        token = mission.platform.token_for(person.member.name)
        await person.submits(form, {"event": "demo", "credential": token})
    assert (await deactivated(mission.ada)).ok
    await mission.ask(mission.priya, "/networking disconnect")
    await mission.priya.waits_for("You disconnected while", where="modal")
    mission.platform.faults.clear()
    assert not sum(rows_of(tmp_path, person.id) for person in people)
    for person in people:
        assert "First, connect" in (await mission.ask(person, "/networking status")).text


async def test_an_unfinished_event_is_delivered_again(start: Start, tmp_path: Path) -> None:
    """While a slow command delays it there is no 200, so the next process gets it again.

    A bot that stops ends the command, and may delete the data itself before it is gone.
    """
    mission: Mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada = await mission.link("ada")
    mission.platform.delay(15.0, **refusals.STATUS)
    await ada.types("/networking available 11645")
    await until(lambda: mission.platform_calls("PUT", "/status"))
    assert (await deactivated(ada)).status == 503
    assert rows_of(tmp_path, ada.id)
    await mission.stop_bot()
    mission.platform.faults.clear()
    await mission.start_bot()
    assert (await deactivated(mission.ada, retry_num=1)).ok
    await until(lambda: not rows_of(tmp_path, ada.id))


async def test_nobody_who_left_stays_in_the_pool(mission: Mission) -> None:
    """Disconnected, or in another session, while Accelevents fails: left all the same, soon."""
    platform = mission.platform
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(ada, "/networking available 11645")
    await until(lambda: platform.networking.waiting_in(11645) == ["ada"])
    status = "/rest/events/demo/user-session/11645/status"
    platform.next_status(503, path=status)
    answer = await mission.disconnect(ada)
    assert texts.LEFT_UNCONFIRMED in answer.text
    await until(lambda: not platform.networking.waiting_in(11645), seconds=15)
    await mission.ask(priya, "/networking available 11645")
    platform.next_status(503, path=status)
    await mission.ask(priya, "/networking available 11646")
    await until(lambda: not platform.networking.waiting_in(11645), seconds=15)
    assert platform.networking.waiting_in(11646) == ["priya"]
