"""Socket Mode against the sandbox's Slack, with short times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from slackbot.aio.tasks import BackgroundTasks
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Fault, Slack
from slackbot.slack.client import slack_session, web_client
from slackbot.slack.inbound.socket_mode import SocketMode, SocketModeOptions
from slackbot.slack.inbound.socket_mode_connection import AppTokenRefused, ConnectionOptions
from slackbot.slack.request_context import arrived_at

CONNECTION = ConnectionOptions(connect_seconds=1.0, heartbeat_seconds=0.2, close_seconds=0.2)


def quick(**changes: Any) -> SocketModeOptions:
    """Return options with pauses short enough for a test."""
    given = {"connection": CONNECTION, "leave_seconds": 0.2, "backoff_seconds": 0.05} | changes
    return SocketModeOptions(longest_backoff_seconds=0.1, **given)


@dataclass
class Stage:
    """A Slack and a connected app."""

    slack: Slack
    app: AsyncApp
    socket_mode: SocketMode
    background: BackgroundTasks
    finished: list[str] = field(default_factory=list)
    slow: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def connections(self) -> list[Any]:
        return self.slack.socket_mode.connections

    async def until(self, check: Any) -> None:
        await self.slack.socket_mode.until(check)

    async def types(self) -> bool:
        """Type a command; True if it was answered."""
        return (await self.slack.user("ada").types("/networking")).ok


@asynccontextmanager
async def stage(options: SocketModeOptions, slack: Slack | None = None) -> AsyncIterator[Stage]:
    """Serve Slack, with a small app to connect; close both at the end."""
    slack, session = slack or Slack(), slack_session()
    async with serving(slack.app) as url:
        slack.base_url = url
        client = web_client(f"{url}/api/", session)
        app = AsyncApp(client=client, authorize=authorize, process_before_response=True)
        background = BackgroundTasks()
        mode = SocketMode(app, client, slack.app_token, background, options)
        on = Stage(slack, app, mode, background)
        listen(on)
        try:
            yield on
        finally:
            on.slow.set()
            await mode.aclose()
            await background.drain(1)
            await session.close()
        assert on.connections == []


async def authorize(**_: Any) -> AuthorizeResult:
    """Authorize everybody."""
    return AuthorizeResult(enterprise_id=None, team_id="T0DEMO", bot_token="xoxb-1", bot_id="B")


def listen(on: Stage) -> None:
    """Add a command that answers at once, and an event that waits."""

    @on.app.command("/networking")
    async def command(ack: Any) -> None:
        assert arrived_at.get() > 0
        await ack(text="hello")

    @on.app.event("app_home_opened")
    async def home() -> None:
        await on.slow.wait()
        on.finished.append("home")


async def both_greeted(on: Stage) -> None:
    """Wait until two connections are greeted."""
    await on.until(lambda: sum(connection.greeted for connection in on.connections) >= 2)


async def test_a_frozen_connection_is_replaced():
    """Without a pong it is replaced in time, though Slack goes on counting it."""
    async with stage(quick()) as on:
        await on.socket_mode.start()
        await both_greeted(on)
        frozen = on.connections[0]
        frozen.stall("frozen")
        await on.until(lambda: on.slack.socket_mode.accepted == 3)
        assert frozen in on.connections
        assert len(on.connections) == 3
        frozen.drop()
        await on.until(lambda: len(on.connections) == 2)
        assert await on.types()


async def test_a_connection_that_is_never_greeted():
    """It is given up in time, and closed before the next attempt."""
    slack = Slack()
    slack.socket_mode.greets = False
    async with stage(
        quick(connection=ConnectionOptions(connect_seconds=0.2, close_seconds=0.2)), slack
    ) as on:
        await on.socket_mode.start()
        assert not on.socket_mode.connected
        await on.until(lambda: slack.socket_mode.accepted >= 4)
        assert len(on.connections) <= 2
        slack.socket_mode.greets = True
        await both_greeted(on)
        assert await on.types()


async def test_an_idle_connection_is_replaced():
    """The new connection opens before the old one closes."""
    async with stage(quick(idle_seconds=0.3)) as on:
        await on.socket_mode.start()
        await both_greeted(on)
        old = list(on.connections)
        await on.until(lambda: on.slack.socket_mode.accepted >= 4)
        assert len(on.connections) <= 4
        await on.until(lambda: not set(old) & set(on.connections))
        assert on.socket_mode.connected


async def test_idle_connections_stay_among_strangers():
    """Slack counts more connections than ours: replacing an idle one would add to them."""
    slack = Slack()
    async with stage(quick(idle_seconds=0.1), slack) as on:
        other = SocketMode(on.app, on.app.client, slack.app_token, on.background, quick())
        await other.start()
        await both_greeted(on)
        await on.socket_mode.start()
        await on.until(lambda: sum(connection.greeted for connection in on.connections) == 4)
        await asyncio.sleep(0.5)
        assert slack.socket_mode.accepted == 4
        await other.aclose()


async def test_replacements_that_receive_nothing_become_rarer():
    """Each such replacement may miss twice as many envelopes as the one before."""
    async with stage(quick(passed_over=3)) as on:
        mode, received = on.slack.socket_mode, 0
        await on.socket_mode.start()
        await both_greeted(on)
        healthy = on.connections[0]
        on.slack.answer_seconds, mode.stall_new = 0.02, "silent"
        on.connections[1].stall("silent")
        while received < 60:
            received += await on.types()
        replaced = mode.accepted - 2
        assert 1 <= replaced <= 4  # 3, 6, 12 and 24 envelopes make 45
        assert healthy in on.connections
        on.slack.answer_seconds = 3.0


async def test_no_room():
    """With ten connected it waits for room, and closes connections that Slack turns away."""
    slack = Slack()
    async with stage(quick(), slack) as on:
        crowd = SocketMode(
            on.app, on.app.client, slack.app_token, on.background, quick(connections=10)
        )
        await crowd.start()
        await on.until(lambda: len(on.connections) == 10)
        await on.socket_mode.start()
        assert not on.socket_mode.connected
        await crowd.aclose()
        await on.until(lambda: [one.greeted for one in on.connections] == [True, True])
        assert await on.types()
        assert on.socket_mode.connected


async def test_a_listener_outlives_its_connection():
    """A connection breaks while an event is handled: the listener finishes."""
    async with stage(quick()) as on:
        await on.socket_mode.start()
        await both_greeted(on)
        on.slack.answer_seconds = 0.2
        on.slack.socket_mode.retry_seconds = ()
        lost = asyncio.create_task(on.slack.user("ada").opens_home())
        await asyncio.sleep(0.1)
        for connection in list(on.connections):
            connection.drop()
        assert (await lost).error == "operation_timeout"
        await both_greeted(on)
        on.slow.set()
        await on.background.drain(1)
        assert on.finished == ["home"]


async def test_a_token_refused_at_start_and_one_refused_later():
    """At start it is an error; later it is tried again, since it worked once."""
    slack = Slack()
    slack.faults.order(Fault("apps.connections.open", error="invalid_auth"))
    async with stage(quick(), slack) as on:
        with pytest.raises(AppTokenRefused, match="invalid_auth"):
            await on.socket_mode.start()
        await on.socket_mode.start()
        await both_greeted(on)
        slack.faults.order(Fault("apps.connections.open", times=3, error="token_revoked"))
        for connection in list(on.connections):
            connection.drop()
        await both_greeted(on)
        assert await on.types()


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before"},
        {"drop": "after"},
        {"status": 502},
        {"error": "internal_error"},
        {"error": "ratelimited", "retry_after": 1},
        {"delay": 2.0},
    ],
    ids=str,
)
async def test_apps_connections_open_fails(fault: dict[str, Any]):
    """For any fault there, Socket Mode starts, and connects soon after."""
    slack = Slack()
    slack.faults.order(Fault("apps.connections.open", **fault))
    async with stage(quick(), slack) as on:
        await on.socket_mode.start()
        await both_greeted(on)
        assert await on.types()


async def test_closing_while_connecting():
    """Closing in the middle of an attempt leaves nothing behind."""
    slack = Slack()
    slack.faults.order(Fault("apps.connections.open", times=4, delay=0.3))
    async with stage(quick(), slack) as on:
        starting = asyncio.create_task(on.socket_mode.start())
        await asyncio.sleep(0.1)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await on.socket_mode.aclose()
        assert not on.socket_mode.connected
