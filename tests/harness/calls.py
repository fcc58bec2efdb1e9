"""The call page on the real store in memory, with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import Call, Match, MatchId, Person, TeamId
from slackbot.sandbox.chime import Chime
from slackbot.services.call_tokens import LinkSigner
from slackbot.services.calls import Calls
from slackbot.storage.statements import select_columns
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import CallLinkRow, MatchRow
from slackbot.web.app import web_app
from slackbot.web.call.assets import load
from slackbot.web.call.routes import CallPage
from tests.harness.fakes import ANA, NOON, FakeClock, enter, match
from tests.harness.services import open_store

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
HOSTS = MediaHosts.of(["*.chime.aws"])
PUBLIC = "https://bot.example"
NAMESAKE = Person(TeamId("T2"), ANA.user)
OURS = {"X-Requested-With": "call", "Sec-Fetch-Site": "same-origin"}
ROUND = timedelta(minutes=3)


def built_page(folder: Path) -> Path:
    """Fill a folder as the build does, with a page that does nothing."""
    (folder / "call.html").write_text('<!doctype html><script src="static/call.0a1b2c3d4e5f.js">')
    (folder / "call.0a1b2c3d4e5f.js").write_text("'use strict';" * 100)
    (folder / "call.0a1b2c3d4e5f.css").write_text("body{margin:0}")
    (folder / "call.licences.txt").write_text("Apache-2.0")
    return folder


def chime_call(meeting: str = "m") -> Call:
    """Return a call as Amazon documents it and the platform passes it on."""
    chime = Chime()
    held = chime.create_meeting(meeting)
    return Call(held, chime.create_attendee(held, "ana"))


def with_call(person: Person = ANA, number: int = 1, **changes: Any) -> Match:
    """Return a match of three minutes that began now."""
    made = replace(match(ordinal=number, person=person), id=MatchId(f"{number:032x}"))
    return replace(made, **{"call": chime_call(), "ends_at": NOON + ROUND, **changes})


@dataclass
class CallStage:
    """The call service and its page. `page` is the folder of the built page."""

    store: SqlStore
    page: Path
    public_url: str = PUBLIC
    keys: Sequence[bytes] = (KEY,)
    hosts: MediaHosts = HOSTS
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.signer = LinkSigner(self.keys)
        self.calls = Calls(
            store=self.store,
            clock=self.clock,
            signer=self.signer,
            hosts=self.hosts,
            page=f"{self.public_url}/call",
        )
        routes = CallPage(self.calls, load(self.page), self.public_url)
        self.app = web_app(None, self._ready, routes.app(self.hosts))

    def _ready(self) -> dict[str, bool]:
        return {}

    async def offered(self, match: Match | None = None) -> str:
        """Store a match and return the link to its call."""
        stored = match or with_call()
        await self.store.matches.add(stored)
        link = await self.calls.offer(stored)
        assert link is not None
        return link

    def browser(self, address: str = "203.0.113.7") -> httpx.AsyncClient:
        """Return a new browser, without cookies, at this address."""
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=self.public_url)

    async def asks(self, link: str, browser: httpx.AsyncClient | None = None) -> httpx.Response:
        """POST to the link's session, as the page does."""
        return await (browser or self.browser()).post(f"{link}/session", headers=OURS)

    async def rows(self) -> str:
        """Return every stored row of links and matches, as text."""
        database = self.store.database
        tables = (CallLinkRow, MatchRow)
        return repr([await database.fetch_all(select_columns(table)) for table in tables])


@asynccontextmanager
async def call_stage(folder: Path, **options: Any) -> AsyncIterator[CallStage]:
    """Open a stage on an empty store."""
    async with open_store() as store:
        await enter(store, NAMESAKE)
        yield CallStage(store, built_page(folder), **options)
