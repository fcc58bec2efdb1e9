"""The baseline: what a match list showed before somebody became available is never sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import TimedOut, Unreachable, Unreadable
from slackbot.domain.matching import MAX_IN_SESSION, MAX_LATE
from slackbot.domain.model import Match, Partner, Source
from slackbot.domain.notices import MatchFound
from slackbot.services.matches import GRACE_SECONDS, SKIPPED
from tests.harness.fakes import ANA, EXPO, NOON, YAN, ZOE, availability, link, report, row
from tests.harness.services import Harness, Outside

OLD = [row(minute=1), row(YAN, minute=2), row(minute=3)]


def found(harness: Harness) -> list[Match]:
    return [notice.match for notice in harness.sent() if isinstance(notice, MatchFound)]


async def stored(harness: Harness) -> list[Match]:
    return await harness.store.matches.list_for(ANA, EXPO)


@pytest.mark.parametrize("error", [Unreachable(), TimedOut(), Unreadable()])
async def test_a_first_list_that_fails_is_no_empty_one(harness: Harness, error: Exception):
    """The list is read later then, and the old pairings in it are never sent."""
    harness.platform.listed = list(OLD)
    harness.platform.errors["matches"] = [error]
    await harness.available()
    await harness.pass_time(130, step=5)
    assert found(harness) == []
    assert [match.source for match in await stored(harness)] == [Source.BEFORE] * 3
    harness.platform.listed.append(row(YAN, minute=9))
    await harness.pass_time(130, step=5)
    assert [match.partner for match in found(harness)] == [YAN]


async def test_what_the_socket_reported_is_no_baseline(harness: Harness):
    """A match of the time without a baseline is sent once, whether it is listed or not."""
    harness.platform.listed = list(OLD)
    harness.platform.errors["matches"] = [Unreachable()]
    await harness.available()
    harness.feed.send(ANA, report(ZOE, meeting_digest="m"))
    harness.platform.listed.append(row(minute=5))
    await harness.pass_time(130, step=5)
    assert [(match.partner, match.late) for match in found(harness)] == [(ZOE, False)]
    assert len(await stored(harness)) == 4


async def test_an_event_behind_the_list_is_no_baseline(harness: Harness):
    """A match that the list has first is left to the socket, which is on its way."""
    harness.platform.errors["matches"] = [Unreachable()]
    await harness.available()
    harness.platform.listed = [row()]
    await harness.store.availabilities.save(availability(baseline_at=None))
    await harness.matches.reconcile(link(), availability(baseline_at=None))
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(GRACE_SECONDS)
    assert [match.source for match in await stored(harness)] == [Source.SOCKET]
    assert [match.late for match in found(harness)] == [False]


async def test_the_baseline_outlives_the_process(harness: Harness, outside: Outside):
    """A process that starts later knows that the list was not read yet."""
    harness.platform.listed = list(OLD)
    harness.platform.errors["matches"] = [Unreachable()]
    await harness.available()
    await harness.aclose()
    again = Harness(outside)
    await again.monitor.resume(ANA.team)
    await again.pass_time(130, step=5)
    assert found(again) == []
    kept = await again.store.availabilities.get(ANA)
    assert kept is not None
    assert kept.baseline_at is not None
    await again.aclose()


async def test_two_processes_have_one_baseline(outside: Outside):
    """The second of two readers adds nothing: what it read may hold a missed match."""
    runs = [Harness(outside), Harness(outside)]
    await runs[0].linked()
    unread = availability(baseline_at=None)
    await outside.store.availabilities.save(unread)
    outside.platform.listed = [row(minute=1)]
    await runs[0].matches.reconcile(link(), unread)
    outside.platform.listed = [row(minute=1), row(YAN, minute=2)]
    await runs[1].matches.reconcile(link(), unread)
    await runs[0].pass_time(GRACE_SECONDS)
    assert [match.partner for match in await stored(runs[0])] == [ZOE]
    await runs[1].matches.reconcile(link(), availability())
    await runs[1].quiet()
    assert [match.partner for match in found(runs[1])] == [YAN]
    for run in runs:
        await run.aclose()


async def test_a_press_that_repeats_keeps_the_baseline(harness: Harness):
    """Available again in the same session: the baseline is that of the first time."""
    harness.platform.listed = list(OLD)
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    harness.platform.listed.append(row(minute=5))
    await harness.quiet()
    await harness.availabilities.start(ANA, "")
    kept = await harness.store.availabilities.get(ANA)
    assert kept is not None
    assert kept.baseline_at == NOON


async def test_a_link_of_an_unknown_account_needs_another_baseline(harness: Harness):
    """Matches of an account that is not known to be the same are not sent."""
    await harness.available()
    other = link(credential_digest="e" * 64, account_id=None)
    await harness.store.links.save(other)
    assert await harness.store.availabilities.get(ANA) == availability(baseline_at=None)
    await harness.store.availabilities.save(availability())
    await harness.store.links.save(replace(other, refused_at=None))
    assert await harness.store.availabilities.get(ANA) == availability()


# --- lists in trouble ----------------------------------------------------------------------------


def listed_at(minute: int, partner: Partner = ZOE):
    return row(partner, minute, matched_at=NOON + timedelta(hours=5, minutes=minute))


async def test_a_row_older_than_the_baseline_is_part_of_it(harness: Harness):
    """A list that was cut short or lagged at first shows old pairings later: never sent."""
    harness.platform.listed = [listed_at(20)]
    await harness.available()
    harness.platform.listed = [listed_at(10, YAN), listed_at(20), listed_at(15)]
    await harness.pass_time(130, step=5)
    assert found(harness) == []
    harness.platform.listed.append(listed_at(25, YAN))
    await harness.pass_time(130, step=5)
    assert [match.raw_time for match in found(harness)] == ["04.05.2026 17:25"]


async def test_times_that_cannot_be_do_not_hide_a_match(harness: Harness):
    """A baseline's row of the year 2900 makes no later match an old one."""
    harness.platform.listed = [row(matched_at=NOON.replace(year=2900))]
    await harness.available()
    harness.platform.listed.append(listed_at(5, YAN))
    await harness.pass_time(70, step=5)
    assert [match.partner for match in found(harness)] == [YAN]


