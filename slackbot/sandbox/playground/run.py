"""One run of the playground, from a fresh start on, with everything that belongs to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.playground.access import NoBrowsers
from slackbot.sandbox.playground.actions import Actions
from slackbot.sandbox.playground.cast import Cast
from slackbot.sandbox.playground.desk import USUAL_ROUND, Desk
from slackbot.sandbox.playground.requests import Recorder
from slackbot.sandbox.playground.story import Stage, Story
from slackbot.sandbox.playground.supervisor import Supervisor
from slackbot.sandbox.playground.timeline import Timeline
from slackbot.sandbox.slack import Slack
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.story.environment import demo_environment

# The form suggests the event.
_SETTINGS: Final = {"ACCELEVENTS_EVENT": "demo"}


@dataclass(frozen=True)
class Run:
    """The running parts, and what people do with them."""

    slack: Slack
    platform: Accelevents
    supervisor: Supervisor
    cast: Cast
    timeline: Timeline
    actions: Actions
    desk: Desk
    story: Story

    def as_json(self) -> Json:
        """Return what the page shows beside everybody's screens."""
        return {
            "bot": self.supervisor.state,
            "people": self.cast.as_json(),
            "names": {m.id: m.name for m in self.slack.workspace.members.values()},
            "timeline": self.timeline.as_json(),
            "desk": self.desk.as_json(),
            "story": self.story.as_json(),
        }


@asynccontextmanager
async def running(bot_command: Sequence[str], *, calls: bool) -> AsyncIterator[Run]:
    """Start everything for the block, and leave nothing behind.

    Raises:
        BotError: the bot does not start.
    """
    changed = _Signal()
    recorder = Recorder(changed)

    def around(name: str, app: ASGIApp) -> ASGIApp:
        return NoBrowsers(recorder.around(name, app))

    async with demo_environment(
        bot_command, calls=calls, more_settings=_SETTINGS, around=around
    ) as environment:
        slack, platform = environment.slack, environment.platform
        changed.slack = slack
        platform.knobs.round_seconds = USUAL_ROUND
        await environment.bot.ready()
        supervisor = Supervisor(environment.bot, changed)
        cast, timeline = Cast(slack, platform), Timeline(slack, platform, recorder)
        story = Story(Stage(environment, cast, timeline), changed)
        actions, desk = Actions(slack, cast, timeline), Desk(environment, supervisor)
        watching = [
            asyncio.create_task(supervisor.watch()),
            asyncio.create_task(recorder.watch(platform.socket_server)),
        ]
        try:
            yield Run(slack, platform, supervisor, cast, timeline, actions, desk, story)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)


class _Signal:
    """Wakes the pages, by way of Slack's count of changes once there is a Slack."""

    slack: Slack | None = None

    def __call__(self) -> None:
        if self.slack is not None:
            self.slack.changes.notify()
