"""The Socket Mode supervisor against the sandbox's Slack, with times short enough to watch."""

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
    """Pauses that a test can wait for."""
    given = {"connection": CONNECTION, "leave_seconds": 0.2, "backoff_seconds": 0.05} | changes
    return SocketModeOptions(longest_backoff_seconds=0.1, **given)


@dataclass
class Stage:
    """A Slack, and an app that is connected to it."""

    slack: Slack
    app: AsyncApp
    socket_mode: SocketMode
    background: BackgroundTasks
    finished: list[str] = field(default_factory=list)
    slow: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def lines(self) -> list[Any]:
        return self.slack.socket_mode.connections

    async def until(self, check: Any) -> None:
        await self.slack.socket_mode.until(check)

    async def types(self) -> bool:
        """A command; whether it was answered."""
        return (await self.slack.user("ada").types("/networking")).ok


@asynccontextmanager
async def stage(options: SocketModeOptions, slack: Slack | None = None) -> AsyncIterator[Stage]:
    """Serve Slack and connect a small app; closed at the end."""
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
        assert on.lines == []


async def authorize(**_: Any) -> AuthorizeResult:
    """Everybody is of the one workspace."""
    return AuthorizeResult(enterprise_id=None, team_id="T0DEMO", bot_token="xoxb-1", bot_id="B")


def listen(on: Stage) -> None:
    """A command that answers at once, and an event that takes its time."""

    @on.app.command("/networking")
    async def command(ack: Any) -> None:
        assert arrived_at.get() > 0
        await ack(text="hello")

    @on.app.event("app_home_opened")
    async def home() -> None:
        await on.slow.wait()
        on.finished.append("home")


async def both(on: Stage) -> None:
    """Wait until two connections are greeted."""
    await on.until(lambda: sum(line.greeted for line in on.lines) >= 2)


async def test_a_frozen_connection_is_replaced():
    """No pong: replaced within the heartbeat, though Slack goes on counting the old one."""
    async with stage(quick()) as on:
        await on.socket_mode.start()
        await both(on)
        frozen = on.lines[0]
        frozen.stall("frozen")
        await on.until(lambda: on.slack.socket_mode.accepted == 3)
        assert frozen in on.lines
        assert len(on.lines) == 3
        frozen.drop()
        await on.until(lambda: len(on.lines) == 2)
        assert await on.types()


async def test_accepted_and_never_greeted():
    """A connection without hello is given up in time, and closed before the next."""
    slack = Slack()
    slack.socket_mode.greets = False
    async with stage(
        quick(connection=ConnectionOptions(connect_seconds=0.2, close_seconds=0.2)), slack
    ) as on:
        await on.socket_mode.start()
        assert not on.socket_mode.connected
        await on.until(lambda: slack.socket_mode.accepted >= 4)
        assert len(on.lines) <= 2
        slack.socket_mode.greets = True
        await both(on)
        assert await on.types()


async def test_a_silent_slack_is_asked_anew():
    """What heard nothing for long is replaced; the new one is there before the old one goes."""
    async with stage(quick(idle_seconds=0.3)) as on:
        await on.socket_mode.start()
        await both(on)
        old = list(on.lines)
        await on.until(lambda: on.slack.socket_mode.accepted >= 4)
        assert len(on.lines) <= 4
        await on.until(lambda: not set(old) & set(on.lines))
        assert on.socket_mode.connected


async def test_not_among_lost_connections():
    """Slack counts connections that are not ours: an idle one is kept, to make no more of them."""
    slack = Slack()
    async with stage(quick(idle_seconds=0.1), slack) as on:
        other = SocketMode(on.app, on.app.client, slack.app_token, on.background, quick())
        await other.start()
        await both(on)
        await on.socket_mode.start()
        await on.until(lambda: sum(line.greeted for line in on.lines) == 4)
        await asyncio.sleep(0.5)
        assert slack.socket_mode.accepted == 4
        await other.aclose()


async def test_a_place_that_stays_deaf_is_replaced_more_and_more_rarely():
    """Each replacement that hears nothing either gets twice as many envelopes before the next."""
    async with stage(quick(passed_over=3)) as on:
        mode, heard = on.slack.socket_mode, 0
        await on.socket_mode.start()
        await both(on)
        sound = on.lines[0]
        on.slack.answer_seconds, mode.stall_new = 0.02, "silent"
        on.lines[1].stall("silent")
        while heard < 60:
            heard += await on.types()
        replaced = mode.accepted - 2
        assert 1 <= replaced <= 4  # 3, 6, 12 and 24 envelopes make 45
        assert sound in on.lines
        on.slack.answer_seconds = 3.0


async def test_no_room():
    """Ten are connected already: it waits for room, and closes what is turned away."""
    slack = Slack()
    async with stage(quick(), slack) as on:
        crowd = SocketMode(
            on.app, on.app.client, slack.app_token, on.background, quick(connections=10)
        )
        await crowd.start()
        await on.until(lambda: len(on.lines) == 10)
        await on.socket_mode.start()
        assert not on.socket_mode.connected
        await crowd.aclose()
        await on.until(lambda: [line.greeted for line in on.lines] == [True, True])
        assert await on.types()
        assert on.socket_mode.connected


async def test_a_listener_outlives_its_connection():
    """The line broke while an event was handled: what was begun is finished."""
    async with stage(quick()) as on:
        await on.socket_mode.start()
        await both(on)
        on.slack.answer_seconds = 0.2
        on.slack.socket_mode.retry_seconds = ()
        lost = asyncio.create_task(on.slack.user("ada").opens_home())
        await asyncio.sleep(0.1)
        for line in list(on.lines):
            line.drop()
        assert (await lost).error == "operation_timeout"
        await both(on)
        on.slow.set()
        await on.background.drain(1)
        assert on.finished == ["home"]


async def test_a_token_refused_at_start_and_one_refused_later():
    """At start it is told; later it is tried again, since it was good once."""
    slack = Slack()
    slack.faults.order(Fault("apps.connections.open", error="invalid_auth"))
    async with stage(quick(), slack) as on:
        with pytest.raises(AppTokenRefused, match="invalid_auth"):
            await on.socket_mode.start()
        await on.socket_mode.start()
        await both(on)
        slack.faults.order(Fault("apps.connections.open", times=3, error="token_revoked"))
        for line in list(on.lines):
            line.drop()
        await both(on)
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
async def test_asking_for_an_address_fails(fault: dict[str, Any]):
    """Whatever goes wrong there, it starts, and is connected soon after."""
    slack = Slack()
    slack.faults.order(Fault("apps.connections.open", **fault))
    async with stage(quick(), slack) as on:
        await on.socket_mode.start()
        await both(on)
        assert await on.types()


async def test_closing_while_connecting():
    """Closed in the middle of an attempt, nothing is left behind."""
    slack = Slack()
    slack.faults.order(Fault("apps.connections.open", times=4, delay=0.3))
    async with stage(quick(), slack) as on:
        starting = asyncio.create_task(on.socket_mode.start())
        await asyncio.sleep(0.1)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await on.socket_mode.aclose()
        assert not on.socket_mode.connected
