"""When Home is drawn, and what stays in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import Person
from slackbot.domain.surfaces import Home
from slackbot.services.dashboard import Dashboards
from slackbot.services.programmes import Programmes
from slackbot.services.scheduler import HOME_AGE
from slackbot.slack import home_texts
from slackbot.slack.blocks.status import confirmed_disconnect
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.home import DUE_SECONDS, Homes
from slackbot.slack.outbound.queue import Rank
from slackbot.slack.outbound.views import Views
from tests.harness.fakes import ANA, EXPO, NOON, link, session
from tests.harness.slow_commands import HUB, SlowCommands, slow_commands

HELP = Command(Name.HELP)
SESSIONS = Command(Name.SESSIONS)
HELP_SAYS = "this list"
LIST_SAYS = "Networking now"


@dataclass
class Screen:
    """What Slack shows of Homes. As `Views`, whose queue delays as often as it is `delayed`."""

    shown: list[str] = field(default_factory=list)
    delayed: int = 0
    asked: int = 0

    async def publish_home(
        self, person: Person, rank: Rank, publish: Callable[[], Awaitable[None]]
    ) -> None:
        self.asked += 1
        if self.delayed:
            self.delayed -= 1
            raise MessageDelayed("ratelimited", 30.0)
        await publish()

    async def publish(self, person: Person, view: dict[str, Any], view_hash: str | None) -> str:
        self.shown.append(json.dumps(view, ensure_ascii=False))
        return f"hash-{len(self.shown)}"


class HomeScreen:
    """Ana's Home, and the ways to change it."""

    def __init__(self, slow: SlowCommands) -> None:
        h = slow.harness
        self.slow, self.harness, self.screen = slow, h, Screen()
        programmes = Programmes(
            sessions=h.sessions, clock=h.clock, background=h.background, changes=h.changes
        )
        self.homes = Homes(
            dashboards=Dashboards(
                availabilities=h.availabilities, programmes=programmes, store=h.store
            ),
            views=cast("Views", self.screen),
            store=h.store,
            clock=h.clock,
            background=h.background,
            slash="/networking",
            links=HUB,
        )

    @property
    def text(self) -> str:
        return self.screen.shown[-1]

    async def press(self, command: Command) -> None:
        def again() -> asyncio.Task[Any]:
            return self.slow.handlers.start(ANA, command)

        await self.homes.show(ANA, await again(), again)

    async def change(self) -> None:
        """Let a change that nobody pressed for be drawn."""
        opened = await self.harness.store.surfaces.get_home(ANA) or self.homes.left_open(ANA)
        assert opened is not None
        self.homes.refresh(opened)
        await self.slow.wait_idle()


@pytest.fixture
async def shown() -> AsyncIterator[HomeScreen]:
    """Show Home to Ana, who is connected."""
    async with slow_commands() as slow:
        ends = session(ends_at=NOON + timedelta(hours=1))
        await slow.harness.linked(ends, session(8, "Tea"))
        home = HomeScreen(slow)
        await home.homes.open(ANA, None)
        yield home


@pytest.mark.parametrize(("command", "says"), [(HELP, HELP_SAYS), (SESSIONS, LIST_SAYS)])
async def test_an_answer_stays_while_it_is_read(shown: HomeScreen, command: Command, says: str):
    """Changes are drawn around it, until something else is pressed or Home is opened again."""
    await shown.press(command)
    assert says in shown.text
    await shown.harness.availabilities.start(ANA, "Coffee")
    await shown.change()
    assert says in shown.text
    assert "You're available in" in shown.text
    await shown.press(Command(Name.PAUSE))
    assert says not in shown.text
    await shown.press(command)
    await shown.homes.open(ANA, "hash")
    assert says not in shown.text
    assert home_texts.BUTTON_HOME_BACK not in shown.text


async def test_a_list_that_stays_is_read_again(shown: HomeScreen):
    """Its buttons are those of the present state."""
    await shown.press(SESSIONS)
    assert "pause:7" not in shown.text
    await shown.harness.availabilities.start(ANA, "Coffee")
    await shown.change()
    assert "pause:7" in shown.text


async def test_an_answer_about_a_login_ends_with_it(shown: HomeScreen):
    """What disconnecting answered stays, until the person connects again. Home follows both.

    Meanwhile no row says that it is open.
    """
    await shown.press(confirmed_disconnect(EXPO))
    await shown.change()
    assert "You're disconnected" in shown.text
    assert await shown.harness.store.surfaces.get_home(ANA) is None
    await shown.harness.linked(session())
    await shown.change()
    assert await shown.harness.store.surfaces.get_home(ANA) is not None
    assert "You're disconnected" not in shown.text
    assert "Coffee" in shown.text


async def test_the_end_of_a_session_is_drawn(shown: HomeScreen):
    """A session that is over is not open any more, though nobody has changed anything."""
    running = asyncio.create_task(shown.homes.run())
    await shown.slow.pass_time(3600 - DUE_SECONDS)
    assert len(shown.screen.shown) == 1
    assert "Coffee" in shown.text
    await shown.slow.pass_time(2 * DUE_SECONDS)
    assert len(shown.screen.shown) == 2
    assert "Coffee" not in shown.text
    running.cancel()


async def test_a_home_that_another_process_has_drawn_is_left_to_it(shown: HomeScreen):
    """That one draws the end of a session."""
    await shown.harness.store.surfaces.save_hash(ANA, "of another process")
    running = asyncio.create_task(shown.homes.run())
    await shown.slow.pass_time(3600 + DUE_SECONDS)
    assert len(shown.screen.shown) == 1
    running.cancel()


async def test_a_home_that_slack_delays_is_not_tried_for_ever(shown: HomeScreen):
    """Only as long as Home counts as open."""
    shown.screen.delayed = 10_000
    shown.homes.refresh(Home(person=ANA, opened_at=NOON - HOME_AGE + timedelta(minutes=2)))
    await shown.slow.pass_time(600)
    asked = shown.screen.asked
    assert 3 < asked < 7
    await shown.slow.pass_time(3600)
    assert shown.screen.asked == asked


async def test_home_draws_the_login_that_has_ended(shown: HomeScreen):
    """The answer of a login that has run out is dropped once it is renewed."""
    await shown.harness.store.links.mark_refused(link(), NOON)
    await shown.press(Command(Name.AVAILABLE, "7"))
    assert shown.text.count("has run out") == 1
    await shown.harness.store.links.save(link(linked_at=NOON + timedelta(minutes=1)))
    await shown.change()
    assert "has run out" not in shown.text
