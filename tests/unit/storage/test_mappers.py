"""Secrets at rest: encrypted, and useless in another row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import ColumnElement, select, update
from structlog.testing import capture_logs

from slackbot.domain.model import (
    AuthScheme,
    Call,
    EventSlug,
    Link,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    SessionId,
    Source,
    TeamId,
    UserId,
)
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import LinkRow, MatchRow
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import enter, epoch_of
from tests.harness.services import allow_workspaces

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ANA = Person(TeamId("T1"), UserId("U1"))
BEN = Person(TeamId("T1"), UserId("U2"))
NAMESAKE = Person(TeamId("T2"), UserId("U1"))
TOKEN, MEETING, JOINING = "canary-of-the-token", "canary-of-the-meeting", "canary-of-joining"
CALL = Call({"MeetingId": MEETING}, {"JoinToken": JOINING})


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))
    await schema.upgrade(opened)
    await allow_workspaces(opened)
    await enter(SqlStore(opened, Cipher([OLD])), ANA, BEN, NAMESAKE)
    yield opened
    await opened.aclose()


def link(person: Person) -> Link:
    return Link(
        person=person,
        person_epoch=epoch_of(person),
        event=EventSlug("expo"),
        token=SecretStr(TOKEN),
        auth_scheme=AuthScheme.BARE,
        linked_at=NOW,
        credential_digest="d",
    )


def pairing(person: Person, call: Call | None = CALL) -> Match:
    return Match(
        id=MatchId("m"),
        person=person,
        person_epoch=epoch_of(person),
        event=EventSlug("expo"),
        session_id=SessionId(7),
        session_title="Coffee",
        partner=Partner(name="Zoë"),
        partner_key="name:zoë",
        ordinal=1,
        source=Source.SOCKET,
        received_at=NOW,
        call=call,
    )


def owned(table: type[LinkRow | MatchRow], person: Person) -> ColumnElement[bool]:
    return (table.team_id == person.team) & (table.user_id == person.user)


async def move(database: Database, column: Any, giver: Person, taker: Person) -> None:
    """Copy an encrypted value to another person's row, as a thief with the database would."""
    table = column.class_
    [value] = await database.fetch_column(select(column).where(owned(table, giver)))
    changed = update(table).where(owned(table, taker)).values({column.key: value})
    assert await database.execute_each(changed) == [1]


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_no_token_and_no_call_is_stored_in_clear(database: Database, tmp_path: Path):
    """Neither in the file nor in its journal, however the value was written."""
    store = SqlStore(database, Cipher([OLD]))
    await store.links.save(link(ANA))
    await store.matches.add(pairing(ANA))
    await store.matches.add(pairing(BEN, call=None))
    await store.matches.enrich(
        BEN, MatchId("m"), MatchReport(partner=Partner(name="Zoë"), call=CALL)
    )
    enriched = await store.matches.get(BEN, MatchId("m"))
    assert enriched is not None
    assert enriched.call == CALL
    files = contents(tmp_path)
    assert any(b"name:zo" in content for content in files.values()), "the rows are in there"
    for name, content in files.items():
        for secret in (TOKEN, MEETING, JOINING):
            assert secret.encode() not in content, name


@pytest.mark.parametrize("thief", [BEN, NAMESAKE])
async def test_a_moved_token_is_no_link(database: Database, thief: Person):
    """It decrypts for nobody else, in this workspace or another; one log line says so."""
    store = SqlStore(database, Cipher([OLD]))
    for person in (ANA, thief):
        await store.links.save(link(person))
    await move(database, LinkRow.token_sealed, ANA, thief)
    with capture_logs() as lines:
        assert await store.links.get(thief) is None
        assert await store.links.get(thief) is None
    assert [line["event"] for line in lines] == ["link_not_decrypted"]
    assert TOKEN not in repr(lines)
    assert "v2." not in repr(lines)
    assert await store.links.get(ANA) == link(ANA)


async def test_a_moved_call_is_no_call(database: Database):
    """The match is still there, without the call."""
    for person in (ANA, BEN):
        await SqlStore(database, Cipher([OLD])).matches.add(pairing(person))
    store = SqlStore(database, Cipher([OLD]))
    await move(database, MatchRow.call_sealed, ANA, BEN)
    with capture_logs() as lines:
        assert await store.matches.get(BEN, MatchId("m")) == pairing(BEN, call=None)
    assert [line["event"] for line in lines] == ["call_not_decrypted"]
    assert await store.matches.get(ANA, MatchId("m")) == pairing(ANA)


async def test_a_call_moved_to_another_match_is_no_call(database: Database):
    """Of the same person: nobody is led into another call."""
    store = SqlStore(database, Cipher([OLD]))
    other = replace(pairing(ANA), id=MatchId("other"), ordinal=2)
    await store.matches.add(pairing(ANA))
    await store.matches.add(other)
    first = select(MatchRow.call_sealed).where(MatchRow.id == pairing(ANA).id).scalar_subquery()
    await database.execute(
        update(MatchRow).where(MatchRow.id == other.id).values(call_sealed=first)
    )
    with capture_logs() as lines:
        moved = await store.matches.get(ANA, other.id)
    assert moved is not None
    assert moved.call is None
    assert [line["event"] for line in lines] == ["call_not_decrypted"]


async def test_keys_rotate_without_a_gap(database: Database):
    """With the new key first all stays readable; without the old key its values are lost."""
    await SqlStore(database, Cipher([OLD])).links.save(link(ANA))
    await SqlStore(database, Cipher([OLD])).matches.add(pairing(ANA))
    both = SqlStore(database, Cipher([NEW, OLD]))
    assert await both.links.get(ANA) == link(ANA)
    assert await both.matches.get(ANA, MatchId("m")) == pairing(ANA)
    await both.links.save(link(BEN))
    only_new = SqlStore(database, Cipher([NEW]))
    with capture_logs() as lines:
        assert await only_new.links.get(ANA) is None
    assert lines[0]["reason"] == "unknown key"
    assert await only_new.links.get(BEN) == link(BEN)


async def test_a_change_by_another_process_is_seen_after_some_seconds(database: Database):
    """A link is cached, but not for long."""
    time = [0.0]
    here = SqlStore(database, Cipher([OLD]), clock=lambda: time[0])
    elsewhere = SqlStore(database, Cipher([OLD]))
    await elsewhere.links.save(link(ANA))
    assert await here.links.get(ANA) == link(ANA)
    await elsewhere.people.forget(ANA)
    assert await here.links.get(ANA) == link(ANA)
    time[0] = 60.0
    assert await here.links.get(ANA) is None
