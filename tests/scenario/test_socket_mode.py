"""The bot without a public URL: everything Slack sends comes over Socket Mode.

The tests of `test_mission.py` are run again here, over the other transport.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from slackbot.bootstrap.app import running
from slackbot.sandbox.slack import Button, Fault, User
from slackbot.sandbox.slack.socket_mode import APP_TOKEN, SocketMode
from slackbot.settings import Settings, SettingsError
from slackbot.slack import texts

from .conftest import LogLines, Mission, Start, until
from .test_mission import *  # noqa: F403

# The bot's connections.
CONNECTIONS = 2
# The same, and those that are being replaced.
MOST_CONNECTIONS = 4
OVER_SOCKET_MODE = {"slack_app_token": APP_TOKEN, "slack_signing_secret": ""}


@pytest.fixture
def start(start: Start) -> Start:
    """Start a mission whose bot has an app-level token and no signing secret."""

    async def begin(*given: Any, **changes: Any) -> Mission:
        mission = await start(*given, **OVER_SOCKET_MODE, **changes)
        await connected(mission)
        return mission

    return begin


async def connected(mission: Mission) -> None:
    """Wait until all of the bot's connections are open."""
    lines = mission.slack.socket_mode
    await lines.until(lambda: sum(line.greeted for line in lines.connections) >= CONNECTIONS)


async def says(person: User, text: str) -> None:
    """Type a command that is answered in the acknowledgement."""
    answer = await person.types(text)
    assert answer.ok, answer.error


# --- the same as over HTTP -----------------------------------------------------------------------


async def test_there_is_nothing_for_slack_over_http(mission: Mission) -> None:
    """`/slack/events` does not exist; health does, and readiness includes the connections."""
    async with httpx.AsyncClient(trust_env=False, base_url=mission.bot_url) as client:
        assert (await client.post("/slack/events", content="{}")).status_code == 404
        assert (await client.get("/healthz")).status_code == 200
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["socket_mode"]) == (200, True)
        mission.slack.socket_mode.greets = False
        for line in list(mission.slack.socket_mode.connections):
            line.drop()
        await mission.slack.socket_mode.until(lambda: not mission.slack.socket_mode.connections)
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["socket_mode"]) == (503, False)


async def test_a_form_is_refused_and_accepted_in_the_ack(mission: Mission) -> None:
    """Errors show at their field, and the form closes on success."""
    ada = mission.ada
    await says(ada, "/networking connect")
    form = await ada.waits_for("Event link", where="modal")
    token = mission.platform.token_for("ada")
    assert (await ada.submits(form, {"event": "two words", "credential": token})).ok
    (form,) = await ada.sees(where="modal")
    assert set(form.errors) == {"event"}
    assert (await ada.submits(form, {"event": "demo", "credential": token})).ok
    assert await ada.sees(where="modal") == []
    await ada.waits_for("You're connected to demo", where="#general")


async def test_a_slow_form_is_updated(mission: Mission) -> None:
    """The ack replaces the form by another view, which then shows the outcome."""
    ada = mission.ada
    await says(ada, "/networking connect")
    form = await ada.waits_for("Event link", where="modal")
    mission.platform.delay(2.3)
    answer = await ada.submits(
        form, {"event": "demo", "credential": mission.platform.token_for("ada")}
    )
    assert isinstance(shown := answer.json(), dict)
    assert shown["response_action"] == "update"
    await ada.waits_for("You're connected to demo", where="modal")


async def test_buttons_are_answered_in_their_place(mission: Mission) -> None:
    """An empty ack at once, and the answer in the button's place."""
    ada = await mission.link("ada")
    listed = await mission.ask(ada, "/networking sessions")
    available: Button = next(b for b in listed.buttons if b.text == texts.BUTTON_AVAILABLE)
    answer = await ada.clicks(listed, available)
    assert (answer.ok, answer.body) == (True, "")
    answer = await ada.waits_for("You're available in First Network Session", where="#general")
    assert answer.id == listed.id


async def test_a_late_answer_follows(mission: Mission) -> None:
    """The ack leaves two seconds after the envelope came, the answer by response_url."""
    ada = await mission.link("ada")
    mission.platform.delay(2.3)
    await says(ada, "/networking sessions")
    assert await ada.sees(texts.ASKING, where="#general")
    await ada.waits_for("Networking now", where="#general")


async def test_an_event_delivered_often_is_handled_once(mission: Mission) -> None:
    """After a lost ack Slack sends the event again: Home is drawn once."""
    mode, ada = mission.slack.socket_mode, mission.ada
    for attempt in (None, 1, 2, 3):
        event = await ada.event(
            "app_home_opened", tab="home", event_id="Ev1", retry_num=attempt, retry_reason="timeout"
        )
        assert event.ok
    await ada.waits_for(lambda _: True, where="home")
    assert (await ada.opens_home()).ok
    await until(lambda: mission.slack_calls("views.publish") == 2)
    assert sum(line.sent for line in mode.connections) == 5


# --- connections come and go ---------------------------------------------------------------------


async def test_both_connections_serve(mission: Mission) -> None:
    """Slack sends over either, and every envelope is answered."""
    for _ in range(30):
        await says(mission.ada, "/networking help")
    assert all(line.sent for line in mission.slack.socket_mode.connections)


