"""Each refusal has its own sentence and a button that helps and works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from slackbot.sandbox.slack import ScreenItem, User
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.text import plain

from . import refusals
from .conftest import Mission, Start
from .refusals import FieldRow, Row

EXAMPLE = {"example": "https://www.accelevents.com/e/your-event"}
# What a command of the table shows without a refusal.
# Seconds: a little more than a request may usually take.
LONGER_THAN_USUAL = 8.3
DONE = {
    "sessions live": "Networking now",
    "sessions mine": "Your sessions",
    "join 11645": "You've joined First Network Session",
    "available 11645": "You're available in First Network Session",
}


def sentence(code: str, values: Mapping[str, object]) -> str:
    """Return a code's sentence as people read it."""
    return plain(error_texts.ERRORS[code], {**EXAMPLE, **values})  # type: ignore[arg-type]


def plan(mission: Mission, at: Mapping[str, str], answer: Mapping[str, Any]) -> None:
    """Order the answer to the next such request."""
    if "how" in answer:
        mission.platform.broken(**answer, **at)
    else:
        mission.platform.next_status(**answer, **at)


async def press(mission: Mission, person: User, seen: ScreenItem, label: str) -> ScreenItem:
    """Press a button of an answer, and wait for the answer in its place."""
    answer = await person.clicks(seen, label)
    assert answer.ok
    return await person.waits_for(
        lambda now: now.id == seen.id and now.kind == "ephemeral", since=seen.changed
    )


async def button_works(mission: Mission, person: User, seen: ScreenItem, row: Row) -> None:
    """Check that the button does what it says."""
    mission.platform.faults.clear()
    if row.button == texts.BUTTON_CONNECT_AGAIN:
        assert (await person.clicks(seen, row.button)).ok
        form = await person.waits_for("Event link", where="modal")
        before = person.now
        token = mission.platform.token_for("ada")
        await person.submits(form, {"event": "demo", "credential": token})
        await person.waits_for(DONE[row.typed], since=before)
    elif row.button == texts.BUTTON_HUB:
        answer = await person.clicks(seen, row.button)
        assert answer.ok
        assert (answer.opened or "").startswith("https://www.accelevents.com/e/demo/portal")
    elif row.button == texts.BUTTON_TRY_AGAIN:
        assert DONE[row.typed] in (await press(mission, person, seen, row.button)).text
    else:
        assert row.button == texts.BUTTON_OTHER_SESSIONS
        assert "Networking now" in (await press(mission, person, seen, row.button)).text


async def linked_for(mission: Mission, row: Row) -> User:
    """Return somebody for whom the row's command would work."""
    person = await mission.link("ada")
    if row.typed == "sessions mine":
        await mission.ask(person, "/networking join 11645")
    return person


@pytest.mark.parametrize("row", refusals.ROWS, ids=lambda row: row.name)
async def test_every_refusal_has_its_sentence_and_its_button(mission: Mission, row: Row) -> None:
    """Each answer of Accelevents shows its code's sentence, and the button beside it works."""
    person = await linked_for(mission, row)
    plan(mission, row.at, row.answer)
    seen = await mission.ask(person, f"/networking {row.typed}")
    if row.code == "token_refused":
        assert "has run out" in seen.text
    else:
        assert sentence(row.code, row.values) in seen.text
    assert row.button == seen.buttons[0].text
    await button_works(mission, person, seen, row)


@pytest.mark.parametrize("row", refusals.UNCONFIRMED, ids=lambda row: row.name)
async def test_an_unconfirmed_availability_says_so(mission: Mission, row: Row) -> None:
    """Without an answer it says so, listens all the same, and can be pressed again."""
    person = await mission.link("ada")
    plan(mission, row.at, row.answer)
    seen = await mission.ask(person, f"/networking {row.typed}")
    assert "hasn't confirmed yet" in seen.text
    await mission.platform.pair("ada", "priya")
    await person.waits_for("You're matched with Priya Raman", where="dm")
    mission.platform.faults.clear()
    asked = await press(mission, person, seen, texts.BUTTON_ASK_AGAIN)
    again = await press(mission, person, asked, texts.BUTTON_LEAVE_ROUND)
    assert "You're available in First Network Session" in again.text


