"""Two people matched by the bot, from their commands in Slack to the links they open."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.chime import MediaPlane
from slackbot.sandbox.chime.meeting import Participant
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.slack.errors import CannotDo
from slackbot.slack import texts
from tests.browser.chromium import TIMEOUT, Browsers, Tab
from tests.scenario.conftest import Mission, until

SESSION = 11645
ADA, PRIYA = "ada", "priya"
NAMES = {ADA: "Ada Example", PRIYA: "Priya Raman"}
LOBBY = "document.body.dataset.state === 'lobby'"
PREVIEW = f"{LOBBY} && document.querySelector('.local.live video')?.videoWidth > 0"
IN_CALL = "document.body.dataset.state === 'call' && document.body.dataset.link === 'started'"
OVER = "document.body.dataset.state === 'over'"
PARTNER_SEEN = "document.querySelector('.remote.live video')?.videoWidth > 0"
PARTNER_HERE = "document.body.dataset.partner === 'here'"


def ended_because(reason: str) -> str:
    """Return the condition of the last screen with this reason."""
    return f"{OVER} && document.body.dataset.why === {reason!r}"


@asynccontextmanager
async def media_plane() -> AsyncIterator[tuple[Accelevents, MediaPlane]]:
    """Run a media plane for the meetings of an Accelevents."""
    platform = Accelevents()
    plane = MediaPlane(platform.chime.attendee_of)
    async with serving(plane.app) as platform.chime.media_url:
        try:
            yield platform, plane
        finally:
            await plane.aclose()


@dataclass
class Harness:
    """The running parts, and each person's direct message of their match once there is one."""

    mission: Mission
    plane: MediaPlane
    browsers: Browsers
    messages: dict[str, ScreenItem] = field(default_factory=dict)

    async def match(self, seconds: float = 300) -> float:
        """Connect both, make them available, and wait for their messages.

        Returns the length of the round: `seconds`, and more on a busy machine, where every step
        takes longer.
        """
        began = time.monotonic()
        for name in NAMES:
            await self._connect(name)
        length = math.ceil(seconds + 5 * (time.monotonic() - began))
        self.mission.platform.knobs.round_seconds = length
        await self.match_again()
        return length

    async def _connect(self, name: str) -> None:
        """Connect, retrying if Slack's three seconds to open a form have passed."""
        for seconds in (5.0, 10.0):
            with suppress(CannotDo):
                await self.mission.link(name, seconds=seconds)
                return
        await self.mission.link(name, seconds=TIMEOUT)

    async def match_again(self) -> None:
        """Make both connected people available, and wait for their messages."""
        before = {name: self.mission.person(name).now for name in NAMES}
        for name in NAMES:
            await self.mission.go_on(self.mission.person(name), SESSION)
        for name, partner in ((ADA, PRIYA), (PRIYA, ADA)):
            self.messages[name] = await self.mission.person(name).waits_for(
                f"You're matched with {NAMES[partner]}",
                where="dm",
                since=before[name],
                timeout=TIMEOUT,
            )

    async def follow(self, name: str, button: str = texts.BUTTON_CALL) -> str:
        """Press a button in a person's message; return the URL that their Slack opens."""
        answer = await self.mission.person(name).clicks(self.messages[name], button)
        assert answer.ok
        assert answer.opened is not None
        return answer.opened

    async def renew(self, name: str) -> None:
        """Press Use another device, and wait until the message has the new one."""
        person, message = self.mission.person(name), self.messages[name]
        old = message.button(texts.BUTTON_CALL).url
        assert (await person.clicks(message, texts.BUTTON_NEW_LINK)).ok
        self.messages[name] = await person.waits_for(
            lambda seen: seen.id == message.id and seen.button(texts.BUTTON_CALL).url != old,
            timeout=TIMEOUT,
        )

    async def open(self, name: str, **options: object) -> Tab:
        """Press the call button and open the link in a person's own browser."""
        return await self.browsers.open(await self.follow(name), **options)

    async def lobby(self, name: str, **options: object) -> Tab:
        """Open the link and wait for the live preview."""
        tab = await self.open(name, **options)
        await tab.until(PREVIEW)
        return tab

    async def join(self, name: str, **options: object) -> Tab:
        """Open the link and join the call."""
        tab = await self.lobby(name, **options)
        await tab.page.click("#join")
        await tab.until(IN_CALL)
        return tab

    async def both(self) -> tuple[Tab, Tab]:
        """Join both and wait until they see each other."""
        tabs = await self.join(ADA), await self.join(PRIYA)
        for tab in tabs:
            await tab.until(PARTNER_SEEN)
        return tabs

    def participant(self, name: str) -> Participant:
        """Return a person's participant in the newest meeting."""
        attendee = self.mission.platform.chime.attendee_of(self.token(name))
        assert attendee is not None
        return self.plane.participant(attendee)

    async def wait_until_left(self, name: str) -> None:
        """Wait until a person's page has sent LEAVE, as it does while it closes."""
        await until(lambda: self.participant(name).left, TIMEOUT)

    def token(self, name: str) -> str:
        """Return a person's join token in the newest meeting."""
        return str(self.mission.platform.pairings[-1].chime_attendees[name]["JoinToken"])
