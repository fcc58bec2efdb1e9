"""Two people who are matched by the bot, from their commands in Slack to the links they follow."""

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
from slackbot.slack import texts as words
from tests.browser.chromium import PATIENCE, Tab, Visitors
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


def because(why: str) -> str:
    """The last screen, for this reason."""
    return f"{OVER} && document.body.dataset.why === {why!r}"


@asynccontextmanager
async def media_plane() -> AsyncIterator[tuple[Accelevents, MediaPlane]]:
    """An Accelevents whose meetings take place here."""
    platform = Accelevents()
    plane = MediaPlane(platform.chime.attendee_of)
    async with serving(plane.app) as platform.chime.media_url:
        try:
            yield platform, plane
        finally:
            await plane.aclose()


@dataclass
class Evening:
    """What runs, and the direct messages of the match once it is made."""

    mission: Mission
    plane: MediaPlane
    visitors: Visitors
    told: dict[str, ScreenItem] = field(default_factory=dict)

    async def match(self, seconds: float = 300) -> float:
        """Both connect and say that they are available; both are told. How long the round lasts.

        It lasts so many seconds, and more where the machine is busy, as everything takes longer.
        """
        began = time.monotonic()
        for name in NAMES:
            await self._connect(name)
        lasts = math.ceil(seconds + 5 * (time.monotonic() - began))
        self.mission.platform.knobs.round_seconds = lasts
        await self.match_again()
        return lasts

    async def _connect(self, name: str) -> None:
        """As people do: when Slack's three seconds for a form went by, they say it again."""
        for seconds in (5.0, 10.0):
            with suppress(CannotDo):
                await self.mission.link(name, seconds=seconds)
                return
        await self.mission.link(name, seconds=PATIENCE)

    async def match_again(self) -> None:
        """The same for two who are connected."""
        before = {name: self.mission.person(name).now for name in NAMES}
        for name in NAMES:
            await self.mission.person(name).types(f"/networking available {SESSION}")
        for name, partner in ((ADA, PRIYA), (PRIYA, ADA)):
            self.told[name] = await self.mission.person(name).waits_for(
                f"You're matched with {NAMES[partner]}",
                where="dm",
                since=before[name],
                timeout=PATIENCE,
            )

    async def follow(self, name: str, button: str = words.BUTTON_CALL) -> str:
        """Press the button in somebody's message; the address that their Slack opens."""
        answer = await self.mission.person(name).clicks(self.told[name], button)
        assert answer.ok
        assert answer.opened is not None
        return answer.opened

    async def renew(self, name: str) -> None:
        """Press New link, and wait until the message has it."""
        person, told = self.mission.person(name), self.told[name]
        old = told.button(words.BUTTON_CALL).url
        assert (await person.clicks(told, words.BUTTON_NEW_LINK)).ok
        self.told[name] = await person.waits_for(
            lambda seen: seen.id == told.id and seen.button(words.BUTTON_CALL).url != old,
            timeout=PATIENCE,
        )

    async def opens(self, name: str, **options: object) -> Tab:
        """Follow the button into a browser of one's own."""
        return await self.visitors.opens(await self.follow(name), **options)

    async def lobby(self, name: str, **options: object) -> Tab:
        """The same, up to the live preview."""
        tab = await self.opens(name, **options)
        await tab.until(PREVIEW)
        return tab

    async def joins(self, name: str, **options: object) -> Tab:
        """The same, up to being in the call."""
        tab = await self.lobby(name, **options)
        await tab.page.click("#join")
        await tab.until(IN_CALL)
        return tab

    async def both(self) -> tuple[Tab, Tab]:
        """Both are in the call and see each other."""
        tabs = await self.joins(ADA), await self.joins(PRIYA)
        for tab in tabs:
            await tab.until(PARTNER_SEEN)
        return tabs

    def participant(self, name: str) -> Participant:
        """Return a person's participant in the newest meeting."""
        attendee = self.mission.platform.chime.attendee_of(self.token(name))
        assert attendee is not None
        return self.plane.participant(attendee)

    async def goodbye(self, name: str) -> None:
        """Wait until somebody's page has taken leave of the meeting, as it does while it closes."""
        await until(lambda: self.participant(name).left, PATIENCE)

    def token(self, name: str) -> str:
        """Somebody's join token in the newest meeting."""
        return str(self.mission.platform.pairings[-1].chime_attendees[name]["JoinToken"])
