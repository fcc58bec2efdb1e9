"""What can be done to the sandbox's Socket Mode connections: deafened, dropped, delayed, ended."""

from typing import Any

import aiohttp
from slack_harness import Stage, stage
from slack_socket_app import SOON, connected, dial, hello


async def turn(on: Stage, **given: Any) -> tuple[int, Any]:
    """The dial by HTTP."""
    async with on.http.post(f"{on.url}/_sandbox/socket_mode", json=given) as answer:
        return answer.status, await answer.json()


async def test_a_silent_connection_answers_pings_and_delivers_nothing():
    """Deaf as reported of real ones: it looks alive, and what is sent to it is lost."""
    async with stage() as on, connected(on, slash_commands=None) as app:
        on.slack.answer_seconds = 0.1
        assert await turn(on, deaf="silent") == (200, {"enabled": True, "connections": 1})
        assert (await on.ada.types("/networking")).error == "operation_timeout"
        assert on.slack.socket_mode.connections[0].sent == 1
        await turn(on, deaf=None)
        on.slack.answer_seconds = 3.0
        assert (await on.ada.types("/networking")).ok
        assert len(app.envelopes) == 1


async def test_a_frozen_connection_answers_no_ping():
    """Its peer's heartbeat finds it out; for Slack it goes on being there."""
    async with stage() as on:
        address = await on.client.apps_connections_open(app_token=on.slack.app_token)
        socket = await on.http.ws_connect(address["url"], heartbeat=0.1)
        await hello(socket)
        (connection,) = on.slack.socket_mode.connections
        connection.stall("frozen")
        assert (await socket.receive(SOON)).type == aiohttp.WSMsgType.ERROR
        assert on.slack.socket_mode.connections == [connection]
        connection.stall(None)
        await on.slack.socket_mode.until(lambda: not on.slack.socket_mode.connections)


async def test_dials_end_connections():
    """Dropped without a word, asked to connect anew, closed, or never greeted."""
    async with stage() as on:
        socket = await dial(on)
        await hello(socket)
        await turn(on, disconnect="refresh_requested")
        told = await hello(socket)
        assert (told["type"], told["reason"]) == ("disconnect", "refresh_requested")
        await on.slack.socket_mode.connections[0].close()
        assert (await socket.receive(SOON)).type == aiohttp.WSMsgType.CLOSE
        socket = await dial(on)
        await hello(socket)
        await turn(on, drop=True)
        assert (await socket.receive(SOON)).type == aiohttp.WSMsgType.CLOSED
        assert socket.close_code == 1006
        await turn(on, greets=False)
        socket = await dial(on)
        await on.slack.socket_mode.until(lambda: on.slack.socket_mode.connections)
        assert (await on.ada.types("/networking")).error == "dispatch_failed"


async def test_a_dial_that_makes_no_sense_is_refused():
    """The reason is told."""
    async with stage() as on:
        assert await turn(on, deaf="a little") == (400, {"error": "deaf is silent, frozen or null"})


async def test_envelopes_may_be_late():
    """The delay counts against the three seconds."""
    async with stage() as on, connected(on, slash_commands=None):
        on.slack.answer_seconds = 0.1
        await turn(on, delay=1)
        assert (await on.ada.types("/networking")).error == "operation_timeout"
        await turn(on, delay=0, enabled=False)
        on.slack.answer_seconds = 3.0
        await on.ada.types("/networking")
        assert on.bot.received[0]["command"] == "/networking"
