"""Whom somebody has met is there for them: at every event, without a login, and as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import httpx
import pytest

from slackbot.sandbox.accelevents.knobs import Knobs
from slackbot.sandbox.slack import ScreenItem
from slackbot.slack import reminder_texts, texts

from .conftest import Mission, Start, pressed

FORMULA = '=HYPERLINK("http://evil.example")'


async def met(mission: Mission, *partners: str) -> None:
    """Connect Ada, and let her meet these people one after another."""
    ada = await mission.link("ada")
    for partner in partners:
        await mission.go_on(ada, 11645)
        await mission.platform.pair("ada", partner)
        await ada.waits_for("You're matched with", where="dm", since=ada.now - 1)


def url_of(seen: ScreenItem) -> str:
    return next(button.url for button in seen.buttons if button.text == texts.BUTTON_DOWNLOAD)


async def test_matches_outlive_the_login_and_the_event(mission: Mission) -> None:
    """After the login was refused, and while connected to another event, all of them are listed."""
    await met(mission, "priya")
    mission.platform.revoke("ada")
    seen = await mission.ask(mission.ada, "/networking matches")
    assert "Priya Raman" in seen.text
    await mission.ask(mission.ada, "/networking sessions")
    kept = await mission.ask(mission.ada, "/networking matches")
    assert "Priya Raman" in kept.text
    assert texts.MATCHES_KEPT in kept.text
    assert texts.BUTTON_CONNECT_AGAIN in [button.text for button in kept.buttons]


async def test_words_find_people(mission: Mission) -> None:
    """By name, without regard to case and accents; what does not fit is said, with a way back."""
    mission.add("zoe", "Zoë Ångström")
    await met(mission, "priya", "zoe")
    found = await mission.ask(mission.ada, "/networking matches angstrom")
    assert ("Zoë" in found.text, "Priya" in found.text) == (True, False)
    none = await mission.ask(mission.ada, "/networking matches nobody else")
    assert "No match of yours fits" in none.text
    everybody = await pressed(mission.ada, none, texts.BUTTON_MATCHES, says="Priya Raman")
    assert "2 matches" in everybody.text


async def test_matches_as_a_table(start: Start, tmp_path: Path) -> None:
    """The link downloads a CSV of the person's own matches, in which no cell is a formula."""
    mission = await start(
        public_url="http://localhost:1", database_url=f"sqlite:///{tmp_path}/b.db"
    )
    mission.add("mal", FORMULA)
    await met(mission, "mal", "priya")
    listed = await mission.ask(mission.ada, "/networking matches")
    ready = await pressed(mission.ada, listed, texts.BUTTON_EXPORT, says="ready to download")
    link = url_of(ready).replace("http://localhost:1", mission.bot_url)
    async with httpx.AsyncClient() as browser:
        answers = [await browser.get(link) for _ in range(2)]
        forged = await browser.get(link[:-2])
    assert [answer.status_code for answer in answers] == [200, 200]
    rows = list(csv.DictReader(io.StringIO(answers[0].content.decode("utf-8-sig"), newline="")))
    assert [row["Name"] for row in rows] == ["Priya Raman", f"'{FORMULA}"]
    assert {row["Event"] for row in rows} == {"demo"}
    assert forged.status_code == 404
    await mission.disconnect(mission.ada)
    async with httpx.AsyncClient() as browser:
        assert (await browser.get(link)).status_code == 410


@pytest.mark.parametrize("typed", ["matches export", "matches as csv"])
async def test_without_an_address_there_is_no_table(mission: Mission, typed: str) -> None:
    """The answer says why, and where everything is."""
    await met(mission, "priya")
    seen = await mission.ask(mission.ada, f"/networking {typed}")
    assert "no public address" in seen.text
    await pressed(mission.ada, seen, texts.BUTTON_MATCHES, says="Priya Raman")


async def test_somebody_who_is_not_connected_is_asked_to_connect(mission: Mission) -> None:
    """As with any other command."""
    seen = await mission.ask(mission.ada, "/networking matches")
    assert texts.CONNECT_FIRST.replace("*", "") in seen.text


async def test_did_you_talk_in_one_tap(mission: Mission) -> None:
    """After the round, in the match's own message; the list says so, and it can be changed."""
    mission.platform.set_knobs(Knobs(round_seconds=10))
    await met(mission, "priya")
    over = await mission.ada.waits_for("Did you talk?", where="dm", timeout=25)
    yes = await pressed(mission.ada, over, reminder_texts.BUTTON_TALKED, says="You talked with")
    assert "Priya Raman" in yes.text
    listed = await mission.ask(mission.ada, "/networking matches")
    assert texts.TALKED in listed.text
    again = await pressed(mission.ada, yes, reminder_texts.BUTTON_CHANGE_ANSWER, says="Did you")
    no = await pressed(mission.ada, again, reminder_texts.BUTTON_NOBODY_CAME, says="No one came")
    assert no.id == over.id
    listed = await mission.ask(mission.ada, "/networking matches")
    assert texts.MISSED in listed.text
