"""Buttons: pressed twice, late, in answers, in direct messages."""

from __future__ import annotations

import asyncio
import json

import pytest

from slackbot.sandbox.slack.faults import Fault
from slackbot.slack import reminder_texts, texts

from .conftest import Mission, Start, dms, pressed, until

JOIN, AVAILABLE, PAUSE = "join:11645", "available:11645", "pause:11645"


# --- the cards' buttons --------------------------------------------------------------------------


async def test_the_buttons_of_a_card(mission: Mission) -> None:
    """Join, then available, then pause: each answer replaces the one before."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking sessions live")
    seen = await pressed(ada, seen, JOIN, says="You've joined First Network Session")
    assert mission.platform.session(11645).registered.keys() == {"ada"}
    seen = await pressed(ada, seen, AVAILABLE, says="You're available in First Network Session")
    assert mission.platform.networking.waiting_in(11645) == ["ada"]
    seen = await pressed(ada, seen, texts.BUTTON_PAUSE, says="Paused.")
    assert mission.platform.networking.waiting_in(11645) == []
    await mission.platform.disconnected("ada")
    seen = await pressed(ada, seen, texts.BUTTON_SESSIONS, says="Networking now")
    assert "You've joined" in seen.text
    assert len(await ada.sees(where="#general")) == 2  # connected, and this one


async def test_a_card_shows_only_what_makes_sense(mission: Mission) -> None:
    """Joined: no "Join"; available here: "Pause"; full or not open: nothing."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking join 11646")
    await mission.ask(ada, "/networking available 11645")
    actions = {b.action_id for b in (await mission.ask(ada, "/networking sessions")).buttons}
    assert {"pause:11645", "available:11646", "join:11648"} <= actions
    assert not {"join:11645", "available:11645", "join:11646", "join:11647"} & actions
    upcoming = await mission.ask(ada, "/networking sessions upcoming")
    labels = [b.text for b in upcoming.buttons]
    assert [*dict.fromkeys(labels)] == [reminder_texts.BUTTON_REMIND, "Next 5"]


async def test_the_hub_button_leads_to_the_session(start: Start) -> None:
    """Its address is the session's page by the operator's template; the press is acknowledged."""
    mission = await start(
        accelevents_web_url="https://events.example.org/",
        accelevents_session_link="{web}/e/{event}/portal/stage/{session_id}",
    )
    ada = await mission.link("ada")
    before = len(mission.slack.calls)
    joined = await mission.ask(ada, "/networking join 11645")
    answer = await ada.clicks(joined, texts.BUTTON_HUB)
    assert answer.ok
    assert answer.opened == "https://events.example.org/e/demo/portal/stage/11645"
    listed = await mission.ask(ada, "/networking sessions live")
    assert answer.opened in json.dumps(listed.blocks)
    full = await mission.ask(ada, "/networking join 11649")
    assert (await ada.clicks(full, texts.BUTTON_HUB)).ok
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    match = await ada.waits_for("You're matched with", where="dm")
    assert (await ada.clicks(match, texts.BUTTON_MEET)).opened == answer.opened
    assert [call.method for call in mission.slack.calls[before:]] == [
        "conversations.open",
        "dnd.info",
        "chat.postMessage",
    ]


async def test_unknown_buttons_are_out_of_date(mission: Mission) -> None:
    """A button of an older version of the bot shows the status; one of a page does nothing."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking status")
    before = [call for call in mission.slack.calls if call.method != "response_url"]
    for action_id in ("hub:", "gone:1", "::", "link:gone", "x" * 255):
        message = mission.slack.workspace.message(seen.channel or "", seen.id)
        assert message is not None
        blocks = message.content.blocks or []
        row = next(block for block in blocks if block["type"] == "actions")
        row["elements"][0]["action_id"] = action_id
        (old,) = [item for item in await ada.sees(where="#general") if item.id == seen.id]
        assert (await ada.clicks(old, old.buttons[0])).ok
        if action_id != "hub:":
            seen = await ada.waits_for("That card is out of date", since=old.changed)
            assert "You're not available" in seen.text
    await mission.ask(ada, "/networking status")
    assert [call for call in mission.slack.calls if call.method != "response_url"] == before


# --- paging --------------------------------------------------------------------------------------


async def test_paging_in_place(mission: Mission) -> None:
    """Forward to the last page and back, in one message, with every session once."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking sessions upcoming")
    first, titles = seen.id, list[str]()
    for page in range(1, 4):
        titles += [
            line
            for block in seen.blocks
            if block["type"] == "rich_text"
            for line in [block["elements"][0]["elements"][0]["text"]]
        ]
        if page < 3:
            label = seen.buttons[-1].text
            assert label == ("Next 5" if page == 1 else "Next 3")
            seen = await pressed(ada, seen, label, says=f"{page * 5 + 1} to ")
    assert len(titles) == len(set(titles)) == 13
    labels = [b.text for b in seen.buttons]
    assert [*dict.fromkeys(labels)] == [reminder_texts.BUTTON_REMIND, texts.BUTTON_PREVIOUS_PAGE]
    seen = await pressed(ada, seen, texts.BUTTON_PREVIOUS_PAGE, says="6 to 10 of 13")
    seen = await pressed(ada, seen, texts.BUTTON_PREVIOUS_PAGE, says="1 to 5 of 13")
    assert seen.id == first
    assert texts.BUTTON_PREVIOUS_PAGE not in {b.text for b in seen.buttons}


