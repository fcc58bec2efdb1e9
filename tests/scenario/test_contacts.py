"""Two people who are both in this Slack: swapping contacts, and reports."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slackbot.domain.model import TeamId
from slackbot.sandbox.slack import Fault, ScreenItem, User
from slackbot.services.notices import SENT
from slackbot.slack import contact_texts, texts

from .conftest import Mission, Start, dms, pressed, until

ON = {"contact_swap": "on"}


async def met(start: Start, **settings: Any) -> tuple[Mission, User, User]:
    """Match Ada and Priya, who are both connected here."""
    mission = await start(**settings)
    await mission.stop_bot()
    mission.slack.workspace.scopes.add("mpim:write")
    await mission.start_bot()
    ada, priya = await mission.link("ada"), await mission.link("priya")
    for person in (ada, priya):
        await mission.ask(person, "/networking available 11645")
    for person in (ada, priya):
        await person.waits_for("You're matched with", where="dm")
    return mission, ada, priya


async def says(mission: Mission, person: User, button: str) -> ScreenItem:
    """Ask whom to swap contacts with, and answer."""
    asked = await mission.ask(person, "/networking swap")
    said = contact_texts.SWAP_YES if button == contact_texts.BUTTON_SWAP else contact_texts.SWAP_NO
    return await pressed(person, asked, button, says=said.split("*")[1])


def in_groups(mission: Mission) -> list[str]:
    """Return what was posted in group conversations, as Slack got it."""
    messages = mission.slack.workspace.messages
    return [json.dumps([m.content.text, m.content.blocks]) for m in messages if m.channel[0] == "G"]


async def test_two_yeses_open_a_conversation_with_a_question(start: Start) -> None:
    """Both are in it and are mentioned; each had only their own answer before."""
    mission, ada, priya = await met(start, **ON)
    mine = await says(mission, ada, contact_texts.BUTTON_SWAP)
    theirs = await says(mission, priya, contact_texts.BUTTON_SWAP)
    assert mine.text.replace("Priya Raman", "") == theirs.text.replace("Ada Example", "")
    shared = await ada.waits_for(
        "you both said yes", where="#mpdm-ada--networking--priya-1", timeout=10
    )
    assert shared.mentions == {f"@{ada.id}", f"@{priya.id}"}
    assert contact_texts.SWAP_STARTER in shared.text
    assert "You were matched in First Network Session" in shared.text
    assert "Northwind" in shared.text, "the question fits what is known of them"
    assert len(in_groups(mission)) == 1
    for person in (ada, priya):
        asked = await mission.ask(person, "/networking swap")
        assert "nobody to ask about" in asked.text
    opened = [c.args.get("users") for c in mission.slack.calls if c.method == "conversations.open"]
    assert opened.count(f"{ada.id},{priya.id}") == 1


async def test_an_answer_can_be_taken_back(start: Start) -> None:
    """In its place, with the way on to the next person."""
    mission, ada, _ = await met(start, **ON)
    said = await says(mission, ada, contact_texts.BUTTON_SWAP_NO)
    assert texts.BUTTON_AVAILABLE_AGAIN in [button.text for button in said.buttons]
    again = await pressed(ada, said, contact_texts.BUTTON_UNDO, says="as if you hadn't answered")
    await pressed(ada, again, contact_texts.BUTTON_SWAP, says="If it's mutual")


async def test_a_press_about_contacts_is_a_reaction(start: Start, tmp_path: Path) -> None:
    """Somebody who answers is there, and is not paused because of that match."""
    url = f"sqlite:///{tmp_path}/slackbot.db"
    mission, ada, priya = await met(start, database_url=url, **ON)
    later = datetime.now(UTC) + timedelta(hours=1)
    async with mission.store() as store, asyncio.timeout(10):

        async def unanswered() -> set[str]:
            found = await store.availabilities.list_unanswered(TeamId(mission.team), later, 1)
            return {each.person.user for each in found}

        async def stored(*people: User) -> None:
            while await unanswered() != {each.id for each in people}:
                pass  # messages and reactions are stored later

        await stored(ada, priya)
        asked = await mission.ask(ada, "/networking swap")
        await stored(priya)
        await mission.platform.pair("ada", "priya")
        await stored(ada, priya)
        await pressed(ada, asked, contact_texts.BUTTON_SWAP, says="If it's mutual")
        await stored(priya)


def rows_about(folder: Path, user: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of somebody, by table, and the engine's rows with their keys."""
    found: dict[str, list[tuple[object, ...]]] = {}
    for file in ("slackbot.db", "slackbot-delivery.db"):
        with closing(sqlite3.connect(folder / file)) as database:
            query = "select name from sqlite_master where type = 'table'"
            for (table,) in database.execute(query).fetchall():
                columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
                if "user_id" in columns:
                    # When she last pressed something herself is stored some seconds later.
                    fixed = ", ".join(column for column in columns if column != "reacted_at")
                    rows = database.execute(
                        f"select {fixed} from {table} where user_id = ?", (user,)
                    )
                    found[table] = sorted(rows.fetchall(), key=str)
                elif file == "slackbot-delivery.db":
                    rows = database.execute(f"select * from {table}")
                    found[table] = sorted((row for row in rows if user in str(row)), key=str)
    found.pop("homes")  # which changes with every look, and whose content is compared
    return found


