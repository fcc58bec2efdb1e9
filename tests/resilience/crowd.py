"""Many people who are available in one session, and the account of who met whom."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from slackbot.sandbox.accelevents import Accelevents
from tests.scenario.conftest import Mission, dms

from .sizes import figure

SESSION = 11645
# How long feeds may take to come back after the end of a fault.
BACK_SECONDS = 20.0
SENT_SECONDS = 30.0


def quick_platform() -> Accelevents:
    """A platform whose pings find a dead line within four seconds."""
    return Accelevents(ping_interval=2, ping_timeout=2)


async def until(what: str, condition: Callable[[], object], seconds: float) -> float:
    """Wait until something holds, and return after how many seconds it did."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not condition():
        assert loop.time() - began < seconds, f"not within {seconds:g} s: {what}"
        await asyncio.sleep(0.05)
    return loop.time() - began


def rounds(names: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Everybody paired with somebody new, again and again; first neighbours in the list."""
    first, *others = names[::2] + names[1::2][::-1]
    for _ in others:
        circle = [first, *others]
        half = len(circle) // 2
        yield list(zip(circle[:half], reversed(circle[half:]), strict=True))
        others = others[1:] + others[:1]


@dataclass
class Crowd:
    """An even number of people of one mission."""

    mission: Mission
    names: list[str] = field(default_factory=list)
    _lost: set[str] = field(default_factory=set)

    async def gather(self, number: int) -> None:
        """Let so many come, connect their accounts and become available.

        The platform pairs neighbours at once; from then on only `meet` makes pairs.
        """
        self.mission.slack.rate_limits.enabled = False
        self.mission.platform.session(SESSION).capacity = None
        self.names = [f"guest{n:03}" for n in range(number)]
        for name in self.names:
            self.mission.add(name)
        await asyncio.gather(*(self.mission.link(name) for name in self.names))
        for name in self.names:
            person = self.mission.person(name)
            await self.mission.ask(person, f"/networking available {SESSION}")
            await self.mission.platform.connected(name)
        self._rounds = rounds(self.names)
        next(self._rounds)
        await self.all_told()

    async def meet(self, share: slice = slice(None)) -> None:
        """Pair everybody, or a share of the pairs, with somebody they have not met."""
        for a, b in next(self._rounds)[share]:
            await self.mission.platform.pair(a, b)

    def sockets(self) -> Counter[str]:
        """How many connections each has at the server."""
        return Counter(connection.attendee for connection in self.mission.platform.sockets)

    def lose_connections(self) -> None:
        """A fault begins: the connections of now are not those to come back on."""
        self._lost = {connection.sid for connection in self.mission.platform.sockets}

    def one_each(self) -> bool:
        """Whether everybody has one connection and no more, made since the last fault."""
        now = {connection.sid for connection in self.mission.platform.sockets}
        return self.sockets() == Counter(self.names) and not now & self._lost

    async def all_back(self, what: str) -> None:
        """Wait until everybody has one new connection."""
        seconds = await until(f"everybody is back after {what}", self.one_each, BACK_SECONDS)
        figure(f"{what}: {len(self.names)} feeds back after {seconds:.1f} s, one each")

    def expected(self) -> int:
        """Messages that the pairings so far call for."""
        return 2 * len(self.mission.platform.pairings)

    async def all_told(self) -> None:
        """Wait until every match was sent to both sides, once each."""
        posts = count_of_posts(self.mission)
        await until("every match is sent", lambda: posts() >= self.expected(), SENT_SECONDS)

    async def check_told_once(self) -> None:
        """Check that everybody received exactly the partners they met."""
        await self.all_told()
        platform, late = self.mission.platform, 0
        for name in self.names:
            partners = [p.partner_of(name) for p in platform.pairings if name in p.sides]
            texts = [seen.text for seen in await dms(self.mission.person(name))]
            received = Counter(
                partner for partner in partners for text in texts if partner.title() in text
            )
            assert received == Counter(partners), f"{name} met {partners} and received {texts}"
            assert len(texts) == len(partners)
            late += sum("You were matched while I was offline" in text for text in texts)
        figure(
            f"{len(platform.pairings)} pairings, {self.expected()} to tell, "
            f"{count_of_posts(self.mission)()} sent, {late} of them late"
        )

    async def check_listening(self) -> None:
        """The bot says of everybody that it listens."""
        for name in self.names:
            answer = await self.mission.ask(self.mission.person(name), "/networking status")
            assert "live updates are down" not in answer.text


def count_of_posts(mission: Mission) -> Callable[[], int]:
    """Counts posted messages, looking at each call once."""
    seen = count_posted = 0

    def posted() -> int:
        nonlocal seen, count_posted
        calls = mission.slack.calls[seen:]
        seen += len(calls)
        count_posted += sum(call.method == "chat.postMessage" and call.ok for call in calls)
        return count_posted

    return posted