async def test_a_silent_connection_is_detected_and_replaced(mission: Mission) -> None:
    """It answers pings and delivers nothing: it is replaced after a bounded number of envelopes."""
    mode, ada = mission.slack.socket_mode, mission.ada
    mission.slack.answer_seconds = 0.2
    silent = mode.connections[0]
    silent.stall("silent")
    heard = 0
    while silent in mode.connections and mode.accepted == CONNECTIONS:
        heard += (await ada.types("/networking help")).ok
    assert heard < 20
    await mode.until(lambda: mode.accepted == CONNECTIONS + 1)
    await silent.close()
    await mode.until(lambda: len(mode.connections) == CONNECTIONS)
    mission.slack.answer_seconds = 3.0
    for _ in range(20):
        await says(ada, "/networking help")


async def test_a_dropped_connection_is_replaced(mission: Mission) -> None:
    """Commands continue over the other one."""
    mode = mission.slack.socket_mode
    for _ in range(3):
        mode.connections[0].drop()
        await mode.until(lambda: len(mode.connections) < CONNECTIONS)
        await says(mission.ada, "/networking help")
        await connected(mission)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_slack_asks_to_reconnect(mission: Mission, reason: str) -> None:
    """The new connections open before the old ones end, and no command is lost."""
    mode, most = mission.slack.socket_mode, 0
    old = list(mode.connections)
    for line in old:
        await line.disconnect(reason)
    while mode.accepted < 2 * CONNECTIONS:
        await says(mission.ada, "/networking help")
        most = max(most, len(mode.connections))
    assert most <= MOST_CONNECTIONS
    for line in old:
        await says(mission.ada, "/networking help")
        await line.close()
    await mode.until(lambda: len(mode.connections) == CONNECTIONS)
    await says(mission.ada, "/networking help")


async def test_connections_never_pile_up(mission: Mission) -> None:
    """For any number of requests to reconnect there are never more than four."""
    mode = mission.slack.socket_mode
    for _ in range(20):
        for line in list(mode.connections):
            await line.disconnect("refresh_requested")
        await says(mission.ada, "/networking help")
        assert len(mode.connections) <= MOST_CONNECTIONS


async def test_junk_on_the_connection(mission: Mission, log_lines: LogLines) -> None:
    """Junk is neither answered nor logged, and the connection stays."""
    mode, canary = mission.slack.socket_mode, "canary-5f1c"
    ours = {"type": "block_actions", "team": {"id": mission.team}}
    envelope: dict[str, Any] = {"envelope_id": "e1", "type": "interactive", "payload": ours}
    shapes = ["", "{", "[]", "null", '"x"', "1e999", '{"a":' * 5000, "\x00", canary]
    shapes += [json.dumps(envelope | {"payload": p}) for p in (None, [], "x", 1, [canary])]
    shapes += [json.dumps(envelope | {"envelope_id": i}) for i in (None, 1, [], {}, "")]
    shapes += [json.dumps({**envelope, "type": t, "note": canary}) for t in (None, 1, [], canary)]
    parts = ({"user": 1}, {"actions": 1}, {"event": []}, {"type": canary})
    shapes += [json.dumps(envelope | {"payload": ours | part}) for part in parts]
    shapes += [json.dumps({"type": t}) for t in ("hello", "disconnected", "")]
    lines = list(mode.connections)
    for line in lines:
        for text in shapes:
            await line.send_raw(text)
    for _ in range(10):
        await says(mission.ada, "/networking help")
    assert mode.connections == lines
    assert canary not in json.dumps(log_lines, default=str)
    # Some junk is a button to Bolt, and acknowledged; Slack sent no such envelope.
    assert {p.what for p in mission.slack.problems} <= {
        "an ack came late, twice, or over another connection"
    }
    mission.slack.problems.clear()


# --- the beginning and the end -------------------------------------------------------------------


async def test_pending_envelopes_are_answered_before_the_end(mission: Mission) -> None:
    """Stopped while a command waits for Accelevents, the bot still sends its ack."""
    ada = await mission.link("ada")
    before = len(mission.platform.calls)
    mission.platform.delay(30)
    asking = asyncio.create_task(ada.types("/networking sessions"))
    mode: SocketMode = mission.slack.socket_mode
    await until(lambda: len(mission.platform.calls) > before)
    async with asyncio.timeout(10):
        await mission.stop_bot()
    assert (await asking).ok
    await mode.until(lambda: not mode.connections)


async def test_slack_cannot_be_reached_at_first(start: Start) -> None:
    """The bot starts all the same, and connects later."""
    mission = await start()
    await mission.stop_bot()
    mission.slack.faults.order(Fault("apps.connections.open", times=2, status=503))
    await mission.start_bot()
    assert mission.slack.calls[-1].error == "http 503"
    await connected(mission)
    await says(mission.ada, "/networking help")


async def test_a_refused_scope_ends_the_start(start: Start) -> None:
    """The error line names `connections:write`."""
    mission = await start()
    await mission.stop_bot()
    mission.slack.socket_mode.scopes.clear()
    settings: Settings = mission.settings
    with pytest.raises(SettingsError, match=r"SLACK_APP_TOKEN.*missing_scope"):
        async with running(settings):
            pass