def kept_of(folder: Path, text: bytes) -> bool:
    """Return whether a text stands in any of the databases' files."""
    return any(text in file.read_bytes() for file in folder.glob("slackbot*.db*"))


async def surfaces_of(mission: Mission, person: User) -> list[str]:
    """Return all that somebody sees when they look everywhere."""
    await person.opens_home()
    home = await person.waits_for("Networking at demo", where="home")
    typed = ["swap", "matches", "status", "check"]
    answers = [(await mission.ask(person, f"/networking {word}")).text for word in typed]
    return [home.text, *(line for a in answers for line in a.splitlines() if "code" not in line)]


@pytest.mark.parametrize("buttons", [[], ["yes"], ["no"], ["yes", "undo"]])
async def test_a_single_answer_leaves_no_trace_with_the_other(
    start: Start, tmp_path: Path, buttons: Sequence[str]
) -> None:
    """In nothing that is stored of her, sent to her, shown to her or counted."""
    mission, ada, priya = await met(start, database_url=f"sqlite:///{tmp_path}/slackbot.db", **ON)
    await until(lambda: f"'{SENT}'" in str(rows_about(tmp_path, priya.id)["matches"]))
    seen = await surfaces_of(mission, priya)
    before = rows_about(tmp_path, priya.id)
    calls = len(mission.slack.calls)
    asked = await mission.ask(ada, "/networking swap")
    labels = {
        "yes": contact_texts.BUTTON_SWAP,
        "no": contact_texts.BUTTON_SWAP_NO,
        "undo": contact_texts.BUTTON_UNDO,
    }
    for button in buttons:
        assert (await ada.clicks(asked, labels[button])).ok
        asked = await ada.waits_for(lambda item: bool(item.buttons), since=asked.changed)
    assert in_groups(mission) == []
    later = [c for c in mission.slack.calls[calls:] if c.method != "views.publish"]
    assert [c for c in later if priya.id in str(c.args)] == []
    assert rows_about(tmp_path, priya.id) == before
    assert await surfaces_of(mission, priya) == seen


async def test_without_the_scope_each_hears_it_apart(start: Start) -> None:
    """In their own direct messages, once, and the partner is mentioned."""
    mission, ada, priya = await met(start, **ON)
    mission.slack.workspace.scopes.discard("mpim:write")
    for person in (ada, priya):
        await says(mission, person, contact_texts.BUTTON_SWAP)
    for person, other in ((ada, priya), (priya, ada)):
        seen = await person.waits_for("both said yes", where="dm", timeout=10)
        assert seen.mentions == {f"@{other.id}"}
        assert len(await dms(person, "both said yes")) == 1


async def test_it_is_off_by_default(start: Start) -> None:
    """Nobody is asked, and no further scope is needed."""
    mission, ada, _ = await met(start)
    assert "nobody to ask about" in (await mission.ask(ada, "/networking swap")).text
    assert "nobody to report" in (await mission.ask(ada, "/networking report")).text


async def test_a_person_is_reported_to_the_admins(start: Start, tmp_path: Path) -> None:
    """By a form; the admin learns who and what, once, and the reported person nothing."""
    database = f"sqlite:///{tmp_path}/slackbot.db"
    mission, ada, priya = await met(start, report_to="U0KIM", database_url=database, **ON)
    mission.slack.workspace.add("kim")
    kim = mission.person("kim")
    mission.slack.faults.order(Fault("chat.postMessage", drop="after"))
    listed = await mission.ask(ada, "/networking report raman")
    assert (await ada.clicks(listed, contact_texts.BUTTON_REPORT)).ok
    form = await ada.waits_for("You're reporting Priya Raman", where="modal")
    heard = len(await priya.sees())
    await ada.submits(form, {"reason": "She sold <!channel> something"})
    await ada.waits_for("passing it on to the admins")
    report = await kim.waits_for("reports Priya Raman", where="dm", timeout=15)
    assert report.mentions == {f"@{ada.id}", f"@{priya.id}"}
    assert "She sold <!channel> something" in report.text
    assert len(await dms(kim)) == 1
    assert len(await priya.sees()) == heard
    assert not kept_of(tmp_path, b"She sold")
    before, words = ada.now, "And again. " * 60
    assert (await ada.clicks(listed, contact_texts.BUTTON_REPORT)).ok
    form = await ada.waits_for("You're reporting Priya Raman", where="modal", since=before)
    await ada.submits(form, {"reason": f"{words}!"})
    await kim.waits_for(f"{words}!", where="dm", timeout=15)
    # Somebody who has erased everything hears that it cannot be reported here any more.
    await mission.disconnect(ada)
    before = ada.now
    assert (await ada.clicks(listed, contact_texts.BUTTON_REPORT)).ok
    await ada.waits_for("I can't pass this report on", since=before)
