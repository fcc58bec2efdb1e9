"""`slackbot notices` beside a running bot: what is not sent, and what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from slackbot.cli.main import main
from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import Match
from slackbot.domain.notices import SessionOver
from slackbot.domain.workers import Role
from slackbot.services.notices import SENT
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.encryption import Cipher, new_key
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.workers import SqlWorkerRegistry
from tests.harness.delivery import becomes, hurry, life, stored
from tests.harness.fakes import ANA, FakeMessenger, connect, link, until

SEND, FIND = "send MatchFound", "find"
LONG = 3600.0
ENVIRONMENT = {
    "SLACK_BOT_TOKEN": "xoxb-0123456789-abcdefghij",
    "SLACK_SIGNING_SECRET": "0123456789abcdef" * 2,
    "SLACKBOT_SECRET_KEYS": new_key(),
}


@dataclass
class Stage:
    """A database with a living process on it, which the test's `life` plays."""

    url: str
    store: SqlStore
    messenger: FakeMessenger

    async def run(self, *arguments: str, answer: str | None = None) -> Result:
        """Run the command in a thread, as another process would."""
        environment = ENVIRONMENT | {"DATABASE_URL": self.url}
        words = ["notices", *arguments]
        invoke = partial(CliRunner().invoke, main, words, env=environment, input=answer)
        with ThreadPoolExecutor(1) as thread:
            return await asyncio.get_running_loop().run_in_executor(thread, invoke)

    async def listed(self) -> list[dict[str, Any]]:
        """Return the list."""
        result = await self.run("list", "--json")
        assert result.exit_code == 0, result.output
        rows: list[dict[str, Any]] = json.loads(result.output)
        return rows

    async def pending(self) -> Match:
        """Store a match of a linked person."""
        await connect(self.store, link())
        return await stored(self.store)

    async def outcome(self, match: Match) -> str | None:
        kept = await self.store.matches.get(ANA, match.id)
        return kept.outcome if kept is not None else None


@pytest.fixture(params=["file", "postgresql"])
async def stage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    hurry(monkeypatch)
    url = f"sqlite:///{tmp_path}/bot.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    async with aclosing(Database(DatabaseUrl.parse(url))) as database:
        await schema.upgrade(database)
        await SqlWorkerRegistry(database, boot_id="first", role=Role.RUN).register()
        await database.execute(text("UPDATE workers SET expires_at = '2099-01-01 00:00:00'"))
        store = SqlStore(database, Cipher([bytes(range(32))]))
        messenger = FakeMessenger([])
        async with life(url, store, messenger, boot_id="once"):
            pass  # the engine has made its tables
        yield Stage(url, store, messenger)


async def test_a_waiting_notice_is_listed_and_tried_at_once(stage: Stage):
    """With its owner and the reason, and nothing of what it says."""
    match = await stage.pending()
    stage.messenger.errors = [MessageDelayed("ratelimited", LONG)]
    async with life(stage.url, stage.store, stage.messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await until(lambda: stage.messenger.journal == [SEND])

        async def reason_noted() -> bool:
            return (await stage.listed())[0]["reason"] == "ratelimited"

        await becomes(reason_noted)
        [row] = await stage.listed()
        assert (row["id"], row["kind"], row["person"]) == (match.id, "match", "T1/U1")
        assert row["state"] == "waiting in process first"
        assert "Zoë" not in (await stage.run("list")).output
        result = await stage.run("retry", match.id, answer="y\n")
        assert result.exit_code == 0, result.output
        await delivery.recover([(ANA, match.id)])

        async def sent() -> bool:
            return await stage.outcome(match) == SENT

        await becomes(sent)

        async def none_left() -> bool:
            return await stage.listed() == []

        await becomes(none_left)
    assert stage.messenger.journal == [SEND, SEND]
    assert (await stage.run("list")).output == "Everything is sent.\n"


async def test_a_dropped_notice_is_never_sent(stage: Stage):
    """A match and a remark: the process that holds them stops, and nobody takes them up."""
    match = await stage.pending()
    stage.messenger.errors = [MessageDelayed("ratelimited", LONG)] * 2
    async with life(stage.url, stage.store, stage.messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await delivery.remark(ANA, "a-key", SessionOver("Coffee"))
        await until(lambda: len(stage.messenger.journal) == 2)
        assert {row["kind"] for row in await stage.listed()} == {"match", "remark"}
        assert (await stage.run("drop", match.id, answer="n\n")).exit_code == 1
        assert await stage.outcome(match) is None
        result = await stage.run("drop", "--yes", match.id, "a-key")
        assert result.exit_code == 0, result.output
        await delivery.recover(await stage.store.matches.list_pending(ANA.team))
        await until(lambda: not delivery._runs._running)
        assert await stage.listed() == []
    async with life(stage.url, stage.store, stage.messenger, boot_id="second") as delivery:
        await delivery.recover(await stage.store.matches.list_pending(ANA.team))
    assert len(stage.messenger.journal) == 2
    assert await stage.outcome(match) == "dropped"


async def test_a_dropped_remark_does_not_come_back_after_a_power_cut(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    """It has no row of its own, so the delivery engine's file is synced."""
    synced: list[DeliveryDatabase] = []

    def note(database: DeliveryDatabase) -> None:
        synced.append(database)

    stage.messenger.errors = [MessageDelayed("ratelimited", LONG)]
    await connect(stage.store, link())
    async with life(stage.url, stage.store, stage.messenger) as delivery:
        await delivery.remark(ANA, "a-key", SessionOver("Coffee"))
        monkeypatch.setattr(DeliveryDatabase, "sync", note)
        assert (await stage.run("drop", "--yes", "a-key")).exit_code == 0
        assert len(synced) == 1


async def test_what_was_given_up_can_be_sent_again(stage: Stage):
    """After a search; a bot that does not run is said to be so."""
    match = await stage.pending()
    at = match.received_at
    await stage.store.matches.record_outcome(ANA, match.id, "user_not_found", None, at)
    [row] = await stage.listed()
    assert (row["state"], row["reason"]) == ("given up", "user_not_found")
    assert (await stage.run("retry", "--yes", match.id)).exit_code == 0
    async with life(stage.url, stage.store, stage.messenger) as delivery:
        [row] = await stage.listed()
        assert row["state"] == "nobody is sending it; a process takes it over within a minute"
        await delivery.recover(await stage.store.matches.list_pending(ANA.team))

        async def sent() -> bool:
            return await stage.outcome(match) == SENT

        await becomes(sent)
    assert stage.messenger.journal == [FIND, SEND]


async def test_an_id_that_is_none_is_refused_in_one_line(stage: Stage):
    """Nothing is changed then, of the other ids either."""
    match = await stage.pending()
    result = await stage.run("drop", "--yes", match.id, "nothing")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "no notice is nothing" in result.output
    assert await stage.outcome(match) is None


async def test_without_a_database_it_says_so(tmp_path: Path):
    """In one line, and makes none."""
    stage = Stage(f"sqlite:///{tmp_path}/none.db", None, FakeMessenger([]))  # type: ignore[arg-type]
    result = await stage.run("list")
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert os.listdir(tmp_path) == []
