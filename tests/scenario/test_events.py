"""Several events: connect to them, switch between them, leave one and keep its matches."""

from __future__ import annotations

from pathlib import Path

from slackbot.sandbox.slack import User
from slackbot.slack import event_texts, texts

from .conftest import Mission, Start, dms, form_by_command, pressed, rows_of, until


async def connects_to(mission: Mission, person: User, event: str) -> None:
    """Connect somebody to an event, which is the one that Accelevents knows from then on."""
    mission.platform.event.slug = event
    form = await form_by_command(person)
    token = mission.platform.token_for(person.member.name)
    await person.submits(form, {"event": event, "credential": token})
    connected = "See which sessions are open"
    await person.waits_for(connected, where="#general", since=form.changed)


async def test_a_person_keeps_several_events(start: Start, tmp_path: Path) -> None:
    """One is active; switching leaves the session, and every event's matches stay."""
    mission = await start(
        database_url=f"sqlite:///{tmp_path}/slackbot.db",
        accelevents_event_names="winter=Winter Fair",
    )
    platform = mission.platform
    ada, priya = await mission.link("ada"), await mission.link("priya")
    for person in (ada, priya):
        await mission.ask(person, "/networking available 11645")
    await ada.waits_for("matched with Priya Raman", where="dm")
    await mission.go_on(ada, 11645)
    await connects_to(mission, ada, "winter")
    await platform.disconnected("ada")
    listed = await mission.ask(ada, "/networking events")
    assert "Winter Fair  ·  you're here" in listed.text
    assert "demo" in listed.text
    await ada.opens_home()
    assert event_texts.BUTTON_SWITCH_EVENT in [
        button.text
        for button in (await ada.waits_for("Networking at Winter Fair", where="home")).buttons
    ]
    platform.event.slug = "demo"
    seen = await pressed(ada, listed, event_texts.BUTTON_SWITCH_TO, says="You're at demo now")
    assert "You're not available" in seen.text
    assert "Priya Raman" in (await mission.ask(ada, "/networking matches")).text
    assert "You're available" in (await mission.ask(ada, "/networking available 11645")).text
    seen = await mission.ask(ada, "/networking event Winter Fair")
    assert "You're at Winter Fair now" in seen.text
    assert "Your match at demo stays" in seen.text
    await until(lambda: platform.status_of("ada") == "LEFT")
    assert "already" in (await mission.ask(ada, "/networking event winter")).text
    nowhere = await mission.ask(ada, "/networking event expo")
    assert "You're not connected to expo" in nowhere.text
    assert rows_of(tmp_path, ada.id)


async def test_a_login_that_ran_out_is_listed_apart(mission: Mission) -> None:
    """Switching to it says so, and offers to connect again; until then nothing is lost."""
    ada = await mission.link("ada")
    mission.platform.revoke("ada")
    await mission.ask(ada, "/networking sessions")
    await connects_to(mission, ada, "winter")
    listed = await mission.ask(ada, "/networking event")
    assert listed.text.count(event_texts.EVENT_RUN_OUT) == 1
    seen = await mission.ask(ada, "/networking event demo")
    assert "You're at demo now" in seen.text
    assert "Your login to demo has run out" in seen.text
    assert texts.BUTTON_CONNECT_AGAIN in [button.text for button in seen.buttons]
    assert "You're at winter now" in (await mission.ask(ada, "/networking event winter")).text


async def test_a_misspelt_event_is_never_left(mission: Mission) -> None:
    """Neither another event nor everything is offered instead: the events are listed."""
    ada = await mission.link("ada")
    for linked in ("demo", "winter"):
        if linked != "demo":
            await connects_to(mission, ada, linked)
        seen = await mission.ask(ada, "/networking disconnect wintr")
        assert "You're not connected to wintr" in seen.text
        assert "/networking disconnect demo" in seen.text
        assert f"{linked}  ·  you're here" in seen.text
        assert texts.BUTTON_DISCONNECT not in [button.text for button in seen.buttons]


async def test_leaving_everything_names_all_events(mission: Mission) -> None:
    """A button from before another event was connected asks again, and so does a dialog."""
    ada = await mission.link("ada")
    old = await mission.ask(ada, "/networking disconnect")
    status = await mission.ask(ada, "/networking status")
    await connects_to(mission, ada, "winter")
    mission.platform.event.slug = "demo"
    await mission.ask(ada, "/networking event demo")
    for button in (old, status):
        question = await pressed(ada, button, texts.BUTTON_DISCONNECT, says="all your events")
        assert "your logins to demo, winter, your settings and all your matches" in question.text
        assert "/networking disconnect winter" in question.text
    await pressed(ada, question, texts.BUTTON_DISCONNECT, says="You're disconnected")


async def test_leaving_one_event_keeps_its_matches(start: Start, tmp_path: Path) -> None:
    """It asks first; then that login is gone and another event is the active one."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada, priya = await mission.link("ada"), await mission.link("priya")
    for person in (ada, priya):
        await mission.ask(person, "/networking available 11645")
    await ada.waits_for("matched with Priya Raman", where="dm")
    await connects_to(mission, ada, "winter")
    question = await mission.ask(ada, "/networking disconnect winter")
    assert "Disconnect from winter?" in question.text
    assert "Your matches stay" in question.text
    seen = await pressed(ada, question, texts.BUTTON_DISCONNECT, says="disconnected from winter")
    assert "You're at demo now" in seen.text
    # An old button of the event that is not linked any more does nothing.
    assert (await ada.clicks(question, texts.BUTTON_DISCONNECT)).ok
    await ada.waits_for("You're not connected to winter", where="#general", since=seen.changed)
    question = await mission.ask(ada, "/networking disconnect demo")
    assert "your other events" not in question.text, "there are none"
    await pressed(ada, question, texts.BUTTON_DISCONNECT, says="disconnected from demo")
    assert "First, connect" in (await mission.ask(ada, "/networking status")).text
    assert rows_of(tmp_path, ada.id), "the match is kept"
    mission.platform.event.slug = "demo"
    await mission.link("ada")
    assert "Priya Raman" in (await mission.ask(ada, "/networking matches")).text
    assert len(await dms(ada, "matched with Priya Raman")) == 1, "it is not sent again"