def partners(count: int) -> list[Partner]:
    return [Partner(name=f"Guest {number}", account_id=100 + number) for number in range(count)]


def skipped() -> float:
    return REGISTRY.get_sample_value("slackbot_matches_skipped_total") or 0.0


async def test_invented_rows_are_not_as_many_messages(harness: Harness):
    """Of many missed rows the newest are sent; the others are in the history, and counted."""
    await harness.available()
    harness.feed.down(ANA)
    before = skipped()
    many = partners(30)
    harness.platform.listed = [listed_at(number, who) for number, who in enumerate(many)]
    await harness.matches.reconcile(link(), availability())
    await harness.quiet()
    assert [match.partner for match in found(harness)] == many[-MAX_LATE:]
    kept = await stored(harness)
    assert len(kept) == 30
    assert sum(match.outcome == SKIPPED for match in kept) == 30 - MAX_LATE
    assert skipped() == before + 30 - MAX_LATE
    await harness.matches.reconcile(link(), availability())
    await harness.quiet()
    assert len(found(harness)) == MAX_LATE


async def test_lists_that_change_all_the_time_have_an_end(harness: Harness):
    """New rows at every read: what is stored of one session is bounded."""
    await harness.available()
    harness.feed.down(ANA)
    many = partners(MAX_IN_SESSION + 50)
    for number in range(0, len(many), 50):
        harness.platform.listed = [row(who) for who in many[number : number + 50]]
        await harness.matches.reconcile(link(), availability())
    await harness.quiet()
    assert len(await stored(harness)) == MAX_IN_SESSION
