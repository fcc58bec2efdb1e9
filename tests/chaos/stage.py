"""The stage of the rows: sandbox, database, people who are available, a source of matches."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from slackbot.delivery import engine
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    EventSlug,
    Link,
    Person,
    SessionId,
    State,
    TeamId,
    UserId,
)
from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.accelevents.pairing import Status
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.settings import Settings
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import SCHEMA
from slackbot.storage.encryption import Cipher, parse_keys
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness import postgres
from tests.harness.fakes import connect, epoch_of
from tests.resilience.peers import Peer, Proxy, proxied
from tests.scenario.conftest import environment_for, settings_for

from .account import Account
from .bots import Bot, rng, running

SESSION = 11645
SETTLE_SECONDS = 60.0
ROUND_SECONDS = 6 * 3600
# Without any progress.
COME_AT_ONCE = 8
POSTGRESQL = ("web", "web", "worker", "worker", "worker")


@dataclass
class Stage:
    """Everything that runs during a row."""

    slack: Slack
    platform: Accelevents
    bots: list[Bot]
    # Attendees' names, and their ids in Slack.
    people: dict[str, str]
    # Their access tokens, which must stand nowhere in clear.
    tokens: set[str] = field(repr=False)
    # Between the bots and the platform's socket server.
    proxy: Proxy
    database: str
    folder: Path
    server: postgres.Server | None
    # Further servers, which end after the bots.
    servers: ExitStack
    left_out: tuple[str, ...] = ()  # what the launcher leaves out of every process
    kills: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def on_sqlite(self) -> bool:
        """Return whether the bot is one process on a file."""
        return self.server is None

    @property
    def workers(self) -> list[Bot]:
        """The processes that hold feeds."""
        return [bot for bot in self.bots if bot.role != "web"]

    def account(self) -> Account:
        """A fresh account, from now on."""
        return Account(self.slack, self.platform, self.people)

    async def pair(self) -> None:
        """One more match, of two people by chance."""
        a, b = rng.sample(list(self.people), 2)
        await self.platform.pair(a, b, SESSION)

    @asynccontextmanager
    async def matches(self, rate: float) -> AsyncIterator[None]:
        """So many matches a second within."""

        async def make() -> None:
            while True:
                await self.pair()
                await asyncio.sleep(rng.expovariate(rate))

        making = asyncio.create_task(make())
        try:
            yield
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)

    async def connected(self, seconds: float = 60.0) -> None:
        """Wait until everybody's feed is up."""
        async with asyncio.timeout(seconds):
            while {line.attendee for line in self.platform.sockets} < set(self.people):  # noqa: ASYNC110 - others connect
                await asyncio.sleep(0.05)

    async def reconnect(self) -> None:
        """Have every feed connect again."""
        self.proxy.turn(Peer.BAD_GATEWAY)
        async with asyncio.timeout(60):
            while self.platform.sockets:  # noqa: ASYNC110 - others disconnect
                await asyncio.sleep(0.05)
        self.proxy.turn(Peer.GOOD)
        await self.connected()

    async def all_paired(self, account: Account, seconds: float = 60.0) -> None:
        """Wait until everybody has met somebody."""
        async with asyncio.timeout(seconds):
            while account.made() < len(self.people) // 2 * 2:  # noqa: ASYNC110 - others pair
                await asyncio.sleep(0.1)

    async def quiet(self, account: Account, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until all is sent, and a little longer for what would be sent twice.

        A backlog may be long, since Slack takes one message a second in a conversation: it is
        given up when nothing more was sent for so many seconds.
        """
        sent, at = account.sent(), time.monotonic()
        while sent < account.made() and time.monotonic() - at < seconds:
            await asyncio.sleep(0.2)
            if (now := account.sent()) > sent:
                sent, at = now, time.monotonic()
        await asyncio.sleep(4.0)


@contextmanager
def _database(
    which: str, folder: Path, *, durable: bool
) -> Iterator[tuple[str, postgres.Server | None]]:
    if which == "sqlite":
        yield f"sqlite:///{folder}/slackbot.db", None
        return
    with postgres.running(durable=durable, replicated=True) as server:
        server.execute("CREATE DATABASE nemesis")
        yield server.url("nemesis"), server


@asynccontextmanager
async def stage(
    which: str,
    *,
    people: int = 60,
    left_out: str = "",
    many: bool = False,
    alone: bool = False,
) -> AsyncIterator[Stage]:
    """Set it all up; `which` is sqlite or postgresql, `left_out` a part that the bots lack.

    `many`: feeds are connected without the proxy, pinged as rarely as many feeds want it, and
    everybody goes on waiting: nobody is paired unless a row does so.
    `alone`: one process on PostgreSQL too, and a server that brings what is committed to the disk.
    """
    interval, patience = (10, 5) if many else (2, 2)
    slack, platform = Slack(), Accelevents(ping_interval=interval, ping_timeout=patience)
    slack.rate_limits.enabled = False
    slack.workspace.scopes.add("mpim:write")
    if many:
        nobody_is_paired(platform)
    platform.session(SESSION).capacity = None
    # Rounds outlast a row, or people who press nothing would be paused.
    platform.knobs.round_seconds = ROUND_SECONDS
    async with AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="slackbot-")))
        database, server = closing.enter_context(_database(which, folder, durable=alone))
        servers = closing.enter_context(ExitStack())
        slack_url = await closing.enter_async_context(serving(slack.app))
        platform_url = await closing.enter_async_context(serving(platform.app))
        proxy = await closing.enter_async_context(proxied(platform_url))
        slack.base_url = slack_url
        feeds = platform_url if many else proxy.url
        changes = {"accelevents_socket_url": feeds, "contact_swap": "on"}
        settings = settings_for(slack, slack_url, platform_url, database_url=database, **changes)
        named, tokens = await come(slack, platform, database, settings, people)
        beginning = Account(slack, platform, named)
        roles = ("run",) if alone or which == "sqlite" else POSTGRESQL
        environment = environment_for(settings)
        bots = await closing.enter_async_context(running(roles, environment, folder))
        if left_out:
            for bot in bots:
                bot.changed = (left_out,)
        await asyncio.gather(*(bot.ready(40.0 + people / 10) for bot in bots))
        here = Stage(slack, platform, bots, named, tokens, proxy, database, folder, server, servers)
        here.left_out = (left_out,) if left_out else ()
        await here.connected(60.0 + people / 10)
        # Those who are available are paired two by two at once: that is not the row's.
        if not many:
            await here.all_paired(beginning)
            await here.quiet(beginning)
        yield here


def nobody_is_paired(platform: Accelevents) -> None:
    """A status is noted, and that is all."""
    rooms = platform.networking

    def note(session_id: int, who: str, status: Status) -> None:
        rooms.statuses[session_id, who] = status

    rooms.set_status = note  # type: ignore[method-assign] # that is the point


async def come(
    slack: Slack, platform: Accelevents, database: str, settings: Settings, number: int
) -> tuple[dict[str, str], set[str]]:
    """People who are linked and available already, their direct messages known."""
    keys = parse_keys(settings.slackbot_secret_keys.get_secret_value())
    opened = Database(DatabaseUrl.parse(database))
    await schema.upgrade(opened)
    if not opened.single_process:
        await asyncio.to_thread(engine.migrate, database, schema=SCHEMA)
    store, now = SqlStore(opened, Cipher(keys)), datetime.now(UTC)
    people: dict[str, str] = {}
    tokens: set[str] = set()
    turns = asyncio.Semaphore(COME_AT_ONCE)

    async def comes(name: str) -> None:
        people[name] = slack.workspace.add(name).id
        attendee = platform.add_attendee(name, name.title(), user_id=1000 + len(people))
        platform.session(SESSION).registered[name] = [ticket.id for ticket in attendee.tickets]
        person = Person(TeamId("T0DEMO"), UserId(people[name]))
        token = platform.token_for(name)
        tokens.add(token)
        async with turns:
            link = _link(person, token)
            await connect(store, link)
            await store.dm_channels.save(person, slack.workspace.dm(person.user).id)
            await store.availabilities.save(_availability(link, now))

    await asyncio.gather(*(comes(f"guest{n:04}") for n in range(number)))
    await opened.aclose()
    return people, tokens


def _link(person: Person, token: str) -> Link:
    return Link(
        person=person,
        person_epoch=epoch_of(person),
        event=EventSlug("demo"),
        token=SecretStr(token),
        auth_scheme=AuthScheme.BARE,
        linked_at=datetime.now(UTC),
        credential_digest=person.user,
    )


def _availability(link: Link, now: datetime) -> Availability:
    return Availability(
        person=link.person,
        person_epoch=link.person_epoch,
        event=EventSlug("demo"),
        session_id=SessionId(SESSION),
        session_title="First Network Session",
        state=State.AVAILABLE,
        since=now,
        session_ends_at=now + timedelta(hours=2),
        baseline_at=now,
    )
