"""Nothing is kept of who has left, and who comes back meets nothing of before: one process."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import AuthScheme, Link, SessionId
from slackbot.domain.notices import MatchFound, SessionOver, notice_key
from slackbot.services.scheduler import RESUME_SECONDS, UNLINKED_AGE
from tests.harness.fakes import (
    ANA,
    BEN,
    CALL,
    COFFEE,
    NOON,
    availability,
    epoch_of,
    link,
    report,
    row,
    until,
)
from tests.harness.services import Harness

TOKEN, OTHER_TOKEN = "a-token-of-ana", "another-token-of-ana"


async def rows(harness: Harness) -> int:
    """Count the people, links, availabilities and matches that are stored."""
    tables = ("people", "links", "availabilities", "matches", "call_links")
    count = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    [[found]] = await harness.store.database.read(
        lambda connection: connection.execute(text(f"SELECT {count}")).all()
    )
    return int(found)


def met(harness: Harness) -> list[str]:
    return [found.match.partner.name for found in harness.sent() if isinstance(found, MatchFound)]


async def connected(harness: Harness, token: str = TOKEN) -> Link:
    return await harness.accounts.connect(ANA, "expo", token)


# --- who comes back ------------------------------------------------------------------------------


async def test_after_coming_back_the_same_partner_is_a_new_match(harness: Harness):
    """The old message is not taken for the new one, by socket or list, whatever it is found by."""
    for _ in range(2):
        await harness.available()
        harness.feed.send(ANA, report(meeting_digest="m"))
        await harness.quiet()
        assert await harness.accounts.disconnect(ANA)
        assert await harness.accounts.disconnect(BEN) is False
    assert met(harness) == ["Zoë", "Zoë"]
    keys = {key for _, key in harness.messenger.keys}
    await connected(harness)
    harness.feed.links[ANA] = await harness.accounts.link(ANA)
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    assert len({key for _, key in harness.messenger.keys} - keys) == 1


@pytest.mark.parametrize("by", ["socket", "list"])
async def test_a_second_account_meets_a_known_partner(harness: Harness, by: str):
    """Its first pairing with somebody whom the first account met is sent too."""
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    second = link(account_id=3, credential_digest="e" * 64)
    await harness.store.links.save(second)
    await harness.store.availabilities.save(availability(baseline_at=NOON))
    if by == "socket":
        await harness.matches.receive(second, [report(meeting_digest="n")])
    else:
        harness.platform.listed = [row()]
        await harness.matches.reconcile(second, availability(baseline_at=NOON))
    await harness.quiet()
    assert met(harness) == ["Zoë", "Zoë"]
    assert {kept.match.account for kept in await harness.matches.history(ANA)} == {"2", "3"}


async def test_a_meeting_is_sent_once_whatever_the_account(harness: Harness):
    """An event repeated after a token gave way to a magic link, which names the account."""
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    second = link(account_id=3, credential_digest="e" * 64)
    await harness.store.links.save(second)
    await harness.store.availabilities.save(availability(baseline_at=NOON))
    await harness.matches.receive(second, [report(meeting_digest="m")])
    await harness.quiet()
    assert met(harness) == ["Zoë"]


@pytest.mark.parametrize("changes", [{"event": "summit"}, {"account_id": 3}, None])
async def test_a_match_of_a_replaced_link_is_nobodys(
    harness: Harness, changes: dict[str, object] | None
):
    """The feed of another event or account, or of who has left, reports into the void."""
    await harness.linked()
    if changes is None:
        await harness.store.people.forget(ANA)
    else:
        await harness.store.links.save(link(**changes))
    await harness.matches.receive(link(), [report(call=CALL)])
    await harness.quiet()
    assert harness.sent() == []
    assert await harness.matches.history(ANA) == []


# --- meanwhile -----------------------------------------------------------------------------------


@pytest.mark.parametrize("leaving", ["disconnect", "removal"])
async def test_whoever_left_while_connecting_is_not_linked(harness: Harness, leaving: str):
    """Nothing is left of the person; the token that Accelevents has just accepted is not kept."""
    harness.platform.gates["check"] = asyncio.Event()
    connecting = asyncio.create_task(connected(harness))
    await until(lambda: harness.journal)
    if leaving == "disconnect":
        assert not await harness.accounts.disconnect(ANA)
    else:
        await harness.accounts.forget_workspace(ANA.team)
    harness.platform.gates["check"].set()
    with pytest.raises(NotLinked):
        await connecting
    await harness.accounts.forget_workspace(ANA.team)
    assert await rows(harness) == 0


async def test_whoever_left_while_becoming_available_leaves_the_session(harness: Harness):
    """The status was being set as the app was removed: LEFT follows, and no feed stays."""
    await harness.linked()
    harness.platform.gates["status"] = asyncio.Event()
    starting = asyncio.create_task(harness.availabilities.start(ANA, str(COFFEE)))
    await until(lambda: harness.asked("status"))
    await harness.accounts.forget_workspace(ANA.team)
    harness.platform.gates["status"].set()
    with pytest.raises(NotLinked):
        await starting
    await harness.quiet()
    first, *others = harness.asked("status")
    assert first == "status 7 CHECK_IN_AVAILABLE"
    assert set(others) == {"status 7 LEFT"}  # the removal and the start say it, in any order
    assert harness.feed.health(ANA) is None
    assert await rows(harness) == 0


async def test_whoever_left_before_their_availability_is_stored_is_not_set_available(
    harness: Harness,
):
    """The baseline was being read as the app was removed: no status, no feed, no row."""
    await harness.linked()
    harness.platform.gates["matches"] = asyncio.Event()
    starting = asyncio.create_task(harness.availabilities.start(ANA, str(COFFEE)))
    await until(lambda: harness.asked("matches"))
    await harness.accounts.forget_workspace(ANA.team)
    harness.platform.listed = [row()]
    harness.platform.gates["matches"].set()
    with pytest.raises(NotLinked):
        await starting
    assert harness.asked("status") == []
    assert harness.feed.health(ANA) is None
    assert await rows(harness) == 0


async def test_a_remark_to_somebody_who_left_is_not_sent(harness: Harness):
    """It has no row of its own, and the epoch in its key tells whom it is for."""
    await harness.linked()
    keys = [notice_key("session_over", epoch_of(ANA), n) for n in range(2)]
    await harness.delivery.remark(ANA, keys[0], SessionOver("Tea"))
    await harness.quiet()
    assert harness.sent() == [SessionOver("Tea")]
    await harness.accounts.disconnect(ANA)
    await connected(harness)
    await harness.delivery.remark(ANA, keys[1], SessionOver("Tea"))
    await harness.quiet()
    assert harness.sent() == [SessionOver("Tea")]


# --- the app is removed --------------------------------------------------------------------------


async def test_an_old_removal_leaves_who_connected_since(harness: Harness):
    """By Slack's time of the event and the time at which the person began to connect."""
    await harness.linked()
    await harness.accounts.forget_workspace(ANA.team, until=NOON - timedelta(seconds=1))
    assert await harness.accounts.link(ANA) == link()
    harness.clock.advance(600)
    harness.platform.gates["check"] = asyncio.Event()
    connecting = asyncio.create_task(connected(harness, OTHER_TOKEN))
    await until(lambda: harness.journal)
    harness.clock.advance(600)
    harness.platform.gates["check"].set()
    newer = await connecting
    assert newer.linked_at == NOON + timedelta(seconds=600)
    await harness.accounts.forget_workspace(ANA.team, until=NOON + timedelta(seconds=599))
    assert await harness.accounts.link(ANA) == newer
    await harness.accounts.forget_workspace(ANA.team, until=newer.linked_at)
    with pytest.raises(NotLinked):
        await harness.accounts.link(ANA)


