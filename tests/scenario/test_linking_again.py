"""Disconnecting, connecting to something else, connecting side by side."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from slackbot.slack import texts
from slackbot.slack.blocks.text import plain

from .conftest import Mission, Start, dms, form_by_command, form_of, rows_of, until


@pytest.mark.parametrize("word", ["disconnect", "logout", "signout", "unlink", "Disconnect"])
async def test_disconnecting_deletes_everything(start: Start, tmp_path: Path, word: str) -> None:
    """Under any alias: no row is left, the feed ends, the platform stops matching."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada, priya = await mission.link("ada"), await mission.link("priya")
    for person in (ada, priya):
        await mission.ask(person, "/networking available 11645")
    await ada.waits_for("You're matched with", where="dm")
    await priya.waits_for("You're matched with", where="dm")
    await mission.go_on(ada, 11645)
    of_priya = rows_of(tmp_path, priya.id)
    assert rows_of(tmp_path, ada.id) >= 3
    seen = await mission.disconnect(ada, word)
    assert plain(texts.DISCONNECTED, {}) in seen.text
    assert rows_of(tmp_path, ada.id) == 0
    assert rows_of(tmp_path, priya.id) == of_priya
    await mission.platform.disconnected("ada")
    await until(lambda: mission.platform.status_of("ada") == "LEFT")
    assert "First, connect" in (await mission.ask(ada, "/networking status")).text


async def test_the_event_and_the_account_are_named(start: Start) -> None:
    """The event by its configured name, the account if Accelevents says whose it is."""
    mission = await start(accelevents_event_names="Demo=Demo Summit & more")
    mission.platform.knobs.login_names_account = True
    ada, link = mission.ada, mission.platform.magic_link_for("ada")
    await ada.submits(await form_by_command(ada), {"event": "demo", "credential": link})
    await ada.waits_for("You're connected to Demo Summit & more as Ada Example", where="#general")
    status = await mission.ask(ada, "/networking status")
    assert "Connected to Demo Summit & more as Ada Example since" in status.text
    assert (await ada.types("connect")).ok
    await ada.waits_for("You're already connected to Demo Summit & more as Ada Example", where="dm")
    await ada.opens_home()
    await ada.waits_for("Networking at Demo Summit & more", where="home")
    assert (
        "Disconnect from Demo Summit & more?"
        in (await mission.ask(ada, "/networking disconnect")).text
    )


async def test_disconnecting_by_button_asks_first(mission: Mission) -> None:
    """The button in the status asks for confirmation, and then does the same."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking status")
    buttons = [e for b in seen.blocks if b["type"] == "actions" for e in b["elements"]]
    (button,) = [b for b in buttons if b["text"]["text"] == texts.BUTTON_DISCONNECT]
    assert button["confirm"]["title"]["text"] == texts.CONFIRM_DISCONNECT_TITLE
    await ada.clicks(seen, texts.BUTTON_DISCONNECT)
    await ada.waits_for("You're disconnected", where="#general")


async def test_connecting_when_already_linked(mission: Mission) -> None:
    """The form names the current event; a new token replaces the old one."""
    ada = await mission.link("ada")
    form = await form_by_command(ada)
    assert "You're connected to demo" in form.text
    mission.platform.revoke("ada")
    await ada.submits(form, {"credential": mission.platform.token_for("ada")})
    await ada.waits_for("See which sessions", where="#general", since=form.changed)
    assert "Networking now" in (await mission.ask(ada, "/networking sessions")).text


async def test_connecting_to_another_event(mission: Mission) -> None:
    """The new event replaces the old one, and the old availability is gone."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    mission.platform.event.slug = "winter"
    form = await form_by_command(ada)
    token = mission.platform.token_for("ada")
    await ada.submits(form, {"event": "winter", "credential": token})
    await ada.waits_for("You're connected to winter", where="#general")
    seen = await mission.ask(ada, "/networking status")
    assert "You're not available" in seen.text
    assert "Connected to winter" in seen.text


async def test_two_people_connect_at_once(mission: Mission) -> None:
    """Each gets their own link and their own answer."""
    people = [mission.ada, mission.priya]
    prompts = [await mission.ask(person, "/networking available 11646") for person in people]
    forms = [await form_of(person, p) for person, p in zip(people, prompts, strict=True)]
    submissions = [
        person.submits(form, {"credential": mission.platform.token_for(person.member.name)})
        for person, form in zip(people, forms, strict=True)
    ]
    await asyncio.gather(*submissions)
    await mission.ada.waits_for("matched with Priya Raman", where="dm")
    await mission.priya.waits_for("matched with Ada Example", where="dm")
    assert [len(await dms(person)) for person in people] == [1, 1]
