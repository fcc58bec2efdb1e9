"""A recap is sent once, an hour after the last session, and not in quiet hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from slackbot.domain.errors import ServerFailed, TokenRefused
from slackbot.domain.model import MatchId, Person, Source
from slackbot.domain.notices import Recap
from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.services import recaps as service
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.recaps import Recaps
from tests.harness.fakes import ANA, BEN, EXPO, NOON, epoch_of, match, session
from tests.harness.services import Harness

HOUR = timedelta(hours=1)


def recaps_of(harness: Harness) -> Recaps:
    """Return the service of another process."""

    async def no_zone(_: object) -> None:
        return None

    return Recaps(
        store=harness.store,
        platform=harness.platform,
        matches=harness.matches,
        delivery=harness.delivery,
        clock=harness.clock,
        preferences=PersonalPreferences(harness.store, harness.clock, no_zone),
    )


@pytest.fixture
async def recaps(harness: Harness) -> Recaps:
    """Ana, who met two people in a session that ends in an hour."""
    await harness.linked(session(ends_at=NOON + HOUR))
    for number, talked in ((1, True), (2, False)):
        met = replace(match(ordinal=number), id=MatchId(f"{number:032x}"), settled_at=NOON)
        await harness.store.matches.add(replace(met, talked=talked))
    return recaps_of(harness)


async def pass_hours(harness: Harness, recaps: Recaps, hours: float) -> None:
    for _ in range(round(hours * 12)):
        await recaps.tick(ANA.team)
        await harness.quiet()
        harness.clock.advance(300)


def sent(harness: Harness) -> list[Recap]:
    return [notice for notice in harness.sent() if isinstance(notice, Recap)]


async def test_a_recap_is_sent_once(harness: Harness, recaps: Recaps):
    """An hour after the end, with the figures; a second process and the next day send none."""
    await pass_hours(harness, recaps, 2)
    assert sent(harness) == []
    await pass_hours(harness, recaps, 0.5)
    assert [replace(recap, until="") for recap in sent(harness)] == [Recap(EXPO, "2", "1")]
    await pass_hours(harness, recaps_of(harness), 30)
    assert len(sent(harness)) == 1
    assert harness.sent(BEN) == []


async def test_a_recap_counts_people(harness: Harness, recaps: Recaps):
    """Somebody with whom one talked twice is one of them."""
    again = replace(match(ordinal=3), id=MatchId(f"{3:032x}"), settled_at=NOON, talked=True)
    first = (await harness.store.matches.list_for(ANA, EXPO))[-1]
    assert await harness.store.matches.add(replace(again, partner_key=first.partner_key))
    await pass_hours(harness, recaps, 2.5)
    assert [replace(recap, until="") for recap in sent(harness)] == [Recap(EXPO, "3", "1")]


async def test_the_last_day_counts(harness: Harness, recaps: Recaps):
    """There is none while another session is announced, also for the next day."""
    tomorrow = session(starts_at=NOON + 24 * HOUR, ends_at=NOON + 25 * HOUR)
    harness.platform.programme += [tomorrow]
    await pass_hours(harness, recaps, 25.5)
    assert sent(harness) == []
    await pass_hours(harness, recaps, 1)
    assert len(sent(harness)) == 1


async def test_a_session_that_goes_on_is_waited_for(harness: Harness, recaps: Recaps):
    """One that the platform lists as live is not over, whatever its times say."""
    harness.platform.programme = [session(ends_at=None)]
    await pass_hours(harness, recaps, 5)
    harness.platform.programme = [session(ends_at=harness.clock.now() - timedelta(minutes=1))]
    await pass_hours(harness, recaps, 0.5)
    assert sent(harness) == []
    await pass_hours(harness, recaps, 1)
    assert len(sent(harness)) == 1


async def test_no_login_is_needed_at_the_end(harness: Harness, recaps: Recaps):
    """What was known of the end stays when nobody's login works, or the platform is away."""
    await pass_hours(harness, recaps, 0.5)
    harness.platform.errors["sessions"] = [TokenRefused(), ServerFailed()] * 50
    await pass_hours(harness, recaps, 2)
    assert len(sent(harness)) == 1