@pytest.mark.parametrize("row", refusals.HARMLESS, ids=lambda row: row.name)
async def test_an_unread_match_list_keeps_nobody_from_meeting(mission: Mission, row: Row) -> None:
    """The person is available even if the match list cannot be read."""
    person = await mission.link("ada")
    plan(mission, row.at, row.answer)
    assert DONE[row.typed] in (await mission.ask(person, f"/networking {row.typed}")).text


@pytest.mark.parametrize("row", refusals.UNCONFIRMED, ids=lambda row: row.name)
async def test_an_unconfirmed_pause_says_so(mission: Mission, row: Row) -> None:
    """Without an answer it says so, and listens until a second press succeeds."""
    person = await mission.link("ada")
    await mission.ask(person, f"/networking {row.typed}")
    plan(mission, row.at, row.answer)
    seen = await mission.ask(person, "/networking pause")
    assert "it hasn't confirmed yet" in seen.text
    assert [line.attendee for line in mission.platform.sockets] == ["ada"]
    mission.platform.faults.clear()
    again = await press(mission, person, seen, texts.BUTTON_PAUSE)
    assert "Paused." in again.text
    assert mission.platform.status_of("ada") == "LEFT"
    await mission.platform.disconnected("ada")


CLOSED = "Networking is closed by the organiser until 3 pm"


async def test_the_platforms_own_words_are_told(mission: Mission) -> None:
    """A reason that we have no sentence for is quoted, with the session; then a join works."""
    ada = await mission.link("ada")
    plan(mission, refusals.JOIN, refusals.status(409, None, f"<b>{CLOSED}</b>"))
    seen = await mission.ask(ada, "/networking join 11645")
    assert "Accelevents didn't let you into First Network Session. It says:" in seen.text
    assert f"▎ {CLOSED}" in seen.text
    assert CLOSED in seen.notification
    again = await press(mission, ada, seen, texts.BUTTON_TRY_AGAIN)
    assert DONE["join 11645"] in again.text


# --- the guide's own table, by the event as it is ------------------------------------------------

GUIDE = [
    ("99999", "Session 99999 can't be found.", texts.BUTTON_OTHER_SESSIONS),
    ("11647", "Coffee with the keynote is full.", texts.BUTTON_OTHER_SESSIONS),
    ("11648", "Speakers' circle isn't in your ticket.", texts.BUTTON_OTHER_SESSIONS),
    ("11649", "Your ticket covers 2 sessions, and you've joined that many.", texts.BUTTON_HUB),
    ("11650", "Evening mixer isn't open yet. It opens ", texts.BUTTON_OTHER_SESSIONS),
    ("11651", "Morning warm-up isn't open any more. It ended", texts.BUTTON_OTHER_SESSIONS),
]


@pytest.mark.parametrize("command", ["join", "available"])
@pytest.mark.parametrize(("session", "says", "button"), GUIDE, ids=[row[0] for row in GUIDE])
async def test_the_join_table(
    mission: Mission, command: str, session: str, says: str, button: str
) -> None:
    """The guide's five refusals, for "join" and for "available", which joins first."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, f"/networking {command} {session}")
    assert says in seen.text
    assert seen.buttons[0].text == button
    assert mission.availabilities_set() == 0
    assert mission.platform.sockets == []


async def test_a_place_that_opens_is_taken_by_trying_again(mission: Mission) -> None:
    """The same button works once somebody has left the full session."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking join 11647")
    mission.platform.session(11647).registered_elsewhere = 1
    again = await press(mission, ada, seen, texts.BUTTON_TRY_AGAIN)
    assert "You've joined Coffee with the keynote" in again.text