# --- pressed twice -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["at_once", "one_after_the_other"])
@pytest.mark.parametrize("button", [JOIN, AVAILABLE])
async def test_a_button_pressed_twice(mission: Mission, button: str, how: str) -> None:
    """The second press changes nothing: one place taken, one waiting, no error shown."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking sessions live")
    if how == "at_once":
        answers = await asyncio.gather(*(ada.clicks(seen, button) for _ in range(3)))
        assert all(answer.ok for answer in answers)
    else:
        for _ in range(3):
            await pressed(ada, seen, button, says="First Network Session")
    await ada.waits_for("First Network Session.", where="#general", since=seen.changed)
    await until(lambda: mission.answers() == 4)  # and the one after linking
    assert list(mission.platform.session(11645).registered) == ["ada"]
    if how == "at_once":
        assert mission.platform_calls("PUT", "/session/11645") == 1
    if button == AVAILABLE:
        assert mission.availabilities_set() == 1
        assert mission.platform.networking.waiting_in(11645) == ["ada"]
        assert len(mission.platform.sockets) == 1


async def test_pause_pressed_twice(mission: Mission) -> None:
    """Two presses leave the session once and end the same."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking available 11645")
    answers = await asyncio.gather(*(ada.clicks(seen, texts.BUTTON_PAUSE) for _ in range(3)))
    assert all(answer.ok for answer in answers)
    await ada.waits_for("Paused.", where="#general")
    left = [call for call in mission.platform.calls if call.query == {"status": "LEFT"}]
    assert len(left) == 1
    await mission.platform.disconnected("ada")
    again = await mission.ask(ada, "/networking pause")
    assert "Paused." in again.text
    assert len([c for c in mission.platform.calls if c.query == {"status": "LEFT"}]) == 1


async def test_available_again_and_pause_at_once(mission: Mission) -> None:
    """Contradicting presses end in one of both states, the same here and at the platform."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking available 11645")
    await asyncio.gather(
        ada.clicks(seen, texts.BUTTON_PAUSE), ada.types("/networking available 11645")
    )
    status = await mission.ask(ada, "/networking status")
    waiting = mission.platform.networking.waiting_in(11645) == ["ada"]
    assert ("You're available in" in status.text) is waiting


# --- old buttons ---------------------------------------------------------------------------------


async def test_buttons_left_over_after_disconnecting(mission: Mission) -> None:
    """They lead to the connect prompt, without a request to the platform."""
    ada = await mission.link("ada")
    old = await mission.ask(ada, "/networking sessions live")
    await mission.disconnect(ada)
    before = len(mission.platform.calls)
    prompt = await pressed(ada, old, AVAILABLE, says="First, connect")
    assert len(mission.platform.calls) == before
    assert (await ada.clicks(prompt, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Event link", where="modal")
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    await ada.waits_for("You're available in First Network Session", where="#general")


@pytest.mark.parametrize("button", [JOIN, AVAILABLE])
async def test_buttons_left_over_after_the_session(mission: Mission, button: str) -> None:
    """The old button says that the session is over, and offers others."""
    ada = await mission.link("ada")
    old = await mission.ask(ada, "/networking sessions live")
    mission.platform.move_session(11645, "past")
    seen = await pressed(ada, old, button, says="isn't open any more")
    await pressed(ada, seen, texts.BUTTON_OTHER_SESSIONS, says="Networking now")
    assert mission.availabilities_set() == 0


async def test_a_button_of_a_message_that_was_replaced(mission: Mission) -> None:
    """A press on a replaced message still does what its button says, once."""
    ada = await mission.link("ada")
    old = await mission.ask(ada, "/networking sessions live")
    await pressed(ada, old, AVAILABLE, says="You're available")
    assert (await ada.clicks(old, JOIN)).ok
    await ada.waits_for("You've joined First Network Session", where="#general")
    assert mission.platform.networking.waiting_in(11645) == ["ada"]
    assert mission.availabilities_set() == 1


async def test_the_buttons_of_an_old_match(mission: Mission) -> None:
    """After the session "available again" says that it is over, and "pause" is harmless."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    match = await ada.waits_for("You're matched with", where="dm")
    mission.platform.move_session(11645, "past")
    await pressed(ada, match, texts.BUTTON_AVAILABLE_AGAIN, says="isn't open any more")