async def test_quiet_hours_hold_a_recap_back(harness: Harness, recaps: Recaps):
    """It comes when they are over."""
    hours = {"quiet_from": 13 * 60, "quiet_to": 18 * 60}
    await harness.store.preferences.save(
        Preferences(person=ANA, person_epoch=epoch_of(ANA), **hours)
    )
    await pass_hours(harness, recaps, 6)
    assert sent(harness) == []
    await pass_hours(harness, recaps, 0.5)
    assert len(sent(harness)) == 1


async def test_a_recap_can_be_switched_off(harness: Harness, recaps: Recaps):
    """Nobody who does not want it gets it."""
    off = Preferences(person=ANA, person_epoch=epoch_of(ANA), muted=frozenset({NoticeKind.RECAP}))
    await harness.store.preferences.save(off)
    await pass_hours(harness, recaps, 30)
    assert sent(harness) == []


@pytest.mark.parametrize(
    "theirs",
    [
        {"muted": frozenset({NoticeKind.RECAP})},
        {"quiet_from": 0, "quiet_to": 1439},
        {"quiet_from": 0, "quiet_to": 1},
    ],
)
async def test_nobody_waits_for_who_gets_none(
    harness: Harness, recaps: Recaps, monkeypatch: pytest.MonkeyPatch, theirs: dict[str, Any]
):
    """However many do not want it, not now, or have something stored that cannot be read."""
    monkeypatch.setattr(service, "AT_ONCE", 1)

    async def no_zone(person: Person) -> None:
        if "quiet_to" in theirs and theirs["quiet_to"] == 1:
            raise RuntimeError(person)

    preferences = PersonalPreferences(harness.store, harness.clock, no_zone)
    recaps = replace(recaps, preferences=preferences)
    of_ana = Preferences(person=ANA, person_epoch=epoch_of(ANA), **theirs)
    await harness.store.preferences.save(of_ana)
    await harness.linked(session(ends_at=NOON + HOUR), person=BEN)
    of_ben = {"person": BEN, "person_epoch": epoch_of(BEN), "settled_at": NOON}
    await harness.store.matches.add(replace(match(), **of_ben))
    await pass_hours(harness, recaps, 2.5)
    assert [type(notice) for notice in harness.sent(BEN)] == [Recap]
    assert sent(harness) == []


async def test_who_met_nobody_has_no_recap(harness: Harness):
    """A match that was only listed before counts as none."""
    await harness.linked(session(ends_at=NOON + HOUR))
    await harness.store.matches.add(replace(match(), source=Source.BEFORE, settled_at=NOON))
    await pass_hours(harness, recaps_of(harness), 5)
    assert sent(harness) == []


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(hours=6), timedelta(days=3)])
async def test_a_clock_that_jumps_sends_one_at_most(
    harness: Harness, recaps: Recaps, jump: timedelta
):
    """One, or none if the event is long over."""
    await pass_hours(harness, recaps, 0.5)
    harness.clock.time += jump
    await pass_hours(harness, recaps, 0.5)
    assert len(sent(harness)) == (jump == timedelta(hours=6))
    harness.clock.time = NOON
    await pass_hours(harness, recaps, 4)
    assert len(sent(harness)) == 1


@pytest.mark.parametrize(("hours", "count"), [(1, 1), (0, 0), (-48, 0)])
async def test_a_recap_is_no_old_news(harness: Harness, hours: int, count: int):
    """One that waited while the bot was stopped is not sent days later."""
    await harness.linked()
    recap = Recap(EXPO, "2", "1", (NOON + hours * HOUR).isoformat())
    sending = harness.notices.remark(ANA, "key", recap, look_first=False, sleep=harness.clock.sleep)
    await sending
    assert len(sent(harness)) == count


async def test_nobody_who_has_left_gets_one(harness: Harness, recaps: Recaps):
    """Nothing is stored of them that could be counted."""
    await pass_hours(harness, recaps, 1)
    await harness.store.people.forget(ANA)
    await pass_hours(harness, recaps, 5)
    assert sent(harness) == []