async def test_an_unknown_title(mission: Mission) -> None:
    """The answer repeats the words, and leads to the sessions."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking join underwater basket weaving")
    assert sentence("no_such_session", {"query": "underwater basket weaving"}) in seen.text
    assert "Networking now" in (await press(mission, ada, seen, texts.BUTTON_SESSIONS)).text


async def test_nothing_is_live(mission: Mission) -> None:
    """Without an open session it says so, and leads to upcoming ones."""
    for session in list(mission.platform.event):
        if session.is_live(mission.platform.now()):
            mission.platform.move_session(session.id, "past")
    ada = await mission.link("ada")
    for command in ("join", "available"):
        seen = await mission.ask(ada, f"/networking {command}")
        assert sentence("nothing_live", {}) in seen.text
        upcoming = await press(mission, ada, seen, texts.BUTTON_UPCOMING)
        assert "Later" in upcoming.text


# --- at the field --------------------------------------------------------------------------------


@pytest.mark.parametrize("row", refusals.FIELD_ROWS, ids=lambda row: row.name)
async def test_every_refusal_of_a_credential_shows_at_its_field(
    mission: Mission, row: FieldRow
) -> None:
    """The sentence shows at the right field, and a second submission can succeed."""
    ada, platform = mission.ada, mission.platform
    await ada.types("/networking sessions live")
    prompt = await ada.waits_for("First, connect", where="#general")
    await ada.clicks(prompt, texts.BUTTON_CONNECT)
    form = await ada.waits_for("Event link", where="modal")
    by_login = row.at == refusals.LOGIN
    credential = platform.magic_link_for("ada") if by_login else platform.token_for("ada")
    plan(mission, row.at, row.answer)
    await ada.submits(form, {"event": "demo", "credential": credential})
    sentence = error_texts.AT_FIELD.get(row.code) or error_texts.ERRORS[row.code]
    seen = await ada.waits_for("Event link", where="modal")
    assert seen.errors == {row.field: sentence}
    platform.faults.clear()
    await ada.submits(seen, {"event": "demo", "credential": platform.token_for("ada")})
    await ada.waits_for("Networking now", where="#general")
    assert await ada.sees(where="modal") == []


async def test_an_answer_after_more_than_the_usual_time(mission: Mission) -> None:
    """A change and a login have the time of their command, and are sent only once."""
    ada, priya = await mission.link("ada"), mission.priya
    await priya.types("/networking connect")
    form = await priya.waits_for("Event link", where="modal")
    mission.platform.delay(LONGER_THAN_USUAL, **refusals.JOIN)
    mission.platform.delay(LONGER_THAN_USUAL, **refusals.LOGIN)
    link = mission.platform.magic_link_for("priya")
    await asyncio.gather(
        ada.types("/networking join 11645"),
        priya.submits(form, {"event": "demo", "credential": link}),
    )
    await ada.waits_for(DONE["join 11645"], where="#general", timeout=20)
    await priya.waits_for("You're connected to demo", where="#general", timeout=20)
    assert mission.platform_calls("PUT", "/session/11645") == 1


# --- the link that is no good any more -----------------------------------------------------------


async def test_a_refused_token_is_reported_once_and_stops_the_feed(
    start: Start, tmp_path: Path
) -> None:
    """An expired token gives one message and no feed; connecting again continues."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.stop_bot()
    mission.platform.revoke("ada")
    await mission.start_bot()
    ada = mission.ada
    only_once = await ada.waits_for("has run out", where="dm")
    await mission.platform.disconnected("ada")
    for _ in range(2):
        seen = await mission.ask(ada, "/networking sessions")
        assert "has run out" in seen.text
    assert len(await ada.sees("has run out", where="dm")) == 1
    await ada.clicks(only_once, texts.BUTTON_CONNECT_AGAIN)
    form = await ada.waits_for("Event link", where="modal")
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    after = await ada.waits_for("You're connected to demo", where="dm")
    assert after.id == only_once.id
    assert "You're available in" in (await mission.ask(ada, "/networking status")).text
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.connected("ada")


# --- the tables are complete ---------------------------------------------------------------------


def test_every_sentence_of_a_refusal_is_covered() -> None:
    """Each key of both tables has a scenario, or a reason for having none."""
    by_command = {row.code for row in (*refusals.ROWS, *refusals.UNCONFIRMED)}
    by_command |= {"magic_link_invalid", "magic_link_used"} & {
        row.code for row in refusals.FIELD_ROWS if row.code not in error_texts.AT_FIELD
    }
    assert set(error_texts.ERRORS) - by_command == set(refusals.ELSEWHERE)
    by_field = {row.code for row in refusals.FIELD_ROWS}
    assert set(error_texts.AT_FIELD) - by_field == set(refusals.FIELD_ELSEWHERE)


def test_rows_have_names_of_their_own() -> None:
    """No row stands in a table twice."""
    for table in (refusals.ROWS, refusals.FIELD_ROWS):
        names = [row.name for row in table]
        assert sorted(set(names)) == sorted(names)
