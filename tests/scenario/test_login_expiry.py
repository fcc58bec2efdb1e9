"""A login that runs out is announced, and a used-up magic link leads to the organiser's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.slack import texts

from .conftest import Start

WORDS = "Reply to your ticket e-mail, or come to the info desk."
PAGE = "https://help.example/link"


async def test_a_used_magic_link_leads_to_the_organiser(start: Start) -> None:
    """The form's error and the help card say the organiser's words; the card has their page."""
    mission = await start(organiser_help_text=WORDS, organiser_help_url=PAGE)
    ada = mission.ada
    link = mission.platform.magic_link_for("ada")
    await mission.link("priya", link, attendee="priya")
    await ada.types("/networking sessions live")
    prompt = await ada.waits_for("First, connect", where="#general")
    assert (await ada.clicks(prompt, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Event link", where="modal")
    await ada.submits(form, {"event": "demo", "credential": link})
    seen = await ada.waits_for("Event link", where="modal")
    assert WORDS in seen.errors["credential"]
    assert (await ada.clicks(prompt, texts.BUTTON_TOKEN_HELP)).ok
    card = await ada.waits_for(WORDS, where="#general")
    (button,) = [each for each in card.buttons if each.text == texts.BUTTON_GET_LINK]
    assert button.url == PAGE


async def test_a_login_that_runs_out_is_announced(start: Start, tmp_path: Path) -> None:
    """By a message, and in the status; connecting again renews it, and the message was one."""
    mission = await start(
        database_url=f"sqlite:///{tmp_path}/slackbot.db", organiser_help_text=WORDS
    )
    ada = await mission.link("ada", mission.platform.magic_link_for("ada"))
    status = await mission.ask(ada, "/networking status")
    assert "login lasts until" in status.text
    await mission.ask(ada, "/networking available 11645")
    await mission.stop_bot()
    async with mission.store() as store:
        link = await store.links.get(Person(TeamId(mission.team), UserId(ada.id)))
        assert link is not None
        soon = datetime.now(UTC) + timedelta(minutes=10)
        await store.links.save(replace(link, expires_at=soon))
    await mission.start_bot()
    ada = mission.ada
    warning = await ada.waits_for("Your login runs out", where="dm")
    assert "before First Network Session ends" in warning.text
    assert WORDS in warning.text
    status = await mission.ask(ada, "/networking status")
    assert "Your login runs out" in status.text
    assert (await ada.clicks(warning, texts.BUTTON_CONNECT_AGAIN)).ok
    form = await ada.waits_for("Event link", where="modal")
    before = ada.now
    await ada.submits(form, {"credential": mission.platform.magic_link_for("ada")})
    await ada.waits_for("You're available in First Network Session", since=before)
    assert len(await ada.sees("Your login runs out", where="dm")) <= 1
