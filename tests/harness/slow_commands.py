"""The commands with virtual time: each input at a slow platform, and what its person reads."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from slackbot.domain.model import EventSlug, Match, Person
from slackbot.domain.ports import Posted
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.reminders import Reminders
from slackbot.services.self_check import SelfCheck
from slackbot.services.waiting import WaitingReasons
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.text import fallback
from slackbot.slack.command import Command, parse
from slackbot.slack.commands.attempts import Attempts
from slackbot.slack.commands.connect_flow import ConnectFlow, Form
from slackbot.slack.commands.contact_buttons import ContactButtons
from slackbot.slack.commands.event_commands import EventCommands
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.home import Homes
from slackbot.slack.commands.personal import PersonalCommands
from slackbot.slack.commands.privacy_commands import PrivacyCommands
from slackbot.slack.commands.remind import RemindCommand
from slackbot.slack.commands.responder import ReplyTarget, Responder
from slackbot.slack.commands.state_cards import StateCards
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.response_urls import ResponseUrls
from slackbot.slack.outbound.views import Views
from tests.harness.fakes import NOON
from tests.harness.services import Harness, Outside, open_store

HUB = HubLinks("https://hub.test", "{web}/e/{event}/portal/schedule/{session_id}")
# Where the command was given whose answer is sent as a direct message.
ASKED_AT: ContextVar[object] = ContextVar("asked_at", default=None)
MAX_STEPS = 2_000
STEP_SECONDS = 5.0
TURNS = 20  # of the loop, in which everything that is ready has run


@dataclass
class Screen:
    """What people read: the seconds since noon and the text, by the place of the answer."""

    harness: Harness
    read: defaultdict[object, list[tuple[float, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    posted: list[str] = field(default_factory=list)  # as new direct messages

    def show(self, place: object, text: str) -> None:
        now = (self.harness.clock.now() - NOON).total_seconds()
        self.read[place].append((now, text))

    # --- as ResponseUrls ---

    async def send(self, person: Person, url: str, message: Message, *, replace: bool) -> None:
        self.show(url or person, message.text)

    async def replace(
        self, posted: Posted, url: str, message: Message, metadata: dict[str, Any] | None
    ) -> bool:
        return False

    # --- as StateCards ---

    async def clear(self, person: Person, posted: Posted) -> None: ...

    async def record(self, person: Person, posted: Posted, message: Message) -> None: ...

    # --- as SlackMessenger ---

    def mark_active(self, person: Person) -> None: ...

    async def open_channel(self, person: Person) -> None: ...

    async def post(self, person: Person, message: Message) -> Posted:
        self.show(ASKED_AT.get() or person, message.text)
        self.posted.append(message.text)
        return Posted("D1", "1.0")

    async def edit(self, person: Person, posted: Posted, message: Message) -> None:
        self.show(posted, message.text)

    # --- as Views ---

    async def open(self, person: Person, trigger_id: str, view: dict[str, Any]) -> None:
        self.show(trigger_id, str(view["blocks"]))

    async def update(self, person: Person, place: object, content: Any) -> None:
        """Update a modal, or a message (which has the same name)."""
        text = content.text if isinstance(content, Message) else str(content["blocks"])
        self.show(place, text)


class SlowCommands:
    """The handlers and the connect flow around a harness, and the ways to reach them."""

    def __init__(self, harness: Harness) -> None:
        self.harness, self.clock = harness, harness.clock
        self.screen = Screen(harness)

        async def zone_of(_: Person) -> None: ...

        async def reachable(_: Person) -> None: ...

        async def no_call(_: Match) -> None: ...

        async def not_held(_: Person) -> None: ...

        self.attempts = Attempts(harness.clock, harness.background)
        privacy = PrivacyCommands(privacy=harness.privacy, days=90, contact_swap=False)
        reminders = Reminders(
            store=harness.store,
            platform=harness.platform,
            delivery=harness.delivery,
            clock=harness.clock,
            preferences=PersonalPreferences(harness.store, harness.clock, zone_of),
            files=harness.files,
        )
        self.handlers = CommandHandlers(
            contact_buttons=ContactButtons(
                contacts=harness.contacts, views=cast("Views", self.screen)
            ),
            events=EventCommands(
                privacy=privacy,
                events=harness.events,
                availabilities=harness.availabilities,
                links=HUB,
                clock=harness.clock,
                slash="/networking",
            ),
            accounts=harness.accounts,
            sessions=harness.sessions,
            availabilities=harness.availabilities,
            matches=harness.matches,
            files=harness.files,
            store=harness.store,
            remind=RemindCommand(
                accounts=harness.accounts,
                sessions=harness.sessions,
                reminders=reminders,
                clock=harness.clock,
                links=HUB,
            ),
            personal=PersonalCommands(
                availabilities=harness.availabilities,
                declines=harness.declines,
                preferences=harness.preferences,
                reasons=WaitingReasons(harness.availabilities, harness.store),
                clock=harness.clock,
                links=HUB,
                call_offer=no_call,
                held_until=not_held,
            ),
            self_check=SelfCheck(
                accounts=harness.accounts,
                sessions=harness.sessions,
                store=harness.store,
                feed=harness.feed,
                ask_slack=reachable,
                version="0",
            ),
            privacy=privacy,
            attempts=self.attempts,
            clock=harness.clock,
            background=harness.background,
            links=HUB,
            slash="/networking",
            zone_of=zone_of,
        )
        self.responder = Responder(
            cast("SlackMessenger", self.screen),
            cast("ResponseUrls", self.screen),
            cast("Views", self.screen),
            cast("Homes", self.screen),
            cast("StateCards", self.screen),
            harness.background,
            harness.clock,
        )
        self.connect_flow = ConnectFlow(
            accounts=harness.accounts,
            handlers=self.handlers,
            responder=self.responder,
            background=harness.background,
            links=HUB,
            slash="/networking",
            event=EventSlug("expo"),
        )

    def types(self, person: Person, text: str, place: str) -> None:
        """Type a command whose answer goes to the place."""
        token = ASKED_AT.set(place)
        self.responder.follow_up(self.handlers.start(person, parse(text)), person, place)
        ASKED_AT.reset(token)

    def clicks(self, person: Person, command: Command, place: str | Posted) -> None:
        """Press a button in a message of a channel, or in the bot's own message."""
        is_own = isinstance(place, Posted)
        target = ReplyTarget(
            person,
            response_url="" if is_own else place,
            own_message=place if is_own else None,
        )
        token = ASKED_AT.set(place)
        self.responder.reply(lambda: self.handlers.start(person, command), target)
        ASKED_AT.reset(token)

    def submits(self, person: Person, credential: str, pending: str, place: str) -> None:
        """Submit the connect form. The place is that of the pending answer and of the view."""
        form = Form(person, "expo", credential, PendingCommand(pending, place))
        task = self.harness.background.start(self.connect_flow.submit(form), "submit")
        self.harness.background.start(self.connect_flow.show(task, form, place), "show")

    async def wait_idle(self) -> None:
        """Let everything run until it waits for the clock."""
        unfinished = self.harness.store.database._unfinished
        turns = 0
        while turns < TURNS:
            if unfinished:
                await asyncio.wait(list(unfinished))
                turns = 0
            await asyncio.sleep(0)
            turns += 1

    async def pass_time(self, seconds: float) -> None:
        """Let time pass from one moment at which something is due to the next."""
        left = seconds
        for _ in range(MAX_STEPS):
            await self.wait_idle()
            now = self.clock.now()
            dues = [(due - now).total_seconds() for due in self.clock.sleepers.values()]
            step = min([*dues, left])
            if left <= 0:
                return
            self.clock.advance(step)
            left -= step
        raise AssertionError("time does not pass")

    async def pass_time_until_answered(self, places: Iterable[object], seconds: float) -> None:
        """Let time pass until the last word at each place is no longer that the work goes on."""
        still_asking = fallback(texts.STILL_ASKING, {})
        for _ in range(int(seconds / STEP_SECONDS)):
            last = [self.words(place)[-1:] for place in places]
            if all(word and still_asking not in word[0] for word in last):
                return
            await self.pass_time(STEP_SECONDS)

    def words(self, place: object) -> list[str]:
        """Return what was read at a place, in order."""
        return [text for _, text in self.screen.read[place]]

    def moments(self, place: object) -> list[float]:
        """Return when it was read, in seconds since noon."""
        return [at for at, _ in self.screen.read[place]]


@asynccontextmanager
async def slow_commands():
    """Open the commands on a store in memory."""
    async with open_store() as store:
        harness = Harness(Outside.around(store))
        try:
            yield SlowCommands(harness)
        finally:
            await asyncio.wait_for(harness.aclose(), 10)
