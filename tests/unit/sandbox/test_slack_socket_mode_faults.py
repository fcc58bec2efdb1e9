"""Faults of Socket Mode connections: stalled, dropped, delayed, ended."""

from typing import Any

import aiohttp
from slack_harness import Harness, running
from slack_socket_app import TIMEOUT, connect, connected, next_message


async def post(here: Harness, **given: Any) -> tuple[int, Any]:
    """Post to the knob `socket_mode`."""
    async with here.http.post(f"{here.url}/_sandbox/socket_mode", json=given) as answer:
        return answer.status, await answer.json()


async def test_a_silent_connection_answers_pings_and_delivers_nothing():
    """A silent connection looks alive, and envelopes to it are lost, as reported of Slack's."""
    async with running() as here, connected(here, slash_commands=None) as app:
        here.slack.answer_seconds = 0.1
        assert await post(here, deaf="silent") == (200, {"enabled": True, "connections": 1})
        assert (await here.ada.types("/networking")).error == "operation_timeout"
        assert here.slack.socket_mode.connections[0].sent == 1
        await post(here, deaf=None)
        here.slack.answer_seconds = 3.0
        assert (await here.ada.types("/networking")).ok
        assert len(app.envelopes) == 1


async def test_a_frozen_connection_answers_no_ping():
    """The app's heartbeat detects a frozen connection; Slack still counts it."""
    async with running() as here:
        address = await here.client.apps_connections_open(app_token=here.slack.app_token)
        socket = await here.http.ws_connect(address["url"], heartbeat=0.1)
        await next_message(socket)
        (connection,) = here.slack.socket_mode.connections
        connection.stall("frozen")
        assert (await socket.receive(TIMEOUT)).type == aiohttp.WSMsgType.ERROR
        assert here.slack.socket_mode.connections == [connection]
        connection.stall(None)
        await here.slack.socket_mode.until(lambda: not here.slack.socket_mode.connections)


async def test_connections_are_ended():
    """A connection is asked to reconnect, closed, dropped without a close frame, or not greeted."""
    async with running() as here:
        socket = await connect(here)
        await next_message(socket)
        await post(here, disconnect="refresh_requested")
        message = await next_message(socket)
        assert (message["type"], message["reason"]) == ("disconnect", "refresh_requested")
        await here.slack.socket_mode.connections[0].close()
        assert (await socket.receive(TIMEOUT)).type == aiohttp.WSMsgType.CLOSE
        socket = await connect(here)
        await next_message(socket)
        await post(here, drop=True)
        assert (await socket.receive(TIMEOUT)).type == aiohttp.WSMsgType.CLOSED
        assert socket.close_code == 1006
        await post(here, greets=False)
        socket = await connect(here)
        await here.slack.socket_mode.until(lambda: here.slack.socket_mode.connections)
        assert (await here.ada.types("/networking")).error == "dispatch_failed"


async def test_an_unknown_stall_is_refused():
    """The response is 400 with the reason."""
    async with running() as here:
        assert await post(here, deaf="a little") == (
            400,
            {"error": "deaf is silent, frozen or null"},
        )


async def test_envelopes_may_be_late():
    """The delay counts towards the three seconds that the app has."""
    async with running() as here, connected(here, slash_commands=None):
        here.slack.answer_seconds = 0.1
        await post(here, delay=1)
        assert (await here.ada.types("/networking")).error == "operation_timeout"
        await post(here, delay=0, enabled=False)
        here.slack.answer_seconds = 3.0
        await here.ada.types("/networking")
        assert here.bot.received[0]["command"] == "/networking"
