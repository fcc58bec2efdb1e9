"""The desk of faults: what can go wrong at an event, each at the press of a button."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from slackbot.sandbox.accelevents.event import Session
from slackbot.sandbox.accelevents.platform import FIRST_SESSION
from slackbot.sandbox.playground.supervisor import Supervisor
from slackbot.sandbox.slack import CannotDo, Fault
from slackbot.sandbox.slack.errors import Json
from slackbot.sandbox.slack.faults import CallProgress
from slackbot.sandbox.story.environment import Environment

POST: Final = "chat.postMessage"
SLOW_SECONDS: Final = 4.0
DOWN_SECONDS: Final = 86_400.0
LIMITED_POSTS, RETRY_SECONDS = 3, 2
ARRIVAL_SECONDS: Final = 10.0  # for the message of a match to reach Slack
ROUNDS: Final = (20, 60, 120, 300)  # seconds
USUAL_ROUND: Final = 120


@dataclass(frozen=True)
class Description:
    """A fault in words. A `lasting` one stays until it is switched off; others happen once."""

    name: str
    title: str
    effect: str
    lasting: bool = False
    of_person: bool = False  # somebody is chosen for it


FAULTS: Final = (
    Description(
        "full", "The session is full", "First Network Session has no place left.", lasting=True
    ),
    Description(
        "ticket",
        "The ticket is not enough",
        "First Network Session is for speakers only.",
        lasting=True,
    ),
    Description(
        "expired",
        "A login runs out",
        "Accelevents no longer accepts this person's login.",
        of_person=True,
    ),
    Description(
        "down",
        "Live updates are down",
        "No live connection is accepted. Matches are found in the match list instead.",
        lasting=True,
    ),
    Description(
        "slow",
        "Accelevents is slow",
        f"Every answer of Accelevents takes {SLOW_SECONDS:g} seconds.",
        lasting=True,
    ),
    Description(
        "limited",
        "Slack says: too many requests",
        f"Slack refuses the next {LIMITED_POSTS} messages for {RETRY_SECONDS} seconds each (429).",
    ),
    Description(
        "crash",
        "The bot crashes in the middle of a match",
        "Two people are matched, and the bot is killed and started again before they hear of it.",
    ),
    Description("restart", "The bot restarts", "The bot is killed and started again."),
)


class Desk:
    """The faults of one run, and the length of its rounds."""

    def __init__(self, environment: Environment, supervisor: Supervisor) -> None:
        self._slack = environment.slack
        self._platform = environment.platform
        self._supervisor = supervisor
        self._on: set[str] = set()
        self._as_it_was: dict[str, Any] = {}
        self._switches: Mapping[str, Callable[[bool], Awaitable[None]]] = {
            "full": self._full,
            "ticket": self._ticket,
            "down": self._down,
            "slow": self._slow,
        }
        self._once: Mapping[str, Callable[[str], Awaitable[None]]] = {
            "expired": self._expired,
            "limited": self._limited,
            "crash": self._crash,
            "restart": self._restart,
        }

    def as_json(self) -> Json:
        """Return every fault with its state, and the length of rounds in seconds."""
        faults = [vars(fault) | {"on": fault.name in self._on} for fault in FAULTS]
        return {
            "faults": faults,
            "round_seconds": self._platform.knobs.round_seconds,
            "rounds": ROUNDS,
        }

    def has(self, name: str) -> bool:
        """Return True while a lasting fault is there."""
        return name in self._on

    async def press(self, name: str, person: str) -> None:
        """Switch a lasting fault, or let the other kind happen once (to `person`).

        Raises:
            CannotDo: something that it needs is missing.
            KeyError: there is no such fault.
        """
        if name in self._switches:
            await self._switches[name](name not in self._on)
            self._on ^= {name}
        else:
            await self._once[name](person)
        self._slack.changes.notify()

    def set_round(self, seconds: int) -> None:
        """Set the length of rounds.

        Raises:
            CannotDo: it is none of `ROUNDS`.
        """
        if seconds not in ROUNDS:
            raise CannotDo("Rounds have another length.")
        self._platform.knobs.round_seconds = seconds
        self._slack.changes.notify()

    @property
    def _session(self) -> Session:
        return self._platform.session(FIRST_SESSION)

    async def _full(self, on: bool) -> None:
        self._as_it_was.setdefault("capacity", self._session.capacity)
        taken = self._session.registered_count
        self._session.capacity = taken if on else self._as_it_was["capacity"]

    async def _ticket(self, on: bool) -> None:
        self._session.ticket_types = frozenset({"Speaker"}) if on else None

    async def _down(self, on: bool) -> None:
        await self._platform.restart_sockets(DOWN_SECONDS if on else 0)

    async def _slow(self, on: bool) -> None:
        self._platform.delay(SLOW_SECONDS if on else 0, "/rest")

    async def _expired(self, person: str) -> None:
        self._platform.revoke(person)
        await self._platform.drop_sockets(person)

    async def _limited(self, _person: str) -> None:
        self._slack.faults.order(
            Fault(POST, times=LIMITED_POSTS, error="ratelimited", retry_after=RETRY_SECONDS)
        )

    async def _restart(self, _person: str) -> None:
        await self._supervisor.restart()

    async def _crash(self, _person: str) -> None:
        """Match two people, kill the bot before Slack has either message, and start it again."""
        listening = list(dict.fromkeys(c.attendee for c in self._platform.sockets if c.ready))
        if len(listening) < 2:
            raise CannotDo(
                "For this, two people have to be available. Let them press I'm available."
            )
        posting = asyncio.Event()

        def arrived(progress: CallProgress) -> None:
            if progress.method == POST:
                posting.set()

        # The connection breaks before Slack has read the message, as the bot is gone by then.
        broken = Fault(POST, times=2, delay=1.0, drop="before")
        self._slack.faults.order(broken)
        self._slack.faults.on_call.append(arrived)
        try:
            await self._platform.pair(listening[0], listening[1])
            async with asyncio.timeout(ARRIVAL_SECONDS):
                await posting.wait()
            await self._supervisor.restart()
        except TimeoutError:
            raise CannotDo("The bot posted nothing. Is it running?") from None
        finally:
            self._slack.faults.on_call.remove(arrived)
            broken.times = 0  # the next message is another bot's, or another match's