# --- where answers go ----------------------------------------------------------------------------


async def test_an_answered_match_keeps_the_partner(mission: Mission) -> None:
    """A match's button is answered in the same message, which still names the partner."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    match = await ada.waits_for("You're matched with Priya Raman", where="dm")
    posts = mission.slack_calls("chat.postMessage")
    seen = await pressed(ada, match, texts.BUTTON_AVAILABLE_AGAIN, says="You're available in")
    assert "You were matched with Priya Raman" in seen.text
    assert "Product lead, Northwind" in seen.text
    seen = await pressed(ada, seen, texts.BUTTON_PAUSE, says="Paused.")
    assert "You were matched with Priya Raman" in seen.text
    assert mission.slack_calls("chat.update") == 0
    assert mission.slack_calls("chat.postMessage") == posts
    assert mission.answers() == 3  # the answer after linking, and these
    assert len(await dms(ada)) == 1


async def test_an_answered_match_keeps_its_picture(mission: Mission) -> None:
    """It is built anew: what Slack adds to the blocks that it gives back is never sent to it."""
    picture = "https://images.example/zoe.png"
    mission.platform.add_attendee("zoe", "Zoe Example", title="CTO", profile_image=picture)
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "zoe")
    card = await ada.waits_for("You're matched with Zoe Example", where="dm")
    buttons = {texts.BUTTON_AVAILABLE_AGAIN: "You're available", texts.BUTTON_PAUSE: "Paused."}
    for button, says in buttons.items():
        card = await pressed(ada, card, button, says=says)
        assert "You were matched with Zoe Example" in card.text
    replaced = [c for c in mission.slack.calls if c.args.get("replace_original")]
    edits = [call.args["blocks"] for call in replaced]
    pictures = [block["accessory"] for blocks in edits for block in blocks if "accessory" in block]
    alt = "Picture of Zoe Example"
    assert pictures == [{"type": "image", "image_url": picture, "alt_text": alt}] * 2
    assert len(await dms(ada)) == 1


async def test_after_disconnecting_nobody_is_named(mission: Mission) -> None:
    """The answer to a command that deletes everything stands alone in the match's message."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    card = await ada.waits_for("You're matched with Priya Raman", where="dm")
    await mission.disconnect(ada)
    seen = await pressed(ada, card, texts.BUTTON_PAUSE, says="First, connect")
    assert "Priya" not in seen.text


async def test_an_edit_that_slack_refuses_is_a_new_message(mission: Mission) -> None:
    """If the press's address fails, the message is edited; failing that, the answer is new."""
    mission.slack.rate_limits.enabled = False
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    match = await ada.waits_for("You're matched with Priya Raman", where="dm")
    mission.slack.faults.order(Fault("response_url", status=500, times=2))
    match = await pressed(ada, match, texts.BUTTON_PAUSE, says="Paused.")
    mission.slack.faults.order(Fault("chat.update", error="edit_window_closed"))
    await ada.clicks(match, texts.BUTTON_SESSIONS)
    seen = await ada.waits_for("Networking now", where="dm")
    assert seen.id != match.id


async def test_a_response_url_used_up(mission: Mission) -> None:
    """A response_url works five times; the next answer is a direct message."""
    ada = mission.ada
    prompt = await mission.ask(ada, "/networking join 11645")
    assert (await ada.clicks(prompt, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Event link", where="modal")
    (url,) = [u for u in mission.slack.response_urls._minted.values() if u.message_ts]
    url.uses = 5
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    seen = await ada.waits_for("You've joined First Network Session", where="dm")
    assert "You're connected to demo" in seen.text


async def test_a_response_url_that_has_aged(mission: Mission) -> None:
    """After half an hour with the form open the answer is a direct message."""
    ada = mission.ada
    prompt = await mission.ask(ada, "/networking sessions")
    assert (await ada.clicks(prompt, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Event link", where="modal")
    mission.slack.clock.advance(31 * 60)
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    await ada.waits_for("Networking now", where="dm")


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"drop": "before", "times": 2}, {"error": "ratelimited"}], ids=str
)
async def test_a_response_url_that_fails(mission: Mission, fault: dict[str, object]) -> None:
    """For any failure of Slack's, the person gets the answer by direct message."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking status")
    mission.slack.faults.order(Fault("response_url", **fault))  # type: ignore[arg-type]
    assert (await ada.clicks(seen, texts.BUTTON_MATCHES)).ok
    await ada.waits_for("No matches yet", where="dm")