@pytest.mark.parametrize("installed", [True, False])
async def test_after_a_removal_slack_decides_who_may_connect(harness: Harness, installed: bool):
    """If it accepts the token again, the app was installed again; else nothing is kept."""
    await harness.linked()
    await harness.accounts.forget_workspace(ANA.team)
    harness.installed = installed
    if installed:
        assert await harness.accounts.link((await connected(harness)).person)
    else:
        with pytest.raises(NotLinked):
            await connected(harness)
        assert harness.asked("check") == []
        assert await rows(harness) == 0


async def test_notices_are_deleted_even_if_the_engine_fails_at_first(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
):
    """A disconnect is done once everything is deleted, however often that is tried."""
    await harness.linked()
    forget, failures = harness.delivery.forget, [OSError(), OSError()]
    done: list[str] = []

    async def failing(epoch: str) -> None:
        if failures:
            raise failures.pop()
        await forget(epoch)
        done.append(epoch)

    monkeypatch.setattr(harness.delivery, "forget", failing)
    leaving = asyncio.create_task(harness.accounts.disconnect(ANA))
    for _ in range(2):
        await until(lambda: harness.clock.sleepers)
        harness.clock.advance(2)
    assert await leaving
    assert done == [epoch_of(ANA)]


# --- who never connects --------------------------------------------------------------------------


async def test_an_unfinished_connect_is_deleted_after_a_while(harness: Harness):
    """A refused token leaves a person without a link; the scheduler deletes them."""
    await harness.store.people.forget(BEN)
    before = await rows(harness)
    running = asyncio.create_task(harness.scheduler.run(ANA.team))
    harness.clock.advance(UNLINKED_AGE.total_seconds() - 1)
    await harness.pass_time(RESUME_SECONDS + 2)
    running.cancel()
    assert (before, await rows(harness)) == (1, 0)


async def test_a_late_refusal_of_an_old_token_is_not_the_new_links(harness: Harness):
    """The refusal names the link that it is about; the row decides, not a cached link."""
    old = await harness.linked()
    newer = link(credential_digest="e" * 64, auth_scheme=AuthScheme.BEARER)
    await harness.store.links.save(newer)
    assert not await harness.store.links.mark_refused(old, NOON)
    assert not await harness.store.links.mark_refused(link(person_epoch="f" * 16), NOON)
    assert (await harness.accounts.link(ANA)) == newer
    assert await harness.store.links.mark_refused(newer, NOON)
    assert await harness.leaving.leave(newer, availability(session_id=SessionId(8)))
